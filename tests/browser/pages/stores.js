// Chunk stores of a page's own. There is no tracker: what one client seeds another gets over a channel of the page. Needs given.js.

/** An abstract-chunk-store in memory. `faults.put` and `faults.get` stand in for its methods. */
class MapStore {
  static made = [];
  chunks = new Map();
  ended = '';

  constructor(chunkLength, options) {
    Object.assign(this, { chunkLength, options });
    Object.assign(this, options.faults);
    MapStore.made.push(this);
  }

  put(index, data, callback) {
    this.chunks.set(index, data);
    queueMicrotask(() => callback(null));
  }

  get(index, { offset, length }, callback) {
    const chunk = this.chunks.get(index);
    queueMicrotask(() => (chunk ? callback(null, chunk.slice(offset, offset + length)) : callback(new Error('Chunk not found'))));
  }

  close(callback) {
    this.ended = 'closed';
    callback(null);
  }

  destroy(callback) {
    this.ended = 'destroyed';
    callback(null);
  }
}

async function fetchInto(options, asMagnet) {
  const from = await source();
  const to = watch(client([]).add(asMagnet ? from.magnetURI : from.torrentFile, options));
  if (!to.infoHash) await event(to, 'infoHash');
  const end = new Promise((resolve) => to.on('done', resolve).on('error', resolve));
  await channels((channel, side) => [from, to][side].addPeer(channel));
  return { from, to, error: await end };
}

async function download(asMagnet) {
  const { from, to } = await fetchInto({ store: MapStore, storeOpts: { extra: 7 } }, asMagnet);
  const [store] = MapStore.made;
  const same = (await sha256(await to.files[0].blob())) === (await sha256(await from.files[0].blob()));
  const { chunkLength, options } = store;
  const told = {
    same,
    chunkLength: chunkLength === to.pieceLength,
    length: options.length,
    files: options.files.map(({ path }) => path),
    name: options.name === `given.bin - ${to.infoHash.slice(0, 8)}`,
    torrent: options.torrent === to,
    extra: options.extra,
    chunks: store.chunks.size === to.pieces.length,
    view: to.store === store,
  };
  await to.destroy({ destroyStore: false });
  return { ...told, ended: store.ended };
}

/** A store that was filled before, and has one bad piece; then one that is believed. */
async function preloaded() {
  const from = await source();
  const store = new MapStore(from.pieceLength, {});
  const data = new Uint8Array(await from.files[0].arrayBuffer());
  for (let index = 0; index < from.pieces.length; index++) {
    store.chunks.set(index, data.slice(index * from.pieceLength, (index + 1) * from.pieceLength));
  }
  const again = () => client([]).add(from.torrentFile, { preloadedStore: store });
  const whole = watch(again());
  if (!whole.done) await event(whole, 'done');
  const same = (await sha256(await whole.files[0].blob())) === (await sha256(new Blob([data])));
  await whole.destroy({ destroyStore: false });
  store.chunks.get(1)[0] ^= 1;
  const damaged = watch(again());
  await damaged.whenReady();
  const missing = damaged.pieces.flatMap((_, index) => (damaged.bitfield.get(index) ? [] : [index]));
  await damaged.destroy({ destroyStore: false });
  const believed = watch(client([]).add(from.torrentFile, { preloadedStore: store, skipVerify: true }));
  await believed.whenDone();
  await believed.destroy();
  return { same, missing, ended: store.ended };
}

const faults = {
  throws: { put: () => { throw new Error('no disk'); } },
  fails: { put: (index, data, callback) => callback(new Error('full')) },
  twice: {
    put: (index, data, callback) => {
      callback(null);
      callback(null);
    },
  },
};

async function broken(name) {
  const { error, to } = await fetchInto({ store: MapStore, storeOpts: { faults: faults[name] } }, false);
  return { code: error?.code, message: error?.message, destroyed: to.destroyed, ended: MapStore.made[0].ended };
}

