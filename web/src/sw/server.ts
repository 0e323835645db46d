// The page's side of the service worker: finds the file that a URL names among the torrents of the page's clients, and sends its bytes
// chunk by chunk as the browser takes them. It knows no engine; what an answer looks like, answer.ts decides.

import type { FileEntry } from '../api/file';
import type { Torrent } from '../api/torrent';
import { TorrentideError } from '../errors';
import { listing, plan, refusal } from './answer';
import { type Answer, FOLDER, type Failure, type FetchRequest, KEEP_ALIVE } from './contract';

/** Browsers stop a worker after 30 s without an event: as WebTorrent, well before that. */
const KEEP_ALIVE_MS = 20_000;

/** All of the page's clients are behind one listener: only together can they say that nobody has a file. */
const servers = new Set<FileServer>();

export interface ServerOptions {
  /** Of torrentide-sw.js: what `navigator.serviceWorker.register` gave. */
  controller: ServiceWorkerRegistration;
}

export class FileServer {
  readonly #registration: ServiceWorkerRegistration;
  readonly #torrents: () => readonly Torrent[];

  /** Throws ERR_UNSUPPORTED where the browser has no service workers, ERR_INVALID_OPTION for what is no active one. @internal */
  constructor({ controller }: ServerOptions, torrents: () => readonly Torrent[]) {
    if (typeof ServiceWorkerRegistration !== 'function') {
      throw new TorrentideError('ERR_UNSUPPORTED', 'This browser has no service workers here: they need https or localhost, and no private window.');
    }
    if (!(controller instanceof ServiceWorkerRegistration)) {
      throw new TorrentideError('ERR_INVALID_OPTION', 'createServer() wants { controller }: what navigator.serviceWorker.register() gave.');
    }
    if (!controller.active) {
      throw new TorrentideError('ERR_INVALID_OPTION', 'The service worker is not active yet: await navigator.serviceWorker.ready first.');
    }
    this.#registration = controller;
    this.#torrents = torrents;
    if (servers.size === 0) navigator.serviceWorker.addEventListener('message', receive);
    navigator.serviceWorker.startMessages();
    servers.add(this);
  }

  /** Whether requests of this page reach the worker: not on a page that was loaded before it, or past it by a forced reload. @internal */
  get reached(): boolean {
    const { controller } = navigator.serviceWorker;
    return servers.has(this) && controller !== null && controller === this.#registration.active;
  }

  /** The path of a file's URL, from the root of the site. @internal */
  url(infoHash: string, file: FileEntry): string {
    const path = file.path.split('/').map(encodeURIComponent).join('/');
    return `${this.folder}${infoHash}/${path}`;
  }

  /** URLs of files lead nowhere from now on. */
  close(callback?: () => void): void {
    servers.delete(this);
    if (servers.size === 0) navigator.serviceWorker.removeEventListener('message', receive);
    callback?.();
  }

  /** As `close`. */
  destroy(callback?: () => void): void {
    this.close(callback);
  }

  /** @internal */
  get folder(): string {
    return new URL(FOLDER, this.#registration.scope).pathname;
  }

  /** The paths of all files below a folder that no torrent's file is in: that of all torrents, or that of one. @internal */
  list(url: URL): string[] {
    const [folder, infoHash] = [this.folder, url.pathname.slice(this.folder.length).replace(/\/$/, '').toLowerCase()];
    if (!url.pathname.startsWith(folder) || infoHash.includes('/')) return [];
    const torrents = this.#torrents().filter((torrent) => torrent.infoHash && (!infoHash || torrent.infoHash === infoHash));
    return torrents.flatMap((torrent) => torrent.files.map((file) => this.url(torrent.infoHash ?? '', file)));
  }

  /** The torrent that a URL is of, and the path in it; null for what is none of ours. @internal */
  find(url: URL): { torrent: Torrent; path: string } | null {
    if (!url.pathname.startsWith(this.folder)) return null;
    const [infoHash = '', ...rest] = url.pathname.slice(this.folder.length).split('/');
    const torrent = this.#torrents().find((each) => each.infoHash === infoHash.toLowerCase());
    return torrent ? { torrent, path: decoded(rest.join('/')) } : null;
  }
}

function receive({ data, ports: [port] }: MessageEvent<FetchRequest>): void {
  if (data?.type !== 'webtorrent' || !port) return;
  const stop = new AbortController();
  // The browser may want nothing more before the answer is there.
  port.onmessage = ({ data }) => data === false && stop.abort();
  void respond(data, port, stop).catch((error: Error) => port.postMessage(refusal(500, error.message)));
}

async function respond(request: FetchRequest, port: MessagePort, stop: AbortController): Promise<void> {
  const url = new URL(request.url);
  const [found] = [...servers].flatMap((server) => server.find(url) ?? []);
  // One that is still without metadata is waited for; its end means that it is not here.
  await found?.torrent.whenReady({ signal: stop.signal }).catch(() => {});
  const file = found?.torrent.destroyed ? undefined : found?.torrent.files.find(({ path }) => path === found.path);
  const list = file ? [] : [...servers].flatMap((server) => server.list(url));
  if (list.length) return port.postMessage(listing(request, list));
  if (!file) return port.postMessage(refusal(404, 'This tab does not have that file.'));
  const { range, ...answer } = plan(request, file);
  const alive = new URL(FOLDER + KEEP_ALIVE, request.scope);
  if (range) pump(file.stream({ ...range, signal: stop.signal, playing: true }), port, stop, () => void fetch(alive).catch(() => {}));
  port.postMessage(answer satisfies Answer);
}

/** Sends a chunk for each true; false, or the end of the worker, ends it. */
function pump(stream: ReadableStream<Uint8Array>, port: MessagePort, stop: AbortController, keepAlive: () => void): void {
  const reader = stream.getReader();
  const alive = setInterval(keepAlive, KEEP_ALIVE_MS);
  const end = (): void => {
    clearInterval(alive);
    stop.abort();
    port.close();
  };
  port.addEventListener('close', end);
  port.onmessage = async ({ data }) => {
    if (data === false) return end();
    try {
      const { value, done } = await reader.read();
      if (!stop.signal.aborted) port.postMessage(value ?? null, owned(value));
      if (done) end();
    } catch (error) {
      if (!stop.signal.aborted) port.postMessage({ error: String(error) } satisfies Failure);
      end();
    }
  };
}

/** The buffer of a chunk that is alone in it: it need not be copied. */
function owned(chunk: Uint8Array | undefined): ArrayBuffer[] {
  return chunk && chunk.byteLength === chunk.buffer.byteLength ? [chunk.buffer as ArrayBuffer] : [];
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
