// Every public member of a torrent, a file and a wire, with the type that it is said to have.

import type { ByteRange, FileEntry, FileEvents, Torrent, TorrentEvents, TorrentideError, Wire } from 'torrentide';

export function facts(torrent: Torrent): unknown[] {
  const names: (string | undefined)[] = [torrent.infoHash, torrent.name, torrent.magnetURI, torrent.comment, torrent.createdBy];
  const lists: (readonly string[])[] = [torrent.announce, torrent.urlList];
  const flags: boolean[] = [torrent.private, torrent.ready, torrent.done, torrent.destroyed];
  const sizes: number[] = [torrent.length, torrent.pieceLength, torrent.lastPieceLength, torrent.pieceCount];
  const counters: number[] = [torrent.downloaded, torrent.received, torrent.uploaded, torrent.numPeers];
  const rates: number[] = [torrent.downloadSpeed, torrent.uploadSpeed, torrent.progress, torrent.timeRemaining, torrent.ratio];
  const bytes: Uint8Array | undefined = torrent.torrentFile;
  const blob: Blob | null = torrent.torrentFileBlob;
  const created: Date | undefined = torrent.created;
  const hashing: number = torrent.hashing;
  const files: readonly FileEntry[] = torrent.files;
  const wires: Wire[] = torrent.wires;
  return [names, lists, flags, sizes, counters, rates, bytes, blob, created, hashing, files, wires];
}

export function listen(torrent: Torrent): void {
  const events: (keyof TorrentEvents)[] = ['infoHash', 'metadata', 'ready', 'done', 'seed', 'trackerAnnounce', 'close'];
  for (const event of events) torrent.on(event, () => {});
  torrent.on('download', (bytes: number) => bytes);
  torrent.on('verified', (index: number) => index);
  torrent.on('noPeers', (source: string) => source);
  torrent.on('error', (error: TorrentideError) => error.code);
  torrent.on('wire', ({ peerId, client, type }: Wire) => `${peerId} ${client} ${type}`);
  torrent.destroy();
  torrent.destroy(null, (error?: Error) => void error);
}

export async function read(file: FileEntry): Promise<unknown[]> {
  const range: ByteRange = { start: 0, end: 99 };
  const events: (keyof FileEvents)[] = ['done'];
  const names: string[] = [file.name, file.path, file.type];
  const numbers: number[] = [file.length, file.size, file.offset, file.downloaded, file.progress];
  const blob: Blob = await file.blob(range);
  const buffer: ArrayBuffer = await file.arrayBuffer();
  const stream: ReadableStream<Uint8Array> = file.stream(range);
  for await (const chunk of stream) numbers.push(chunk.length);
  return [events, names, numbers, file.done, blob, buffer];
}

export function refused(torrent: Torrent): void {
  // @ts-expect-error Mirrored state is read only.
  torrent.done = true;
}