async function unmade() {
  class Unmade {
    constructor() {
      throw new Error('not today');
    }
  }
  const from = await source();
  const torrent = client([]).add(from.torrentFile, { store: Unmade });
  const error = await new Promise((resolve) => torrent.on('error', resolve));
  return { code: error.code, message: error.message };
}

/** Keeps account of what is read; takes calls as WebTorrent makes them, too. */
class CountingStore extends MapStore {
  got = [];

  get(index, options, callback) {
    this.got.push(index);
    const whole = { offset: 0, length: this.chunkLength };
    super.get(index, { ...whole, ...(typeof options === 'object' ? options : {}) }, callback ?? options);
  }
}

/** A seed of two files, and a store that has all its pieces, of which `damaged` are bad. */
async function filled(damaged = []) {
  const files = ['one.bin', 'two.bin'].map((name, seed) => new File([bytes(150_000, seed + 1)], name));
  const from = watch(client([]).seed(files, { name: 'both', announce: [], pieceLength: 16384 }));
  await event(from, 'seed');
  const data = new Uint8Array(await new Blob(await Promise.all(from.files.map((file) => file.blob()))).arrayBuffer());
  const store = new CountingStore(from.pieceLength, {});
  from.pieces.forEach((_, index) => store.chunks.set(index, data.slice(index * from.pieceLength, (index + 1) * from.pieceLength)));
  for (const index of damaged) store.chunks.get(index)[0] ^= 1;
  return { from, store };
}

const lacking = ({ pieces, bitfield }) => pieces.flatMap((_, index) => (bitfield.get(index) ? [] : [index]));

/** Adds it with a bitfield that lacks `unclaimed` and has `extra` bytes too many. */
async function claimed(library, { damaged = [], unclaimed = [], extra = 0, skipVerify = false, store: withStore = false }) {
  const { from, store } = await filled(damaged);
  const bitfield = new Uint8Array(Math.ceil(from.pieces.length / 8) + extra);
  from.pieces.forEach((_, index) => {
    if (!unclaimed.includes(index)) bitfield[index >> 3] |= 0x80 >> (index & 7);
  });
  const given = withStore ? { store: function () { return store; } } : { preloadedStore: store };
  const options = { ...given, bitfield, skipVerify, paused: true };
  const to = watch(client([], window[library]).add(from.torrentFile, options));
  if (!to.ready) await event(to, 'ready');
  const read = [...new Set(store.got)].sort((a, b) => a - b);
  return { missing: lacking(to), read: read.length === from.pieces.length ? 'all' : read, count: from.pieces.length };
}

/** The same for a magnet link, whose pieces are known when a peer has told of them. */
async function claimedLate(options) {
  const { from, store } = await filled(options.damaged);
  if (options.bitfield) options.bitfield = Uint8Array.from({ length: Math.ceil(from.pieces.length / 8) }, () => 0xff);
  const to = watch(client([]).add(from.magnetURI, { ...options, preloadedStore: store, deselect: true }));
  if (!to.infoHash) await event(to, 'infoHash');
  const found = new Promise((resolve) => to.on('verified', () => lacking(to).length === options.damaged.length && resolve()));
  await channels((channel, side) => [from, to][side].addPeer(channel));
  await found;
  const missing = lacking(to);
  const received = to.received;
  to.select(0, from.pieces.length - 1);
  await to.whenDone();
  const same = (await sha256(await to.files[1].blob())) === (await sha256(await from.files[1].blob()));
  return { missing, received, same };
}

/** How often the store is asked when a file is read twice. */
async function readTwice(storeCacheSlots) {
  const { from, store } = await filled();
  const to = watch(client([]).add(from.torrentFile, { preloadedStore: store, skipVerify: true, storeCacheSlots }));
  await to.whenDone();
  const asked = [];
  for (let time = 0; time < 2; time++) {
    await to.files[0].arrayBuffer();
    asked.push(store.got.splice(0).length);
  }
  return asked;
}
