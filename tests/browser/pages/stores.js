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
