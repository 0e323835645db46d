"""Hostile peers: programs of their own on the simulated wires, each with one bad habit.

They find the swarm through its tracker as everybody does, come back when they are thrown out, and write raw
bytes. The base class behaves; a habit is a small class that overrides what it does badly. None of it uses
the engine.
"""

import random
from collections.abc import Callable, Iterator

from simulation.hosts import Host
from simulation.network import End
from simulation.world import World
from torrentide.discovery import signalling
from torrentide.errors import PeerError
from torrentide.metainfo import bencode
from torrentide.metainfo.info import Info
from torrentide.ports import Transport
from torrentide.wire import messages
from torrentide.wire.connection import Connection
from torrentide.wire.extensions.metadata import MetadataMessage, metadata_piece, parse_metadata_message
from torrentide.wire.handshake import Handshake

# How they know each other: they don't meet.
PREFIX = b"-XX0001-"
OFFERS = 5
# How often it announces itself anew: it wants back in.
RETURN_SECONDS = 20.0
UT_METADATA = 3


class Wire:
    """An open link, with what came over it cut into messages. `number` is the other side's ut_metadata."""

    def __init__(self, end: End) -> None:
        self.end = end
        self.connection = Connection()
        self.number = 0
        self.opened_at = end.clock.now
        self.peer_id: bytes | None = None

    def send(self, *parts: bytes) -> None:
        """Send bytes as one message of the channel."""
        if self.end.open:
            self.end.send(b"".join(parts))


