// One torrent as the page has it: what can be done with it while it lives. How it comes and goes, TorrentLife knows; peers, selections
// and what files ask have modules of their own.

import type { Engine } from '../engine-host';
import type { FileInfo, Limits } from '../protocol';
import { TorrentideError, closed } from '../errors';
import { FileEntry } from './file';
import { fileOwner } from './file-owner';
import { limitOption } from './options';
import type { PeerName } from './peers';
import { type SaveAllOptions, saveAll } from './saving';
import { Throttle } from './throttle';
import { type Settings, TorrentLife, type TorrentOwner } from './torrent-life';

type Callback = (error?: Error | null) => void;

export class Torrent extends TorrentLife {
  readonly strategy: 'rarest' | 'sequential';
  readonly maxWebConns: number;
  readonly rootDir = null;
  readonly discovery = null;
  readonly #down: Throttle;
  readonly #up: Throttle;
  #paused: boolean;

  /** @internal */
  constructor(engine: Engine, owner: TorrentOwner, options: Settings, seeding: boolean) {
    super(engine, owner, options, seeding);
    this.strategy = options.strategy === 'sequential' ? 'sequential' : 'rarest';
    this.maxWebConns = options.maxWebConns || 4;
    this.#paused = options.paused === true;
    const limits = (): Limits => ({ down: this.#down.limit, up: this.#up.limit });
    const limitsChanged = (): void => this.line.tell({ type: 'limits', limits: limits() });
    this.#down = new Throttle(limitOption(options.downloadLimit), limitsChanged);
    this.#up = new Throttle(limitOption(options.uploadLimit), limitsChanged);
    this.begin(limits, options.signal);
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
    this.wanted.select(start, end, priority);
  }

  deselect(start?: number, end?: number): void {
    this.#check();
    this.wanted.deselect(start, end);
  }

  /** Fetches these pieces before all others. Throws ERR_INVALID_ARGUMENT, ERR_CLOSED. */
  critical(start: number, end: number): void {
    this.#check();
    this.wanted.critical(start, end);
  }

  /** Checks all stored pieces again; bad ones are fetched again. With a callback the promise never rejects. Throws ERR_CLOSED. */
  rescanFiles(callback?: Callback): Promise<void> {
    this.#check();
    const scan = this.line.ask({ type: 'rescan' }).then(() => {});
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
    return this.company.add(peer);
  }

  /** Fetches from this web server, too (BEP 19). What can't be used is a warning. Throws ERR_CLOSED. */
  addWebSeed(url: unknown): void {
    this.#check();
    this.company.addWebSeed(url);
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
    this.company.remove(peer);
  }

  /** @internal */
  protected override makeFile(info: FileInfo, index: number): FileEntry {
    const { client } = this.owner;
    const owner = {
      pieceLength: this.pieceLength,
      infoHash: this.infoHash,
      files: () => this.files,
      server: () => client.server,
      select: (from: number, to: number, priority: number | boolean | undefined) => this.select(from, to, priority),
      deselect: (from: number, to: number) => this.deselect(from, to),
    };
    return new FileEntry(info, fileOwner(owner, this.line, index), !this.wanted.none && !this.so);
  }

  #check(): void {
    if (this.destroyed) throw closed('torrent');
  }

  #setPaused(paused: boolean): void {
    if (this.destroyed || paused === this.#paused) return;
    this.#paused = paused;
    this.line.tell({ type: paused ? 'pause' : 'resume' });
  }
}
