// Adds and removes torrents again and again, and counts what is left.

let openConnections = 0;
const close = RTCPeerConnection.prototype.close;
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...args) {
    super(...args);
    openConnections++;
  }
  close() {
    if (this.signalingState !== 'closed') openConnections--;
    close.call(this);
  }
};

/** One round: a magnet link that finds nobody and a small seed, at the tracker, and what a page does with them. */
async function round(made, tracker, number) {
  const hash = number.toString(16).padStart(40, '0');
  const lost = made.add(`magnet:?xt=urn:btih:${hash}&tr=${encodeURIComponent(tracker)}`);
  const seeded = made.seed(new File([bytes(40_000, number)], `${number}.bin`), { announce: [tracker] });
  const stop = new AbortController();
  const never = lost.whenReady({ signal: stop.signal }).catch(() => {});
  const closed = lost.whenDone().catch(() => {});
  await new Promise((resolve) => seeded.on('seed', resolve));
  await seeded.files[0].arrayBuffer();
  seeded.select(0, 1, 2);
  stop.abort();
  await Promise.all([never, lost.destroy(), made.remove(seeded), closed]);
}

/** Goes round so many times, and gives what the engine holds and how many connections are open. */
async function rounds(tracker, first, count) {
  window.going ??= client(tracker);
  for (let number = first; number < first + count; number++) await round(going, tracker, number);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const { engine } = await going.diagnose();
  return { ...engine, openConnections };
}
