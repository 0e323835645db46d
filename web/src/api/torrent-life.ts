// How a torrent comes, lives and goes on the page: its first message to the engine, the order of its events, what waits for it, its
// end. State is applied before the events that tell of it. What a page can do with a torrent while it lives, Torrent knows.

import type { Engine } from '../engine-host';
import type { Limits, ToEngine, TorrentEvent, TorrentState } from '../protocol';
import { TorrentideError, closed, guarded } from '../errors';
import type { Torrentide } from './client';
import { type Abortable, Gate } from './gate';
import { Line } from './line';
import { TorrentMirror } from './mirror';
import type { AddOptions } from './options';
import { type ChunkStore, PageStore } from './page-store';
import { Peers } from './peers';
import { Wanted } from './wanted';

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

export interface DestroyOptions {
  /** False: what is stored stays, for the next time that it is added. */
  destroyStore?: boolean;
}

type Callback = (error?: Error | null) => void;
export type Settings = Omit<AddOptions, 'private' | 'announce' | 'urlList'>;

export abstract class TorrentLife extends TorrentMirror {
  /** Kept for pages that read it; nothing is written there. */
  readonly path: string;
  /** Whether the data is known to be right: it is what this torrent was made of. */
  readonly skipVerify: boolean;
  abstract readonly paused: boolean;
  /** @internal */
  protected readonly line: Line;
  /** @internal */
  protected readonly company: Peers;
  /** @internal */
  protected readonly wanted: Wanted;
  /** @internal */
  protected readonly owner: TorrentOwner;
  readonly #store: PageStore;
  readonly #life = new AbortController();
  readonly #ready = new Gate<this>();
  readonly #done = new Gate<this>();
  #destroyed = false;
  #fileURL: string | undefined;

  /** @internal */
  constructor(engine: Engine, owner: TorrentOwner, options: Settings, seeding: boolean) {
    super();
    this.owner = owner;
    this.line = new Line(engine, (state, events) => this.#update(state, events));
    this.company = new Peers(this, this.line, this.links);
    this.wanted = new Wanted(
      options.deselect === true,
      (message) => this.line.tell(message),
      () => this.bitfield,
    );
    this.path = options.path || '/torrentide';
    this.skipVerify = seeding || options.skipVerify === true;
    this.#store = new PageStore(seeding ? {} : options, () => ({
      torrent: this,
      path: this.path,
    }));
  }

  /** The engine's number of it. @internal */
  get number(): number {
    return this.line.number;
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  /** Null once the torrent is destroyed. */
  get client(): Torrentide | null {
    return this.#destroyed ? null : this.owner.client;
  }

  /** The chunk store that the page gave, once it is made; null without one: the engine's own is in its worker. */
  get store(): ChunkStore | null {
    return this.#store.store;
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
    const end = this.line.open ? this.line.ask({ type: 'remove', keep }) : Promise.resolve(0);
    const ended = this.#store.end(!keep);
    this.#end(null);
    // The end of the engine is the end of the torrent as well.
    const freed = await end.catch(() => 0);
    await ended;
    done?.(null);
    return freed as number;
  }

  /** Asks the engine for it, until `signal` ends it. @internal */
  protected begin(limits: () => Limits, signal: AbortSignal | undefined): void {
    this.#follow(signal);
    void this.#request(limits);
  }

  #follow(signal: AbortSignal | undefined): void {
    if (!signal) return;
    const abort = (): void => void this.destroy();
    if (signal.aborted) queueMicrotask(abort);
    else signal.addEventListener('abort', abort, { once: true, signal: this.#life.signal });
  }

  async #request(limits: () => Limits): Promise<void> {
    try {
      const message = await this.owner.request(this.line.number, this.#life.signal, limits());
      if (!this.#destroyed) this.line.begin(message);
    } catch (error) {
      this.#end(TorrentideError.wrap(error, 'ERR_INVALID_TORRENT', 'The torrent could not be added'));
    }
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
        return this.#interest(!this.done && !this.wanted.idle);
      case 'done':
        this.#done.open(this);
        return void this.emit('done');
      case 'idle':
        this.#interest(false);
        return void this.emit('idle');
      case 'wire':
      case 'wire-closed':
      case 'extended':
        return this.company.hear(event);
      case 'store':
        return this.#store.handle(event[1], (answer) => this.line.tell({ type: 'store-answer', answer }));
      case 'file-done':
        return this.files[event[1]]?.finish();
      case 'download':
      case 'upload':
        this.emit(event[0], event[1]);
        return this.owner.moved(event[0], event[1]);
      case 'warning':
        return void this.emit('warning', TorrentideError.from(event[1]));
      case 'error':
        return this.#failed(TorrentideError.from(event[1]), event[2]);
      case 'seed':
        this.emit('seed');
        return this.owner.seeding();
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
    const keys = this.owner.announceKeys?.();
    if (keys) this.line.tell({ type: 'announce-keys', keys });
  }

  #onMetadata(): void {
    const { pieceCount, files, so, restored } = this;
    this.wanted.begin({ pieceCount, files, so, restored });
    this.emit('metadata');
    this.bitfield?.forEach((here, index) => {
      if (here && !this.#destroyed) guarded(() => this.emit('verified', index));
    });
  }

  /** Whether we want anything: WebTorrent tells of each change. */
  #interest(interested: boolean): void {
    if (this.wanted.turns(interested)) this.emit(interested ? 'interested' : 'uninterested');
  }

  #failed(error: TorrentideError, infoHash: string | undefined): void {
    const duplicate = error.code === 'ERR_DUPLICATE_TORRENT' && infoHash;
    this.#end(duplicate ? this.owner.duplicate(infoHash, error) : error);
  }

  /** The end, in WebTorrent's order: out of the client's list, error, close. */
  #end(error: TorrentideError | null): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.line.end();
    this.#life.abort(closed('torrent'));
    void this.#store.end(false);
    for (const wire of this.links.values()) guarded(() => wire.end());
    this.links.clear();
    if (this.#fileURL) URL.revokeObjectURL(this.#fileURL);
    this.#fileURL = undefined;
    this.#ready.shut(error ?? closed('torrent'));
    this.#done.shut(error ?? closed('torrent'));
    guarded(() => this.owner.removed());
    if (error) guarded(() => this.#report(error));
    guarded(() => this.emit('close'));
  }

  #report(error: TorrentideError): void {
    if (this.listenerCount('error') > 0) this.emit('error', error);
    else this.owner.failed(error);
  }
}
