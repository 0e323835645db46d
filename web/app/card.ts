// The card of one torrent: shows its state, its links, its files and what went wrong. It reads the torrent's properties and
// events; it knows nothing of the other torrents or of how this one came.

import type Torrentide from '../src/index';
import type { FileEntry, Torrent } from '../src/index';
import { copyText, fromTemplate, part, relabel, say } from './dom';
import { bytes, duration, percent, plural, speed } from './format';
import { offerPlayer } from './player';
import { canStream, canWriteFolders, saveButton } from './save';

/** Rows of the file list: a torrent may name more files than a page can show. */
const MAX_ROWS = 1_000;
const REFRESH_MS = 500;

/** Makes the card; it follows the torrent until the torrent is destroyed without an error. `tell` gets what is to be said without it. */
export function torrentCard(client: Torrentide, torrent: Torrent, title: string, tell: (text: string) => void): HTMLElement {
  const card = fromTemplate('card');
  const messages = part(card, 'messages');
  let failed = false;
  const show = (): void => showTorrent(card, torrent, title);

  for (const event of ['infoHash', 'ready', 'done', 'seed', 'wire'] as const) torrent.on(event, show);
  torrent.on('metadata', () => showFiles(card, torrent));
  torrent.on('warning', ({ message }) => say(messages, message, 'warning'));
  torrent.on('storageFull', show).on('storageRoom', () => {
    say(messages, 'There is room again: the download goes on.', 'note');
    show();
  });
  torrent.on('error', ({ code, message }) => {
    // It has a card already, which the page shows.
    if (code === 'ERR_DUPLICATE_TORRENT') return;
    failed = true;
    say(messages, message, 'error');
    showFailure(card, title);
  });
  const timer = setInterval(show, REFRESH_MS);
  torrent.on('close', () => {
    clearInterval(timer);
    if (!failed) card.remove();
  });

  for (const what of ['link', 'magnet']) {
    const button = part<HTMLButtonElement>(card, `copy-${what}`);
    button.addEventListener('click', () => void copyText(part(card, what), button));
  }
  const notSaved = (error: Error): void => say(messages, error.message, 'error');
  saveButton(part(card, 'save-zip'), (options) => torrent.save(options), notSaved);
  saveButton(part(card, 'save-folder'), (options) => torrent.save({ ...options, as: 'folder' }), notSaved);
  part(card, 'pause').addEventListener('click', () => {
    if (torrent.paused) torrent.resume();
    else torrent.pause();
    show();
  });
  part(card, 'remove').addEventListener('click', () => {
    const next = card.nextElementSibling ?? card.previousElementSibling;
    card.remove();
    // Who has no mouse goes on from there.
    part(next ?? document, next ? 'remove' : 'pick-files').focus();
    void remove(client, torrent, torrent.name ?? title, tell);
  });
  show();
  return card;
}

async function remove(client: Torrentide, torrent: Torrent, name: string, tell: (text: string) => void): Promise<void> {
  // Of one that failed nothing may be left.
  const freed = await client.remove(torrent).catch(() => 0);
  tell(freed ? `"${name}" was removed: ${bytes(freed)} freed.` : `"${name}" was removed.`);
}

/** The address of this page that opens the torrent in any browser. */
function pageLink(magnet: string): string {
  return `${location.origin}${location.pathname}#${magnet}`;
}

function showTorrent(card: HTMLElement, torrent: Torrent, title: string): void {
  if (torrent.destroyed) return;
  const name = torrent.name ?? title;
  const fraction = torrent.hashing && !torrent.ready ? torrent.hashing : torrent.progress;
  const progress = part<HTMLProgressElement>(card, 'progress');
  showName(card, name);
  setText(part(card, 'state'), stateText(torrent));
  const word = torrent.paused ? 'Resume' : 'Pause';
  relabel(part(card, 'pause'), word, `${word} ${name}`);
  progress.value = fraction;
  progress.setAttribute('aria-label', `Progress of ${name}`);
  part(card, 'percent').textContent = percent(fraction);
  part(card, 'size').textContent = torrent.length ? bytes(torrent.length) : '–';
  part(card, 'peers').textContent = String(torrent.numPeers);
  part(card, 'down').textContent = speed(torrent.downloadSpeed);
  part(card, 'up').textContent = speed(torrent.uploadSpeed);
  part(card, 'eta').textContent = torrent.done || torrent.paused ? '–' : duration(torrent.timeRemaining);
  if (torrent.magnetURI) showLinks(card, torrent, torrent.magnetURI);
  showFileProgress(card, torrent);
}

