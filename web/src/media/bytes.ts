// The bytes of a file, as a demuxer asks for them: in small pieces, mostly in order, at two or three places at a time. Each place is a
// window: an open stream that reads on from there, and what it gave last. It knows nothing of media.

import type { Fault, MediaFile } from './contract';

/** Places that are read at the same time: picture, sound, and an index at the end. */
const MAX_WINDOWS = 3;
/** Kept behind the last read: sound lies a little before the picture that it belongs to, or after it. */
const KEPT_BYTES = 4 * 1024 * 1024;
/** A step ahead that is read over, not jumped over: what a fresh stream would cost on a slow link. */
const STEP_BYTES = 512 * 1024;
/** Most that is asked for at a time. The index of a film of ten hours has about 20 MiB; a file that asks for more lies. */
const MAX_READ_BYTES = 64 * 1024 * 1024;

/** So many reads of what is here already follow each other in one task: a page that gets no turn stands still. */
const READS_A_TASK = 200;

/** Why reads were given up: a seek made them pointless. */
export const GIVEN_UP = 'given up';

interface Window {
  /** Where `chunks` begin in the file, and where they end. */
  from: number;
  to: number;
  chunks: Uint8Array[];
  reader: ReadableStreamDefaultReader<Uint8Array>;
  stop: AbortController;
  /** Reads of a window come one after the other. */
  turn: Promise<unknown>;
}

export class FileBytes {
  readonly #file: MediaFile;
  readonly #signal: AbortSignal;
  /** The one that was used last is last. */
  #windows: Window[] = [];
  #reads = 0;

  constructor(file: MediaFile, signal: AbortSignal) {
    this.#file = file;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.giveUp(), { once: true });
  }

  /** Bytes `start` to `end` (exclusive). Rejects with GIVEN_UP, a Fault, or what the file's stream rejects with. */
  async read(start: number, end: number): Promise<Uint8Array> {
    if (++this.#reads % READS_A_TASK === 0) await new Promise((resolve) => setTimeout(resolve));
    if (this.#signal.aborted) throw GIVEN_UP;
    if (end - start > MAX_READ_BYTES) {
      const message = `"${this.#file.name}" is damaged: it claims to have ${end - start} bytes in one piece where no film has.`;
      throw { code: 'ERR_MEDIA_BROKEN', message } satisfies Fault;
    }
    const window = this.#windowAt(start);
    const turn = window.turn.then(() => take(window, start, end));
    window.turn = turn.catch(() => {});
    try {
      return await turn;
    } catch (error) {
      const givenUp = window.stop.signal.aborted;
      this.#close(window);
      throw givenUp ? GIVEN_UP : error;
    }
  }

  /** Lets go of all places: reads on their way are rejected with GIVEN_UP. */
  giveUp(): void {
    for (const window of [...this.#windows]) this.#close(window);
  }

  #windowAt(start: number): Window {
    const near = this.#windows.find(({ from, to }) => start >= from && start <= to + STEP_BYTES);
    const window = near ?? this.#open(start);
    this.#windows = [...this.#windows.filter((other) => other !== window), window];
    return window;
  }

  #open(start: number): Window {
    const oldest = this.#windows.length >= MAX_WINDOWS ? this.#windows[0] : undefined;
    if (oldest) this.#close(oldest);
    const stop = new AbortController();
    const range = { start, end: this.#file.length - 1, signal: stop.signal, playing: true } as const;
    const reader = this.#file.stream(range).getReader();
    return { from: start, to: start, chunks: [], reader, stop, turn: Promise.resolve() };
  }

  #close(window: Window): void {
    this.#windows = this.#windows.filter((other) => other !== window);
    window.stop.abort(GIVEN_UP);
    window.reader.cancel().catch(() => {});
  }
}

async function take(window: Window, start: number, end: number): Promise<Uint8Array> {
  if (start < window.from) throw GIVEN_UP;
  while (window.to < end) {
    const { value, done } = await window.reader.read();
    window.stop.signal.throwIfAborted();
    if (done) throw new RangeError(`The file ended at byte ${window.to}.`);
    window.chunks.push(value);
    window.to += value.length;
    while (window.chunks[0] && window.from + window.chunks[0].length <= Math.min(start, window.to - KEPT_BYTES)) {
      window.from += window.chunks[0].length;
      window.chunks.shift();
    }
  }
  return copy(window, start, end);
}

function copy({ from, chunks }: Window, start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(end - start);
  let at = from;
  for (const chunk of chunks) {
    const part = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at));
    if (part.length) bytes.set(part, Math.max(0, at - start));
    at += chunk.length;
    if (at >= end) break;
  }
  return bytes;
}
