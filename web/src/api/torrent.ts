// One torrent as the page has it: what can be done with it, and the order of its events. State is applied before the events that
// tell of it. It knows the engine's messages about itself, not how the client keeps its list.

import type { Engine } from '../engine-host';
import type { FileInfo, Limits, ToEngine, TorrentEvent, TorrentState, WireInfo } from '../protocol';
import { TorrentideError, closed, guarded } from '../errors';
import type { Torrentide } from './client';
import { type GivenPeer, isGivenPeer, isOver, join } from '../rtc/given';
import { FileEntry, type FileOwner } from './file';
import { type Abortable, Gate } from './gate';
import { TorrentMirror } from './mirror';
import { ByteReader } from './reading';
import { type AddOptions, limitOption } from './options';
import { type ChunkStore, PageStore } from './page-store';
import { type SaveAllOptions, saveAll } from './saving';
import { Selections } from './selections';
import { Throttle } from './throttle';
import { Wire } from './wire';

/** What a torrent needs of the client that made it. */
export interface TorrentOwner {
  readonly client: Torrentide;
  /**
   * Makes the first message to the engine; it may have to read files for it, until `signal` says that the torrent has ended.
   * A rejection is an error of the torrent.
   */
  request(torrent: number, signal: AbortSignal, limits: Limits): Promise<ToEngine>;
  /** Further keys for the next announce; undefined where there never are any. */
  readonly announceKeys: (() => Record<string, unknown>) | undefined;
  /** After the torrent's own event. */
  moved(event: 'download' | 'upload', bytes: number): void;
  seeding(): void;
  removed(): void;
  /** The client already has `infoHash`. Gives the error to destroy this torrent with, or null where that is none. */
  duplicate(infoHash: string, error: TorrentideError): TorrentideError | null;
  /** An error that nothing listens to on the torrent. */
  failed(error: TorrentideError): void;
}

/** What names a connected peer: a wire, a peer id in hex, or `address:port`. */
export type PeerName = string | Wire | { id: string };

export interface DestroyOptions {
  /** False: what is stored stays, for the next time that it is added. */
  destroyStore?: boolean;
}

type Callback = (error?: Error | null) => void;
type Settings = Omit<AddOptions, 'private' | 'announce' | 'urlList'>;
/** A message about this torrent, as it is posted. */
type Message = Extract<ToEngine, { torrent: number }>;
type Unnumbered<M> = M extends Message ? Omit<M, 'torrent'> : never;

const ADDRESS = /^(\[[0-9a-f:.]+\]|[^:]+):(\d{1,5})$/i;

export class Torrent extends TorrentMirror {
  readonly strategy: 'rarest' | 'sequential';
  readonly maxWebConns: number;
  /** Kept for pages that read it; nothing is written there. */
  readonly path: string;
  readonly rootDir = null;
  readonly discovery = null;
  /** Whether the data is known to be right: it is what this torrent was made of. */
  readonly skipVerify: boolean;
  readonly #store: PageStore;
  readonly #engine: Engine;
  readonly #owner: TorrentOwner;
  readonly #number: number;
  readonly #life = new AbortController();
  readonly #ready = new Gate<this>();
  readonly #done = new Gate<this>();
  readonly #down: Throttle;
  readonly #up: Throttle;
  readonly #deselected: boolean;
  #paused: boolean;
  #destroyed = false;
  #interested = false;
  /** What is to be said once the engine knows of this torrent; null when it does. */
  #early: ToEngine[] | null = [];
  #selecting = false;
  readonly #webSeeds = new Set<string>();
  readonly #given = new WeakSet<GivenPeer>();
  #fileURL: string | undefined;

