// What a page can read of a client: what it was made with, sums over its torrents, and its speed limits. It asks nothing of the
// engine and never waits.

import type { Limits, Phase } from '../protocol';
import type { TorrentideError } from '../errors';
import { EventEmitter } from './events';
import { type TorrentideOptions, limitOption, maxConns } from './options';
import { idBytes, newPeerId, randomId, toHex } from './peer-id';
import { Throttle } from './throttle';
import type { Torrent } from './torrent';

export interface TorrentideEvents {
  /** How far the start of the engine is. */
  boot: [Phase];
  listening: [];
  ready: [];
  add: [Torrent];
  /** A torrent is ready. */
  torrent: [Torrent];
  seed: [Torrent];
  remove: [Torrent];
  /** Bytes since the last one, over all torrents. */
  download: [number];
  upload: [number];
  /** An error of the client, which ends it, or of a torrent on which nothing listens for errors. */
  error: [TorrentideError];
}

export abstract class ClientMirror extends EventEmitter<TorrentideEvents> {
  torrents: Torrent[] = [];
  /** 40 hex digits, as `nodeId`. */
  readonly peerId: string;
  readonly peerIdBuffer: Uint8Array;
  readonly nodeId: string;
  readonly nodeIdBuffer: Uint8Array;
  readonly userAgent: string;
  /** True once the engine is up. Calls made before wait for it. */
  ready = false;
  listening = false;
  destroyed = false;
  readonly maxConns: number;
  readonly tracker: object | false;
  /** What only programs outside of a page can do is false; what it can be told of all the same is as it was given. */
  readonly dht = false;
  readonly utp = false;
  readonly lsd: boolean;
  readonly utPex: boolean;
  readonly natUpnp: boolean | 'permanent';
  readonly natPmp: boolean;
  readonly torrentPort: number;
  readonly dhtPort: number;
  readonly secure: number;
  readonly enableWebSeeds: boolean;
  readonly seedOutgoingConnections: boolean;
  /** The speed limits of all torrents together, as `downloadLimit` and `uploadLimit`. */
  readonly throttleGroups: { readonly down: Throttle; readonly up: Throttle };

  /** @internal */
  constructor(options: TorrentideOptions, limitsChanged: () => void) {
    super();
    this.peerIdBuffer = options.peerId === undefined ? newPeerId() : idBytes('peerId', options.peerId);
    this.peerId = toHex(this.peerIdBuffer);
    this.nodeIdBuffer = options.nodeId === undefined ? randomId() : idBytes('nodeId', options.nodeId);
    this.nodeId = toHex(this.nodeIdBuffer);
    this.userAgent = options.userAgent ?? `Torrentide/${__VERSION__}`;
    this.tracker = options.tracker === false ? false : typeof options.tracker === 'object' ? options.tracker : {};
    this.lsd = options.lsd !== false;
    this.utPex = options.utPex !== false;
    this.natUpnp = options.natUpnp ?? true;
    this.natPmp = options.natPmp ?? true;
    this.torrentPort = options.torrentPort || 0;
    this.dhtPort = options.dhtPort || 0;
    this.secure = Number(options.secure ?? 1);
    this.maxConns = maxConns(options);
    this.enableWebSeeds = options.webSeeds !== false;
    this.seedOutgoingConnections = options.seedOutgoingConnections ?? true;
    this.throttleGroups = {
      down: new Throttle(limitOption(options.downloadLimit), limitsChanged),
      up: new Throttle(limitOption(options.uploadLimit), limitsChanged),
    };
  }

  /** Bytes per second, as `uploadSpeed`. */
  get downloadSpeed(): number {
    return sum(this.torrents, (torrent) => torrent.downloadSpeed);
  }

  get uploadSpeed(): number {
    return sum(this.torrents, (torrent) => torrent.uploadSpeed);
  }

  /** 0 to 1, of the torrents that are not complete. */
  get progress(): number {
    const active = this.torrents.filter((torrent) => torrent.progress !== 1);
    return sum(active, (torrent) => torrent.downloaded) / (sum(active, (torrent) => torrent.length) || 1);
  }

  get ratio(): number {
    return sum(this.torrents, (torrent) => torrent.uploaded) / (sum(this.torrents, (torrent) => torrent.received) || 1);
  }

  /** Bytes per second; -1 is no limit, 0 lets nothing through. Setting it to what is no limit throws ERR_INVALID_ARGUMENT. */
  get downloadLimit(): number {
    return this.throttleGroups.down.limit;
  }

  set downloadLimit(limit: number) {
    this.throttleGroups.down.limit = limit;
  }

  get uploadLimit(): number {
    return this.throttleGroups.up.limit;
  }

  set uploadLimit(limit: number) {
    this.throttleGroups.up.limit = limit;
  }

  /** Sets `downloadLimit`; false for what is no limit. */
  throttleDownload(rate: number | string): false | void {
    return throttle(this.throttleGroups.down, rate);
  }

  throttleUpload(rate: number | string): false | void {
    return throttle(this.throttleGroups.up, rate);
  }

  /** @internal */
  protected get limits(): Limits {
    return { down: this.downloadLimit, up: this.uploadLimit };
  }
}

function throttle(group: Throttle, rate: number | string): false | void {
  try {
    group.limit = Number(rate);
  } catch {
    return false;
  }
}

function sum(torrents: readonly Torrent[], value: (torrent: Torrent) => number): number {
  return torrents.reduce((total, torrent) => total + value(torrent), 0);
}
