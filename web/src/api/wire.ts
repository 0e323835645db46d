// One connected peer, mirrored: who it is, what flowed, who chokes whom. It never sees the messages of the wire protocol.

import { WIRE, type WireInfo, type WireRow } from '../protocol';
import { EventEmitter } from './events';
import { fromHex } from './peer-id';

/** How a connection reached its peer, as far as the browser tells. */
export interface Path {
  /** ICE candidate types: `host`, `srflx`, `prflx` or `relay`. */
  local: string;
  remote: string;
  address: string | undefined;
  port: number | undefined;
}

export interface WireEvents {
  /** Bytes since the last one. */
  download: [number];
  upload: [number];
  choke: [];
  unchoke: [];
  interested: [];
  uninterested: [];
  close: [];
}

export class Wire extends EventEmitter<WireEvents> {
  /** 40 hex digits. */
  readonly peerId: string;
  readonly peerIdBuffer: Uint8Array;
  /** Client name and version as the peer tells it, or ''; the peer id's word at first. */
  client: string;
  readonly type = 'webrtc';
  /** Undefined where the browser does not tell; they may come a moment after the wire. */
  remoteAddress: string | undefined = undefined;
  remotePort: number | undefined = undefined;
  /** ICE candidate types, as `remoteAddress`. */
  candidateType: string | undefined = undefined;
  localCandidateType: string | undefined = undefined;
  /** Bytes of blocks. */
  downloaded = 0;
  uploaded = 0;
  amChoking = true;
  amInterested = false;
  peerChoking = true;
  peerInterested = false;
  isSeeder = false;
  /** It was asked for blocks and has sent none for long. */
  isSnubbed = false;
  /** How many pieces it has. */
  pieceCount = 0;
  destroyed = false;
  readonly #close: () => void;
  #down = 0;
  #up = 0;

  /** @internal */
  constructor({ peerId, client }: WireInfo, close: () => void) {
    super();
    this.peerId = peerId;
    this.peerIdBuffer = fromHex(peerId);
    this.client = client;
    this.#close = close;
  }

  /** Bytes per second. Functions, unlike a torrent's, as in WebTorrent. */
  downloadSpeed(): number {
    return this.#down;
  }

  uploadSpeed(): number {
    return this.#up;
  }

  /** Closes the connection. */
  destroy(): void {
    if (!this.destroyed) this.#close();
  }

  /** Takes in what the engine told; called by the torrent. @internal */
  update([, downloaded, uploaded, down, up, pieces, flags, client]: WireRow): void {
    const { downloaded: before, uploaded: sent, peerChoking, peerInterested } = this;
    Object.assign(this, { downloaded, uploaded, pieceCount: pieces, client });
    this.#down = down;
    this.#up = up;
    this.amChoking = (flags & WIRE.AM_CHOKING) !== 0;
    this.amInterested = (flags & WIRE.AM_INTERESTED) !== 0;
    this.peerChoking = (flags & WIRE.PEER_CHOKING) !== 0;
    this.peerInterested = (flags & WIRE.PEER_INTERESTED) !== 0;
    this.isSeeder = (flags & WIRE.SEED) !== 0;
    this.isSnubbed = (flags & WIRE.SNUBBED) !== 0;
    if (downloaded > before) this.emit('download', downloaded - before);
    if (uploaded > sent) this.emit('upload', uploaded - sent);
    if (this.peerChoking !== peerChoking) this.emit(this.peerChoking ? 'choke' : 'unchoke');
    if (this.peerInterested !== peerInterested) this.emit(this.peerInterested ? 'interested' : 'uninterested');
  }

  /** Takes in how the peer was reached; called by the torrent. @internal */
  reached({ local, remote, address, port }: Path): void {
    this.localCandidateType = local;
    this.candidateType = remote;
    this.remoteAddress = address;
    this.remotePort = port;
  }

  /** The connection is gone; called by the torrent. @internal */
  end(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit('close');
  }
}
