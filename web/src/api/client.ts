// The client: the object a page makes. It owns the list of torrents and the callbacks of `add` and `seed`; what a torrent is, it
// leaves to Torrent, and what an input is, to the modules that read inputs.

import { type Engine, engineURL, setEngineURL, sharedEngine } from '../engine-host';
import type { ToEngine } from '../protocol';
import { connectWorker } from '../rtc/worker-link';
import { TorrentideError, closed, guarded } from '../errors';
import { FileServer, type ServerOptions } from '../sw/server';
import { ClientMirror } from './client-mirror';
import { type Diagnosis, diagnose } from './diagnosis';
import { type Abortable, Gate } from './gate';
import { type SeedInput, seedFiles } from './inputs';
import {
  type AddOptions,
  type Defaults,
  type SeedOptions,
  type TorrentideOptions,
  addOptions,
  announceKeys,
  clientOptions,
  defaults,
  list,
  seedOptions,
} from './options';
import { RememberedSeed, type SeedRecord, forget, handlesOf, looksSame, remember, rememberedSeeds } from './remembered';
import { type StorageReport, asItWas, askToPersist, report, storedTorrents } from './storage';
import { Torrent } from './torrent';
import { type TorrentId, engineId, ownSources } from './torrent-id';
import type { DestroyOptions, TorrentOwner } from './torrent-life';

type OnTorrent = (torrent: Torrent) => void;
type Callback = (error?: Error | null) => void;
type Request = TorrentOwner['request'];

export class Torrentide extends ClientMirror {
  static readonly WEBRTC_SUPPORT: boolean = typeof RTCPeerConnection === 'function';
  /** A page has no UDP. */
  static readonly UTP_SUPPORT: boolean = false;
  static readonly VERSION: string = __VERSION__;
  /** Makes WebRTC connections for Python in `worker`, which can't do so itself: see docs/python.md. */
  static readonly connectWorker: (worker: Worker) => void = connectWorker;

  readonly #defaults: Defaults;
  readonly #engine: Engine;
  readonly #number: number;
  readonly #ready = new Gate<this>();
  #server: FileServer | null = null;
  /** Where each torrent that `restore` made is stored: one that failed may never learn its info-hash. */
  readonly #stored = new WeakMap<Torrent, string>();

  /** The folder of the engine's files, by default `engine/` beside this script. A bundler's page sets it before its first client. */
  static get engineURL(): string | URL {
    return engineURL();
  }

  static set engineURL(url: string | URL) {
    setEngineURL(url);
  }

