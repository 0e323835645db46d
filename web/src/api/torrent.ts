// One torrent as the page sees it: a mirror of the engine's state, and its events. State is applied before the events that tell
// of it, so a getter never waits. It knows the engine's messages about itself, not how the client keeps its list.

import type { Engine } from '../engine-host';
import type { ToEngine, TorrentEvent, TorrentState } from '../protocol';
import { TorrentideError, closed, guarded } from '../errors';
import { EventEmitter } from './events';
import { FileEntry } from './file';

/** A connected peer. */
export interface Wire {
  /** 40 hex digits. */
  readonly peerId: string;
  /** Client name and version as the peer tells it, or ''. */
  readonly client: string;
  readonly type: 'webrtc';
}

export interface TorrentEvents {
  infoHash: [];
  metadata: [];
  ready: [];
  done: [];
  seed: [];
  /** Bytes since the last one. */
  download: [number];
  upload: [number];
  /** Index of a piece. */
  verified: [number];
  wire: [Wire];
  noPeers: [string];
  trackerAnnounce: [];
  warning: [TorrentideError];
  error: [TorrentideError];
  close: [];
}

/** What a torrent needs of the client that made it. */
export interface TorrentOwner {
  /**
   * Makes the first message to the engine; it may have to read files for it, until `signal` says that the torrent has ended.
   * A rejection is an error of the torrent.
   */
  request(torrent: number, signal: AbortSignal): Promise<ToEngine>;
  /** After the torrent's own event. */
  moved(event: 'download' | 'upload', bytes: number): void;
  seeding(): void;
  removed(): void;
  /** The client already has `infoHash`. Gives the error to destroy this torrent with, or null where that is none. */
  duplicate(infoHash: string, error: TorrentideError): TorrentideError | null;
  /** An error that nothing listens to on the torrent. */
  failed(error: TorrentideError): void;
}

type Callback = (error?: Error) => void;

export class Torrent extends EventEmitter<TorrentEvents> {
  /** 40 hex digits; undefined until it is known. */
  readonly infoHash: string | undefined = undefined;
  readonly name: string | undefined = undefined;
  readonly magnetURI: string | undefined = undefined;
  /** The bytes of the .torrent file; undefined until the metadata is there. */
  readonly torrentFile: Uint8Array | undefined = undefined;
  readonly announce: readonly string[] = [];
  readonly urlList: readonly string[] = [];
  readonly private: boolean = false;
  readonly comment: string | undefined = undefined;
  readonly createdBy: string | undefined = undefined;
  readonly created: Date | undefined = undefined;
  /** Bytes; 0 until the metadata is there, as the three that follow. */
  readonly length: number = 0;
  readonly pieceLength: number = 0;
  readonly lastPieceLength: number = 0;
  readonly pieceCount: number = 0;
  readonly files: readonly FileEntry[] = [];
  readonly ready: boolean = false;
  readonly done: boolean = false;
  /** Bytes of verified pieces and of blocks that wait for the rest of theirs. */
  readonly downloaded: number = 0;
  /** Bytes from peers, useful or not. */
  readonly received: number = 0;
  readonly uploaded: number = 0;
  /** Bytes per second. */
  readonly downloadSpeed: number = 0;
  readonly uploadSpeed: number = 0;
  readonly numPeers: number = 0;
  /** 0 to 1, while the files of a seed are being hashed. */
  readonly hashing: number = 0;
  readonly #engine: Engine;
  readonly #owner: TorrentOwner;
  readonly #number: number;
  readonly #wires = new Map<number, Wire>();
  readonly #life = new AbortController();
  #destroyed = false;
  /** Whether the engine knows of this torrent. */
  #requested = false;

