// Every public member of a client, with the type that it is said to have.

import Torrentide, { Torrent, TorrentideError } from 'torrentide';
import type { AddOptions, SeedInput, SeedOptions, TorrentId, TorrentideEvents, TorrentideOptions } from 'torrentide';

const support: boolean = Torrentide.WEBRTC_SUPPORT;
const version: string = Torrentide.VERSION;
Torrentide.connectWorker(new Worker('worker.js'));
Torrentide.engineURL = new URL('/torrentide/', location.href);

const options: TorrentideOptions = {
  peerId: '00'.repeat(20),
  tracker: { announce: ['wss://tracker.example'], rtcConfig: { iceServers: [] } },
  maxConns: 55,
  blocklist: ['10.0.0.0/8', { start: '192.0.2.1', end: '192.0.2.9' }],
};
const client = new Torrentide(options);
new Torrentide({ tracker: false });

export const facts: [boolean, string, Torrent[], string, boolean, boolean, number] = [
  support,
  version,
  client.torrents,
  client.peerId,
  client.ready,
  client.destroyed,
  client.maxConns,
];
export const rates: number[] = [client.downloadSpeed, client.uploadSpeed, client.progress, client.ratio];

const ids: TorrentId[] = ['magnet:?xt=urn:btih:', new Uint8Array(20), new ArrayBuffer(20), new Blob(), { infoHash: '' }];
const inputs: SeedInput[] = [new File([], 'name'), [new Blob()], new ArrayBuffer(1), new Blob().stream()];
const add: AddOptions = { announce: 'wss://tracker.example', urlList: ['https://seed.example/'] };
const seed: SeedOptions = { ...add, name: 'name', private: true, pieceLength: 16384, info: { source: 'x' }, announceList: [['a'], 'b'] };

export async function use(): Promise<void> {
  for (const id of ids) client.add(id, add, (torrent: Torrent) => torrent.destroy());
  for (const input of inputs) client.seed(input, seed, (torrent) => void torrent.magnetURI);
  const torrent: Torrent | null = await client.get(ids[0] ?? '');
  if (torrent) await client.remove(torrent, null, (error?: Error) => void error);
  client.destroy((error) => void error);
}

const onError = (error: TorrentideError): string => `${error.name} ${error.code}: ${error.message}`;
client.on('error', onError).off('error', onError).addListener('error', onError).removeListener('error', onError);
client.once('download', (bytes: number) => bytes).prependListener('torrent', (torrent: Torrent) => torrent);
client.removeAllListeners('seed');
export const heard: [number, boolean] = [client.listenerCount('ready'), client.emit('ready')];
export const wrapped = [TorrentideError.from({ code: 'ERR_X', message: '' }), TorrentideError.wrap(0, 'ERR_X', 'while')];
export const boot: TorrentideEvents['boot'] = ['python'];

// @ts-expect-error There is no such event.
client.on('nothing', () => {});
// @ts-expect-error A torrent is no number.
client.add(1);
// @ts-expect-error Options are checked.
new Torrentide({ maxConns: 'many' });
