// What the browser tests ask of a page, over the public API alone. Files are made here from a number, so that both ends can make
// the same bytes, and are compared by SHA-256.

const options = (tracker) => ({ tracker: { announce: [].concat(tracker), rtcConfig: { iceServers: [] } } });
const made = [];

function bytes(size, seed) {
  const words = new Uint32Array(Math.ceil(size / 4));
  let x = (seed * 2654435761) >>> 0 || 1;
  for (let i = 0; i < words.length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    words[i] = x;
  }
  return new Uint8Array(words.buffer, 0, size);
}

async function sha256(blob) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function client(tracker, library = window.Torrentide) {
  const made_ = new library(options(tracker));
  made_.on('error', (error) => log.push(['client error', error.code, error.message]));
  made.push(made_);
  return made_;
}

const log = (window.log = []);
const watched = ['infoHash', 'metadata', 'ready', 'done', 'seed', 'warning', 'error', 'wire', 'close'];

function watch(torrent) {
  for (const name of watched) {
    torrent.on(name, (argument) => log.push([name, argument?.code ?? '', argument?.message ?? argument?.peerId ?? '']));
  }
  return torrent;
}

const describe = async (torrent) => ({
  infoHash: torrent.infoHash,
  magnetURI: torrent.magnetURI,
  torrentFile: Array.from(torrent.torrentFile),
  name: torrent.name,
  length: torrent.length,
  files: torrent.files.map(({ path, length }) => [path, length]),
});

/** Longer than any transfer here, and shorter than a tracker's interval: a lost first try must not be healed by a second. */
const LIMIT_MS = 60_000;

const event = (torrent, name) =>
  new Promise((resolve, reject) => {
    torrent.on(name, resolve).on('error', reject);
    setTimeout(() => reject(new Error(`no ${name} within ${LIMIT_MS / 1000} s`)), LIMIT_MS);
  });

/** Seeds files given as [path, size, number]; gives what the other side needs, and the SHA-256 of each file. */
async function seed(tracker, files, seedOptions = {}, library = window.Torrentide) {
  const inputs = files.map(([path, size, number]) => {
    const file = new File([bytes(size, number)], path.split('/').at(-1));
    if (path.includes('/')) Object.defineProperty(file, 'fullPath', { value: `/${path}` });
    return file;
  });
  const torrent = watch(client(tracker, library).seed(inputs, { announce: [].concat(tracker), ...seedOptions }));
  await event(torrent, 'seed');
  window.torrent = torrent;
  return { ...(await describe(torrent)), sums: await Promise.all(inputs.map(sha256)) };
}

/** Downloads, and gives the SHA-256 of each file. */
async function leech(tracker, id, library = window.Torrentide) {
  if (Array.isArray(id)) id = new Uint8Array(id);
  const started = performance.now();
  const torrent = watch(client(tracker, library).add(id));
  window.torrent = torrent;
  let begun = started;
  torrent.on('metadata', () => (begun = performance.now()));
  await event(torrent, 'done');
  const seconds = (performance.now() - started) / 1000;
  const payloadSeconds = (performance.now() - begun) / 1000;
  const sums = [];
  for (const file of torrent.files) sums.push(await sha256(await file.blob()));
  return { ...(await describe(torrent)), sums, seconds, payloadSeconds, uploaded: torrent.uploaded, received: torrent.received };
}

/** Starts the engine, so that what comes next begins at once. */
async function boot() {
  const first = client([]);
  if (!first.ready) await new Promise((resolve) => first.on('ready', resolve));
}

/** Seconds from the moment when the page has a file to seeding it, and the bytes of storage in use then. */
async function timeSeed() {
  const [file] = document.querySelector('input').files;
  const seeder = client([]);
  const started = performance.now();
  await event(watch(seeder.seed(file, { announce: [] })), 'seed');
  const seconds = (performance.now() - started) / 1000;
  return [seconds, (await navigator.storage.estimate()).usage];
}
