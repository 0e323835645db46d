// Files of torrents by URL: finds the file that a URL names among the torrents of a client. It knows no engine; what an answer looks
// like, answer.ts decides, and requests.ts sends it.

import type { FileEntry } from '../api/file';
import type { Torrent } from '../api/torrent';
import { TorrentideError } from '../errors';
import { listing, plan } from './answer';
import { FOLDER, type FetchRequest } from './contract';
import { type Reply, listen } from './requests';

/** Those of the page's clients that are open. */
const servers = new Set<FileServer>();

export interface ServerOptions {
  /** Of torrentide-sw.js: what `navigator.serviceWorker.register` gave. */
  controller: ServiceWorkerRegistration;
}

export class FileServer {
  /** @internal */
  readonly registration: ServiceWorkerRegistration;
  readonly #torrents: () => readonly Torrent[];
  readonly #unlisten: () => void;

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
    this.registration = controller;
    this.#torrents = torrents;
    this.#unlisten = listen((request, signal) => this.#answer(request, signal));
    servers.add(this);
  }

  /** Whether requests of this page reach the worker: not on a page that was loaded before it, or past it by a forced reload. @internal */
  get reached(): boolean {
    const { controller } = navigator.serviceWorker;
    return servers.has(this) && controller !== null && controller === this.registration.active;
  }

  /** The path of a file's URL, from the root of the site. @internal */
  url(infoHash: string, file: FileEntry): string {
    const path = file.path.split('/').map(encodeURIComponent).join('/');
    return `${this.folder}${infoHash}/${path}`;
  }

  /** URLs of files lead nowhere from now on. */
  close(callback?: () => void): void {
    servers.delete(this);
    this.#unlisten();
    callback?.();
  }

  /** As `close`. */
  destroy(callback?: () => void): void {
    this.close(callback);
  }

  /** @internal */
  get folder(): string {
    return new URL(FOLDER, this.registration.scope).pathname;
  }

  async #answer(request: FetchRequest, signal: AbortSignal): Promise<Reply | null> {
    const found = this.#find(new URL(request.url));
    // One that is still without metadata is waited for; its end means that it is not here.
    await found?.torrent.whenReady({ signal }).catch(() => {});
    const file = found?.torrent.destroyed ? undefined : found?.torrent.files.find(({ path }) => path === found.path);
    if (!file) return this.#list(request);
    const { range, ...answer } = plan(request, file);
    return { answer, body: range && file.requested(range) };
  }

  /** Of all the page's clients together, where the URL is that of a folder. */
  #list(request: FetchRequest): Reply | null {
    const paths = [...servers].flatMap((server) => server.#paths(new URL(request.url)));
    return paths.length ? { answer: listing(request, paths) } : null;
  }

  /** The paths of all files below a folder that no torrent's file is in: that of all torrents, or that of one. */
  #paths(url: URL): string[] {
    const [folder, infoHash] = [this.folder, url.pathname.slice(this.folder.length).replace(/\/$/, '').toLowerCase()];
    if (!url.pathname.startsWith(folder) || infoHash.includes('/')) return [];
    const torrents = this.#torrents().filter((torrent) => torrent.infoHash && (!infoHash || torrent.infoHash === infoHash));
    return torrents.flatMap((torrent) => torrent.files.map((file) => this.url(torrent.infoHash ?? '', file)));
  }

  /** The torrent that a URL is of, and the path in it; null for what is none of ours. */
  #find(url: URL): { torrent: Torrent; path: string } | null {
    if (!url.pathname.startsWith(this.folder)) return null;
    const [infoHash = '', ...rest] = url.pathname.slice(this.folder.length).split('/');
    const torrent = this.#torrents().find((each) => each.infoHash === infoHash.toLowerCase());
    return torrent ? { torrent, path: decoded(rest.join('/')) } : null;
  }
}

/** What the page gave to `createServer`, the latest last. */
export function givenWorkers(): ServiceWorkerRegistration[] {
  return [...servers].map((server) => server.registration);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
