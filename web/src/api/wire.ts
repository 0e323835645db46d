// One connected peer, mirrored: who it is, what flowed, who chokes whom. Of the messages of the wire protocol it
// sees those of a page's own extensions alone.

import { WIRE, type WireInfo, type WireRow } from '../protocol';
import type { Bencodable, Bencoded } from './bencode';
import { EventEmitter } from './events';
import { fromHex } from './peer-id';
import { type ExtendedHandshake, type PeerExtensions, type TellWire, type WireExtensionClass, WireExtensions } from './wire-extensions';

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
  /** Info-hash and peer id in hex. */
  handshake: [string, string, PeerExtensions];
  /** An extension's name and the bytes of its message, or 'handshake' and the peer's extended handshake. */
  extended: [string, Bencoded];
  close: [];
}

export class Wire extends EventEmitter<WireEvents> {
  /** 40 hex digits. */
  readonly infoHash: string;
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
  readonly #extensions: WireExtensions;
  readonly #close: () => void;
  #down = 0;
  #up = 0;

  /** @internal */
  constructor(infoHash: string, info: WireInfo, tell: TellWire, close: () => void) {
    super();
    this.infoHash = infoHash;
    this.peerId = info.peerId;
    this.peerIdBuffer = fromHex(info.peerId);
    this.client = info.client;
    this.#extensions = new WireExtensions(this, info, tell);
    this.#close = close;
  }

  /** What the peer's handshake said that it knows. */
  get peerExtensions(): PeerExtensions {
    return this.#extensions.peer;
  }

  /** Both sides know the fast extension (BEP 6). */
  get hasFast(): boolean {
    return this.peerExtensions.fast;
  }

  /** Keys of our extended handshake, besides those that the engine sends. Set them before `use`, or in what it constructs. */
  get extendedHandshake(): { [key: string]: Bencodable } {
    return this.#extensions.handshake;
  }

  /** The peer's extended handshake, its strings as bytes; empty until it came. */
  get peerExtendedHandshake(): ExtendedHandshake {
    return this.#extensions.peerHandshake;
  }

  /** Extensions by our numbers. */
  get extendedMapping(): { [number: number]: string } {
    return this.#extensions.mapping;
  }

  /** The peer's numbers by extension. */
  get peerExtendedMapping(): { [name: string]: number } {
    return this.#extensions.peerMapping;
  }

  /**
   * Speaks an extension that was written for bittorrent-protocol; its instance is `wire[name]`. The peer hears of it at once,
   * whenever this is called. Throws ERR_INVALID_ARGUMENT.
   */
  use(Extension: WireExtensionClass): void {
    const [name, handler] = this.#extensions.use(Extension);
    if (!(name in this) || Object.hasOwn(this, name)) Object.defineProperty(this, name, { value: handler, configurable: true });
  }

  /**
   * Sends a message of an extension that the peer speaks: bytes as they are, all else bencoded. Throws ERR_INVALID_ARGUMENT, for
   * an extension that the peer has not named, too.
   */
  extended(extension: string | number, message: Bencodable): void {
    this.#extensions.send(extension, message);
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

  /** Takes in a message of an extension; called by the torrent. @internal */
  heard(name: string, data: Uint8Array): void {
    this.#extensions.receive(name, data);
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