class Hostile:
    """A peer that has everything and serves it well: what the bad ones are made from. `lives` are the seconds
    that each of its links lasted until the other side ended it."""

    def __init__(self, world: World, info: Info, data: bytes, tracker: str, upload: float = 1e9) -> None:
        self.world = world
        self.info = info
        self.data = data
        self.tracker = tracker
        self.rng = random.Random(world.rng.random())
        self.peer_id = PREFIX + self.rng.randbytes(12)
        self.host = Host(world.network, world.line(upload))
        self.host.listener = self
        self.wires: dict[int, Wire] = {}
        self.lives: list[float] = []
        self.met: set[bytes] = set()
        self._offers: dict[bytes, int] = {}
        self._described: dict[int, Callable[[str], None]] = {}
        self.host.sockets.open(tracker)

    # -- Signalling

    def socket_open(self, url: str, now: float) -> None:
        """Announce, and again and again."""
        self._offers.clear()
        gathered: list[signalling.Offer] = []

        def described(offer_id: bytes, sdp: str) -> None:
            gathered.append(signalling.Offer(offer_id, sdp))
            if len(gathered) == OFFERS:
                self._announce(gathered)

        for _ in range(OFFERS):
            offer_id, link = self.rng.randbytes(20), next(self.world.numbers)
            self._offers[offer_id] = link
            self._described[link] = lambda sdp, offer_id=offer_id: described(offer_id, sdp)  # type: ignore[misc]
            self.host.offer(link)
        self.world.later(RETURN_SECONDS, lambda: self.socket_open(url, self.world.now))

    def _announce(self, offers: list[signalling.Offer]) -> None:
        text = signalling.announce(
            self.info.info_hash, self.peer_id, uploaded=0, downloaded=0, left=1, event=None, offers=offers
        )
        self.host.sockets.send(self.tracker, text)

    def socket_text(self, url: str, text: str, now: float) -> None:
        """Answer offers and take answers."""
        for message in signalling.parse(text):
            if getattr(message, "peer_id", b"").startswith(PREFIX):
                continue
            if isinstance(message, signalling.RemoteAnswer) and message.offer_id in self._offers:
                self.host.answer(self._offers.pop(message.offer_id), message.sdp)
            elif isinstance(message, signalling.RemoteOffer):
                link = next(self.world.numbers)
                self._described[link] = lambda sdp, offer=message: self._answer(offer, sdp)  # type: ignore[misc]
                self.host.accept(link, message.sdp)

    def _answer(self, offer: signalling.RemoteOffer, sdp: str) -> None:
        text = signalling.answer(self.info.info_hash, self.peer_id, offer.peer_id, offer.offer_id, sdp, 1)
        self.host.sockets.send(self.tracker, text)

    def socket_closed(self, url: str, reason: str, now: float) -> None:
        pass

    # -- Links

    def link_local(self, link: int, sdp: str, now: float) -> None:
        self._described.pop(link)(sdp)

    def link_open(self, link: int, transport: Transport, now: float) -> None:
        assert isinstance(transport, End)
        self.wires[link] = Wire(transport)
        self.greet(self.wires[link])

    def link_failed(self, link: int, reason: str, now: float) -> None:
        wire = self.wires.pop(link, None)
        if wire is not None:
            self.lives.append(now - wire.opened_at)

    def link_drained(self, link: int, now: float) -> None:
        pass

    def link_data(self, link: int, data: bytes, now: float) -> None:
        wire = self.wires[link]
        try:
            for event in wire.connection.receive(data):
                self.hear(wire, event)
        except PeerError:
            self.host.close(link)

    # -- What a peer does, and a bad one does otherwise

    def handshake(self) -> bytes:
        """The first 68 bytes."""
        return Handshake(self.info.info_hash, self.peer_id).to_bytes()

    def extended(self) -> bytes:
        """The extended handshake's payload."""
        return bencode.encode({"m": {"ut_metadata": UT_METADATA}, "metadata_size": len(self.info.raw)})

    def pieces(self) -> bytes:
        """What it says that it has."""
        return messages.HAVE_ALL

    def greet(self, wire: Wire) -> None:
        """Begin on a new link."""
        wire.send(self.handshake())
        wire.send(messages.extended(0, self.extended()), self.pieces(), messages.UNCHOKE)

    def hear(self, wire: Wire, event: Handshake | messages.Message) -> None:
        """A message came."""
        match event:
            case Handshake():
                wire.peer_id = event.peer_id
                self.met.add(event.peer_id)
            case messages.Request(index, begin, length):
                self.serve(wire, index, begin, length)
            case messages.Extended(0, payload):
                wire.number = bencode.decode_prefix(payload)[0][b"m"].get(b"ut_metadata", 0)
            case messages.Extended(_, payload):
                message = parse_metadata_message(payload)
                if message is not None and message.kind == "request":
                    self.serve_metadata(wire, message.piece)

    def serve(self, wire: Wire, index: int, begin: int, length: int) -> None:
        """Answer a request."""
        wire.send(messages.piece_header(index, begin, length), self.block(index, begin, length))

    def block(self, index: int, begin: int, length: int) -> bytes:
        """The true bytes."""
        start = index * self.info.piece_length + begin
        return self.data[start : start + length]

    def serve_metadata(self, wire: Wire, piece: int) -> None:
        """Answer a request for the metadata."""
        self.send_metadata(wire, metadata_piece(self.info.raw, piece))

    def send_metadata(self, wire: Wire, message: MetadataMessage) -> None:
        """Send a ut_metadata message."""
        wire.send(messages.extended(wire.number, message.to_bytes()))

    def repeat(self, seconds: float, call: Callable[[Wire], None], wire: Wire) -> None:
        """Do something on a link every so many seconds for as long as it lasts."""

        def again() -> None:
            if wire.end.open:
                call(wire)
                self.world.later(seconds, again)

        again()


class Corrupter(Hostile):
    """Answers with wrong bytes: always, or for a `share` of the blocks."""

    share = 1.0

    def block(self, index: int, begin: int, length: int) -> bytes:
        data = super().block(index, begin, length)
        return bytes([data[0] ^ 1]) + data[1:] if self.rng.random() < self.share else data


class SeldomCorrupter(Corrupter):
    """One block in ten is wrong."""

    share = 0.1


class RejectingLiar(Hostile):
    """Says that it has everything, and rejects each request at once (webtorrent#2258)."""

    def serve(self, wire: Wire, index: int, begin: int, length: int) -> None:
        wire.send(messages.reject(index, begin, length))


class SilentLiar(Hostile):
    """Says that it has everything, and never answers."""

    def serve(self, wire: Wire, index: int, begin: int, length: int) -> None:
        pass