function showName(card: HTMLElement, name: string): void {
  setText(part(card, 'name'), name);
  card.setAttribute('aria-label', name);
  relabel(part(card, 'remove'), 'Remove', `Remove ${name}`);
}

function stateText(torrent: Torrent): string {
  if (torrent.paused) return torrent.done ? 'Paused: not shared.' : 'Paused.';
  if (torrent.done) return torrent.received ? 'Complete and checked. You are now sharing it.' : 'Ready to be downloaded by others.';
  if (torrent.storageFull) return 'Waiting: there is no room left. Remove something here or on your disk, and it goes on by itself.';
  if (torrent.hashing) return 'Reading the files …';
  if (torrent.ready && torrent.numPeers) return 'Downloading …';
  if (torrent.ready) return 'Waiting for somebody who has it …';
  if (torrent.numPeers) return 'Asking for the list of files …';
  return torrent.infoHash ? 'Looking for somebody who has it …' : 'Preparing …';
}

function showFailure(card: HTMLElement, title: string): void {
  showName(card, part(card, 'name').textContent || title);
  setText(part(card, 'state'), 'Stopped.');
  for (const hidden of ['progress', 'share', 'files', 'pause']) part(card, hidden).hidden = true;
  card.querySelector('dl')?.remove();
}

function showLinks(card: HTMLElement, torrent: Torrent, magnet: string): void {
  part<HTMLInputElement>(card, 'link').value = pageLink(magnet);
  part<HTMLInputElement>(card, 'magnet').value = magnet;
  const file = part<HTMLAnchorElement>(card, 'torrent-file');
  file.hidden = !torrent.torrentFile;
  if (torrent.torrentFileBlobURL) file.href = torrent.torrentFileBlobURL;
  file.download = `${torrent.name}.torrent`;
  part(card, 'share').hidden = false;
}

function showFiles(card: HTMLElement, torrent: Torrent): void {
  const { files } = torrent;
  const cut = files.length > MAX_ROWS ? `, the first ${MAX_ROWS} of them shown` : '';
  part(card, 'files-summary').textContent = plural(files.length, 'file') + cut;
  part(card, 'file-list').replaceChildren(...files.slice(0, MAX_ROWS).map((file) => fileRow(card, file)));
  part(card, 'files').hidden = false;
  part(card, 'save-zip').hidden = files.length < 2;
  part(card, 'save-folder').hidden = files.length < 2 || !canWriteFolders;
  showFileProgress(card, torrent);
}

function fileRow(card: HTMLElement, file: FileEntry): HTMLElement {
  const row = fromTemplate('file-row');
  part(row, 'file-name').textContent = belowTop(file.path);
  offerPlayer(row, file, (message) => say(part(card, 'messages'), message, 'error'));
  const save = part<HTMLButtonElement>(row, 'save');
  save.setAttribute('aria-label', `Save ${file.name}`);
  saveButton(save, (options) => file.save(options), (error) => say(part(card, 'messages'), error.message, 'error'));
  return row;
}

/** The path without the folder that all files of a torrent share: the card is titled with it. */
function belowTop(path: string): string {
  return path.slice(path.indexOf('/') + 1);
}

function showFileProgress(card: HTMLElement, torrent: Torrent): void {
  const rows = part(card, 'file-list').children;
  torrent.files.slice(0, rows.length).forEach((file, index) => {
    const row = rows[index] as HTMLElement;
    const done = file.done || torrent.done;
    part(row, 'file-size').textContent = done ? bytes(file.length) : `${percent(file.progress)} of ${bytes(file.length)}`;
    part<HTMLButtonElement>(row, 'save').disabled = !done && !canStream;
  });
  part<HTMLButtonElement>(card, 'save-zip').disabled = !torrent.done && !canStream;
}

/** Only when it changes: a screen reader reads every write. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
