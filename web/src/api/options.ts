// The options of the API, named as WebTorrent's, and their translation into what the engine is told. It owns the defaults.

import type * as protocol from '../protocol';
import { TorrentideError, guarded } from '../errors';
import type { StoreOptions } from './page-store';

export interface TrackerOptions {
  /** Trackers for every torrent that is not private. */
  announce?: string[];
  rtcConfig?: RTCConfiguration;
  getAnnounceOpts?: GetAnnounceOpts;
}

/** Gives further keys for announces, such as a token. They go out as JSON has them, and replace none of the protocol's own. */
export type GetAnnounceOpts = () => object | null | undefined;

export interface TorrentideOptions {
  /** 40 hex digits or 20 bytes. */
  peerId?: string | Uint8Array;
  /** False: no tracker is used. */
  tracker?: boolean | TrackerOptions;
  /** Most connections of one torrent. */
  maxConns?: number;
  /** Bytes per second of all torrents together; -1, the default, is no limit, and 0 lets nothing through. */
  downloadLimit?: number;
  uploadLimit?: number;
  /** False: no web seed is used. */
  webSeeds?: boolean;
  /** Where downloads are kept: in the browser's storage (`opfs`), which is the default where there is one, or in memory. */
  storage?: 'opfs' | 'memory';
  /** False: `restore` does not bring its torrents back. */
  persist?: boolean;
  /** 40 hex digits or 20 bytes. It is kept for pages that read it; a page can't use the DHT. */
  nodeId?: string | Uint8Array;
  userAgent?: string;
  lsd?: boolean;
  utPex?: boolean;
  natUpnp?: boolean | 'permanent';
  natPmp?: boolean;
  /** False: a complete torrent takes no more peers that trackers find; those that are there stay. */
  seedOutgoingConnections?: boolean;
  secure?: number;
  torrentPort?: number;
  dhtPort?: number;
  /**
   * Addresses that no connection is made to: the URL of a list, its text or bytes (gzipped or not), or its lines. A line is an
   * address, a range `a-b`, a network `a/n`, or PeerGuardian's `name:a-b`.
   */
  blocklist?: string | Uint8Array | (string | { start: string; end: string })[];
}

interface TorrentOptions {
  /** Bytes per second of this torrent; -1, the default, is no limit, and 0 lets nothing through. */
  downloadLimit?: number;
  uploadLimit?: number;
  /** Begin paused. */
  paused?: boolean;
  /** Begin with nothing selected. */
  deselect?: boolean;
  /** Rarest first is the default: it keeps a swarm alive. A piece that a file is read for comes before all others in any case. */
  strategy?: 'rarest' | 'sequential';
  /** Shows each peer of a seed one piece at a time, so that few bytes are uploaded until others have them all (BEP 16). */
  superSeeding?: boolean;
  /** Peers that are served at a time, 10 by default; false or 0 serves nobody. */
  uploads?: number | boolean;
  /** Whether peers that have everything never get one of these places, whatever they ask for; true by default. */
  alwaysChokeSeeders?: boolean;
  /** Seconds between `noPeers` events, 30 by default. */
  noPeersIntervalTime?: number;
  /** Asked before the torrent joins its swarm, and again behind each announce for the next one. */
  getAnnounceOpts?: GetAnnounceOpts;
  /** By default as the client's. */
  storage?: 'opfs' | 'memory';
  persist?: boolean;
  maxWebConns?: number;
  path?: string;
  /** Ends the torrent. */
  signal?: AbortSignal | undefined;
}

export interface AddOptions extends TorrentOptions, StoreOptions {
  /** Overrides what the torrent says: whether trackers that it does not name are left out. */
  private?: boolean;
  /** Trackers besides those that the torrent names. */
  announce?: string | string[];
  /** Web seeds besides those that the torrent names. */
  urlList?: string | string[];
}

