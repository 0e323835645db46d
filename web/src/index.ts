// The entry of the library: what `window.Torrentide` and `import Torrentide from 'torrentide.mjs'` are. It owns nothing.

export { Torrentide as default } from './api/client';
export type { TorrentideEvents } from './api/client';
export { TorrentideError } from './errors';
export { FileEntry } from './api/file';
export type { ByteRange, FileEvents } from './api/file';
export type { SeedInput } from './api/inputs';
export type { AddOptions, SeedOptions, TorrentideOptions, TrackerOptions } from './api/options';
export { Torrent } from './api/torrent';
export type { TorrentEvents, Wire } from './api/torrent';
export type { TorrentId } from './api/torrent-id';