  /** @internal */
  constructor(engine: Engine, owner: TorrentOwner) {
    super();
    this.#engine = engine;
    this.#owner = owner;
    this.#number = engine.number();
    engine.addTorrent(this.#number, (state, events) => this.#update(state, events));
    void this.#request();
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  get wires(): Wire[] {
    return [...this.#wires.values()];
  }

  get torrentFileBlob(): Blob | null {
    if (!this.torrentFile) return null;
    return new Blob([this.torrentFile as Uint8Array<ArrayBuffer>], { type: 'application/x-bittorrent' });
  }

  /** 0 to 1. */
  get progress(): number {
    return this.length ? this.downloaded / this.length : 0;
  }

  /** Milliseconds; Infinity while nothing comes. */
  get timeRemaining(): number {
    if (this.done) return 0;
    return this.downloadSpeed ? ((this.length - this.downloaded) / this.downloadSpeed) * 1000 : Infinity;
  }

  /** Uploaded to received; for a seed, which received nothing, to its length. */
  get ratio(): number {
    return this.uploaded / (this.received || this.length || 1);
  }

  /** Ends the torrent and frees its data. The callback comes when the engine has let go of it. */
  destroy(callback?: Callback): void;
  destroy(options: object | null, callback?: Callback): void;
  destroy(options?: object | null | Callback, callback?: Callback): void {
    const done = typeof options === 'function' ? options : callback;
    if (this.#destroyed) return done?.(closed('torrent'));
    const end = this.#requested ? this.#engine.call({ type: 'remove', torrent: this.#number }) : Promise.resolve();
    this.#end(null);
    end.then(
      () => done?.(),
      (error: Error) => done?.(error),
    );
  }

  async #request(): Promise<void> {
    try {
      const message = await this.#owner.request(this.#number, this.#life.signal);
      if (this.#destroyed) return;
      this.#engine.post(message);
      this.#requested = true;
    } catch (error) {
      this.#end(TorrentideError.wrap(error, 'ERR_INVALID_TORRENT', 'The torrent could not be added'));
    }
  }

  #update(state: TorrentState, events: TorrentEvent[]): void {
    const { files, fileProgress, created, ...mirrored } = state;
    Object.assign(this, mirrored satisfies Partial<Torrent>);
    if (created !== undefined) Object.assign(this, { created: new Date(created * 1000) });
    if (files) Object.assign(this, { files: files.map((info, index) => new FileEntry(info, this.#reader(index))) });
    fileProgress?.forEach((downloaded, index) => Object.assign(this.files[index] ?? {}, { downloaded }));
    for (const event of events) {
      // A listener may have destroyed the torrent.
      if (!this.#destroyed) guarded(() => this.#dispatch(event));
    }
  }

  #dispatch(event: TorrentEvent): void {
    switch (event[0]) {
      case 'wire': {
        const { link, peerId, client } = event[1];
        const wire: Wire = { peerId, client, type: 'webrtc' };
        this.#wires.set(link, wire);
        return void this.emit('wire', wire);
      }
      case 'wire-closed':
        return void this.#wires.delete(event[1]);
      case 'file-done':
        return this.#fileDone(event[1]);
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
        return void this.emit('verified', event[1]);
      case 'noPeers':
        return void this.emit('noPeers', event[1]);
      default:
        return void this.emit(event[0]);
    }
  }

  #fileDone(index: number): void {
    const file = this.files[index];
    if (!file) return;
    file.done = true;
    file.emit('done');
  }

  #failed(error: TorrentideError, infoHash: string | undefined): void {
    const duplicate = error.code === 'ERR_DUPLICATE_TORRENT' && infoHash;
    this.#end(duplicate ? this.#owner.duplicate(infoHash, error) : error);
  }

  #reader(file: number): (start: number, end: number) => Promise<Blob> {
    return async (start, end) => {
      if (this.#destroyed) throw closed('torrent');
      return (await this.#engine.call({ type: 'blob', torrent: this.#number, file, start, end })) as Blob;
    };
  }

  /** The end, in WebTorrent's order: out of the client's list, error, close. */
  #end(error: TorrentideError | null): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#life.abort(closed('torrent'));
    this.#engine.removeTorrent(this.#number);
    this.#wires.clear();
    this.#owner.removed();
    if (error) guarded(() => this.#report(error));
    this.emit('close');
  }

  #report(error: TorrentideError): void {
    if (this.listenerCount('error') > 0) this.emit('error', error);
    else this.#owner.failed(error);
  }
}
