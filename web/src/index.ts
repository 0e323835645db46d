// The entry of the library: what `window.Torrentide` and `import Torrentide from 'torrentide.mjs'` are. It owns nothing.

export { Torrentide as default } from './api/client';
export type { TorrentideEvents } from './api/client';
export type { TorrentideError } from './errors';
export type { ByteRange, FileEntry, FileEvents } from './api/file';
export type { SeedInput } from './api/inputs';
export type { AddOptions, SeedOptions, TorrentideOptions, TrackerOptions } from './api/options';
export type { Torrent, TorrentEvents, Wire } from './api/torrent';
export type { TorrentId } from './api/torrent-id';
