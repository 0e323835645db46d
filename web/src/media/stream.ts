// Plays a file on a media element by the best way there is: a URL of the service worker, MediaSource, or the whole file as a Blob. It
// owns which way is tried when, one playing for each element, and what is told of errors. How MediaSource is fed, the player knows.

import type { FileEntry } from '../api/file';
import { enginePart } from '../engine-part';
import { TorrentideError, guarded } from '../errors';
import type { Fault, Play, PlayHooks, Playing } from './contract';
import { tellStalls } from './stalls';

/** Largest file that is read whole for want of another way; as in WebTorrent 1. */
export const MAX_BLOB_BYTES = 200 * 1000 * 1000;

export interface Streaming {
  /** When the element has its metadata. Null where the browser chooses the tracks. Rejects with what went wrong, or AbortError. */
  ready: Promise<Playing | null>;
  stop(): void;
}

const running = new WeakMap<HTMLMediaElement, AbortController>();

/** Begins to play the file on the element. What played there before ends. */
export function stream(file: FileEntry, element: HTMLMediaElement): Streaming {
  running.get(element)?.abort();
  const stop = new AbortController();
  running.set(element, stop);
  file.screens.add(element);
  stop.signal.addEventListener('abort', () => file.screens.delete(element), { once: true });
  const ready = start(file, element, stop.signal);
  tellStalls(element, stop.signal, () => {
    const error = new TorrentideError('ERR_MEDIA_STALLED', `"${file.name}" waits: the next of its bytes have not come for a while. client.diagnose() tells why.`);
    guarded(() => void file.emit('warning', error));
    return error;
  });
  ready.catch((error: unknown) => {
    if (!stop.signal.aborted) failed(file, element, wrap(error, file));
    stop.abort();
  });
  return { ready, stop: () => stop.abort() };
}

/** The playing has ended with an error: it is an event of the file, and of the element if the browser has not made one. */
function failed(file: FileEntry, element: HTMLMediaElement, error: TorrentideError): void {
  guarded(() => file.listenerCount('error') > 0 && file.emit('error', error));
  if (!element.error) element.dispatchEvent(new CustomEvent('error', { detail: error }));
}

async function start(file: FileEntry, element: HTMLMediaElement, signal: AbortSignal): Promise<Playing | null> {
  const url = file.servedURL;
  // Browsers' own readers of Matroska are young: Firefox shows a picture that is a few too early after a seek.
  const own = element.canPlayType(file.type) && !file.type.includes('matroska');
  if (url && own && (await servedPlay(element, url, signal, file))) return null;
  try {
    return await sourcePlay(file, element, signal);
  } catch (error) {
    const late = error instanceof TorrentideError && error.code === 'ERR_MEDIA_CODEC' && file.length <= MAX_BLOB_BYTES;
    if (!late || !element.canPlayType(file.type)) throw error;
    const whole = URL.createObjectURL(await file.blob({ signal }));
    signal.addEventListener('abort', () => URL.revokeObjectURL(whole), { once: true });
    if (await nativePlay(element, whole, signal, file)) return null;
    throw error;
  }
}

/** As `nativePlay`; the browser takes a while to ask for the URL, and the first bytes are fetched meanwhile. */
async function servedPlay(element: HTMLMediaElement, url: string, signal: AbortSignal, file: FileEntry): Promise<boolean> {
  const forget = element.preload === 'none' ? () => {} : file.expectRequest();
  try {
    return await nativePlay(element, url, signal, file);
  } finally {
    forget();
  }
}

/** False where the browser can't play what is at the URL. Errors after that end the playing. */
async function nativePlay(element: HTMLMediaElement, url: string, signal: AbortSignal, file: FileEntry): Promise<boolean> {
  element.src = url;
  // An autoplay attribute does it, and so does a page; nothing is loaded for an element that says preload="none" before.
  if (element.preload === 'none') return true;
  const begun = await first(element, ['loadedmetadata', 'error'], signal);
  if (begun === 'error') return false;
  watch(element, signal);
  element.addEventListener('error', () => failed(file, element, nativeError(element, file)), { signal });
  return true;
}

