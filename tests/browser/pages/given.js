// Peers that a page connects by itself: data channels, and simple-peer as WebTorrent has it. There is no tracker.

/** A client with a seed of a page's own. */
async function source(library = window.Torrentide) {
  const torrent = watch(client([], library).seed(new File([bytes(600_000, 5)], 'given.bin'), { announce: [] }));
  await event(torrent, 'seed');
  return torrent;
}

const target = async (from, library = window.Torrentide) => {
  const torrent = watch(client([], library).add(from.infoHash));
  if (!torrent.infoHash) await event(torrent, 'infoHash');
  return torrent;
};

/** Two ends of a connection; `give` gets each channel in the task that makes it. */
async function channels(give) {
  const [one, two] = [new RTCPeerConnection(), new RTCPeerConnection()];
  one.onicecandidate = ({ candidate }) => two.addIceCandidate(candidate);
  two.onicecandidate = ({ candidate }) => one.addIceCandidate(candidate);
  two.ondatachannel = ({ channel }) => give(channel, 1);
  give(one.createDataChannel('given'), 0);
  await one.setLocalDescription();
  await two.setRemoteDescription(one.localDescription);
  await two.setLocalDescription();
  await one.setRemoteDescription(two.localDescription);
}

/** Downloads over channels that are given at once, or once they are open. */
async function byChannels(wait) {
  const from = await source();
  const to = await target(from);
  const added = [];
  await channels((channel, side) => {
    const torrent = [from, to][side];
    const add = () => added.push(torrent.addPeer(channel));
    if (!wait) add();
    else if (channel.readyState === 'open') add();
    else channel.onopen = add;
  });
  await event(to, 'done');
  return { added, same: (await sha256(await to.files[0].blob())) === (await sha256(new Blob([bytes(600_000, 5)]))) };
}

/** Downloads over a pair of simple-peers; `libraries` are those of the seed and of the leech. */
async function bySimplePeers(libraries) {
  const from = await source(libraries[0]);
  const to = await target(from, libraries[1]);
  const peers = [true, false].map((initiator) => new SimplePeer({ initiator, config: { iceServers: [] } }));
  peers.forEach((peer, side) => peer.on('signal', (signal) => peers[1 - side].signal(signal)));
  window.peers = peers;
  const added = [from.addPeer(peers[0]), to.addPeer(peers[1])];
  await event(to, 'done');
  const ended = libraries[1] === window.Torrentide ? new Promise((resolve) => peers[1].on('close', resolve)) : null;
  const wire = to.wires[0];
  to.removePeer(wire.peerId);
  await ended;
  return { added, type: wire.type, same: (await sha256(await to.files[0].blob())) === (await sha256(new Blob([bytes(600_000, 5)]))) };
}

/** Removes a peer by what was given: `early` before the connection is there, else when it is; `stream` by a simple-peer. */
async function removed({ stream, early, wait }) {
  const from = await source();
  const to = await target(from);
  const mine = {};
  const add = (peer, side) => {
    if (side === 1) mine.peer = peer;
    if (![from, to][side].addPeer(peer)) throw new Error('not added');
    if (side === 1 && early) to.removePeer(peer);
  };
  const seen = { wires: 0, closed: [] };
  to.on('wire', (wire) => {
    seen.wires++;
    wire.on('close', () => seen.closed.push('wire'));
  });
  if (stream) {
    const peers = [true, false].map((initiator) => new SimplePeer({ initiator, config: { iceServers: [] } }));
    peers.forEach((peer, side) => peer.on('signal', (signal) => peers[1 - side].signal(signal)));
    peers.forEach(add);
  } else {
    await channels((channel, side) => {
      const give = () => add(channel, side);
      if (!wait || channel.readyState === 'open') give();
      else channel.onopen = give;
    });
  }
  if (!early) {
    if (!to.wires.length) await event(to, 'wire');
    const wire = to.wires[0];
    to.removePeer({ id: 'nobody' });
    to.removePeer(mine.peer);
    if (!wire.destroyed) await event(wire, 'close');
  }
  to.removePeer(mine.peer);
  // A round to the engine and back: what it had to say is here.
  await to.client.diagnose();
  return { ...seen, numPeers: to.numPeers, again: to.addPeer(mine.peer), links: (await to.client.diagnose()).engine.links };
}
