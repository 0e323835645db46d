// Every public member of a torrent and of what it holds, with the type that it is said to have.

import type { Abortable, Bencoded, Bitfield, ChunkStore, ChunkStoreConstructor, FileEntry, PeerName, Piece, Torrent, TorrentPeer, TorrentTracker } from 'torrentide';
import type Torrentide from 'torrentide';
import type { SaveAllOptions, TorrentEvents, TorrentideError, Wire } from 'torrentide';

export function facts(torrent: Torrent): unknown[] {
  const names: (string | undefined)[] = [torrent.infoHash, torrent.name, torrent.magnetURI, torrent.comment, torrent.createdBy];
  const lists: (readonly string[] | undefined)[] = [torrent.announce, torrent.urlList, torrent.xs, torrent.peerAddresses];
  const flags: boolean[] = [torrent.private, torrent.ready, torrent.done, torrent.destroyed, torrent.paused, torrent.storageFull, torrent.skipVerify];
  const sizes: number[] = [torrent.length, torrent.pieceLength, torrent.lastPieceLength, torrent.pieceCount];
  const counters: number[] = [torrent.downloaded, torrent.received, torrent.uploaded, torrent.numPeers, torrent.maxWebConns];
  const rates: number[] = [torrent.downloadSpeed, torrent.uploadSpeed, torrent.progress, torrent.timeRemaining, torrent.ratio];
  const bytes: (Uint8Array | undefined)[] = [torrent.torrentFile, torrent.infoHashBuffer, torrent.infoBuffer];
  const metadata: Uint8Array | null = torrent.metadata;
  const blob: [Blob | null, string | undefined] = [torrent.torrentFileBlob, torrent.torrentFileBlobURL];
  const chosen: readonly number[] | undefined = torrent.so;
  const created: Date | undefined = torrent.created;
  const client: Torrentide | null = torrent.client;
  const nothing: null[] = [torrent.rootDir, torrent.discovery];
  const others: [number, string, 'rarest' | 'sequential'] = [torrent.hashing, torrent.path, torrent.strategy];
  return [names, lists, flags, sizes, counters, rates, bytes, blob, chosen, created, client, nothing, others, metadata];
}

export function stores(client: Torrentide, store: ChunkStoreConstructor, there: ChunkStore): (ChunkStore | null)[] {
  const fresh = client.add('magnet:', { store, storeOpts: { room: 1 } });
  const known = client.add('magnet:', { preloadedStore: there, skipVerify: true });
  return [fresh.store, known.store];
}

export function parts(torrent: Torrent): unknown[] {
  const info: Bencoded | undefined = torrent.info;
  const bitfield: Bitfield | undefined = torrent.bitfield;
  const pieces: readonly (Piece | null)[] = torrent.pieces;
  const map: Uint8Array = torrent.pieceMap;
  const files: readonly FileEntry[] = torrent.files;
  const wires: Wire[] = torrent.wires;
  const peers: TorrentPeer[] = torrent.peers;
  const trackers: readonly TorrentTracker[] = torrent.trackers;
  const { url, state, lastError, nextAnnounce, interval, seeds } = trackers[0] ?? ({} as TorrentTracker);
  bitfield?.set(0, bitfield.get(1));
  bitfield?.forEach((value: boolean, index: number) => value || index);
  const bits: unknown = bitfield && [bitfield.buffer, bitfield.length, bitfield.isEmpty()];
  return [info, pieces, map, files, wires, peers, url, state, lastError, nextAnnounce, interval, seeds, bits];
}

export function listen(torrent: Torrent): void {
  const events: (keyof TorrentEvents)[] = ['metadata', 'ready', 'done', 'idle', 'seed', 'trackerAnnounce', 'close'];
  for (const event of events) torrent.on(event, () => {});
  torrent.on('infoHash', (infoHash: string) => infoHash);
  torrent.on('download', (bytes: number) => bytes);
  torrent.on('verified', (index: number) => index);
  torrent.on('noPeers', (source: string) => source);
  torrent.on('error', (error: TorrentideError) => error.code);
  torrent.prependOnceListener('wire', ({ peerId, client, type }: Wire) => `${peerId} ${client} ${type}`);
  torrent.setMaxListeners(5).eventNames().includes('wire');
  torrent.listeners('done').length satisfies number;
}

export async function control(torrent: Torrent, peer: PeerName): Promise<void> {
  const waiting: Abortable = { signal: new AbortController().signal };
  const same: Torrent = await torrent.whenReady(waiting);
  await same.whenDone();
  torrent.pause();
  torrent.resume();
  torrent.select(0, 5, 1);
  torrent.deselect(0, 5);
  torrent.critical(0, 1);
  torrent.downloadLimit = torrent.uploadLimit;
  torrent.uploadLimit = -1;
  torrent.addPeer('192.0.2.1:6881') satisfies boolean;
  torrent.addPeer(new RTCPeerConnection().createDataChannel('peer')) satisfies boolean;
  torrent.addWebSeed('https://seed.example/');
  torrent.removePeer(peer);
  const options: SaveAllOptions = { as: 'folder', to: new FileSystemDirectoryHandle() };
  await torrent.save(options);
  await torrent.rescanFiles((error?: Error | null) => void error);
  await torrent.destroy();
  await torrent.destroy(null, (error?: Error | null) => void error);
}

export function refused(torrent: Torrent): void {
  // @ts-expect-error Mirrored state is read only.
  torrent.done = true;
}
