// Keeps one SourceBuffer filled with one track around the place that is played: a stretch ahead of it, a little behind it. It jumps when
// the element is somewhere else, waits when there is enough, and makes room when the browser says that there is none.

import { endOf } from './buffered';
import { GIVEN_UP } from './bytes';
import type { Packager, Timed } from './fragments';
import type { Packets } from './packets';

/** Seconds that are kept ready ahead of the picture. */
const AHEAD = 30;
/** Seconds that stay behind it, for a short step back. */
const BEHIND = 30;
/** What is handed over at a time: little at first, so that the first picture comes soon; decoders want several before they show it. */
const FIRST_SECONDS = 0.5;
const BATCH_SECONDS = 1;
/** What must be there before it plays, at first, after a seek and when it ran dry: Shaka Player's `rebufferingGoal`. */
const START_SECONDS = 2;
/** Gaps between packets that are none: sound comes in longer pieces than pictures, and times are rounded. */
const TOLERANCE = 0.25;
/** By how much a place may lie before a stretch that is buffered, and yet in it: browsers round, too. */
const ROUNDING = 0.01;
/** Rests before a full buffer is tried again. */
const FULL_REST_MS = 500;

export interface FeederHooks {
  element: HTMLMediaElement;
  source: MediaSource;
  signal: AbortSignal;
  /** More of this track is there. */
  fed(): void;
  /** This track has been fed to its end, for now. */
  ended(): void;
}

export class Feeder {
  readonly #buffer: SourceBuffer;
  readonly #hooks: FeederHooks;
  #packets: Packets;
  #packager: Packager;
  /** What was fed since the last jump, in seconds. */
  #from = 0;
  #to = 0;
  #opened: number | null = null;
  /** Where the last key frame that was fed is shown: what follows it needs it. */
  #key = 0;
  /** Where groups of pictures that were fed begin. */
  #keys: number[] = [];
  /** What was read and is to be fed next. */
  #batch: Timed[] = [];
  #mime = '';
  #head: Promise<void> = Promise.resolve();
  #done = false;
  #wake: () => void = () => {};
  #awake = false;
  #changed = false;

  constructor(buffer: SourceBuffer, packets: Packets, packager: Packager, hooks: FeederHooks) {
    this.#buffer = buffer;
    this.#packets = packets;
    this.#packager = packager;
    this.#hooks = hooks;
  }

  /** Whether everything up to the end of the track has been fed. */
  get done(): boolean {
    return this.#done;
  }

  /** Whether all that the file has between two times has been fed: if nothing is buffered there, nothing will be. */
  passed(from: number, to: number): boolean {
    return this.#target(from) === null && (this.#to > to || this.#done);
  }

