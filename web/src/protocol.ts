// The messages between the page and the engine worker, both ways. The Python side of this file is
// py/torrentide/browser/page.py; a field that changes here changes there.
//
// Numbers that name things: `client` and `torrent` are given by the page, `link` (one WebRTC connection) by the engine, but below
// zero by the page for those that it made itself, `call` by the page for a question that wants one reply. Each is unique for the
// life of the worker.

/** A file to be seeded. The engine reads `blob` in place. */
export interface SeedFile {
  /** As the page found it, with the folders that it lies in and `/` between; '' for a file without a name. */
  path: string;
  blob: Blob;
}

export interface ClientOptions {
  /** 20 bytes, each one character U+0000 to U+00FF; absent: the engine makes one. */
  peerId?: string;
  /** Trackers for every torrent that is not private. */
  announce: string[];
  /** False: no tracker is used at all. */
  tracker: boolean;
  maxConns: number;
  /** Whether a complete torrent takes peers that trackers find. */
  seedOutgoing: boolean;
  limits: Limits;
  rtcConfig?: RTCConfiguration;
  /** Addresses that no connection is made to; no torrent joins its swarm before they are known. */
  blocklist?: { url: string } | { data: string | Uint8Array };
}

/** Bytes per second; -1 is no limit, 0 lets nothing through. */
export interface Limits {
  down: number;
  up: number;
}

export interface TorrentOptions {
  limits: Limits;
  /** Join the swarm paused. */
  paused: boolean;
  /** Want no piece at first. */
  deselect: boolean;
  /** Fetch pieces in order instead of rarest first. */
  sequential: boolean;
  /** Show each peer of a seed one piece at a time (BEP 16). */
  superSeeding: boolean;
  /** Peers that are unchoked at a time. */
  uploads: number;
  alwaysChokeSeeders: boolean;
  /** Seconds between noPeers events. */
  noPeersSeconds: number;
  /** Further keys of each announce, as JSON has them. */
  announceKeys: Record<string, unknown>;
  webSeeds: boolean;
  /** Where a download is kept; `page`: in a store of the page. */
  storage: 'opfs' | 'memory' | 'page';
  /** The page's store has every piece; they are not compared with their hashes. */
  skipVerify: boolean;
  /** The pieces that the page's store has, as the page says: one bit each, high bit first. */
  bitfield?: Uint8Array;
  /** Pieces of the page's store that are kept in memory when they are read. */
  storeCacheSlots: number;
  /** Whether `restore` brings it back. */
  persist: boolean;
  /** Want what was wanted when it was stored. */
  restore: boolean;
}

/** What is asked of the page's store; `open` comes first. */
export type StoreRequest =
  | { job: number; act: 'open'; name: string; pieceLength: number; length: number; files: FileInfo[] }
  | { job: number; act: 'put'; index: number; data: Uint8Array }
  | { job: number; act: 'get'; index: number; offset: number; length: number };

/** One for each call back; `data` is absent where there are no bytes, `error` where all is well. */
export interface StoreAnswer {
  job: number;
  data?: Uint8Array;
  error?: string;
}

/** A torrent that is stored for this origin. */
export interface StoredTorrent {
  infoHash: string;
  /** Absent where the metadata is not there, or can't be read; so is `torrentFile`. */
  name?: string;
  torrentFile?: Uint8Array;
  bytes: number;
  /** A tab has it now. */
  inUse: boolean;
  /** `restore` brings it back. */
  session: boolean;
  /** The link that it was added by, or ''. Absent where the state can't be read; so is the rest. */
  magnet?: string;
  order: number;
  paused?: boolean;
  sequential?: boolean;
  limits?: Limits;
  announce?: string[];
  urlList?: string[];
}

interface Sources extends TorrentOptions {
  announce: string[];
  urlList: string[];
}

export interface AddOptions extends Sources {
  /** Whether trackers that the torrent does not name are left out, whatever it says itself. */
  private?: boolean;
}

export interface SeedOptions extends Sources {
  name?: string;
  comment?: string;
  createdBy?: string;
  /** Seconds since 1970, whole. */
  creationDate?: number;
  /** Written into the torrent where it is there, 0 too. */
  private?: number;
  pieceLength?: number;
  maxPieceLength?: number;
  /** Leave out what operating systems leave behind. */
  filterJunk: boolean;
  /** Further keys of the info dictionary. */
  info?: Record<string, unknown>;
  /** BEP 12 tiers; empty: the client's trackers only. */
  announceList: string[][];
}

