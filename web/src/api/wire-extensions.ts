// The extensions of the wire protocol that a page brings along (BEP 10), written for bittorrent-protocol. It owns their numbers,
// the bounds and the order in which they are called, and never knows what they say to each other.

import { TorrentideError, guarded } from '../errors';
import type { ToEngine, WireInfo } from '../protocol';
import { type Bencodable, type Bencoded, decode, encode } from './bencode';
import type { Wire } from './wire';

/** The same numbers as in py/torrentide/browser/wires.py. */
const MAX_EXTENSIONS = 32;
const MAX_NAME_CHARS = 64;
const MAX_HANDSHAKE_BYTES = 16 * 1024;
const MAX_PAYLOAD = 1024 * 1024 - 2;

/** What the peer's handshake said that it knows. */
export interface PeerExtensions {
  dht: boolean;
  fast: boolean;
  extended: boolean;
}

export type ExtendedHandshake = { [key: string]: Bencoded };

/** An extension on one wire. */
export interface WireExtension {
  /** Both sides have said who they are. */
  onHandshake?(infoHash: string, peerId: string, extensions: PeerExtensions): void;
  /** The peer speaks this extension. */
  onExtendedHandshake?(handshake: ExtendedHandshake): void;
  /** A message of this extension came. */
  onMessage?(data: Uint8Array): void;
}

/** Its prototype has the `name` under which both sides know it; an instance is made for each wire. */
export type WireExtensionClass = new (wire: Wire) => WireExtension;

type Message = Extract<ToEngine, { type: `wire-${string}` }>;
type Unaddressed<M> = M extends Message ? Omit<M, 'torrent' | 'link'> : never;
/** Sends a message about a wire to the engine. */
export type TellWire = (message: Unaddressed<Message>) => void;

export class WireExtensions {
  /** Our numbers and the names under them. */
  readonly mapping: { [number: number]: string } = {};
  /** The peer's names and the numbers under them. */
  readonly peerMapping: { [name: string]: number } = {};
  /** Keys of our handshake, besides those that the engine sends. */
  readonly handshake: { [key: string]: Bencodable } = {};
  peerHandshake: ExtendedHandshake = {};
  readonly peer: PeerExtensions;
  readonly #wire: Wire;
  readonly #tell: TellWire;
  readonly #own: Set<string>;
  readonly #handlers = new Map<string, WireExtension>();
  /** What was brought along and not told of yet. */
  #fresh: string[] = [];

  constructor(wire: Wire, { extended, dht, fast, extensions }: WireInfo, tell: TellWire) {
    this.#wire = wire;
    this.#tell = tell;
    this.peer = { dht, fast, extended };
    this.#own = new Set(extensions);
    extensions.forEach((name, at) => (this.mapping[at + 1] = name));
  }

  /** Throws ERR_INVALID_ARGUMENT, and what the constructor throws. Gives the name and the instance. */
  use(Extension: WireExtensionClass): [name: string, handler: WireExtension] {
    const name: unknown = (Extension as { prototype?: { name?: unknown } } | undefined)?.prototype?.name;
    if (typeof name !== 'string' || !name) throw invalid('Extension class requires a "name" property on the prototype');
    if (this.#own.has(name)) throw invalid(`The engine speaks ${name} itself: an extension of a page needs another name.`);
    if (name.length > MAX_NAME_CHARS) throw invalid(`The name of an extension has at most ${MAX_NAME_CHARS} characters.`);
    const known = this.#handlers.has(name);
    if (!known && this.#own.size + this.#handlers.size >= MAX_EXTENSIONS) {
      throw invalid(`A wire has at most ${MAX_EXTENSIONS} extensions.`);
    }
    const handler = new Extension(this.#wire);
    this.#handlers.set(name, handler);
    if (!known) this.mapping[this.#own.size + this.#handlers.size] = name;
    // Several are told at once, behind the code that brings them along.
    if (this.#fresh.push(name) === 1) queueMicrotask(() => guarded(() => this.#begin()));
    return [name, handler];
  }

  /** Throws ERR_INVALID_ARGUMENT for an extension that the peer doesn't speak, and for what can't be sent. */
  send(extension: string | number, message: Bencodable): void {
    const number = typeof extension === 'number' ? extension : this.peerMapping[extension];
    if (number === undefined || !(Number.isInteger(number) && number > 0 && number < 256)) throw invalid(`Unrecognized extension: ${extension}`);
    const data = ArrayBuffer.isView(message) ? bytesOf(message) : encode(message);
    if (data.length > MAX_PAYLOAD) throw invalid(`A message of an extension has at most ${MAX_PAYLOAD} bytes, not ${data.length}.`);
    this.#tell({ type: 'wire-send', number, data });
  }

  /** Takes a message from the peer, or, without a name, its handshake. */
  receive(name: string, data: Uint8Array): void {
    try {
      if (name) this.#onMessage(name, data);
      else this.#onHandshake(data);
    } finally {
      this.#tell({ type: 'wire-took', size: data.length });
    }
  }

  #begin(): void {
    const fresh = new Set(this.#fresh);
    this.#fresh = [];
    if (this.#wire.destroyed) return;
    const { infoHash, peerId } = this.#wire;
    for (const name of fresh) guarded(() => this.#handlers.get(name)?.onHandshake?.(infoHash, peerId, this.peer));
    const handshake = encode(this.handshake);
    if (handshake.length > MAX_HANDSHAKE_BYTES) throw invalid(`wire.extendedHandshake takes at most ${MAX_HANDSHAKE_BYTES} bytes.`);
    this.#tell({ type: 'wire-use', names: [...fresh], handshake });
    for (const name of fresh) if (Object.hasOwn(this.peerMapping, name)) this.#greet(name);
  }

  #onHandshake(data: Uint8Array): void {
    const handshake = decode(data) as ExtendedHandshake;
    this.peerHandshake = handshake;
    const before = new Set(Object.keys(this.peerMapping));
    const numbers = handshake.m;
    if (isDictionary(numbers)) {
      for (const [name, number] of Object.entries(numbers)) this.#number(name, number);
    }
    for (const name of Object.keys(this.peerMapping)) {
      if (!before.has(name) && !this.#fresh.includes(name)) this.#greet(name);
    }
    this.#wire.emit('extended', 'handshake', handshake);
  }

  #onMessage(name: string, data: Uint8Array): void {
    guarded(() => this.#handlers.get(name)?.onMessage?.(data));
    this.#wire.emit('extended', name, data);
  }

  /** BEP 10: the number 0 takes an extension back. */
  #number(name: string, number: Bencoded): void {
    if (number === 0) delete this.peerMapping[name];
    else if (typeof number === 'number') Object.defineProperty(this.peerMapping, name, { ...FREE, value: number });
  }

  /** Once, however many handshakes name it: one comes again when the peer has fetched the metadata. */
  #greet(name: string): void {
    guarded(() => this.#handlers.get(name)?.onExtendedHandshake?.(this.peerHandshake));
  }
}

/** A peer may name an extension like something that every object has. */
const FREE = { configurable: true, enumerable: true, writable: true };

function isDictionary(value: Bencoded | undefined): value is ExtendedHandshake {
  return typeof value === 'object' && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function invalid(message: string): TorrentideError {
  return new TorrentideError('ERR_INVALID_ARGUMENT', message);
}