  /** Feeds until the signal ends it. Rejects with what reading or the browser rejects with. */
  async run(): Promise<void> {
    const { signal } = this.#hooks;
    signal.addEventListener('abort', () => this.wake());
    // The browser takes it in while the first packets are read.
    this.#head = this.#packager.head.length ? this.#append(this.#packager.head) : Promise.resolve();
    this.#head.catch(() => {});
    while (!signal.aborted) {
      try {
        if (!(await this.#step())) await this.#pause();
      } catch (error) {
        if (signal.aborted) return;
        // A read that was given up for a seek is done again, if it is still of use.
        if (error !== GIVEN_UP) throw error;
      }
    }
  }

  /** The element was moved, or has played on. */
  wake(): void {
    this.#awake = true;
    this.#wake();
  }

  /** Feeds another track from now on, of that type. */
  change(packets: Packets, packager: Packager, mime: string): void {
    this.#mime = mime;
    this.#packets = packets;
    this.#packager = packager;
    this.#changed = true;
    this.#done = false;
    this.wake();
  }

  /** False where there is nothing to do for now. */
  async #step(): Promise<boolean> {
    this.#awake = false;
    if (this.#changed) await this.#startOver();
    const time = this.#hooks.element.currentTime;
    const target = this.#target(time);
    if (target !== null) await this.#open(target);
    if (this.#done || this.#to > time + AHEAD) {
      // The other track's buffer may have been busy the last time.
      if (this.#done) this.#hooks.ended();
      return false;
    }
    await this.#read();
    await this.#head;
    if (this.#changed) return true;
    await this.#feed();
    this.#hooks.fed();
    await this.#forget(time - BEHIND);
    return true;
  }

  async #startOver(): Promise<void> {
    await this.#head;
    this.#changed = false;
    this.#opened = null;
    this.#batch = [];
    await this.#remove(0, Infinity);
    this.#buffer.changeType(this.#mime);
    if (this.#packager.head.length) await this.#append(this.#packager.head);
  }

  /** Where feeding has to go on to play from `time`; null where it is right. */
  #target(time: number): number | null {
    if (this.#opened === null) return this.#endOf(time);
    const end = this.#endOf(time);
    const here = time >= this.#from - TOLERANCE && time <= this.#to + TOLERANCE;
    // It goes on from what is there, or what is fed for `time` has not reached it yet.
    if (end > time ? Math.abs(end - this.#to) < TOLERANCE : here && (this.#to < time + TOLERANCE || this.#done)) return null;
    // Nothing lies there in the file, however often it is asked.
    return this.#opened === end ? null : end;
  }

  /** The end of what is buffered around `time`, or `time` itself. */
  #endOf(time: number): number {
    return endOf(this.#buffer.buffered, time, ROUNDING) ?? time;
  }

  #endOfAll(): number {
    const { buffered } = this.#buffer;
    return buffered.length ? buffered.end(buffered.length - 1) : 0;
  }

  async #open(time: number): Promise<void> {
    // Half a group of pictures can't be gone on with later: feeding the group again would take it from under the decoder.
    const half = this.#opened !== null && !this.#done && this.#endOf(this.#key) <= this.#to + ROUNDING;
    if (half) await this.#remove(this.#key, this.#to);
    this.#opened = null;
    this.#batch = [];
    this.#done = false;
    this.#from = this.#to = this.#key = time;
    const goesOn = time > this.#hooks.element.currentTime;
    const first = await this.#packets.open(goesOn ? time + ROUNDING : time);
    if (this.#packager.timeless) {
      // One that was ended is opened by the next line.
      if (this.#hooks.source.readyState === 'open') this.#buffer.abort();
      this.#buffer.timestampOffset = first;
    }
    this.#opened = time;
  }

  async #read(): Promise<void> {
    while (!this.#changed) {
      const timed = await this.#packets.next();
      if (!timed) this.#done = true;
      if (!timed) return;
      this.#batch.push(timed);
      const end = timed.decodeTime + timed.duration;
      // A group of pictures that is there already must not be begun again: its old rest would be dropped.
      if (timed.beforeKey && this.#endOf(end) > end + TOLERANCE) return;
      if (timed.whole && this.#enough(end)) return;
    }
  }

  /** Whether what was read, up to `end`, is worth handing over. */
  #enough(end: number): boolean {
    const { element } = this.#hooks;
    const seconds = this.#to - this.#from < BATCH_SECONDS ? FIRST_SECONDS : BATCH_SECONDS;
    const waits = element.seeking || element.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
    const plays = !element.paused || element.autoplay;
    // A browser plays at once what it gets, and would stand still again before the next data is there.
    if (waits && plays && end < element.currentTime + START_SECONDS) return false;
    return end >= (this.#batch[0]?.decodeTime ?? 0) + seconds;
  }

  async #feed(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    const last = batch.at(-1);
    if (!last) return;
    await this.#append(this.#packager.fragment(batch));
    // Decoding began before the time that was asked for.
    this.#from = Math.min(this.#from, batch[0]?.packet.timestamp ?? this.#from);
    this.#to = last.decodeTime + last.duration;
    const keys = batch.filter(({ packet }) => packet.type === 'key').map(({ packet }) => packet.timestamp);
    this.#keys.push(...keys);
    this.#key = keys.at(-1) ?? this.#key;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    for (;;) {
      this.#hooks.signal.throwIfAborted();
      try {
        this.#buffer.appendBuffer(bytes as Uint8Array<ArrayBuffer>);
        return await this.#settled();
      } catch (error) {
        if (!(error instanceof DOMException) || error.name !== 'QuotaExceededError') throw error;
        await this.#makeRoom();
      }
    }
  }

  /** The buffer is full: what was played goes, and what was left by a seek. Then there is nothing but to wait until more was played. */
  async #makeRoom(): Promise<void> {
    const { element } = this.#hooks;
    this.#awake = false;
    // What is shown needs its key frame, and a browser removes up to the next one.
    const key = this.#keys.reduce((best, each) => (each <= element.currentTime && each > best ? each : best), 0);
    await this.#forget(key - ROUNDING);
    const left = this.#to + TOLERANCE;
    if (this.#endOfAll() > left) await this.#remove(left, Infinity);
    await this.#pause(FULL_REST_MS);
    if (this.#changed || this.#target(element.currentTime) !== null) throw GIVEN_UP;
  }

  /** Drops what lies before `time`; little steps are not worth it. */
  async #forget(time: number): Promise<void> {
    const { buffered } = this.#buffer;
    if (!buffered.length || buffered.start(0) >= time - TOLERANCE * 4) return;
    this.#from = Math.max(this.#from, time);
    this.#keys = this.#keys.filter((key) => key >= time);
    await this.#remove(0, time);
  }

  async #remove(from: number, to: number): Promise<void> {
    if (!this.#buffer.buffered.length || to <= from) return;
    this.#buffer.remove(from, to);
    await this.#settled();
  }

  #settled(): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = new AbortController();
      const settle = (use: () => void) => (): void => (end.abort(), use());
      const refused = new DOMException('The browser could not use the data.', 'EncodingError');
      this.#buffer.addEventListener('updateend', settle(resolve), { signal: end.signal });
      this.#buffer.addEventListener('error', settle(() => reject(refused)), { signal: end.signal });
      this.#hooks.signal.addEventListener('abort', settle(resolve), { signal: end.signal });
    });
  }

  #pause(most?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = most === undefined ? undefined : setTimeout(resolve, most);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#awake) this.#wake();
    });
  }
}