function nativeError({ error }: HTMLMediaElement, { name }: FileEntry): TorrentideError {
  const read = error?.code === MediaError.MEDIA_ERR_NETWORK;
  const message = read ? `"${name}" could not be read any further.` : `"${name}" is damaged or cut off: ${error?.message ?? ''}`;
  return new TorrentideError(read ? 'ERR_MEDIA_READ' : 'ERR_MEDIA_BROKEN', message);
}

async function sourcePlay(file: FileEntry, element: HTMLMediaElement, signal: AbortSignal): Promise<Playing> {
  if (typeof MediaSource !== 'function') {
    throw new TorrentideError('ERR_UNSUPPORTED', 'This browser has no MediaSource: files play by the URLs of the service worker alone.');
  }
  let settled = false;
  const hooks: PlayHooks = {
    signal,
    warn: (fault) => guarded(() => void file.emit('warning', TorrentideError.from(fault))),
    // Before the start has come to its end, that rejects.
    fail: (fault) => settled && failed(file, element, TorrentideError.from(fault)),
  };
  // At once, for the page may call play() in this very task.
  const source = attach(element, signal);
  const { src } = element;
  const unwatch = watch(element, signal);
  try {
    const play = await player();
    signal.throwIfAborted();
    return await play(file, element, source, hooks);
  } catch (error) {
    unwatch();
    if (signal.aborted) throw signal.reason;
    if (element.src === src) clear(element);
    throw wrap(error, file);
  } finally {
    settled = true;
  }
}

function attach(element: HTMLMediaElement, signal: AbortSignal): Promise<MediaSource> {
  const source = new MediaSource();
  const url = URL.createObjectURL(source);
  element.src = url;
  signal.addEventListener('abort', () => URL.revokeObjectURL(url), { once: true });
  const opened = first(source, ['sourceopen'], signal).then(() => source);
  // Whoever waits for it may be gone.
  opened.catch(() => {});
  return opened;
}

function clear(element: HTMLMediaElement): void {
  element.removeAttribute('src');
  element.load();
}

/** Ends the playing when the page gives the element something else than it has now. Gives what ends the watch. */
function watch(element: HTMLMediaElement, signal: AbortSignal): () => void {
  const { src } = element;
  const check = (): void => {
    if (element.src !== src) running.get(element)?.abort();
  };
  element.addEventListener('emptied', check, { signal });
  return () => element.removeEventListener('emptied', check);
}

let expected = false;

/** Has the player loaded when the page has nothing else to do, where a click may ask for it: that takes longer than all the rest. */
export function expectPlaying(file: FileEntry): void {
  if (expected || typeof MediaSource !== 'function' || !/^(video|audio)\//.test(file.type)) return;
  expected = true;
  const load = (): void => {
    if (!file.servedURL) void player().catch(() => (expected = false));
  };
  if (typeof requestIdleCallback === 'function') requestIdleCallback(load);
  else setTimeout(load);
}

async function player(): Promise<Play> {
  return (await enginePart<{ play: Play }>('media')).play;
}

function first(target: EventTarget, names: string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const end = new AbortController();
    for (const name of names) target.addEventListener(name, () => (end.abort(), resolve(name)), { signal: end.signal });
    signal.addEventListener('abort', () => (end.abort(), reject(signal.reason)), { once: true });
  });
}

function wrap(error: unknown, { name }: FileEntry): TorrentideError {
  if (error instanceof TorrentideError) return error;
  const fault = error as Partial<Fault> | null;
  if (typeof fault?.code === 'string') return TorrentideError.from({ code: fault.code, message: String(fault.message) });
  return TorrentideError.wrap(error, 'ERR_MEDIA_BROKEN', `"${name}" can't be played`);
}
