// The client: the object a page makes. It owns the list of torrents and the callbacks of `add` and `seed`; what a torrent is, it
// leaves to Torrent, and what an input is, to the modules that read inputs.

import { type Engine, engineURL, setEngineURL, sharedEngine } from '../engine-host';
import { connectWorker } from '../rtc/worker-link';
import type { Phase, ToEngine } from '../protocol';
import { TorrentideError, closed, guarded } from '../errors';
import { EventEmitter } from './events';
import { type SeedInput, seedFiles } from './inputs';
import { type AddOptions, type SeedOptions, type TorrentideOptions, addOptions, clientOptions, seedOptions } from './options';
import { Torrent, type TorrentOwner } from './torrent';
import { type TorrentId, engineId, ownSources } from './torrent-id';

export interface TorrentideEvents {
  /** How far the start of the engine is. */
  boot: [Phase];
  ready: [];
  add: [Torrent];
  /** A torrent is ready. */
  torrent: [Torrent];
  seed: [Torrent];
  remove: [Torrent];
  /** Bytes since the last one, over all torrents. */
  download: [number];
  upload: [number];
  /** An error of the client, which ends it, or of a torrent on which nothing listens for errors. */
  error: [TorrentideError];
}

type OnTorrent = (torrent: Torrent) => void;
type Callback = (error?: Error) => void;
type Request = TorrentOwner['request'];

export class Torrentide extends EventEmitter<TorrentideEvents> {
  static readonly WEBRTC_SUPPORT: boolean = typeof RTCPeerConnection === 'function';
  static readonly VERSION: string = __VERSION__;
  /** Makes WebRTC connections for Python in `worker`, which can't do so itself: see docs/python.md. */
  static readonly connectWorker: (worker: Worker) => void = connectWorker;

  torrents: Torrent[] = [];
  /** 40 hex digits; '' until the client is ready. */
  peerId = '';
  /** True once the engine is up. Calls made before wait for it. */
  ready = false;
  destroyed = false;
  readonly maxConns: number;
  readonly #engine: Engine;
  readonly #number: number;

  /** The folder of the engine's files, by default `engine/` beside this script. A bundler's page sets it before its first client. */
  static get engineURL(): string | URL {
    return engineURL();
  }

  static set engineURL(url: string | URL) {
    setEngineURL(url);
  }

