// An extension as pages write them for bittorrent-protocol, spoken by the page's library.

const said = (window.said = []);
const text = (bytes) => new TextDecoder().decode(bytes);

/** Says hello with the nickname of this side, and answers each message in the other's words. */
function chat(nickname) {
  class Chat {
    constructor(wire) {
      this.wire = wire;
      wire.extendedHandshake.nickname = nickname;
    }
    onHandshake(infoHash, peerId, extensions) {
      said.push(['handshake', infoHash, peerId.length, extensions.extended]);
    }
    onExtendedHandshake(handshake) {
      said.push(['extended handshake', text(handshake.nickname), typeof handshake.m.ut_chat]);
      this.wire.extended('ut_chat', { from: nickname, numbers: [1, 2] });
    }
    onMessage(data) {
      said.push(['message', text(data)]);
      if (data[0] === 'd'.charCodeAt(0)) this.wire.ut_chat.answer(data);
    }
    answer(data) {
      this.wire.extended('ut_chat', new TextEncoder().encode(`${nickname} heard ${text(data)}`));
    }
  }
  Chat.prototype.name = 'ut_chat';
  return Chat;
}

/** Seeds, or downloads by a magnet link, and speaks the extension on each wire. Resolves when the torrent is there. */
async function talk(tracker, magnetURI, nickname) {
  const made = client(tracker);
  window.torrent = magnetURI
    ? made.add(magnetURI)
    : made.seed(new File([bytes(100_000, 9)], 'chat.bin'), { announce: [tracker] });
  torrent.on('wire', (wire) => {
    window.wire = wire;
    wire.use(chat(nickname));
    wire.on('extended', (name) => said.push(['event', name]));
  });
  await event(torrent, magnetURI ? 'infoHash' : 'seed');
  return torrent.magnetURI;
}

/** Resolves when all was said. */
async function talked() {
  const heard = () => new Set(said.filter(([kind]) => kind === 'message').map(([, text]) => text)).size === 2;
  for (let tries = 0; !heard() && tries < 600; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  return said;
}