class SlowLoris(Hostile):
    """Serves a block a minute, to seem alive."""

    def __init__(self, world: World, info: Info, data: bytes, tracker: str) -> None:
        super().__init__(world, info, data, tracker, upload=1e9)
        self._next: dict[Wire, float] = {}

    def serve(self, wire: Wire, index: int, begin: int, length: int) -> None:
        due = max(self.world.now, self._next.get(wire, 0.0)) + 60
        self._next[wire] = due
        block = self.block(index, begin, length)
        self.world.at(due, lambda: wire.send(messages.piece_header(index, begin, length), block))


class ChokeFlapper(Hostile):
    """Unchokes, and chokes as soon as it is asked."""

    def serve(self, wire: Wire, index: int, begin: int, length: int) -> None:
        wire.send(messages.CHOKE, messages.UNCHOKE)


class Flooder(Hostile):
    """Sends more and more of something; `flood` gives a tenth of a second's worth."""

    def greet(self, wire: Wire) -> None:
        super().greet(wire)
        self.repeat(0.1, lambda wire: wire.send(self.flood()), wire)

    def flood(self) -> bytes:
        """What to send."""
        raise NotImplementedError


class HaveFlooder(Flooder):
    """Tells of pieces, thousands of times."""

    def flood(self) -> bytes:
        return b"".join(messages.have(self.rng.randrange(self.info.piece_count)) for _ in range(500))


class BitfieldFlooder(Flooder):
    """Has all, nothing, all, nothing."""

    def flood(self) -> bytes:
        return (messages.HAVE_ALL + messages.HAVE_NONE) * 20


class RequestFlooder(Flooder):
    """Asks for the same blocks without end, choked or not, and reads what comes."""

    def pieces(self) -> bytes:
        return messages.HAVE_NONE + messages.INTERESTED

    def flood(self) -> bytes:
        return b"".join(messages.request(0, 0, 16384) for _ in range(500))


class CancelFlooder(Flooder):
    """Asks and takes back."""

    def pieces(self) -> bytes:
        return messages.HAVE_NONE + messages.INTERESTED

    def flood(self) -> bytes:
        return (messages.request(0, 0, 16384) + messages.cancel(0, 0, 16384)) * 30


class PieceFlooder(Flooder):
    """Sends blocks that nobody asked it for, wrong ones."""

    def flood(self) -> bytes:
        index = self.rng.randrange(self.info.piece_count)
        return messages.piece_header(index, 0, 5000) + bytes(5000)


class NoiseFlooder(Flooder):
    """Keep-alives, kinds that nobody knows, suggestions, ports."""

    def flood(self) -> bytes:
        return (messages.KEEP_ALIVE + b"\0\0\0\2\x63\0" + b"\0\0\0\5\x0d\0\0\0\0" + b"\0\0\0\3\x09\0\1") * 100


class HugeMessage(Hostile):
    """Announces a message of two gigabytes and begins to send it."""

    def greet(self, wire: Wire) -> None:
        super().greet(wire)
        wire.send(b"\x7f\xff\xff\xff\x07")
        self.repeat(0.1, lambda wire: wire.send(bytes(10_000)), wire)


class HalfMessage(Hostile):
    """Begins the longest message that is allowed and sends a byte a second of it."""

    def greet(self, wire: Wire) -> None:
        super().greet(wire)
        wire.send((1024 * 1024).to_bytes(4, "big"), b"\x05", bytes(1024 * 1024 - 10_000))
        self.repeat(1.0, lambda wire: wire.send(b"\0"), wire)


class EmptyChannel(Hostile):
    """Sends channel messages of a byte, and of none."""

    def greet(self, wire: Wire) -> None:
        for byte in self.handshake() + self.pieces() + messages.UNCHOKE:
            wire.send(bytes([byte]))
            wire.send(b"")


