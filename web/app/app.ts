// The page: joins its forms, drops and links to one client. It owns the list of cards and the words for the engine's start; how
// a torrent looks, its card knows.

import type TorrentideClass from '../src/index';
import type { TorrentId, Torrent } from '../src/index';
import { torrentCard } from './card';
import { part, say } from './dom';
import { acceptDrops } from './drop';
import { plural } from './format';

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
picker('pick-files', 'files-input', take);
picker('pick-folder', 'folder-input', seed);
picker('pick-torrent', 'torrent-input', (files) => files.forEach((file) => add(file, file.name)));
part(document, 'open-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const input = part<HTMLInputElement>(document, 'open-id');
  openText(input.value);
  input.value = '';
});
addEventListener('hashchange', openHash);
openHash();

/** Files that were dropped or picked: .torrent files are opened, all else is shared. */
function take(files: File[]): void {
  if (files.length > 0 && files.every(({ name }) => name.endsWith('.torrent'))) files.forEach((file) => add(file, file.name));
  else seed(files);
}

function seed(files: File[]): void {
  const loose = files.length > 1 && files.every((file) => folderOf(file) === '');
  const name = loose ? `${files[0]?.name} and ${plural(files.length - 1, 'more file')}` : undefined;
  start(() => client.seed(files, { announce: [TRACKER], ...(name ? { name } : {}) }), name ?? files[0]?.name ?? 'Files');
}

function add(id: TorrentId, title: string): void {
  start(() => client.add(id), title);
}

function start(make: () => Torrent, title: string): void {
  try {
    part(document, 'torrents').prepend(torrentCard(make(), title));
  } catch (error) {
    say(alerts, error instanceof Error ? error.message : String(error), 'error');
  }
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

function picker(buttonId: string, inputId: string, use: (files: File[]) => void): void {
  const input = part<HTMLInputElement>(document, inputId);
  part(document, buttonId).addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    use([...(input.files ?? [])]);
    input.value = '';
  });
}

function folderOf(file: File & { fullPath?: string }): string {
  return (file.fullPath ?? file.webkitRelativePath).replace(/^\//, '').split('/').slice(0, -1).join('/');
}

function showEngine(phase: string, text: string): void {
  const engine = part(document, 'engine');
  engine.dataset['phase'] = phase;
  part(engine, 'engine-text').textContent = text;
}
