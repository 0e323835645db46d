// What a page can read of a torrent: the mirrored state, and what follows from it. It changes by `apply` alone, asks nothing of
// the engine and never waits.

import type { FileInfo, TorrentState, WireRow } from '../protocol';
import type { TorrentideError } from '../errors';
import { type Bencoded, decode } from './bencode';
import { Bitfield } from './bitfield';
import { EventEmitter } from './events';
import type { FileEntry } from './file';
import { fromHex } from './peer-id';
import { type TorrentPeer, type TorrentTracker, peerOf, trackerOf } from './reports';
import type { Wanted } from './wanted';
import type { Wire } from './wire';

export interface TorrentEvents {
  infoHash: [string];
  metadata: [];
  ready: [];
  done: [];
  /** Everything that is wanted is here. */
  idle: [];
  interested: [];
  uninterested: [];
  seed: [];
  /** Bytes since the last one. */
  download: [number];
  upload: [number];
  /** Index of a piece. */
  verified: [number];
  /** The address is undefined here: see `wire.remoteAddress`. */
  wire: [Wire, string | undefined];
  /** By what nobody was found: 'tracker'. */
  noPeers: [string];
  /** There is no room for more: the download waits for some. */
  storageFull: [TorrentideError];
  /** It goes on. */
  storageRoom: [];
  trackerAnnounce: [];
  peer: [unknown];
  invalidPeer: [unknown];
  warning: [TorrentideError];
  error: [TorrentideError];
  close: [];
}

/** A piece that is not here yet. */
export interface Piece {
  readonly length: number;
  /** Bytes that lack. */
  missing: number;
}

/** What `pieceMap` holds for a piece. */
export const PIECE = { MISSING: 0, PARTIAL: 1, HERE: 2, UNWANTED: 3 } as const;

export abstract class TorrentMirror extends EventEmitter<TorrentEvents> {
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
  /** URLs of the .torrent file, hosts with ports, and numbers of files that a magnet link names. */
  readonly xs: readonly string[] | undefined = undefined;
  readonly peerAddresses: readonly string[] | undefined = undefined;
  readonly so: readonly number[] | undefined = undefined;
  /** Bytes; 0 until the metadata is there, as the three that follow. */
  readonly length: number = 0;
  readonly pieceLength: number = 0;
  readonly lastPieceLength: number = 0;
  readonly pieceCount: number = 0;
  readonly files: readonly FileEntry[] = [];
  /** The pieces that are here; undefined until the metadata is there. */
  readonly bitfield: Bitfield | undefined = undefined;
  readonly ready: boolean = false;
  readonly done: boolean = false;
  /** Whether the download waits for room in the storage. */
  readonly storageFull: boolean = false;
  /** Bytes of verified pieces and of blocks that wait for the rest of theirs. */
  readonly downloaded: number = 0;
  /** Bytes from peers, useful or not. */
  readonly received: number = 0;
  readonly uploaded: number = 0;
  /** Bytes per second. */
  readonly downloadSpeed: number = 0;
  readonly uploadSpeed: number = 0;
  /** 0 to 1, while the files of a seed are being hashed. */
  readonly hashing: number = 0;
  readonly trackers: readonly TorrentTracker[] = [];
  /** @internal */
  protected readonly links = new Map<number, Wire>();
  /** @internal */
  protected abstract readonly wanted: Wanted;
  /** What was selected when it was stored. @internal */
  protected restored: Uint8Array | undefined;
  #partial = new Map<number, number>();
  #pieces: (Piece | null)[] | undefined;
  #info: Bencoded | undefined;
  #infoSpan: [number, number] = [0, 0];

  get wires(): Wire[] {
    return [...this.links.values()];
  }

  get numPeers(): number {
    return this.links.size;
  }

  get infoHashBuffer(): Uint8Array | undefined {
    return this.infoHash === undefined ? undefined : fromHex(this.infoHash);
  }

  /** As `torrentFile`; null until then. */
  get metadata(): Uint8Array | null {
    return this.torrentFile ?? null;
  }

  /** The bencoded info dictionary. */
  get infoBuffer(): Uint8Array | undefined {
    return this.torrentFile?.subarray(...this.#infoSpan);
  }

  /** The info dictionary, its strings as bytes. */
  get info(): Bencoded | undefined {
    return (this.#info ??= this.infoBuffer && decode(this.infoBuffer));
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

  /** Null for a piece that is here. */
  get pieces(): readonly (Piece | null)[] {
    return (this.#pieces ??= Array.from({ length: this.pieceCount }, (_, index) => this.#piece(index)));
  }

  /** One number a piece: 0 it lacks, 1 some of it is here, 2 it is here, 3 it is not wanted. */
  get pieceMap(): Uint8Array {
    return Uint8Array.from({ length: this.pieceCount }, (_, index) => {
      if (this.bitfield?.get(index)) return PIECE.HERE;
      if (this.#partial.has(index)) return PIECE.PARTIAL;
      return this.wanted.selections?.priorities[index] === 0 ? PIECE.UNWANTED : PIECE.MISSING;
    });
  }

  get peers(): TorrentPeer[] {
    return this.wires.map((wire) => peerOf(wire, this.pieceCount));
  }

  /** @internal */
  protected abstract makeFile(info: FileInfo, index: number): FileEntry;

  /** @internal */
  protected apply(state: TorrentState): void {
    const { files, fileProgress, created, have, infoSpan, partial, priorities, trackers, wires, ...mirrored } = state;
    Object.assign(this, mirrored satisfies Partial<TorrentMirror>);
    if (created !== undefined) Object.assign(this, { created: new Date(created * 1000) });
    if (priorities) this.restored = priorities;
    if (infoSpan) this.#infoSpan = infoSpan;
    if (have) Object.assign(this, { bitfield: new Bitfield(have) });
    if (have) this.#pieces = undefined;
    if (files) Object.assign(this, { files: files.map((info, index) => this.makeFile(info, index)) });
    fileProgress?.forEach((downloaded, index) => Object.assign(this.files[index] ?? {}, { downloaded }));
    if (trackers) Object.assign(this, { trackers: trackers.map(trackerOf) });
    if (partial) this.#applyPartial(partial);
    if (wires) this.#applyWires(wires);
  }

  /** @internal */
  protected applyVerified(index: number, here = true): void {
    this.bitfield?.set(index, here);
    if (!here) {
      this.#pieces = undefined;
      return;
    }
    this.#partial.delete(index);
    this.wanted.selections?.critical.delete(index);
    if (this.#pieces) this.#pieces[index] = null;
  }

  #applyPartial(partial: readonly number[]): void {
    const before = this.#partial;
    this.#partial = new Map();
    for (let at = 0; at < partial.length; at += 2) this.#partial.set(partial[at] ?? 0, partial[at + 1] ?? 0);
    for (const index of [...before.keys(), ...this.#partial.keys()]) {
      const piece = this.#pieces?.[index];
      if (piece) piece.missing = this.#partial.get(index) ?? piece.length;
    }
  }

  #applyWires(rows: readonly WireRow[]): void {
    for (const row of rows) this.links.get(row[0])?.update(row);
  }

  #piece(index: number): Piece | null {
    if (this.bitfield?.get(index)) return null;
    const length = index === this.pieceCount - 1 ? this.lastPieceLength : this.pieceLength;
    return { length, missing: this.#partial.get(index) ?? length };
  }
}