  /** Throws ERR_INVALID_OPTION. */
  constructor(options: TorrentideOptions = {}) {
    super();
    const sent = clientOptions(options);
    this.maxConns = sent.maxConns;
    this.#engine = sharedEngine();
    this.#number = this.#engine.number();
    this.#engine.addClient(this.#number, {
      phase: (phase) => this.emit('boot', phase),
      opened: (peerId) => this.#opened(peerId),
      failed: (error) => this.#failed(error),
    });
    this.#engine.post({ type: 'client', client: this.#number, options: sent });
  }

  /** Bytes per second, as `uploadSpeed`. */
  get downloadSpeed(): number {
    return sum(this.torrents, (torrent) => torrent.downloadSpeed);
  }

  get uploadSpeed(): number {
    return sum(this.torrents, (torrent) => torrent.uploadSpeed);
  }

  /** 0 to 1, of the torrents that are not complete. */
  get progress(): number {
    const active = this.torrents.filter((torrent) => torrent.progress !== 1);
    return sum(active, (torrent) => torrent.downloaded) / (sum(active, (torrent) => torrent.length) || 1);
  }

  get ratio(): number {
    return sum(this.torrents, (torrent) => torrent.uploaded) / (sum(this.torrents, (torrent) => torrent.received) || 1);
  }

  /** Starts a download. The callback comes when the torrent is ready: its metadata is there. Throws ERR_CLOSED. */
  add(id: TorrentId, onTorrent?: OnTorrent): Torrent;
  add(id: TorrentId, options?: AddOptions, onTorrent?: OnTorrent): Torrent;
  add(id: TorrentId, options: AddOptions | OnTorrent = {}, onTorrent?: OnTorrent): Torrent {
    if (typeof options === 'function') return this.add(id, {}, options);
    const request: Request = async (torrent) => {
      const { announce, urlList } = addOptions(options);
      const own = addOptions(ownSources(id));
      const sources = { announce: [...own.announce, ...announce], urlList: [...own.urlList, ...urlList] };
      return { type: 'add', client: this.#number, torrent, id: await engineId(id), options: sources };
    };
    const torrent = this.#start(request, (infoHash, { code }) => {
      queueMicrotask(() => this.#callExisting(infoHash, onTorrent));
      return new TorrentideError(code, `Cannot add duplicate torrent ${infoHash}`);
    });
    torrent.once('ready', () => {
      onTorrent?.(torrent);
      this.emit('torrent', torrent);
    });
    this.emit('add', torrent);
    return torrent;
  }

  /** Makes a torrent of files and shares it. The callback comes when it is there for others. Throws ERR_CLOSED. */
  seed(input: SeedInput, onSeed?: OnTorrent): Torrent;
  seed(input: SeedInput, options?: SeedOptions, onSeed?: OnTorrent): Torrent;
  seed(input: SeedInput, options: SeedOptions | OnTorrent = {}, onSeed?: OnTorrent): Torrent {
    if (typeof options === 'function') return this.seed(input, {}, options);
    const request: Request = async (torrent, signal): Promise<ToEngine> => {
      const sent = seedOptions(options);
      return { type: 'seed', client: this.#number, torrent, files: await seedFiles(input, signal), options: sent };
    };
    const torrent = this.#start(request, (infoHash) => {
      queueMicrotask(() => this.#callExisting(infoHash, onSeed));
      return null;
    });
    torrent.once('ready', () => this.emit('torrent', torrent));
    torrent.prependListener('seed', () => onSeed?.(torrent));
    this.emit('add', torrent);
    return torrent;
  }

  /** The torrent of that id, or null. Rejects with ERR_CLOSED. */
  async get(id: TorrentId | Torrent): Promise<Torrent | null> {
    if (this.destroyed) throw closed('client');
    if (id instanceof Torrent) return this.torrents.includes(id) ? id : null;
    const known = typeof id === 'string' && this.#find(id.toLowerCase());
    if (known) return known;
    const infoHash = await this.#engine.call({ type: 'info-hash', id: await engineId(id) });
    return typeof infoHash === 'string' ? (this.#find(infoHash) ?? null) : null;
  }

  /** Ends a torrent and frees its data. Rejects if the client does not have it. */
  remove(id: TorrentId | Torrent, callback?: Callback): Promise<void>;
  remove(id: TorrentId | Torrent, options?: object | null, callback?: Callback): Promise<void>;
  async remove(id: TorrentId | Torrent, options?: object | null | Callback, callback?: Callback): Promise<void> {
    const done = typeof options === 'function' ? options : callback;
    const torrent = await this.get(id);
    if (!torrent) throw new TorrentideError('ERR_NO_TORRENT', `No torrent with id ${String(id)}`);
    await new Promise<void>((resolve, reject) => torrent.destroy((error) => (error ? reject(error) : resolve())));
    done?.();
  }

  /** Ends the client and all its torrents. The callback comes when the engine has let go of them. Throws ERR_CLOSED. */
  destroy(callback?: Callback): void {
    if (this.destroyed) throw closed('client');
    this.#end();
    this.#engine.call({ type: 'destroy', client: this.#number }).then(
      () => callback?.(),
      (error: Error) => callback?.(error),
    );
  }

  #start(request: Request, duplicate: TorrentOwner['duplicate']): Torrent {
    if (this.destroyed) throw closed('client');
    const torrent: Torrent = new Torrent(this.#engine, {
      request,
      duplicate,
      moved: (event, bytes) => this.emit(event, bytes),
      seeding: () => this.emit('seed', torrent),
      removed: () => this.#removed(torrent),
      failed: (error) => this.emit('error', error),
    });
    this.torrents.push(torrent);
    return torrent;
  }

  #find(infoHash: string): Torrent | undefined {
    return this.torrents.find((torrent) => torrent.infoHash === infoHash);
  }

  #callExisting(infoHash: string, callback: OnTorrent | undefined): void {
    const existing = this.#find(infoHash);
    if (existing) callback?.(existing);
  }

  #removed(torrent: Torrent): void {
    this.torrents = this.torrents.filter((other) => other !== torrent);
    this.emit('remove', torrent);
  }

  #opened(peerId: string): void {
    this.peerId = peerId;
    this.ready = true;
    this.emit('ready');
  }

  #failed(error: TorrentideError): void {
    this.#end();
    this.emit('error', error);
  }

  #end(): void {
    this.destroyed = true;
    this.#engine.removeClient(this.#number);
    for (const torrent of [...this.torrents]) guarded(() => torrent.destroy());
  }
}

function sum(torrents: readonly Torrent[], value: (torrent: Torrent) => number): number {
  return torrents.reduce((total, torrent) => total + value(torrent), 0);
}