/** What the page asks of the engine. */
export type ToEngine =
  | { type: 'client'; client: number; options: ClientOptions }
  /** `id`: a magnet link, an info-hash in hex or base32, an http(s) URL of a .torrent file, or its bytes. */
  | { type: 'add'; client: number; torrent: number; id: string | Uint8Array; options: AddOptions }
  /** `known`: the .torrent file that was made of these very files before; they are not hashed again where they fit it. */
  | { type: 'seed'; client: number; torrent: number; files: SeedFile[]; options: SeedOptions; known?: Uint8Array }
  /** Replies with the bytes of storage that it frees; `keep` leaves them where they are. */
  | { type: 'remove'; torrent: number; keep: boolean; call: number }
  | { type: 'pause'; torrent: number }
  | { type: 'resume'; torrent: number }
  /** The priority of each piece (0 is not wanted, 4 usual, 7 first), and those that are fetched before all others. */
  | { type: 'select'; torrent: number; priorities: Uint8Array; critical: number[] }
  /** Of a torrent, or of the client, which all its torrents share. */
  | { type: 'limits'; torrent: number; limits: Limits }
  | { type: 'limits'; client: number; limits: Limits }
  /** As `announceKeys` of the options, from now on. */
  | { type: 'announce-keys'; torrent: number; keys: Record<string, unknown> }
  /** A connection that the page made: its data channel, transferred, or a port as with rtc-relay. */
  | { type: 'add-peer'; torrent: number; link: number; channel: RTCDataChannel }
  | { type: 'add-peer'; torrent: number; link: number; port: MessagePort }
  | { type: 'remove-peer'; torrent: number; link: number }
  /** Not before the torrent's infoHash event. */
  | { type: 'add-web-seed'; torrent: number; url: string }
  /**
   * The page speaks these extensions (BEP 10) on a wire: tell the peer, with the keys of the bencoded dictionary `handshake`
   * besides.
   */
  | { type: 'wire-use'; torrent: number; link: number; names: string[]; handshake: Uint8Array }
  /** A message of the extension to which the peer gave that number, 1 to 255. */
  | { type: 'wire-send'; torrent: number; link: number; number: number; data: Uint8Array }
  /** The page has dealt with an `extended` event of `size` bytes. */
  | { type: 'wire-took'; torrent: number; link: number; size: number }
  /** What the page's store said to a `store` event. */
  | { type: 'store-answer'; torrent: number; answer: StoreAnswer }
  /** Check all stored pieces again. Replies when it is done; bad ones are fetched again. */
  | { type: 'rescan'; torrent: number; call: number }
  /** Takes a call back: nobody waits for its reply any more. */
  | { type: 'cancel'; call: number }
  /** Why these torrents have no peer, by what the page knows of the network. Replies with an EngineDiagnosis. */
  | { type: 'diagnose'; client: number; torrents: number[]; online: boolean; attempts: Attempt[]; call: number }
  | { type: 'destroy'; client: number; call: number }
  /** All that is stored for this origin, as StoredTorrents in the order that they were added. */
  | { type: 'stored'; call: number }
  /** Removes what is stored under these info-hashes, where no tab uses it; replies with the bytes that this frees. */
  | { type: 'clean'; names: string[]; call: number }
  /** The info-hash that `id` names, as 40 hex digits; null where it names none without a look at the network. */
  | { type: 'info-hash'; id: string | Uint8Array; call: number }
  /** Bytes `start` to `end` (exclusive) of file number `file`, as a Blob, once they are all there. */
  | { type: 'blob'; torrent: number; file: number; start: number; end: number; call: number }
  /**
   * The next bytes of a reader, as a Uint8Array: some of `start` to `end` (exclusive) of file number `file` from `start` on, as soon as
   * they are there; null at the end. `rate` is how many a second it will read, 0 where that is not known; `slack` the seconds until
   * they are needed, for a player has some in its buffer, -1 where that is not known. The page numbers its readers, and asks one thing
   * at a time of each, in order. What a reader comes to is fetched first, in time for its pace.
   */
  | { type: 'pull'; torrent: number; reader: number; file: number; start: number; end: number; rate: number; slack: number; call: number }
  /** The reader goes; what was asked for its sake is taken back where others wait. */
  | { type: 'unread'; torrent: number; reader: number }
  /** The data channel of a link, transferred in the task that made it. */
  | { type: 'rtc-channel'; link: number; channel: RTCDataChannel }
  /** In place of rtc-channel where the browser can't transfer a data channel: the port speaks RelayToEngine and RelayToPage. */
  | { type: 'rtc-relay'; link: number; port: MessagePort }
  /** The complete local description (an offer or an answer) of a link, candidates included. */
  | { type: 'rtc-local'; link: number; sdp: string }
  /** The link can't be made, or is lost. `reason` is in plain words. */
  | { type: 'rtc-failed'; link: number; reason: string }
  /** The browser is back on a network. */
  | { type: 'online' };