  /** Throws ERR_INVALID_OPTION. */
  constructor(options: TorrentideOptions = {}) {
    super(options, () => this.#engine.post({ type: 'limits', client: this.#number, limits: this.limits }));
    this.#defaults = defaults(options);
    const sent = clientOptions(options, this.peerIdBuffer, this.limits);
    this.#engine = sharedEngine();
    this.#number = this.#engine.number();
    this.#engine.addClient(this.#number, {
      phase: (phase) => this.emit('boot', phase),
      opened: () => this.#opened(),
      failed: (error) => this.#failed(error),
    });
    this.#engine.post({ type: 'client', client: this.#number, options: sent });
  }

  /** Waits until the engine is up. Rejects with the client's error, or ERR_CLOSED. */
  whenReady(options?: Abortable): Promise<this> {
    return this.#ready.wait(options);
  }

  /** Starts a download. The callback comes when the torrent is ready: its metadata is there. Throws ERR_CLOSED. */
  add(id: TorrentId, onTorrent?: OnTorrent): Torrent;
  add(id: TorrentId, options?: AddOptions | null, onTorrent?: OnTorrent): Torrent;
  add(id: TorrentId, options?: AddOptions | null | OnTorrent, onTorrent?: OnTorrent): Torrent {
    if (typeof options === 'function') return this.add(id, {}, options);
    const given = { ...options };
    return this.#add(id, given, onTorrent, false);
  }

  #add(id: TorrentId, given: AddOptions, onTorrent: OnTorrent | undefined, restore: boolean): Torrent {
    const request: Request = async (torrent, _, limits) => {
      const sent = addOptions(given, limits, this.#defaults, restore);
      sent.announceKeys = this.#announceKeys(given)?.() ?? {};
      if (sent.storage === 'opfs') askToPersist();
      const own = ownSources(id);
      sent.announce.unshift(...list(own.announce));
      sent.urlList.unshift(...list(own.urlList));
      return { type: 'add', client: this.#number, torrent, id: await engineId(id), options: sent };
    };
    const torrent = this.#start(request, given, false, (infoHash, { code }) => {
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
  seed(input: SeedInput, options?: SeedOptions | null, onSeed?: OnTorrent): Torrent;
  seed(input: SeedInput, options?: SeedOptions | null | OnTorrent, onSeed?: OnTorrent): Torrent {
    if (typeof options === 'function') return this.seed(input, {}, options);
    return this.#seed(input, { ...options }, onSeed, null);
  }

  /** Seeds of earlier visits whose files were given as handles; each can be shared again with one click. Rejects with ERR_STORAGE. */
  async rememberedSeeds(): Promise<RememberedSeed<Torrent>[]> {
    const records = (await rememberedSeeds()).filter(({ infoHash }) => !this.#find(infoHash));
    return records.map((record) => new RememberedSeed(record, (again) => this.#seed(again.handles, again.options, undefined, again)));
  }

  /** `record`: what was kept of these very files. */
  #seed(input: SeedInput, given: SeedOptions, onSeed: OnTorrent | undefined, record: SeedRecord | null): Torrent {
    const handles = handlesOf(input);
    const request: Request = async (number, signal, limits): Promise<ToEngine> => {
      const sent = seedOptions(given, limits, this.#defaults);
      sent.announceKeys = this.#announceKeys(given)?.() ?? {};
      const files = await seedFiles(input, signal);
      if (handles && sent.persist) torrent.once('seed', () => void remember(torrent, { handles, files, options: given }, record));
      const known = record && looksSame(record, files) ? { known: record.torrentFile } : {};
      return { type: 'seed', client: this.#number, torrent: number, files, options: sent, ...known };
    };
    const torrent: Torrent = this.#start(request, given, true, (infoHash) => {
      queueMicrotask(() => this.#callExisting(infoHash, onSeed));
      return null;
    });
    torrent.once('ready', () => this.emit('torrent', torrent));
    torrent.prependListener('seed', () => onSeed?.(torrent));
    this.emit('add', torrent);
    return torrent;
  }

  /** The torrent of that id, or null: also for what is no id. */
  async get(id: TorrentId | Torrent, options: Abortable = {}): Promise<Torrent | null> {
    if (id instanceof Torrent) return this.torrents.includes(id) ? id : null;
    const known = typeof id === 'string' && this.#find(id.toLowerCase());
    if (known) return known;
    if (this.torrents.length === 0) return null;
    try {
      const infoHash = await this.#engine.call({ type: 'info-hash', id: await engineId(id) }, options.signal);
      return typeof infoHash === 'string' ? (this.#find(infoHash) ?? null) : null;
    } catch (error) {
      if (error instanceof TorrentideError) return null;
      throw error;
    }
  }

  /**
   * Brings back the torrents of earlier visits, each as it was: what is there of it, what was selected, paused, its limits. They
   * come in the order in which they were added; what the client has already is left out. Rejects as `whenReady`.
   */
  async restore({ signal }: Abortable = {}): Promise<Torrent[]> {
    if (this.destroyed) throw closed('client');
    const stored = await storedTorrents(this.#engine, signal);
    const restored: Torrent[] = [];
    for (const each of stored) {
      const was = this.#find(each.infoHash) ? null : asItWas(each);
      if (!was) continue;
      const torrent = this.#add(was[0], was[1], undefined, true);
      this.#stored.set(torrent, each.infoHash);
      restored.push(torrent);
    }
    return restored;
  }

  /** What is stored for this origin, by all its tabs. Rejects with the reason of `signal`, or the engine's error. */
  storage({ signal }: Abortable = {}): Promise<StorageReport> {
    return report(this.#engine, signal);
  }

  /** Removes what `storage().orphans` lists; gives the bytes that this frees. */
  async removeOrphans({ signal }: Abortable = {}): Promise<number> {
    const { orphans } = await this.storage({ signal });
    return this.#clean(orphans.map(({ infoHash }) => infoHash), signal);
  }

  /**
   * Ends a torrent and removes what is stored of it; gives the bytes of storage that this frees. One that has ended by itself may be
   * given, too. Rejects with ERR_NO_TORRENT if the client does not have it, and nothing is stored of it.
   */
  remove(id: TorrentId | Torrent, callback?: Callback): Promise<number>;
  remove(id: TorrentId | Torrent, options?: DestroyOptions | null, callback?: Callback): Promise<number>;
  async remove(id: TorrentId | Torrent, options?: DestroyOptions | null | Callback, callback?: Callback): Promise<number> {
    const done = typeof options === 'function' ? (options as Callback) : callback;
    const torrent = await this.get(id);
    const ended = id instanceof Torrent ? id : null;
    const infoHash = (torrent ?? ended)?.infoHash ?? (ended && this.#stored.get(ended));
    const freed = torrent ? await torrent.destroy(typeof options === 'object' ? options : null) : await this.#clean(infoHash ? [infoHash] : []);
    if (!torrent && !freed) throw new TorrentideError('ERR_NO_TORRENT', `No torrent with id ${String(id)}`);
    // Where there is no list of seeds, it is on none.
    if (infoHash) await forget(infoHash).catch(() => {});
    done?.(null);
    return freed;
  }

  /** Where peers could reach us: nowhere, as in WebTorrent's pages. Null until `listening`. */
  address(): { address: string; family: string; port: number } | null {
    return this.listening ? { address: '0.0.0.0', family: 'IPv4', port: 0 } : null;
  }

  /** Gives files URLs, by the service worker torrentide-sw.js. Throws ERR_UNSUPPORTED, ERR_INVALID_OPTION, ERR_CLOSED. */
  createServer(options: ServerOptions): FileServer {
    if (this.destroyed) throw closed('client');
    this.#server?.close();
    return (this.#server = new FileServer(options ?? {}, () => this.torrents));
  }

  /** What `createServer` made last. @internal */
  get server(): FileServer | null {
    return this.#server;
  }

  /** Why there is no peer, in plain words. Rejects with the reason of `signal` alone. */
  diagnose({ signal }: Abortable = {}): Promise<Diagnosis> {
    return diagnose(this.#engine, this.#number, this.torrents, Torrentide.WEBRTC_SUPPORT, signal);
  }

  /**
   * Ends the client and all its torrents. The callback comes, and the promise resolves, when the engine has let go of them.
   * Throws ERR_CLOSED.
   */
  destroy(callback?: Callback): Promise<void> {
    if (this.destroyed) throw closed('client');
    this.#end(closed('client'));
    const end = this.#engine.call({ type: 'destroy', client: this.#number });
    // The end of the engine is the end of the client as well.
    return end.catch(() => {}).then(() => callback?.(null));
  }

  /** Removes what is stored under these info-hashes where nobody uses it; gives the bytes that this frees. */
  async #clean(names: string[], signal?: AbortSignal): Promise<number> {
    return names.length ? ((await this.#engine.call({ type: 'clean', names }, signal)) as number) : 0;
  }

  #start(request: Request, options: AddOptions | SeedOptions, seeding: boolean, duplicate: TorrentOwner['duplicate']): Torrent {
    if (this.destroyed) throw closed('client');
    const owner: TorrentOwner = {
      client: this,
      request,
      announceKeys: this.#announceKeys(options),
      duplicate,
      moved: (event, bytes) => this.emit(event, bytes),
      seeding: () => this.emit('seed', torrent),
      removed: () => this.#removed(torrent),
      failed: (error) => this.emit('error', error),
    };
    const torrent: Torrent = new Torrent(this.#engine, owner, options, seeding);
    this.torrents.push(torrent);
    return torrent;
  }

  #announceKeys(options: AddOptions | SeedOptions): TorrentOwner['announceKeys'] {
    const tracker = this.tracker as { getAnnounceOpts?: unknown };
    return announceKeys([tracker.getAnnounceOpts, options.getAnnounceOpts]);
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

  #opened(): void {
    this.listening = true;
    this.emit('listening');
    if (this.destroyed) return;
    this.ready = true;
    this.#ready.open(this);
    this.emit('ready');
  }

  #failed(error: TorrentideError): void {
    this.#end(error);
    this.emit('error', error);
  }

  #end(error: TorrentideError): void {
    this.destroyed = true;
    this.#ready.shut(error);
    this.#server?.close();
    this.#engine.removeClient(this.#number);
    for (const torrent of [...this.torrents]) guarded(() => void torrent.destroy());
  }
}
