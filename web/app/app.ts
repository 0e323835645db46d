// The page: joins its forms, drops and links to one client. It owns the list of cards and the words for the engine's start; how
// a torrent looks, its card knows.

import type TorrentideClass from '../src/index';
import type { TorrentId, Torrent } from '../src/index';
import { torrentCard } from './card';
import { part, say } from './dom';
import { type Source, acceptDrops } from './drop';
import { offerEarlier } from './earlier';
import { plural } from './format';
import { askForFiles, askForFolder, picker } from './pick';
import { showRoom } from './room';
import { installWorker } from './save';

declare const Torrentide: typeof TorrentideClass;

const PHASES = {
  worker: 'Loading the engine …',
  python: 'Starting Python …',
  engine: 'Starting the engine …',
  ready: 'Ready.',
};
const TRACKER = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/announce`;
/** On one machine no server is needed to find a path, and none may be in reach. */
const LOCAL = ['localhost', '127.0.0.1'].includes(location.hostname);

const alerts = part(document, 'alerts');
const cards = new WeakMap<Torrent, HTMLElement>();
const client = new Torrentide({
  tracker: { announce: [TRACKER], ...(LOCAL ? { rtcConfig: { iceServers: [] } } : {}) },
});

client.on('boot', (phase) => showEngine(phase, PHASES[phase]));
client.on('error', ({ message }) => {
  showEngine('failed', 'The engine is not running. Reload the page to try again.');
  say(alerts, message, 'error');
});
if (!Torrentide.WEBRTC_SUPPORT) say(alerts, 'This browser has no WebRTC, or it is turned off: no peers can be reached.', 'error');

acceptDrops(take, (error) => say(alerts, `What was dropped can't be read: ${String(error)}`, 'error'));
picker('pick-files', 'files-input', take, askForFiles);
picker('pick-folder', 'folder-input', seed, askForFolder);
picker('pick-torrent', 'torrent-input', openFiles);
part(document, 'open-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const input = part<HTMLInputElement>(document, 'open-id');
  openText(input.value);
  input.value = '';
});
installWorker();
void comeBack().then(() => showRoom(client));

/** Brings back what was here before; the link comes behind it, so that what it names is as it was left. */
async function comeBack(): Promise<void> {
  try {
    for (const torrent of await client.restore()) show(torrent, 'Torrent');
    await offerEarlier(client, show, complain);
  } catch (error) {
    complain(error as Error);
  }
  addEventListener('hashchange', openHash);
  openHash();
  part(document, 'torrents').setAttribute('aria-busy', 'false');
}

/** What was dropped or picked: .torrent files are opened, all else is shared. */
function take(sources: Source[]): void {
  if (sources.length > 0 && sources.every(({ name }) => name.endsWith('.torrent'))) openFiles(sources);
  else seed(sources);
}

function openFiles(sources: Source[]): void {
  for (const source of sources) {
    if (source instanceof File) add(source, source.name);
    else (source as FileSystemFileHandle).getFile().then((file) => add(file, file.name), complain);
  }
}

function seed(given: Source[]): void {
  if (given.length === 0) return;
  // Whatever order the system lists them in: the same files have the same link.
  const sources = [...given].sort((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1));
  const loose = sources.length > 1 && sources.every(isLoose);
  const name = loose ? `${sources[0]?.name} and ${plural(sources.length - 1, 'more file')}` : undefined;
  start((found) => client.seed(sources, { announce: [TRACKER], ...(name ? { name } : {}) }, found), name ?? sources[0]?.name ?? 'Files');
}

function add(id: TorrentId, title: string): void {
  start((found) => client.add(id, found), title);
}

/** `make` tells which torrent it came to: one that is here already is shown, instead of twice. */
function start(make: (found: (torrent: Torrent) => void) => Torrent, title: string): void {
  try {
    const made = make((torrent) => torrent !== made && cards.get(torrent)?.scrollIntoView({ block: 'nearest' }));
    show(made, title);
  } catch (error) {
    complain(error as Error);
  }
}

function show(torrent: Torrent, title: string): void {
  const card = torrentCard(client, torrent, title, (text) => say(alerts, text, 'note'));
  cards.set(torrent, card);
  part(document, 'torrents').prepend(card);
}

function complain({ message }: Error): void {
  say(alerts, message, 'error');
}

/** A link to this page is as good as the magnet in it. */
function openText(text: string): void {
  const id = text.trim().replace(/^https?:[^#]*#(?=magnet:|[0-9a-z]{32,40}$)/i, '');
  if (id) add(id, new URLSearchParams(id.slice(id.indexOf('?') + 1)).get('dn') ?? id);
}

function openHash(): void {
  const hash = location.hash.slice(1);
  // Some programs escape all of a link's fragment when they pass it on.
  openText(/^magnet%3a/i.test(hash) ? (new URLSearchParams(`id=${hash}`).get('id') ?? '') : hash);
}

/** Whether it lies in no folder. */
function isLoose(source: Source): boolean {
  return source instanceof File ? !pathOf(source).includes('/') : source.kind === 'file';
}

function pathOf(source: Source): string {
  if (!(source instanceof File)) return source.name;
  const { fullPath, webkitRelativePath } = source as File & { fullPath?: string };
  return (fullPath ?? webkitRelativePath).replace(/^\//, '') || source.name;
}

function showEngine(phase: string, text: string): void {
  const engine = part(document, 'engine');
  engine.dataset['phase'] = phase;
  part(engine, 'engine-text').textContent = text;
}