/** What the page says on the port of a relayed data channel. */
export type RelayToEngine =
  | { type: 'open' }
  /** One message from the peer; its buffer is transferred. */
  | { type: 'data'; data: ArrayBuffer | string }
  /** Of all bytes posted to the port, `sent` have gone into the channel and its buffer has room again. */
  | { type: 'low'; sent: number }
  /** The last message. */
  | { type: 'close' };

/** What the engine says on the port of a relayed data channel. */
export type RelayToPage =
  /** One message for the peer; transfer its buffer. Not before `open`. */
  | { type: 'data'; data: ArrayBuffer }
  | { type: 'close' };

/** What the engine tells the page. */
export type FromEngine =
  | { type: 'phase'; phase: Phase }
  | { type: 'fatal'; code: string; message: string }
  /** The client is up. `peerId` is 40 hex digits. */
  | { type: 'client'; client: number; peerId: string }
  | { type: 'torrent'; torrent: number; state: TorrentState; events: TorrentEvent[] }
  | { type: 'reply'; call: number; value?: unknown; error?: EngineError }
  /** Make an offer for a link, with a data channel. Answered by rtc-channel and rtc-local, or rtc-failed. */
  | { type: 'rtc-offer'; link: number; config: RTCConfiguration | null }
  /** Answer a remote offer. Answered by rtc-local, then rtc-channel when the channel appears, or rtc-failed. */
  | { type: 'rtc-accept'; link: number; sdp: string; config: RTCConfiguration | null }
  /** The remote answer to our offer. */
  | { type: 'rtc-answer'; link: number; sdp: string }
  | { type: 'rtc-close'; link: number }
  /** Start a worker that hashes, and give it the port; end all of them. */
  | { type: 'hasher'; port: MessagePort }
  | { type: 'hashers-end' };

/** The phases of a start, in order. */
export type Phase = 'worker' | 'python' | 'engine' | 'ready';

export interface EngineError {
  code: string;
  message: string;
}

export interface FileInfo {
  path: string;
  name: string;
  length: number;
  offset: number;
}

/** What became of an attempt to connect to a peer, and the ICE candidate types that both sides had. */
export interface Attempt {
  outcome: 'connected' | 'failed';
  local: string[];
  remote: string[];
}

export interface Finding {
  /** Stable and machine-readable, as `no-websocket-tracker`. */
  code: string;
  message: string;
}

export interface EngineDiagnosis {
  findings: Finding[];
  /** Of each torrent that was asked about. */
  torrents: Finding[][];
  engine: Vitals;
}

/** How much the engine holds, over all clients of the page. */
export interface Vitals {
  /** Bytes of WebAssembly memory, which grows and never shrinks. */
  memory: number;
  /** Bytes of it that are in use; the rest is free for what comes. */
  used: number;
  clients: number;
  torrents: number;
  /** WebRTC connections, those that are not open yet included. */
  links: number;
  timers: number;
  /** Python objects that hold others. */
  objects: number;
  /** JavaScript values that Python holds: each JsProxy, and two for each function of its own that JavaScript may call. */
  proxies: number;
}

/** A tracker of a torrent. `connecting` is the state between two tries, too. */
export interface TrackerState {
  url: string;
  state: 'unsupported' | 'connecting' | 'open' | 'working';
  /** What went wrong last, in plain words; '' when all is well. */
  error: string;
  /** Milliseconds since 1970; null when none is to come. */
  nextAnnounce: number | null;
  /** Seconds between announces; null until the tracker told. */
  interval: number | null;
  /** As the tracker told, ourselves included; null until it did. */
  seeds: number | null;
  leechers: number | null;
}