class ShortBitfield(Hostile):
    """A bitfield that lacks a byte."""

    cut = -1

    def pieces(self) -> bytes:
        right = bytearray(b"\xff" * -(-self.info.piece_count // 8))
        return messages.bitfield(bytes(right[: self.cut] if self.cut < 0 else right + bytes(self.cut)))


class LongBitfield(ShortBitfield):
    """A bitfield with a kilobyte too much."""

    cut = 1000


class SpareBits(Hostile):
    """A bitfield with pieces behind the last."""

    def pieces(self) -> bytes:
        return messages.bitfield(b"\xff" * (self.info.piece_count // 8 + 1))


class HaveBeyond(Hostile):
    """Has a piece that does not exist."""

    def pieces(self) -> bytes:
        return messages.have(2**32 - 1)


class RequestBeyond(Flooder):
    """Asks for bytes outside the torrent."""

    def flood(self) -> bytes:
        return messages.request(self.info.piece_count - 1, 2**31, 16384)


class EndlessHandshake(Hostile):
    """A byte of the handshake a second."""

    def greet(self, wire: Wire) -> None:
        rest = iter(self.handshake() + bytes(1000))
        self.repeat(1.0, lambda wire: wire.send(bytes([next(rest)])), wire)


class Mute(Hostile):
    """Never says a word."""

    def greet(self, wire: Wire) -> None:
        pass


class Stranger(Hostile):
    """Speaks another protocol."""

    def greet(self, wire: Wire) -> None:
        wire.send(b"GET / HTTP/1.1\r\n\r\n" * 10)


class WrongInfoHash(Hostile):
    """Comes with another torrent."""

    def handshake(self) -> bytes:
        return Handshake(bytes(20), self.peer_id).to_bytes()


class Mirror(Hostile):
    """Claims the id of whoever it talks to."""

    def greet(self, wire: Wire) -> None:
        pass

    def hear(self, wire: Wire, event: Handshake | messages.Message) -> None:
        if isinstance(event, Handshake):
            wire.send(Handshake(self.info.info_hash, event.peer_id).to_bytes(), messages.HAVE_ALL)


class SecondHandshake(Hostile):
    """Greets twice: the second is read as a message of 323 MB."""

    def greet(self, wire: Wire) -> None:
        super().greet(wire)
        wire.send(self.handshake())


class EndlessExtended(Flooder):
    """Extended handshakes with ever new names and a client name of megabytes."""

    def flood(self) -> bytes:
        names = {self.rng.randbytes(30).hex(): number % 250 + 1 for number in range(80)}
        return messages.extended(0, bencode.encode({"m": names, "v": "x" * 2000}))


class DeepExtended(Hostile):
    """An extended handshake of lists in lists."""

    def extended(self) -> bytes:
        return b"l" * 60_000


class HugeMetadata(Hostile):
    """Metadata of eight exabytes."""

    size = 2**63 - 1

    def extended(self) -> bytes:
        return bencode.encode({"m": {"ut_metadata": UT_METADATA}, "metadata_size": self.size})

    def serve_metadata(self, wire: Wire, piece: int) -> None:
        self.send_metadata(wire, MetadataMessage("data", piece, bytes(16384), self.size))


class BigMetadata(HugeMetadata):
    """Metadata of just the size that is taken, all of it zeros."""

    size = 4 * 1024 * 1024


class MetadataFlooder(Flooder):
    """Metadata that nobody asked for, and requests for pieces of it that can't be."""

    def flood(self) -> bytes:
        numbers = (0, 1, 2**31, 2**62)
        return b"".join(
            messages.extended(1, message.to_bytes())
            for number in numbers
            for message in (
                MetadataMessage("data", number, bytes(1000), 2**40),
                MetadataMessage("request", number),
                MetadataMessage("reject", number),
            )
        )


class MetadataLiar(Hostile):
    """Metadata of the right size with other bytes."""

    def serve_metadata(self, wire: Wire, piece: int) -> None:
        true = metadata_piece(self.info.raw, piece)
        wrong = bytes(len(true.data))
        self.send_metadata(wire, MetadataMessage("data", piece, wrong, true.total_size))


class SilentMetadata(Hostile):
    """Has metadata and never gives it."""

    def serve_metadata(self, wire: Wire, piece: int) -> None:
        pass


class RefusingMetadata(Hostile):
    """Has metadata and refuses it."""

    def serve_metadata(self, wire: Wire, piece: int) -> None:
        self.send_metadata(wire, MetadataMessage("reject", piece))


def every_kind(base: type[Hostile] = Hostile) -> Iterator[type[Hostile]]:
    """All hostile classes, the base ones left out."""
    for kind in base.__subclasses__():
        if kind is not Flooder:
            yield kind
        yield from every_kind(kind)
