// Plays a file on an element through MediaSource, whatever its container: one SourceBuffer for the picture, one for the sound. It is
// loaded when it is first needed, and knows of a file no more than contract.ts says. Mediabunny reads the containers: mp4box.js reads
// MP4 alone, and WebM, Matroska, MP3, FLAC and Ogg would each need a reader of ours.

import { endOf, startsOf } from './buffered';
import { FileBytes } from './bytes';
import type { AudioTrack, Fault, MediaFile, Play, PlayHooks } from './contract';
import { Feeder } from './feeder';
import { makePackager } from './fragments';
import { type Opened, type Playable, broken, isFault, open } from './opening';
import { Packets } from './packets';
import { recover } from './recovery';

/** A hole in the data that is jumped over without a word, in seconds: recorders leave such. */
const SMALL_GAP = 1.5;
/** How far before a hole a browser may stop, in seconds; and how often one that stands still is looked at. */
const EDGE = 0.2;
const LOOK_MS = 250;

interface Stage {
  file: MediaFile;
  element: HTMLMediaElement;
  hooks: PlayHooks;
  bytes: FileBytes;
  source: MediaSource;
  opened: Opened;
  feeders: Feeder[];
  /** Whether its end was told of: that is an event of the element, too, and must not be taken for another one. */
  failed: boolean;
  /** Whether it was told that the film is shorter than it says. */
  short: boolean;
}

export const play: Play = async (file, element, attached, hooks) => {
  const bytes = new FileBytes(file, hooks.signal);
  const [source, opened] = await Promise.all([attached, open(file, bytes)]);
  if (opened.refused.length) {
    hooks.warn({ code: 'ERR_MEDIA_CODEC', message: `A part of "${file.name}" can't be played: this browser does not know ${opened.refused.join(', ')}.` });
  }
  if (opened.duration) source.duration = opened.duration;
  const stage: Stage = { file, element, hooks, bytes, source, opened, feeders: [], failed: false, short: false };
  const sound = opened.audio[opened.firstAudio];
  const audioBuffer = sound && source.addSourceBuffer(sound.mime);
  const videoBuffer = opened.video && source.addSourceBuffer(opened.video.mime);
  const [, audioFeeder] = await Promise.all([
    opened.video && videoBuffer && feed(stage, opened.video, videoBuffer),
    sound && audioBuffer && feed(stage, sound, audioBuffer),
  ]);
  follow(stage);
  const audioTracks = await Promise.all(opened.audio.map(({ track }, at) => describe(track, at === opened.firstAudio)));
  await firstData(stage);
  return {
    audioTracks,
    selectAudio: (id) => {
      const at = audioTracks.findIndex((track) => track.id === id);
      const chosen = opened.audio[at];
      if (!chosen || !audioFeeder || audioTracks[at]?.enabled) return;
      audioTracks.forEach((track, index) => (track.enabled = index === at));
      void exchange(stage, chosen, audioFeeder).catch((error) => end(stage, error));
    },
  };
};

async function feed(stage: Stage, { track, container }: Playable, buffer: SourceBuffer): Promise<Feeder> {
  const { element, source, opened, hooks, feeders, file } = stage;
  const packets = new Packets(track, opened.shift);
  const first = await packets.firstKey();
  if (!first) throw broken(file, new Error('a track is empty'));
  const packager = await makePackager(track, container, first);
  const feeder = new Feeder(buffer, packets, packager, {
    element,
    source,
    signal: hooks.signal,
    fed: () => jump(stage),
    ended: () => finish(stage),
  });
  feeders.push(feeder);
  return feeder;
}

/** Another audio track in the place of the one that plays. */
async function exchange(stage: Stage, { track, container, mime }: Playable, feeder: Feeder): Promise<void> {
  const packets = new Packets(track, stage.opened.shift);
  const first = await packets.firstKey();
  if (!first) throw broken(stage.file, new Error('the audio track is empty'));
  const packager = await makePackager(track, container, first);
  feeder.change(packets, packager, mime);
}

