// A peer that finds honest ones through the tracker, and then sends what it should not.

const latin1 = (length) => Array.from({ length }, () => String.fromCharCode(33 + Math.floor(Math.random() * 90))).join('');
const fromHex = (hex) => hex.match(/../g).map((pair) => String.fromCharCode(parseInt(pair, 16))).join('');

/** What a peer says of itself in the extended handshake (BEP 10). */
function introduction(client) {
  const payload = `d1:md11:ut_metadatai1ee1:v${client.length}:${client}e`;
  const bytes = Uint8Array.from(`\0\0\0\0\x14\0${payload}`, (character) => character.charCodeAt(0));
  new DataView(bytes.buffer).setUint32(0, payload.length + 2);
  return bytes;
}

function handshake(infoHash, peerId) {
  const text = `\x13BitTorrent protocol\0\0\0\0\0\x10\0\x04${infoHash}${peerId}`;
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const ATTACKS = {
  garbage: (channel) => channel.send(crypto.getRandomValues(new Uint8Array(5000))),
  'oversized length': (channel, greet) => {
    greet();
    channel.send(new Uint8Array([0x7f, 0xff, 0xff, 0xff, 7]));
  },
  'wrong info-hash': (channel, greet) => greet(latin1(20)),
  text: (channel) => channel.send('hello'),
  markup: (channel, greet) => {
    greet();
    channel.send(introduction('<b data-evil>client</b>'));
  },
  'request beyond the end': (channel, greet) => {
    greet();
    channel.send(new Uint8Array([0, 0, 0, 13, 6, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0x40, 0]));
  },
};

/** Answers the first offer for `infoHash`, attacks, and waits to be disconnected. */
async function attack(tracker, hex, name) {
  const infoHash = fromHex(hex);
  const peerId = `-XX0000-${latin1(12)}`;
  const socket = new WebSocket(tracker);
  await new Promise((resolve) => (socket.onopen = resolve));
  const tell = (fields) => socket.send(JSON.stringify({ action: 'announce', info_hash: infoHash, peer_id: peerId, ...fields }));
  tell({ event: 'started', left: 1, uploaded: 0, downloaded: 0, numwant: 0, offers: [] });
  const message = await new Promise((resolve) => {
    socket.onmessage = ({ data }) => {
      const parsed = JSON.parse(data);
      if (parsed.offer) resolve(parsed);
    };
  });
  const peer = new RTCPeerConnection({ iceServers: [] });
  const closed = new Promise((resolve) => {
    setTimeout(() => resolve('still connected'), 30_000);
    peer.ondatachannel = ({ channel }) => {
      channel.onclose = () => resolve('disconnected');
      channel.onopen = () =>
        ATTACKS[name](channel, (other = infoHash) => channel.send(handshake(other, peerId)));
    };
  });
  await peer.setRemoteDescription(message.offer);
  await peer.setLocalDescription();
  await new Promise((resolve) => {
    peer.onicegatheringstatechange = () => peer.iceGatheringState === 'complete' && resolve();
    if (peer.iceGatheringState === 'complete') resolve();
  });
  tell({ answer: peer.localDescription, offer_id: message.offer_id, to_peer_id: message.peer_id });
  return closed;
}
