"""A stranger talks to a whole torrent: two of them, in an order and at times that the input chooses.

The input is a row of small steps: a message with numbers near the limits, raw bytes, a pause, a full channel.
The torrent may drop who talks nonsense; it may raise nothing, fail nothing, keep nothing that is false and
grow without bound in nothing.
"""

import hashlib
from collections.abc import Callable, Iterator

from fuzz.seeds import PEER
from simulation.invariants import footprint
from simulation.nodes import Run
from simulation.world import World
from torrentide.metainfo import bencode
from torrentide.metainfo.info import parse_info
from torrentide.ports import Buffer
from torrentide.wire import messages
from torrentide.wire.extensions.metadata import MetadataMessage
from torrentide.wire.handshake import Handshake

# Of zeros, so that a true block is easy to say.
BLOCK = 16 * 1024
COUNT = 3
DATA = bytes(2 * BLOCK * COUNT - 100)
_HASHES = b"".join(
    hashlib.sha1(DATA[start : start + 2 * BLOCK]).digest() for start in range(0, len(DATA), 2 * BLOCK)
)
INFO = parse_info(
    bencode.encode({"length": len(DATA), "name": "zeros", "piece length": 2 * BLOCK, "pieces": _HASHES})
)
MAX_STEPS = 60
MAX_KEPT = 2_000_000
HANDSHAKE = Handshake(INFO.info_hash, PEER).to_bytes()
GREETING = HANDSHAKE + messages.extended(0, b"d1:md11:ut_metadatai3ee13:metadata_sizei%dee" % len(INFO.raw))


class Sink:
    """A Transport that takes everything, or nothing for a while."""

    def __init__(self) -> None:
        self.closed = False
        self.waiting = 0

    def send(self, data: Buffer) -> int:
        assert not self.closed, "something is sent on a closed channel"
        return self.waiting

    def unsent(self) -> int:
        return self.waiting

    def set_low_water(self, count: int) -> None:
        assert count >= 0

    def close(self) -> None:
        self.closed = True


class Steps:
    """Reads numbers off the input; zeros when it is at its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def __bool__(self) -> bool:
        return self._place < len(self._data)

    def byte(self) -> int:
        """The next byte."""
        return self.take(1)[0] if self else 0

    def take(self, count: int) -> bytes:
        """So many bytes, or what is left."""
        self._place += count
        return self._data[self._place - count : self._place]

    def index(self) -> int:
        """A piece: as a rule one that exists."""
        number = self.byte()
        return number % COUNT if number < 200 else (COUNT, 2**31, 2**32 - 1)[number % 3]

    def begin(self) -> int:
        """A place in a piece: as a rule that of a block."""
        number = self.byte()
        return (number % 2) * BLOCK if number < 200 else (1, 2 * BLOCK, 2**32 - 1)[number % 3]

    def length(self) -> int:
        """The length of a block: as a rule a usual one."""
        number = self.byte()
        return BLOCK if number < 150 else (0, 1, BLOCK - 100, 2 * BLOCK, 2**17, 2**32 - 1)[number % 6]


def _block(steps: Steps) -> bytes:
    index, begin, length = steps.index(), steps.begin(), min(steps.length(), 2**17)
    return messages.piece_header(index, begin, length) + bytes([steps.byte() // 250]) * length


def _metadata(steps: Steps) -> bytes:
    kind = ("request", "data", "reject")[steps.byte() % 3]
    true = steps.byte() < 200
    raw = INFO.raw if true else bytes(len(INFO.raw))
    message = MetadataMessage(kind, steps.byte() // 128, raw if kind == "data" else b"", len(raw))  # type: ignore[arg-type]
    return messages.extended(1, message.to_bytes())


SAYINGS: list[Callable[[Steps], bytes]] = [
    lambda steps: GREETING,
    lambda steps: HANDSHAKE,
    lambda steps: HANDSHAKE[:48] + bytes([steps.byte()]) * 20,
    lambda steps: messages.HAVE_ALL + messages.UNCHOKE,
    lambda steps: messages.HAVE_NONE,
    lambda steps: messages.CHOKE,
    lambda steps: messages.UNCHOKE,
    lambda steps: messages.INTERESTED,
    lambda steps: messages.NOT_INTERESTED,
    lambda steps: messages.have(steps.index()),
    lambda steps: messages.bitfield(steps.take(1)),
    lambda steps: messages.request(steps.index(), steps.begin(), steps.length()),
    lambda steps: messages.cancel(steps.index(), steps.begin(), steps.length()),
    lambda steps: messages.reject(steps.index(), steps.begin(), steps.length()),
    lambda steps: b"\0\0\0\5\x0d" + steps.index().to_bytes(4, "big"),
    lambda steps: b"\0\0\0\5\x11" + steps.index().to_bytes(4, "big"),
    lambda steps: messages.extended(steps.byte() % 8, steps.take(12)),
    lambda steps: messages.extended(steps.byte() % 8, steps.index().to_bytes(4, "big")),
    lambda steps: messages.KEEP_ALIVE,
    lambda steps: b"".join(_block(steps) for _ in range(steps.byte() % 8)),
    _block,
    _block,
    _metadata,
    _metadata,
    lambda steps: steps.take(steps.byte() % 20),
]


def fuzz_torrent_talk(data: bytes) -> None:
    """See the module."""
    steps = Steps(data)
    world = World()
    node = world.node()
    role = steps.byte() % 3
    run = (
        node.seed(INFO, DATA, [])
        if role == 0
        else node.leech(INFO.info_hash, [], INFO if role == 1 else None)
    )
    links = {number: Sink() for number in (1, 2)}
    for number, sink in links.items():
        run.swarm.torrent.connected(number, None, sink, world.now)
    for link, saying in _said(steps, world, run, links):
        run.swarm.torrent.received(link, saying, world.now)
    world.run(lambda: False, 1)
    _check(run)
    node.leave()
    world.run(lambda: False, 1)
    assert all(sink.closed for sink in links.values()), "a connection outlives the torrent"


def _said(steps: Steps, world: World, run: Run, links: dict[int, Sink]) -> Iterator[tuple[int, bytes]]:
    """What is said, and by whom; time passes and channels fill up in between."""
    for _ in range(MAX_STEPS):
        if not steps:
            return
        step = steps.byte()
        link = 1 + step % 2
        if step >= 250:
            world.run(lambda: False, (0.05, 1.0, 12.0, 35.0, 61.0, 130.0)[step - 250])
        elif step >= 246:
            links[link].waiting = (0, 2**19, 2**21, 2**24)[step - 246]
            run.swarm.torrent.drained(link, world.now)
        elif step >= 243:
            run.swarm.torrent.disconnected(link, "gone", world.now)
            links[link].closed = True
        else:
            yield link, SAYINGS[step // 2 % len(SAYINGS)](steps)


def _check(run: Run) -> None:
    torrent = run.swarm.torrent
    assert run.errors == [], "a stranger makes the torrent fail"
    assert all(piece == DATA[:1] * len(piece) for piece in run.store.pieces.values()), "a false piece is kept"
    assert run.is_done == (len(run.store.pieces) == COUNT), "done at the wrong time"
    assert footprint(run.node.session) < MAX_KEPT, "the session grows"
    left = torrent.left
    assert left is None or left == len(DATA) - sum(map(len, run.store.pieces.values())), (
        "left is not what lacks"
    )
