// The peers of a torrent on the page's side: their wires, those that the page brought itself, and web seeds. How they are reached,
// it leaves to the engine and to rtc/.

import type { TorrentEvent, WireInfo } from '../protocol';
import { type GivenPeer, isGivenPeer, isOver, join } from '../rtc/given';
import { TorrentideError } from '../errors';
import type { Line, Told } from './line';
import type { TorrentEvents } from './mirror';
import { Wire } from './wire';

/** What names a peer: what was given to `addPeer`, a wire, a peer id in hex, or `address:port`. */
export type PeerName = string | Wire | GivenPeer | { id: string };

/** What it needs of its torrent. */
export interface PeersOwner {
  readonly infoHash: string | undefined;
  readonly urlList: readonly string[];
  readonly paused: boolean;
  emit<K extends 'peer' | 'invalidPeer' | 'warning' | 'wire'>(event: K, ...args: TorrentEvents[K]): boolean;
}

type PeerEvent = Extract<TorrentEvent, ['wire' | 'wire-closed' | 'extended', ...unknown[]]>;

const ADDRESS = /^(\[[0-9a-f:.]+\]|[^:]+):(\d{1,5})$/i;

export class Peers {
  readonly #torrent: PeersOwner;
  readonly #line: Line;
  readonly #links: Map<number, Wire>;
  /** Links of the peers that the page brought. They outlive the connection: nobody can be added twice. */
  readonly #given = new WeakMap<object, number>();
  readonly #webSeeds = new Set<string>();

  /** `links`: the wires by the engine's numbers of their links, which are kept here. */
  constructor(torrent: PeersOwner, line: Line, links: Map<number, Wire>) {
    this.#torrent = torrent;
    this.#line = line;
    this.#links = links;
  }

  /** False, with `invalidPeer` and a warning, for what can't be added. */
  add(peer: unknown): boolean {
    const fault = this.#fault(peer);
    if (!fault) {
      this.#join(peer as GivenPeer);
      return true;
    }
    this.#torrent.emit('warning', new TorrentideError('ERR_UNSUPPORTED', fault));
    this.#torrent.emit('invalidPeer', peer);
    return false;
  }

  /** Nothing happens where there is none. */
  remove(peer: PeerName): void {
    const given = this.#given.get(Object(peer));
    if (given !== undefined) return this.#part(given);
    const name = typeof peer === 'string' ? peer.toLowerCase() : peer instanceof Wire ? peer : (peer as { id?: unknown } | null)?.id;
    for (const [link, wire] of this.#links) {
      const names: unknown[] = [wire, wire.peerId, `${wire.remoteAddress}:${wire.remotePort}`];
      if (names.includes(name)) this.#part(link);
    }
  }

  #part(link: number): void {
    this.#line.tell({ type: 'remove-peer', link });
  }

  addWebSeed(url: unknown): void {
    const fault = this.#webSeedFault(url);
    if (!fault) {
      this.#webSeeds.add(url as string);
      this.#line.tell({ type: 'add-web-seed', url: url as string });
      return void this.#torrent.emit('peer', url);
    }
    this.#torrent.emit('warning', new TorrentideError('ERR_INVALID_ARGUMENT', fault));
    if (typeof url === 'string') this.#torrent.emit('invalidPeer', url);
  }

  /** Takes in what the engine told of a link. */
  hear(event: PeerEvent): void {
    if (event[0] === 'wire') return this.#opened(event[1]);
    const wire = this.#links.get(event[1]);
    if (event[0] === 'extended') return wire?.heard(event[2], event[3]);
    this.#links.delete(event[1]);
    wire?.end();
  }

  #opened(info: WireInfo): void {
    const { link } = info;
    const tell = (message: object): void => this.#line.tell({ ...message, link } as Told);
    const wire = new Wire(this.#torrent.infoHash ?? '', info, tell, () => this.#part(link));
    this.#links.set(link, wire);
    void this.#line.path(link).then((path) => path && wire.reached(path));
    this.#torrent.emit('wire', wire, undefined);
    wire.emit('handshake', wire.infoHash, wire.peerId, wire.peerExtensions);
  }

  #fault(peer: unknown): string | null {
    if (typeof peer === 'string' && ADDRESS.test(peer)) {
      return `The peer ${peer} can't be added: a web page opens no connection to an address. Peers come by WebSocket trackers.`;
    }
    if (!isGivenPeer(peer)) return 'This is no peer that can be added.';
    if (this.#given.has(peer)) return 'This peer was added before.';
    if (this.#torrent.paused) return 'No peer can be added while the torrent is paused.';
    return isOver(peer) ? 'This peer is closed.' : null;
  }

  #join(peer: GivenPeer): void {
    const link = -this.#line.newNumber();
    this.#given.set(peer, link);
    join(peer, (joined, transfer) => this.#line.give({ type: 'add-peer', link, ...joined }, transfer));
    this.#torrent.emit('peer', peer);
  }

  #webSeedFault(url: unknown): string | null {
    if (typeof url !== 'string') return 'addWebSeed must be passed a URL';
    if (!/^https?:\/\/.+/.test(url)) return `ignoring invalid web seed: ${url}`;
    const known = this.#webSeeds.has(url) || this.#torrent.urlList.includes(url);
    return known ? `ignoring duplicate web seed: ${url}` : null;
  }
}