  /** @internal */
  constructor(engine: Engine, owner: TorrentOwner, options: Settings, seeding: boolean) {
    super();
    this.#engine = engine;
    this.#owner = owner;
    this.#number = engine.number();
    this.strategy = options.strategy === 'sequential' ? 'sequential' : 'rarest';
    this.maxWebConns = options.maxWebConns || 4;
    this.path = options.path || '/torrentide';
    this.skipVerify = seeding || options.skipVerify === true;
    this.#store = new PageStore(seeding ? {} : options, () => ({
      torrent: this,
      path: this.path,
    }));
    this.#paused = options.paused === true;
    this.#deselected = options.deselect === true;
    const limitsChanged = (): void => this.#tell({ type: 'limits', limits: this.#limits });
    this.#down = new Throttle(limitOption(options.downloadLimit), limitsChanged);
    this.#up = new Throttle(limitOption(options.uploadLimit), limitsChanged);
    engine.addTorrent(this.#number, (state, events) => this.#update(state, events));
    this.#follow(options.signal);
    void this.#request();
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  /** Null once the torrent is destroyed. */
  get client(): Torrentide | null {
    return this.#destroyed ? null : this.#owner.client;
  }

  /** The chunk store that the page gave, once it is made; null without one: the engine's own is in its worker. */
  get store(): ChunkStore | null {
    return this.#store.store;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Bytes per second; -1 is no limit, 0 lets nothing through. Setting it to what is no limit throws ERR_INVALID_ARGUMENT. */
  get downloadLimit(): number {
    return this.#down.limit;
  }

  set downloadLimit(limit: number) {
    this.#down.limit = limit;
  }

  get uploadLimit(): number {
    return this.#up.limit;
  }

  set uploadLimit(limit: number) {
    this.#up.limit = limit;
  }

  /** A URL of the .torrent file, good until the torrent is destroyed; undefined until the metadata is there. */
  get torrentFileBlobURL(): string | undefined {
    const blob = this.#destroyed ? null : this.torrentFileBlob;
    if (blob) this.#fileURL ??= URL.createObjectURL(blob);
    return this.#fileURL;
  }

  /** Waits until the metadata is there. Rejects with the torrent's error, or ERR_CLOSED. */
  whenReady(options?: Abortable): Promise<this> {
    return this.#ready.wait(options);
  }

  /** Waits until every file is complete; one that is deselected never is. Rejects as `whenReady`. */
  whenDone(options?: Abortable): Promise<this> {
    return this.#done.wait(options);
  }

  /** Sends and takes no data until `resume`. Peers stay connected, and no new ones are looked for. */
  pause(): void {
    this.#setPaused(true);
  }

  resume(): void {
    this.#setPaused(false);
  }

  /** Wants pieces `start` to `end` (inclusive); the higher priority, from 0 up, comes first. Throws ERR_INVALID_ARGUMENT, ERR_CLOSED. */
  select(start?: number, end?: number, priority?: number | boolean): void {
    this.#check();
    this.#known().select(start, end, priority);
    this.#tellSelections();
  }

  deselect(start?: number, end?: number): void {
    this.#check();
    this.selections?.deselect(start, end);
    this.#tellSelections();
  }

  /** Fetches these pieces before all others. Throws ERR_INVALID_ARGUMENT, ERR_CLOSED. */
  critical(start: number, end: number): void {
    this.#check();
    this.#known().setCritical(start, end);
    this.#tellSelections();
  }

  /** Checks all stored pieces again; bad ones are fetched again. With a callback the promise never rejects. Throws ERR_CLOSED. */
  rescanFiles(callback?: Callback): Promise<void> {
    this.#check();
    const scan = this.#engine.call({ type: 'rescan', torrent: this.#number }).then(() => {});
    if (!callback) return scan;
    return scan.then(
      () => callback(null),
      (error: Error) => callback(error),
    );
  }

  /**
   * Adds a peer that the page has connected to: a data channel, or an object like simple-peer's; `peer` tells of it. For all else
   * the answer is false, with `invalidPeer` and a warning: a page reaches no address. Throws ERR_CLOSED, and ERR_NOT_READY before
   * `infoHash`.
   */
  addPeer(peer: unknown, _source?: string): boolean {
    this.#check();
    if (!this.infoHash) {
      throw new TorrentideError('ERR_NOT_READY', 'addPeer() must not be called before the `infoHash` event');
    }
    const fault = this.#peerFault(peer);
    if (!fault) {
      this.#join(peer as GivenPeer);
      return true;
    }
    this.emit('warning', new TorrentideError('ERR_UNSUPPORTED', fault));
    this.emit('invalidPeer', peer);
    return false;
  }

  /** Fetches from this web server, too (BEP 19). What can't be used is a warning. Throws ERR_CLOSED. */
  addWebSeed(url: unknown): void {
    this.#check();
    const fault = this.#webSeedFault(url);
    if (!fault) {
      this.#webSeeds.add(url as string);
      this.#tell({ type: 'add-web-seed', url: url as string });
      return void this.emit('peer', url);
    }
    this.emit('warning', new TorrentideError('ERR_INVALID_ARGUMENT', fault));
    if (typeof url === 'string') this.emit('invalidPeer', url);
  }

  /**
   * Saves all files that are wanted or here: as one zip, or in a folder of their own. Call it right behind a click. Rejects as
   * `file.save`, and with ERR_UNSUPPORTED where the browser can't ask for a folder.
   */
  save(options?: SaveAllOptions): Promise<void> {
    const files = async (): Promise<FileEntry[]> => {
      await this.whenReady({ signal: options?.signal });
      return this.files.filter((file) => file.selected || file.done);
    };
    return saveAll({ name: () => this.name ?? 'torrent', files }, options);
  }

  /** Closes the connection to a peer. Nothing happens where there is none. */
  removePeer(peer: PeerName): void {
    const name = typeof peer === 'string' ? peer.toLowerCase() : peer instanceof Wire ? peer : peer?.id;
    for (const [link, wire] of this.links) {
      if (![wire, wire.peerId, `${wire.remoteAddress}:${wire.remotePort}`].includes(name)) continue;
      this.#tell({ type: 'remove-peer', link });
    }
  }

  /**
   * Ends the torrent and removes what is stored of it. The callback comes, and the promise resolves to the bytes of storage that
   * were freed, when the engine has let go of it.
   */
  destroy(callback?: Callback): Promise<number>;
  destroy(options: DestroyOptions | null, callback?: Callback): Promise<number>;
  async destroy(options?: DestroyOptions | null | Callback, callback?: Callback): Promise<number> {
    const done = typeof options === 'function' ? (options as Callback) : callback;
    if (this.#destroyed) {
      done?.(closed('torrent'));
      return 0;
    }
    const keep = typeof options === 'object' && options?.destroyStore === false;
    const end = this.#early ? Promise.resolve(0) : this.#engine.call({ type: 'remove', torrent: this.#number, keep });
    const ended = this.#store.end(!keep);
    this.#end(null);
    // The end of the engine is the end of the torrent as well.
    const freed = await end.catch(() => 0);
    await ended;
    done?.(null);
    return freed as number;
  }

  /** @internal */
  protected override makeFile(info: FileInfo, index: number): FileEntry {
    const client = this.#owner.client;
    const owner: FileOwner = {
      pieceLength: this.pieceLength,
      infoHash: this.infoHash,
      get server() {
        return client.server;
      },
      select: (from, to, priority) => this.select(from, to, priority),
      deselect: ({ _startPiece: from, _endPiece: to }) => {
        const shared = (piece: number): boolean => this.#wantedBeside(index, piece);
        if (from === to && shared(from)) return;
        this.deselect(shared(from) ? from + 1 : from, shared(to) ? to - 1 : to);
      },
      read: async (start, end, signal) => {
        if (this.#destroyed) throw closed('torrent');
        const question = { type: 'blob', torrent: this.#number, file: index, start, end } as const;
        return (await this.#engine.call(question, signal)) as Blob;
      },
      reader: (start, end, pace) => {
        const of = { torrent: this.#number, reader: this.#engine.number() };
        return new ByteReader(start, end, {
          pull: async (at, signal) => {
            if (this.#destroyed) throw closed('torrent');
            const question = { type: 'pull', ...of, file: index, start: at, end, ...pace() } as const;
            return (await this.#engine.call(question, signal)) as Uint8Array<ArrayBuffer> | null;
          },
          close: () => this.#tell({ type: 'unread', reader: of.reader }),
        });
      },
    };
    return new FileEntry(info, owner, !this.#deselected && !this.so);
  }

  get #limits(): Limits {
    return { down: this.#down.limit, up: this.#up.limit };
  }

  #check(): void {
    if (this.#destroyed) throw closed('torrent');
  }

  #known(): Selections {
    return this.selections ?? new Selections(0, false);
  }

  /** Whether a file next to that one has bytes in `piece` and is wanted. */
  #wantedBeside(index: number, piece: number): boolean {
    for (const step of [-1, 1]) {
      for (let at = index + step; ; at += step) {
        const file = this.files[at];
        if (!file || (file.length && !file.includes(piece))) break;
        if (file.length && file.selected) return true;
      }
    }
    return false;
  }

  #peerFault(peer: unknown): string | null {
    if (typeof peer === 'string' && ADDRESS.test(peer)) {
      return `The peer ${peer} can't be added: a web page opens no connection to an address. Peers come by WebSocket trackers.`;
    }
    if (!isGivenPeer(peer)) return 'This is no peer that can be added.';
    if (this.#given.has(peer)) return 'This peer was added before.';
    if (this.#paused) return 'No peer can be added while the torrent is paused.';
    return isOver(peer) ? 'This peer is closed.' : null;
  }

  #join(peer: GivenPeer): void {
    this.#given.add(peer);
    join(peer, (joined, transfer) => this.#engine.post({ type: 'add-peer', torrent: this.#number, ...joined }, transfer));
    this.emit('peer', peer);
  }

  #webSeedFault(url: unknown): string | null {
    if (typeof url !== 'string') return 'addWebSeed must be passed a URL';
    if (!/^https?:\/\/.+/.test(url)) return `ignoring invalid web seed: ${url}`;
    return this.#webSeeds.has(url) || this.urlList.includes(url) ? `ignoring duplicate web seed: ${url}` : null;
  }

  #follow(signal: AbortSignal | undefined): void {
    if (!signal) return;
    const abort = (): void => void this.destroy();
    if (signal.aborted) queueMicrotask(abort);
    else signal.addEventListener('abort', abort, { once: true, signal: this.#life.signal });
  }

  async #request(): Promise<void> {
    try {
      const message = await this.#owner.request(this.#number, this.#life.signal, this.#limits);
      if (this.#destroyed) return;
      this.#engine.post(message);
      const early = this.#early ?? [];
      this.#early = null;
      for (const each of early) this.#engine.post(each);
    } catch (error) {
      this.#end(TorrentideError.wrap(error, 'ERR_INVALID_TORRENT', 'The torrent could not be added'));
    }
  }

  #tell(about: Unnumbered<Message>): void {
    if (this.#destroyed) return;
    const message = { ...about, torrent: this.#number } as ToEngine;
    if (this.#early) this.#early.push(message);
    else this.#engine.post(message);
  }

  #setPaused(paused: boolean): void {
    if (this.#destroyed || paused === this.#paused) return;
    this.#paused = paused;
    this.#tell({ type: paused ? 'pause' : 'resume' });
  }

  /** Many calls in a row are one message. */
  #tellSelections(): void {
    if (this.#selecting) return;
    this.#selecting = true;
    queueMicrotask(() => {
      this.#selecting = false;
      if (!this.selections) return;
      const critical = [...this.selections.critical].filter((index) => !this.bitfield?.get(index)).sort((a, b) => a - b);
      this.#tell({ type: 'select', priorities: this.selections.priorities, critical });
    });
  }

  #update(state: TorrentState, events: TorrentEvent[]): void {
    guarded(() => this.apply(state));
    for (const event of events) {
      // A listener may have destroyed the torrent.
      if (!this.#destroyed) guarded(() => this.#dispatch(event));
    }
  }

  #dispatch(event: TorrentEvent): void {
    switch (event[0]) {
      case 'infoHash':
        return void this.emit('infoHash', this.infoHash ?? '');
      case 'metadata':
        return this.#onMetadata();
      case 'ready':
        this.#ready.open(this);
        this.emit('ready');
        return this.#interest(!this.done && !this.#idleAtFirst());
      case 'done':
        this.#done.open(this);
        return void this.emit('done');
      case 'idle':
        this.#interest(false);
        return void this.emit('idle');
      case 'wire':
        return this.#onWire(event[1]);
      case 'wire-closed': {
        const wire = this.links.get(event[1]);
        this.links.delete(event[1]);
        return wire?.end();
      }
      case 'extended':
        return this.links.get(event[1])?.heard(event[2], event[3]);
      case 'store':
        return this.#store.handle(event[1], (answer) => this.#tell({ type: 'store-answer', answer }));
      case 'file-done':
        return this.files[event[1]]?.finish();
      case 'download':
      case 'upload':
        this.emit(event[0], event[1]);
        return this.#owner.moved(event[0], event[1]);
      case 'warning':
        return void this.emit('warning', TorrentideError.from(event[1]));
      case 'error':
        return this.#failed(TorrentideError.from(event[1]), event[2]);
      case 'seed':
        this.emit('seed');
        return this.#owner.seeding();
      case 'verified':
        this.applyVerified(event[1]);
        return void this.emit('verified', event[1]);
      case 'unverified':
        return this.applyVerified(event[1], false);
      case 'file-lost':
        return this.files[event[1]]?.lose();
      case 'storageFull':
        return void this.emit('storageFull', TorrentideError.from(event[1]));
      case 'storageRoom':
        return void this.emit('storageRoom');
      case 'noPeers':
        return void this.emit('noPeers', event[1]);
      case 'trackerAnnounce':
        this.emit('trackerAnnounce');
        return this.#renewAnnounceKeys();
    }
  }

  #renewAnnounceKeys(): void {
    const keys = this.#owner.announceKeys?.();
    if (keys) this.#tell({ type: 'announce-keys', keys });
  }

  #onMetadata(): void {
    const { so, files, pieceCount } = this;
    this.selections = new Selections(pieceCount, !this.#deselected && !so);
    if (this.restored) this.selections.priorities.set(this.restored);
    else if (!this.#deselected) for (const index of so ?? []) files[index]?.selectIn(this.selections);
    this.emit('metadata');
    this.bitfield?.forEach((here, index) => {
      if (here && !this.#destroyed) guarded(() => this.emit('verified', index));
    });
  }

  #idleAtFirst(): boolean {
    return this.selections?.priorities.every((priority, index) => priority === 0 || this.bitfield?.get(index)) ?? false;
  }

  /** Whether we want anything: WebTorrent tells of each change. */
  #interest(interested: boolean): void {
    if (interested === this.#interested) return;
    this.#interested = interested;
    this.emit(interested ? 'interested' : 'uninterested');
  }

  #onWire(info: WireInfo): void {
    const { link } = info;
    const close = (): void => this.#tell({ type: 'remove-peer', link });
    const wire = new Wire(this.infoHash ?? '', info, (message) => this.#tell({ ...message, link } as Unnumbered<Message>), close);
    this.links.set(info.link, wire);
    void this.#engine.path(info.link).then((path) => path && wire.reached(path));
    this.emit('wire', wire, undefined);
    wire.emit('handshake', wire.infoHash, wire.peerId, wire.peerExtensions);
  }

  #failed(error: TorrentideError, infoHash: string | undefined): void {
    const duplicate = error.code === 'ERR_DUPLICATE_TORRENT' && infoHash;
    this.#end(duplicate ? this.#owner.duplicate(infoHash, error) : error);
  }

  /** The end, in WebTorrent's order: out of the client's list, error, close. */
  #end(error: TorrentideError | null): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#life.abort(closed('torrent'));
    void this.#store.end(false);
    this.#engine.removeTorrent(this.#number);
    for (const wire of this.links.values()) guarded(() => wire.end());
    this.links.clear();
    if (this.#fileURL) URL.revokeObjectURL(this.#fileURL);
    this.#fileURL = undefined;
    this.#ready.shut(error ?? closed('torrent'));
    this.#done.shut(error ?? closed('torrent'));
    guarded(() => this.#owner.removed());
    if (error) guarded(() => this.#report(error));
    guarded(() => this.emit('close'));
  }

  #report(error: TorrentideError): void {
    if (this.listenerCount('error') > 0) this.emit('error', error);
    else this.#owner.failed(error);
  }
}