/** What is told of a wire: its link, bytes and bytes per second both ways, its pieces, flags added up, and its client's name. */
export type WireRow = [
  link: number,
  downloaded: number,
  uploaded: number,
  down: number,
  up: number,
  pieces: number,
  flags: number,
  client: string,
];

/** The bits of the flags of a WireRow. */
export const WIRE = { AM_CHOKING: 1, AM_INTERESTED: 2, PEER_CHOKING: 4, PEER_INTERESTED: 8, SEED: 16, SNUBBED: 32 } as const;

/** What changed in a torrent's mirrored state since the last message; a field that is absent is as it was. */
export interface TorrentState {
  infoHash?: string;
  name?: string;
  magnetURI?: string;
  torrentFile?: Uint8Array;
  announce?: string[];
  urlList?: string[];
  private?: boolean;
  comment?: string;
  createdBy?: string;
  /** Seconds since 1970. */
  created?: number;
  length?: number;
  pieceLength?: number;
  lastPieceLength?: number;
  pieceCount?: number;
  /** Where the info dictionary begins and ends (exclusive) in `torrentFile`. */
  infoSpan?: [number, number];
  /** The pieces that are here when the torrent gets ready: one bit a piece, high bit first. */
  have?: Uint8Array;
  /** What was selected when it was stored; absent: what the options say. */
  priorities?: Uint8Array;
  /** Numbers of the files that a magnet link selects (BEP 53); absent: all. */
  so?: number[];
  /** URLs of the .torrent file, and hosts with ports, that a magnet link names. */
  xs?: string[];
  peerAddresses?: string[];
  files?: FileInfo[];
  ready?: boolean;
  done?: boolean;
  /** There is no room for more. */
  storageFull?: boolean;
  /** Bytes of verified pieces plus blocks that wait for their piece. */
  downloaded?: number;
  /** Bytes of blocks received from peers, useful or not. */
  received?: number;
  uploaded?: number;
  /** Bytes per second. */
  downloadSpeed?: number;
  uploadSpeed?: number;
  numPeers?: number;
  /** Verified bytes of each file, in order. */
  fileProgress?: number[];
  /** 0 to 1, while the files of a seed are being hashed. */
  hashing?: number;
  /** Wires that changed. */
  wires?: WireRow[];
  /** All pieces on their way in: number of the piece, bytes that lack, and so on. */
  partial?: number[];
  /** All trackers. */
  trackers?: TrackerState[];
}

/** Emitted on the torrent after `state` has been applied, in order. */
export type TorrentEvent =
  | ['infoHash']
  | ['metadata']
  | ['ready']
  | ['done']
  /** Everything that is wanted is here, though not all may be wanted. */
  | ['idle']
  | ['seed']
  | ['download', number]
  | ['upload', number]
  | ['verified', number]
  /** A piece is not there any more, and is fetched again; it is before `file-lost` of its files that were complete. */
  | ['unverified', number]
  | ['file-lost', number]
  | ['storageFull', EngineError]
  | ['storageRoom']
  | ['wire', WireInfo]
  | ['wire-closed', number]
  /** A message of one of the page's extensions on a link, or, without a name, an extended handshake. Answered by wire-took. */
  | ['extended', number, string, Uint8Array]
  | ['file-done', number]
  /** For the page's store. Answered by store-answer. */
  | ['store', StoreRequest]
  | ['noPeers', string]
  | ['trackerAnnounce']
  | ['warning', EngineError]
  /** Fatal for the torrent. `infoHash` is set for ERR_DUPLICATE_TORRENT. */
  | ['error', EngineError, string?];

export interface WireInfo {
  link: number;
  /** 40 hex digits. */
  peerId: string;
  /** Client name and version as the peer tells it (BEP 10 `v`, or by its peer id), or ''. */
  client: string;
  /** What the peer's handshake said that it knows. */
  extended: boolean;
  dht: boolean;
  fast: boolean;
  /** The engine's own extensions, in the order of their numbers from 1 on. */
  extensions: string[];
}