export interface SeedOptions extends Omit<AddOptions, 'private' | keyof StoreOptions> {
  name?: string;
  comment?: string;
  createdBy?: string;
  /** A date, or milliseconds since 1970. */
  creationDate?: Date | number;
  private?: boolean | number;
  /** Bytes; by default a power of two that makes about a thousand pieces. */
  pieceLength?: number;
  /** Bytes that a piece has at most where no `pieceLength` is given; 4 MiB by default. */
  maxPieceLength?: number;
  /** Tiers of trackers (BEP 12). */
  announceList?: (string | string[])[];
  /** Further keys of the info dictionary, as `source`: strings, whole numbers, bytes, lists and objects of them. */
  info?: Record<string, unknown>;
  /** Whether what operating systems leave behind (.DS_Store, Thumbs.db, desktop.ini and the like) is left out; true by default. */
  filterJunkFiles?: boolean;
}

/** As WebTorrent's. */
const DEFAULT_MAX_CONNS = 55;
const DEFAULT_UPLOADS = 10;
const DEFAULT_NO_PEERS_SECONDS = 30;
const DEFAULT_CACHE_SLOTS = 20;
const DEFAULT_RTC_CONFIG: RTCConfiguration = {
  iceServers: [{ urls: ['stun:stun.l.google.com:19302', 'stun:global.stun.twilio.com:3478'] }],
};
/** The defaults of create-torrent that a page can use. */
const DEFAULT_TRACKERS = ['wss://tracker.btorrent.xyz', 'wss://tracker.openwebtorrent.com', 'wss://tracker.webtorrent.dev'];

export function clientOptions(options: TorrentideOptions, peerId: Uint8Array, limits: protocol.Limits): protocol.ClientOptions {
  const tracker = (typeof options.tracker === 'object' && options.tracker) || {};
  return {
    peerId: String.fromCharCode(...peerId),
    announce: [...list(tracker.announce), ...pageTrackers()],
    tracker: options.tracker !== false,
    maxConns: maxConns(options),
    seedOutgoing: options.seedOutgoingConnections ?? true,
    limits,
    rtcConfig: tracker.rtcConfig ?? DEFAULT_RTC_CONFIG,
    ...(options.blocklist === undefined ? {} : { blocklist: blocklist(options.blocklist) }),
  };
}

export function maxConns(options: TorrentideOptions): number {
  return Number(options.maxConns) || DEFAULT_MAX_CONNS;
}

/** What a torrent's options say where its own do not. */
export interface Defaults {
  webSeeds: boolean;
  storage: 'opfs' | 'memory';
  persist: boolean;
}

export function defaults(options: TorrentideOptions): Defaults {
  const { webSeeds, storage, persist } = options;
  return { webSeeds: webSeeds !== false, storage: storageOption(storage) ?? 'opfs', persist: persist !== false };
}

function storageOption(given: unknown): 'opfs' | 'memory' | undefined {
  if (given === undefined || given === 'opfs' || given === 'memory') return given;
  throw new TorrentideError('ERR_INVALID_OPTION', `storage must be 'opfs' or 'memory', not ${String(given)}.`);
}

/** Pages of WebTorrent name trackers for all torrents by a global, too. */
function pageTrackers(): string[] {
  return list((globalThis as { WEBTORRENT_ANNOUNCE?: string | string[] }).WEBTORRENT_ANNOUNCE);
}

export function addOptions(options: AddOptions, limits: protocol.Limits, otherwise: Defaults, restore: boolean): protocol.AddOptions {
  return {
    announce: list(options.announce),
    urlList: list(options.urlList),
    ...torrentOptions(options, limits, otherwise),
    ...storeOptions(options),
    restore,
    ...(typeof options.private === 'boolean' ? { private: options.private } : {}),
  };
}

function torrentOptions(options: TorrentOptions, limits: protocol.Limits, otherwise: Defaults): protocol.TorrentOptions {
  const { paused, deselect, strategy, superSeeding, alwaysChokeSeeders } = options;
  return {
    limits,
    webSeeds: otherwise.webSeeds,
    paused: paused === true,
    deselect: deselect === true,
    sequential: strategy === 'sequential',
    superSeeding: superSeeding === true,
    uploads: uploads(options.uploads),
    alwaysChokeSeeders: alwaysChokeSeeders !== false,
    noPeersSeconds: positive(options.noPeersIntervalTime) ?? DEFAULT_NO_PEERS_SECONDS,
    announceKeys: {},
    storage: storageOption(options.storage) ?? otherwise.storage,
    persist: options.persist ?? otherwise.persist,
    skipVerify: false,
    storeCacheSlots: 0,
    restore: false,
  };
}

