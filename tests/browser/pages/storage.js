// What the tests of stored torrents ask of a page, beside helpers.js. A client without trackers meets nobody.

const alone = (options = {}) => {
  const made_ = new Torrentide({ tracker: false, ...options });
  made_.on('error', (error) => log.push(['client error', error.code, error.message]));
  made.push(made_);
  return made_;
};

const sums = async (torrent) => {
  const found = [];
  for (const file of torrent.files) found.push(await sha256(await file.blob()));
  return found;
};

/** What a stored torrent has after it was added again, without any peer. */
async function resumed(id, options = {}) {
  if (Array.isArray(id)) id = new Uint8Array(id);
  const client_ = alone();
  await client_.whenReady();
  const started = performance.now();
  const torrent = watch(client_.add(id, options));
  window.torrent = torrent;
  const warnings = [];
  torrent.on('warning', (error) => warnings.push([error.code, error.message]));
  await torrent.whenReady({ signal: AbortSignal.timeout(20_000) });
  const milliseconds = performance.now() - started;
  return { ...standing(torrent), milliseconds, warnings };
}

const standing = (torrent) => ({
  name: torrent.name,
  done: torrent.done,
  downloaded: torrent.downloaded,
  received: torrent.received,
  here: Array.from({ length: torrent.pieceCount }, (_, index) => torrent.bitfield.get(index)).filter(Boolean).length,
  pieces: torrent.pieceCount,
  paused: torrent.paused,
  limit: torrent.downloadLimit,
  wanted: Array.from(torrent.pieceMap, (state) => state !== 3),
});

/** The stored files, with their sizes. */
async function stored(folder) {
  folder ??= await navigator.storage.getDirectory();
  const found = {};
  for await (const [name, handle] of folder.entries()) {
    if (handle.kind === 'file') found[name] = (await handle.getFile()).size;
    else for (const [below, size] of Object.entries(await stored(handle))) found[`${name}/${below}`] = size;
  }
  return found;
}

const at = async (path) => {
  let folder = await navigator.storage.getDirectory();
  const names = path.split('/');
  for (const name of names.slice(0, -1)) folder = await folder.getDirectoryHandle(name);
  return [folder, names.at(-1)];
};

/** Changes a stored file: `{ size }` cuts it off, `{ flip }` inverts the byte there, `{ bytes }` puts others in its place. */
async function damage(path, { size, flip, bytes: given }) {
  const [folder, name] = await at(path);
  const handle = await folder.getFileHandle(name);
  const data = new Uint8Array(await (await handle.getFile()).arrayBuffer());
  if (flip !== undefined) data[flip] ^= 0xff;
  const out = await handle.createWritable();
  await out.write(given ? new Uint8Array(given) : data.subarray(0, size ?? data.length));
  await out.close();
}

async function swap(one, other) {
  const files = [];
  for (const path of [one, other]) {
    const [folder, name] = await at(path);
    files.push(Array.from(new Uint8Array(await (await (await folder.getFileHandle(name)).getFile()).arrayBuffer())));
  }
  await damage(one, { bytes: files[1] });
  await damage(other, { bytes: files[0] });
}