/** Starts the feeders, and wakes them when the element moves. */
function follow(stage: Stage): void {
  const { element, hooks, feeders, bytes } = stage;
  const { signal } = hooks;
  for (const feeder of feeders) feeder.run().catch((error) => end(stage, error));
  const wake = (): void => feeders.forEach((feeder) => feeder.wake());
  const seeking = (): void => {
    if (!inside(element)) bytes.giveUp();
    wake();
    jump(stage);
  };
  element.addEventListener('seeking', seeking, { signal });
  for (const name of ['timeupdate', 'play', 'playing', 'waiting']) element.addEventListener(name, wake, { signal });
  recover(element, stage.source, signal);
  const looking = setInterval(() => jump(stage), LOOK_MS);
  signal.addEventListener('abort', () => clearInterval(looking), { once: true });
  element.addEventListener('error', () => end(stage, element.error), { signal });
}

function inside({ buffered, currentTime }: HTMLMediaElement): boolean {
  return endOf(buffered, currentTime) !== null;
}

/** A browser waits before the smallest hole for ever. What has not been fed yet is none: it will come. */
function jump({ file, element, feeders, hooks }: Stage): void {
  const { buffered, currentTime, seeking, paused, readyState } = element;
  const end = endOf(buffered, currentTime) ?? currentTime;
  if (end > currentTime + EDGE || readyState > HTMLMediaElement.HAVE_CURRENT_DATA || (paused && !seeking)) return;
  const start = startsOf(buffered).find((each) => each > end);
  if (start === undefined || !feeders.every((feeder) => feeder.passed(end, start))) return;
  if (start > end + SMALL_GAP) {
    const hole = `${end.toFixed(1)} to ${start.toFixed(1)} s`;
    hooks.warn({ code: 'ERR_MEDIA_BROKEN', message: `"${file.name}" has nothing for ${hole}: that is passed over.` });
  }
  element.currentTime = start;
}

/** Every track has been fed to its end. */
function finish(stage: Stage): void {
  const { source, feeders } = stage;
  if (source.readyState !== 'open' || !feeders.every((feeder) => feeder.done)) return;
  const busy = [...source.sourceBuffers].some(({ updating }) => updating);
  if (busy) return;
  source.endOfStream();
  tellShort(stage);
}

/** A film whose end is missing plays as far as it goes: MediaSource then has its true duration. */
function tellShort(stage: Stage): void {
  const { source, opened, file, hooks } = stage;
  if (stage.short || source.duration > opened.duration - SMALL_GAP) return;
  stage.short = true;
  const message = `"${file.name}" is cut off: it ends after ${source.duration.toFixed(1)} s, and says that it lasts ${opened.duration.toFixed(1)} s.`;
  hooks.warn({ code: 'ERR_MEDIA_BROKEN', message });
}

/** What stops the playing before its end. What is buffered still plays, where there is something. */
function end(stage: Stage, error: unknown): void {
  const { source, element, file, hooks } = stage;
  if (hooks.signal.aborted || stage.failed) return;
  stage.failed = true;
  const fault = isFault(error) ? error : broken(file, explained(error));
  const decoding = element.error !== null || (error instanceof DOMException && error.name === 'EncodingError');
  if (source.readyState === 'open' && ![...source.sourceBuffers].some(({ updating }) => updating)) {
    const cutOff = !decoding && fault.code === 'ERR_MEDIA_BROKEN' && inside(element);
    if (cutOff) source.endOfStream();
    else source.endOfStream(decoding || fault.code === 'ERR_MEDIA_BROKEN' ? 'decode' : 'network');
  }
  hooks.fail(fault);
}

function explained(error: unknown): unknown {
  return error instanceof MediaError ? new Error(error.message || 'its data can not be decoded') : error;
}

/** Waits for the element's metadata: from then on an error is one of the playing, and not of the start. */
function firstData({ element, hooks }: Stage): Promise<void> {
  if (element.readyState >= HTMLMediaElement.HAVE_METADATA) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const settled = new AbortController();
    const listen = (name: string, use: () => void): void =>
      element.addEventListener(name, () => (settled.abort(), use()), { signal: settled.signal });
    listen('loadedmetadata', resolve);
    listen('error', () => reject({ code: 'ERR_MEDIA_BROKEN', message: element.error?.message ?? '' } satisfies Fault));
    hooks.signal.addEventListener('abort', () => reject(hooks.signal.reason), { once: true });
  });
}

async function describe(track: Playable['track'], enabled: boolean): Promise<AudioTrack> {
  return { id: track.id, label: (await track.getName()) ?? '', language: await track.getLanguageCode(), enabled };
}
