// Every public member of a client, with the type that it is said to have.

import Torrentide, { Throttle, Torrent, TorrentideError } from 'torrentide';
import type { Abortable, AddOptions, Diagnosis, FileServer, SeedInput, SeedOptions, ServerOptions, TorrentId } from 'torrentide';
import type { StorageReport, TorrentideEvents, TorrentideOptions } from 'torrentide';

export const statics: [boolean, boolean, string] = [Torrentide.WEBRTC_SUPPORT, Torrentide.UTP_SUPPORT, Torrentide.VERSION];
Torrentide.connectWorker(new Worker('worker.js'));
Torrentide.engineURL = new URL('/torrentide/', location.href);

const options: TorrentideOptions = {
  peerId: '00'.repeat(20),
  tracker: { announce: ['wss://tracker.example'], rtcConfig: { iceServers: [] } },
  maxConns: 55,
  blocklist: ['10.0.0.0/8', { start: '192.0.2.1', end: '192.0.2.9' }],
  downloadLimit: -1,
  uploadLimit: 1e6,
};
const client = new Torrentide(options);
new Torrentide({ tracker: false });

export const names: string[] = [client.peerId, client.nodeId, client.userAgent];
export const buffers: Uint8Array[] = [client.peerIdBuffer, client.nodeIdBuffer];
export const flags: boolean[] = [
  client.ready,
  client.listening,
  client.destroyed,
  client.dht,
  client.utp,
  client.lsd,
  client.utPex,
  client.natPmp,
  client.enableWebSeeds,
  client.seedOutgoingConnections,
];
export const numbers: number[] = [client.maxConns, client.torrentPort, client.dhtPort, client.secure];
export const rates: number[] = [client.downloadSpeed, client.uploadSpeed, client.progress, client.ratio];
export const others: [object | false, boolean | 'permanent', Torrent[]] = [client.tracker, client.natUpnp, client.torrents];
export const throttles: Throttle[] = [client.throttleGroups.down, client.throttleGroups.up];

export function limits({ down }: { down: Throttle }): [number, number, boolean] {
  client.downloadLimit = client.uploadLimit;
  client.uploadLimit = -1;
  client.throttleDownload(1000);
  client.throttleUpload('1000');
  down.limit = 7;
  down.setEnabled(true);
  down.setRate(7);
  return [down.limit, down.getRate(), down.getEnabled()];
}

const ids: TorrentId[] = ['magnet:?xt=urn:btih:', new Uint8Array(20), new ArrayBuffer(20), new Blob(), { infoHash: '' }];
const inputs: SeedInput[] = [new File([], 'name'), [new Blob()], new ArrayBuffer(1), new Blob().stream()];
const add: AddOptions = { announce: 'wss://tracker.example', urlList: ['https://seed.example/'] };
const seed: SeedOptions = { name: 'name', private: true, pieceLength: 16384, info: { source: 'x' }, announceList: [['a'], 'b'] };
const waiting: Abortable = { signal: AbortSignal.timeout(1000) };

export async function stored(): Promise<[Torrent[], StorageReport, number, number]> {
  const kept: TorrentideOptions = { storage: 'memory', persist: false };
  const freed: number = await new Torrentide(kept).remove('', { destroyStore: false });
  return [await client.restore(waiting), await client.storage(waiting), await client.removeOrphans(waiting), freed];
}

export async function use(): Promise<void> {
  const same: Torrentide = await client.whenReady(waiting);
  for (const id of ids) same.add(id, add, (torrent: Torrent) => void torrent.destroy());
  for (const input of inputs) client.seed(input, seed, (torrent) => void torrent.magnetURI);
  const torrent: Torrent | null = await client.get(ids[0] ?? '');
  if (torrent) await client.remove(torrent, null, (error?: Error | null) => void error);
  const { summary, findings, torrents, attempts }: Diagnosis = await client.diagnose(waiting);
  const told: string[] = [summary, ...torrents.map(({ infoHash }) => String(infoHash))];
  void [told, findings.length, attempts.length];
  const address = client.address();
  if (address) address.port satisfies number;
  await client.destroy((error) => void error);
  const server: FileServer = client.createServer({ controller: await navigator.serviceWorker.ready } satisfies ServerOptions);
  server.close(() => server.destroy());
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

export async function remembered(): Promise<unknown> {
  const [seed] = await client.rememberedSeeds();
  const offered: [string, string, number, PermissionState, Torrent] | undefined = seed && [
    seed.infoHash,
    seed.name,
    seed.length,
    await seed.permission(),
    await seed.seed(),
  ];
  await seed?.forget();
  return offered;
}
