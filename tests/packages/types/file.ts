// Every public member of a file and of a wire, with the type that it is said to have.

import type { Bencodable, ByteRange, ExtendedHandshake, FileEntry, FileEvents, PeerExtensions, RenderOptions } from 'torrentide';
import type { SaveOptions, VideoStatistics, Wire, WireEvents, WireExtension } from 'torrentide';
import Torrentide, { TorrentVideo } from 'torrentide';

export async function read(file: FileEntry, video: HTMLVideoElement): Promise<unknown[]> {
  const range: ByteRange = { start: 0, end: 99 };
  const events: (keyof FileEvents)[] = ['done', 'error', 'warning'];
  const names: string[] = [file.name, file.path, file.type, file.streamURL];
  const numbers: number[] = [file.length, file.size, file.offset, file.downloaded, file.progress];
  const pieces: number[] = [file._startPiece, file._endPiece];
  const flags: boolean[] = [file.done, file.selected, file.includes(0)];
  const blob: Blob = await file.blob(range);
  const buffer: ArrayBuffer = await file.arrayBuffer();
  const options: SaveOptions = { to: new FileSystemFileHandle(), progress: (written, length) => void (written + length) };
  await file.save(options);
  const stream: ReadableStream<Uint8Array> = file.stream(range);
  const node = file.createReadStream(range);
  if (!node.isPaused()) node.pipe({ write: (chunk) => numbers.push(chunk.length) > 0, end: () => {}, once: () => {} });
  for await (const chunk of stream) numbers.push(chunk.length);
  for await (const chunk of file) numbers.push(chunk.length);
  file.streamTo(video, (error: Error | null, element?: HTMLVideoElement) => void [error, element]).play();
  const shown: HTMLElement = await file.appendTo('#here', { autoplay: false } satisfies RenderOptions);
  await file.renderTo(shown, (error: Error | null, element?: HTMLElement) => void [error, element]);
  file.getBuffer((error: Error | null, bytes?: Uint8Array) => void [error, bytes]);
  file.getBlob((error: Error | null, whole?: Blob) => void [error, whole]);
  file.getBlobURL((error: Error | null, url?: string) => void [error, url]);
  file.select(3);
  file.deselect();
  return [events, names, numbers, pieces, flags, blob, buffer];
}

export async function watch(player: TorrentVideo, client: Torrentide): Promise<unknown[]> {
  player.client = client;
  const { fromHTTP, fromPeers }: VideoStatistics = player.statistics;
  player.connectedCallback();
  player.disconnectedCallback();
  player.attributeChangedCallback('file', null, '1');
  await player.play();
  player.pause();
  return [fromHTTP + fromPeers, player.torrent, player.file, player.playlist, player.video.duration, TorrentVideo.observedAttributes];
}

class Chat implements WireExtension {
  declare readonly name: string;
  constructor(readonly wire: Wire) {
    wire.extendedHandshake.nickname = 'me';
  }
  onHandshake(infoHash: string, peerId: string, { dht, fast, extended }: PeerExtensions): unknown {
    return [infoHash, peerId, dht, fast, extended];
  }
  onExtendedHandshake(handshake: ExtendedHandshake): void {
    this.wire.extended('ut_chat', { nickname: handshake.nickname instanceof Uint8Array, words: ['a', 1, new Uint8Array(1)] });
  }
  onMessage(data: Uint8Array): void {
    this.wire.extended(this.wire.peerExtendedMapping.ut_chat ?? 1, data);
  }
}

export function extend(wire: Wire): unknown[] {
  wire.use(Chat);
  wire.on('handshake', (infoHash: string, peerId: string, extensions: PeerExtensions) => `${infoHash}${peerId}${extensions.fast}`);
  wire.on('extended', (name: string) => name);
  const keys: { [key: string]: Bencodable } = wire.extendedHandshake;
  const theirs: [ExtendedHandshake, PeerExtensions, boolean] = [wire.peerExtendedHandshake, wire.peerExtensions, wire.hasFast];
  return [keys, theirs, wire.extendedMapping[4], wire.infoHash];
}

export function peer(wire: Wire): unknown[] {
  const events: (keyof WireEvents)[] = ['download', 'upload', 'choke', 'unchoke', 'interested', 'uninterested', 'close'];
  const names: (string | undefined)[] = [wire.peerId, wire.client, wire.type, wire.remoteAddress];
  const kinds: (string | undefined)[] = [wire.candidateType, wire.localCandidateType];
  const numbers: (number | undefined)[] = [wire.remotePort, wire.downloaded, wire.uploaded, wire.pieceCount];
  const rates: number[] = [wire.downloadSpeed(), wire.uploadSpeed()];
  const ours: boolean[] = [wire.amChoking, wire.amInterested, wire.destroyed];
  const theirs: boolean[] = [wire.peerChoking, wire.peerInterested, wire.isSeeder, wire.isSnubbed];
  const bytes: Uint8Array = wire.peerIdBuffer;
  wire.destroy();
  return [events, names, kinds, numbers, rates, ours, theirs, bytes];
}
