// The entry of the library: what `window.Torrentide` and `import Torrentide from 'torrentide.mjs'` are. It owns nothing.

export { Torrentide as default } from './api/client';
export type { TorrentideEvents } from './api/client';
export type { Bencodable, Bencoded } from './api/bencode';
export { Bitfield } from './api/bitfield';
export type { Diagnosis, Finding, TorrentDiagnosis } from './api/diagnosis';
export { TorrentideError } from './errors';
export { FileEntry } from './api/file';
export type { ByteRange, FileEvents } from './api/file';
export type { Abortable } from './api/gate';
export type { SeedInput } from './api/inputs';
export type { Piece, TorrentEvents, TorrentPeer, TorrentTracker } from './api/mirror';
export type { AddOptions, SeedOptions, TorrentideOptions, TrackerOptions } from './api/options';
export type { ChunkStore, ChunkStoreConstructor, StoreOptions } from './api/page-store';
export { TorrentVideo } from './media/element';
export type { VideoStatistics } from './media/element';
export type { RenderOptions } from './media/render';
export type { StorageReport, StoredEntry } from './api/storage';
export type { FileServer, ServerOptions } from './sw/server';
export type { RememberedSeed } from './api/remembered';
export type { SaveAllOptions, SaveOptions } from './api/saving';
export { Throttle } from './api/throttle';
export { Torrent } from './api/torrent';
export type { DestroyOptions, PeerName } from './api/torrent';
export type { TorrentId, TorrentObject } from './api/torrent-id';
export { Wire } from './api/wire';
export type { WireEvents } from './api/wire';
export type { ExtendedHandshake, PeerExtensions, WireExtension, WireExtensionClass } from './api/wire-extensions';
