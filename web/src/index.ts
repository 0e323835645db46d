// The entry of the library: what `window.Torrentide` and `import Torrentide from 'torrentide.mjs'` are. It owns nothing.

export { Torrentide as default } from './api/client';
export type { TorrentideEvents } from './api/client';
export type { Bencoded } from './api/bencode';
export type { Bitfield } from './api/bitfield';
export type { Diagnosis, Finding, TorrentDiagnosis } from './api/diagnosis';
export type { TorrentideError } from './errors';
export type { ByteRange, FileEntry, FileEvents } from './api/file';
export type { Abortable } from './api/gate';
export type { SeedInput } from './api/inputs';
export type { Piece, TorrentEvents, TorrentPeer, TorrentTracker } from './api/mirror';
export type { AddOptions, SeedOptions, TorrentideOptions, TrackerOptions } from './api/options';
export type { Throttle } from './api/throttle';
export type { PeerName, Torrent } from './api/torrent';
export type { TorrentId, TorrentObject } from './api/torrent-id';
export type { Wire, WireEvents } from './api/wire';
