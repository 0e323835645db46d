"""Extensions of the wire protocol that a page speaks itself (BEP 10; `wire.use` in the page).

Owns their passage between the page and the peers of one torrent, and the bounds on it. It never knows what
their messages mean.
"""

import functools
from collections.abc import Callable
from typing import Any

from torrentide.engine.peer import Peer
from torrentide.engine.torrent import Torrent
from torrentide.errors import LocalError, PeerError
from torrentide.metainfo import bencode
from torrentide.wire import messages
from torrentide.wire.connection import MAX_MESSAGE_LENGTH

# The engine's own included; libtorrent's dozen of plugins has room in it.
MAX_EXTENSIONS = 32
MAX_NAME_CHARS = 64
# Keys that a page adds to the handshake: a quarter of what is read of one.
MAX_HANDSHAKE_BYTES = 16 * 1024
# Number and extension number of a message stand before its payload.
MAX_PAYLOAD = MAX_MESSAGE_LENGTH - 2
# What the page has not taken yet of one peer; a message counts this much more than its bytes.
MAX_WAITING = 4 * 1024 * 1024
MESSAGE_COST = 1024
# Chromium takes no more in one message of a channel.
MAX_SENT = 128 * 1024


class PageWires:
    """The wires of a torrent. `tell` is given an event of the torrent for the page: see TorrentEvent in
    protocol.ts."""

    def __init__(self, tell: Callable[[list[Any]], None]) -> None:
        self._tell = tell
        self._waiting: dict[int, int] = {}

    def joined(self, peer: Peer) -> dict[str, Any]:
        """A peer is there; gives what WireInfo says of its extensions."""
        self._waiting[peer.link] = 0
        peer.extensions.listener = functools.partial(self._on_message, peer.link, "")
        greeting = peer.connection.handshake
        return {
            "extended": greeting is not None and greeting.extended,
            "dht": greeting is not None and greeting.dht,
            "fast": peer.fast,
            "extensions": list(peer.extensions.ids),
        }

    def left(self, peer: Peer) -> None:
        """It is gone."""
        self._waiting.pop(peer.link, None)

    def use(self, torrent: Torrent, link: int, names: list[str], others: bytes, now: float) -> None:
        """Have the messages of these extensions given to the page, and tell the peer by a further handshake,
        which also has the bencoded dictionary `others`. LocalError beyond the bounds."""
        peer = torrent.peers.get(link)
        if peer is None:
            return
        extensions = peer.extensions
        new = [name for name in dict.fromkeys(names) if name not in extensions.ids]
        if len(extensions.ids) + len(new) > MAX_EXTENSIONS or any(len(name) > MAX_NAME_CHARS for name in new):
            raise LocalError(f"at most {MAX_EXTENSIONS} extensions with names of {MAX_NAME_CHARS} characters")
        extensions.others = _dictionary(others)
        for name in new:
            extensions.register(name, functools.partial(self._on_message, link, name))
        torrent.tell_extensions(peer, now)

    def send(self, torrent: Torrent, link: int, number: int, payload: bytes, now: float) -> None:
        """Send a message of the extension to which the peer gave that number. Nothing is sent to a peer that
        is gone; LocalError when it is too long."""
        peer = torrent.peers.get(link)
        if peer is None:
            return
        if len(payload) > MAX_PAYLOAD:
            raise LocalError(f"an extended message has at most {MAX_PAYLOAD} bytes, not {len(payload)}")
        data = messages.extended(number, payload)
        for start in range(0, len(data), MAX_SENT):
            peer.send(data[start : start + MAX_SENT], now)
        torrent.check_unsent(peer, now)

    def took(self, link: int, size: int) -> None:
        """The page has dealt with a message of `size` bytes."""
        if link in self._waiting:
            self._waiting[link] -= size + MESSAGE_COST

    def _on_message(self, link: int, name: str, payload: bytes, now: float) -> None:
        """A message of a peer, or, without a name, its handshake."""
        waiting = self._waiting.get(link, 0) + len(payload) + MESSAGE_COST
        if waiting > MAX_WAITING:
            raise PeerError("it sends more extended messages than the page takes")
        self._waiting[link] = waiting
        self._tell(["extended", link, name, bytes(payload)])


def _dictionary(data: bytes) -> dict[bytes, Any]:
    if len(data) > MAX_HANDSHAKE_BYTES:
        raise LocalError(f"the keys of an extended handshake take at most {MAX_HANDSHAKE_BYTES} bytes")
    found = bencode.decode(data)
    if not isinstance(found, dict):
        raise LocalError("the keys of an extended handshake are no dictionary")
    return found
