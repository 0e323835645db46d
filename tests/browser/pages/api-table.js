// Looks at a library's objects at several moments of a download, the same way for Torrentide and WebTorrent.

/** A value, as far as two libraries can be compared by it. */
function look(object, name) {
  let value;
  try {
    value = object[name];
  } catch {
    return 'throws';
  }
  if (value === null || value === undefined || ['boolean', 'number', 'string'].includes(typeof value)) return plain(value);
  if (typeof value === 'function') return 'a function';
  if (value instanceof Date) return `a date: ${value.getTime()}`;
  if (value instanceof Blob) return `a blob: ${value.type}, ${value.size}`;
  if (ArrayBuffer.isView(value)) return `bytes: ${value.length}`;
  if (Array.isArray(value)) return `an array: ${value.length}`;
  return 'an object';
}

const plain = (value) => (value === Infinity ? 'Infinity' : value === undefined ? 'undefined' : value);

const lookAt = (object, names) => Object.fromEntries(names.map((name) => [name, look(object, name)]));

/** Records events as [who, event, what came with it]. */
function record(events, who, object, names) {
  for (const name of names) {
    object.on(name, (argument) => {
      const last = events.at(-1);
      // Progress comes as often as it likes.
      if (last?.[0] === who && last[1] === name) return;
      events.push([who, name, ['string', 'number'].includes(typeof argument) ? typeof argument : argument ? 'an object' : '']);
    });
  }
}

/** Downloads with the page's library and looks at everything on the way. `members` are the names to look at. */
async function survey(tracker, id, members, watched) {
  const looks = {};
  const events = [];
  const library = window.Torrentide;
  looks.statics = lookAt(library, members.statics);
  const made = new library(options(tracker));
  const at = (moment, torrent) => {
    looks[`client ${moment}`] = lookAt(made, members.client);
    if (torrent) looks[`torrent ${moment}`] = lookAt(torrent, members.torrent);
    if (torrent?.files?.length) looks[`file ${moment}`] = lookAt(torrent.files[0], members.file);
  };
  at('made');
  record(events, 'client', made, watched.client);
  await new Promise((resolve) => made.on('ready', resolve));
  at('ready');
  let calls = 0;
  const torrent = made.add(id, () => events.push(['callback', 'add', String(++calls)]));
  at('added', torrent);
  record(events, 'torrent', torrent, watched.torrent);
  torrent.on('infoHash', () => at('at infoHash', torrent));
  torrent.on('metadata', () => {
    at('at metadata', torrent);
    record(events, 'file', torrent.files[0], ['done']);
  });
  torrent.on('wire', (wire) => (looks['wire at wire'] = lookAt(wire, members.wire)));
  await event(torrent, 'done');
  await new Promise((resolve) => setTimeout(resolve, 100));
  at('when done', torrent);
  const wire = torrent.wires[0];
  await new Promise((resolve) => torrent.destroy(resolve));
  await new Promise((resolve) => setTimeout(resolve, 100));
  at('destroyed', torrent);
  made.destroy();
  looks['client destroyed'] = lookAt(made, members.client);
  return { looks, events, wire: wire !== undefined };
}

/** Seeds with the page's library. */
async function surveySeed(watched) {
  const events = [];
  const made = new window.Torrentide(options([]));
  record(events, 'client', made, watched.client);
  await new Promise((resolve) => made.on('ready', resolve));
  const torrent = made.seed(new File([bytes(100_000, 4)], 'seed.bin'), { announce: [] }, () =>
    events.push(['callback', 'seed', String(torrent.done)]),
  );
  record(events, 'torrent', torrent, watched.torrent);
  await event(torrent, 'seed');
  await new Promise((resolve) => setTimeout(resolve, 100));
  await made.remove(torrent);
  await new Promise((resolve) => setTimeout(resolve, 100));
  return events;
}

/** The public members of each kind of object of Torrentide, but those that every emitter has. */
async function membersThere(tracker, id) {
  const made = new window.Torrentide(options(tracker));
  const torrent = made.add(id);
  const wire = await new Promise((resolve) => torrent.on('wire', resolve));
  await torrent.whenDone();
  // What the library itself calls across its modules.
  const internal = new Set(['update', 'reached', 'heard', 'end', 'finish', 'selectIn', 'lose', 'makeFile', 'restored', 'apply', 'applyVerified', 'links', 'line', 'company', 'wanted', 'owner', 'begin', 'number', 'limits', 'screens', 'server', 'servedURL', 'expectRequest', 'requested']);
  return {
    statics: Object.getOwnPropertyNames(window.Torrentide).filter((name) => !(name in (() => {}) || name === 'prototype')),
    client: membersOf(made, internal),
    torrent: membersOf(torrent, internal),
    file: membersOf(torrent.files[0], internal),
    wire: membersOf(wire, internal),
  };
}

function membersOf(object, internal) {
  const emitter = new Set(['on', 'once', 'off', 'emit', 'addListener', 'removeListener', 'removeAllListeners', 'listenerCount']);
  ['prependListener', 'prependOnceListener', 'listeners', 'eventNames', 'setMaxListeners', 'constructor'].forEach((name) => emitter.add(name));
  const names = new Set();
  for (let from = object; from !== Object.prototype; from = Object.getPrototypeOf(from)) {
    for (const key of Reflect.ownKeys(from)) names.add(typeof key === 'symbol' ? `[${key.description}]` : key);
  }
  return [...names].filter((name) => !emitter.has(name) && !internal.has(name));
}
