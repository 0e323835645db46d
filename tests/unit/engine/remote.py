"""A torrent among peers of which a test is each, and speaks for them byte for byte."""

import hashlib
import itertools
import random

from simulation.world import make_torrent
from torrentide.discovery.glare import LinkKey
from torrentide.engine.limits import Limits
from torrentide.engine.peer import Peer
from torrentide.engine.torrent import Torrent
from torrentide.errors import TorrentideError
from torrentide.metainfo import bencode
from torrentide.metainfo.create import build_info
from torrentide.metainfo.info import Info, parse_info
from torrentide.timers import Timers
from torrentide.wire import messages
from torrentide.wire.handshake import Handshake, parse_handshake
from unit.recorders import HeldDigest, HeldStore, RecordedTransport

B = 16 * 1024
OURS = b"-TD0100-MMMMMMMMMMMM"


class Heard:
    """An observer, and all that it was told."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.left: list[tuple[int, str]] = []
        self.closed: list[int] = []
        self.warnings: list[str] = []
        self.errors: list[TorrentideError] = []

    def metadata(self, now: float) -> None:
        self.events.append("metadata")

    def verified(self, index: int, now: float) -> None:
        self.events.append(f"verified {index}")

    def unverified(self, index: int, now: float) -> None:
        self.events.append(f"unverified {index}")

    def full(self, error: TorrentideError, now: float) -> None:
        self.events.append("full")

    def room(self, now: float) -> None:
        self.events.append("room")

    def done(self, now: float) -> None:
        self.events.append("done")

    def peer_joined(self, peer: Peer, now: float) -> None:
        self.events.append(f"joined {peer.link}")

    def peer_left(self, peer: Peer, reason: str, now: float) -> None:
        self.events.append(f"left {peer.link}")
        self.left.append((peer.link, reason))

    def link_closed(self, link: int) -> None:
        self.closed.append(link)

    def warning(self, error: TorrentideError) -> None:
        self.warnings.append(str(error))

    def failed(self, error: TorrentideError) -> None:
        self.errors.append(error)


class Remote:
    """The other end of a connection."""

    def __init__(self, it: "Fixture", link: int, peer_id: bytes, key: LinkKey | None) -> None:
        self.it = it
        self.link = link
        self.peer_id = peer_id
        self.transport = RecordedTransport()
        it.torrent.connected(link, key, self.transport, it.now)
        self.greeting = parse_handshake(self.transport.take())

    def hello(self, *, fast: bool = True, extended: bool = True, info_hash: bytes | None = None) -> "Remote":
        """Shake hands; what we say to that is dropped."""
        info_hash = info_hash or self.it.info.info_hash
        self.say(Handshake(info_hash, self.peer_id, extended, fast).to_bytes())
        return self

    def say(self, *parts: bytes) -> "Remote":
        """Send."""
        self.it.torrent.received(self.link, b"".join(parts), self.it.now)
        return self

    def heard(self) -> list[messages.Message]:
        """What it was sent since the last call."""
        return self.transport.messages()

    def requests(self) -> list[messages.Request]:
        """What it was asked for since the last call."""
        return [message for message in self.heard() if isinstance(message, messages.Request)]

    def give(self, *, false: bool = False) -> int:
        """Deliver what it is asked for, until it is asked no more; the number of blocks."""
        count = 0
        while asked := self.requests():
            for block in asked:
                if self.dropped:
                    return count
                start = block.index * self.it.info.piece_length + block.begin
                data = self.it.data[start : start + block.length]
                count += 1
                self.say(
                    messages.piece_header(block.index, block.begin, len(data)),
                    bytes(len(data)) if false else data,
                )
            if self.dropped:
                return count
        return count

    @property
    def dropped(self) -> bool:
        assert self.transport.closed == (self.link in self.it.heard.closed)
        return self.transport.closed

    @property
    def peer(self) -> Peer:
        return self.it.torrent.peers[self.link]


class Fixture:
    """A torrent of `pieces` pieces of two blocks, the last one of them short."""

    def __init__(
        self,
        pieces: int = 3,
        *,
        seeding: bool = False,
        super_seeding: bool = False,
        magnet: bool = False,
        private: bool = False,
        padded: bool = False,
        heard: Heard | None = None,
    ) -> None:
        info, self.data = make_torrent(random.Random(1), pieces * 2 * B - 5, 2 * B)
        files = [(("file",), info.length)]
        self.info = build_info("file", files, info.piece_length, info.hashes, private=private)
        if padded:
            self.info, self.data = make_padded()
        self.now = 0.0
        self.timers, self.digest, self.heard = Timers(), HeldDigest(), heard or Heard()
        self.store = HeldStore(self.info, self.data if seeding else b"")
        self.opened: list[Info] = []
        self.links = itertools.count(1)
        self.client_limits = Limits()
        self.torrent = Torrent(
            self.info.info_hash,
            OURS,
            observer=self.heard,
            open_store=self.open_store,
            digest=self.digest,
            timers=self.timers,
            rng=random.Random(1),
            client_limits=self.client_limits,
        )
        self.torrent.start(0.0, None if magnet else self.info, seeding=seeding, super_seeding=super_seeding)

    def open_store(self, info: Info) -> HeldStore:
        self.opened.append(info)
        return self.store

    def remote(self, peer_id: bytes | None = None, key: LinkKey | None = None) -> Remote:
        """A channel that opened just now."""
        link = next(self.links)
        return Remote(self, link, peer_id or b"-XX0001-%012d" % link, key)

    def seed(self) -> Remote:
        """A peer that has everything and serves us."""
        return self.remote().hello().say(messages.HAVE_ALL, messages.UNCHOKE)

    def leech(self, *, fast: bool = True) -> Remote:
        """A peer that wants everything and hears of it; it is unchoked while there is room."""
        remote = self.remote().hello(fast=fast).say(messages.INTERESTED)
        remote.heard()
        return remote

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while (due := self.timers.next_due) is not None and due <= end:
            self.now = due
            self.timers.run(due)
        self.now = end


def make_padded() -> tuple[Info, bytes]:
    """Three pieces of two blocks: a file of one and a half, padding behind it and alone, and a file of
    one and a half with the last padding behind it."""
    file, pad = random.Random(3).randbytes(B + B // 2), bytes(B // 2)
    data = file + pad + bytes(2 * B) + file + pad
    hashes = b"".join(hashlib.sha1(data[start : start + 2 * B]).digest() for start in range(0, 6 * B, 2 * B))
    lengths = [(b"a", len(file)), (None, len(pad) + 2 * B), (b"b", len(file)), (None, len(pad))]
    entries = [
        {b"length": length, b"path": [name]} if name else {b"length": length, b"attr": b"p"}
        for name, length in lengths
    ]
    return parse_info(
        bencode.encode({b"files": entries, b"name": b"t", b"piece length": 2 * B, b"pieces": hashes})
    ), data