/** Throws ERR_INVALID_OPTION. */
function storeOptions(options: StoreOptions): Partial<protocol.TorrentOptions> {
  const { store, preloadedStore, skipVerify, bitfield, storeCacheSlots } = options;
  if (store === undefined && !preloadedStore) return {};
  if (!preloadedStore && typeof store !== 'function') {
    throw new TorrentideError('ERR_INVALID_OPTION', 'store must be a constructor of chunk stores (abstract-chunk-store).');
  }
  return {
    storage: 'page',
    skipVerify: skipVerify === true,
    ...(bitfield ? { bitfield: Uint8Array.from(bitfield) } : {}),
    storeCacheSlots: Math.floor(notNegative(storeCacheSlots) ?? DEFAULT_CACHE_SLOTS),
  };
}

/** WebTorrent's rule: false is none, and what is no number is the default. */
function uploads(given: number | boolean | undefined): number {
  if (given === false || given === 0) return 0;
  return Math.ceil(positive(given) ?? DEFAULT_UPLOADS);
}

function positive(given: unknown): number | undefined {
  return typeof given === 'number' && given > 0 && Number.isFinite(given) ? given : undefined;
}

function notNegative(given: unknown): number | undefined {
  return given === 0 ? 0 : positive(given);
}

/** Asks each function in turn, a later one's keys before an earlier one's; undefined where there is none to ask. */
export function announceKeys(functions: readonly unknown[]): (() => Record<string, unknown>) | undefined {
  const given = functions.filter((each): each is GetAnnounceOpts => typeof each === 'function');
  if (given.length === 0) return undefined;
  return () => {
    const keys = {};
    for (const each of given) guarded(() => Object.assign(keys, each()));
    return JSON.parse(JSON.stringify(keys)) as Record<string, unknown>;
  };
}

/** Throws ERR_INVALID_OPTION. */
export function seedOptions(options: SeedOptions, limits: protocol.Limits, otherwise: Defaults): protocol.SeedOptions {
  const { name, comment, pieceLength, maxPieceLength, info } = options;
  const tiers = options.announceList ?? list(options.announce ?? DEFAULT_TRACKERS);
  return {
    ...(name === undefined ? {} : { name: String(name) }),
    ...(comment === undefined ? {} : { comment: String(comment) }),
    ...(pieceLength ? { pieceLength: whole('pieceLength', pieceLength) } : {}),
    ...(maxPieceLength ? { maxPieceLength: whole('maxPieceLength', maxPieceLength) } : {}),
    ...(options.private === undefined ? {} : { private: whole('private', Number(options.private)) }),
    ...(info === undefined ? {} : { info }),
    createdBy: String(options.createdBy ?? `Torrentide/${__VERSION__}`),
    // create-torrent's rule, which rounds up and takes what is no date for none.
    creationDate: whole('creationDate', Math.ceil((Number(options.creationDate) || Date.now()) / 1000)),
    filterJunk: options.filterJunkFiles !== false,
    announceList: tiers.map(list),
    // Trackers that are in the torrent itself are not told twice.
    announce: options.announceList ? list(options.announce) : [],
    urlList: list(options.urlList),
    ...torrentOptions(options, limits, otherwise),
  };
}

function blocklist(given: NonNullable<TorrentideOptions['blocklist']>): NonNullable<protocol.ClientOptions['blocklist']> {
  if (typeof given === 'string' && /^https?:/i.test(given)) return { url: given };
  if (!Array.isArray(given)) return { data: given };
  return { data: given.map((line) => (typeof line === 'string' ? line : `${line.start}-${line.end}`)).join('\n') };
}

/** WebTorrent's rule: what is no number, or below zero, is no limit. */
export function limitOption(limit: number | undefined): number {
  return typeof limit === 'number' && limit >= 0 && Number.isFinite(limit) ? limit : -1;
}

function whole(name: string, value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw new TorrentideError('ERR_INVALID_OPTION', `${name} must be a whole number, not ${String(value)}.`);
}

export function list(value: string | string[] | undefined): string[] {
  return typeof value === 'string' ? [value] : [...(value ?? [])].map(String);
}
