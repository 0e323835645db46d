"""A small world for engines: a virtual clock, links with latency and bandwidth, and trackers that run the
real swarm logic.

Everything is drawn from one seeded generator, so a run repeats itself to the byte. It makes the engine's
ports real and knows nothing of what the engine does with them.
"""

import hashlib
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from descriptions import describe, described
from torrentide.engine.peer import Peer
from torrentide.engine.session import Session, new_peer_id
from torrentide.engine.swarm import Swarm
from torrentide.errors import TorrentideError
from torrentide.metainfo.create import build_info
from torrentide.metainfo.info import Info
from torrentide.ports import Buffer
from torrentide.timers import Timers
from torrentide.tracker.swarm import Tracker as TrackerServer

LATENCY = 0.01
GATHER = 0.02
# Bytes that a channel's sender may have unsent when it is told that it ran low.
LOW_WATER = 256 * 1024


class World:
    """The clock and the wires. `links` counts the open channels between each two nodes."""

    def __init__(self, seed: int = 0) -> None:
        self.rng = random.Random(seed)
        self.now = 0.0
        self.timers = Timers()
        self.numbers = itertools.count(1)
        self.trackers: dict[str, SimTracker] = {}
        self.nodes: list[Node] = []
        # Which end holds which link, and the offers that wait for their answer.
        self.ends: dict[int, End] = {}

    def later(self, delay: float, call: Callable[[], None]) -> None:
        """Call after `delay` seconds of virtual time."""
        self.timers.at(self.now + delay, lambda now: call())

    def run(self, until: Callable[[], bool], limit: float) -> bool:
        """Let time pass until the condition holds; False when it does not within `limit` seconds."""
        end = self.now + limit
        while not until():
            due = self.timers.next_due
            if due is None or due > end:
                self.now = end
                return until()
            self.now = max(self.now, due)
            self.timers.run(self.now)
        return True

    def tracker(self, url: str, delay: Callable[[], float] = lambda: LATENCY) -> "SimTracker":
        """A tracker at `url`, each message of which takes `delay()` seconds."""
        self.trackers[url] = SimTracker(self, delay)
        return self.trackers[url]

    def node(self, upload: float = 1e9) -> "Node":
        """A peer that can send `upload` bytes a second."""
        node = Node(self, upload)
        self.nodes.append(node)
        return node


class SimTracker:
    """The real swarm logic behind sockets that take time."""

    def __init__(self, world: World, delay: Callable[[], float]) -> None:
        self._world = world
        self._delay = delay
        self._swarm = TrackerServer(random.Random(world.rng.random()))
        self._sockets: dict[int, tuple[Node, str]] = {}
        # When the last message of each socket arrives: a socket never reorders.
        self._arrival: dict[tuple[int, bool], float] = {}
        self.received: list[tuple[int, str]] = []

    def connect(self, node: "Node", url: str) -> int:
        """A new socket."""
        number = next(self._world.numbers)
        self._sockets[number] = (node, url)
        self._deliver(number, False, lambda: node.session.socket_open(url, self._world.now))
        return number

    def send(self, number: int, text: str) -> None:
        """A node sends."""
        self._deliver(number, True, lambda: self._receive(number, text))

    def close(self, number: int) -> None:
        """A node closes, behind what it has sent."""
        self._deliver(number, True, lambda: self._closed(number))

    def _closed(self, number: int) -> None:
        del self._sockets[number]
        self._swarm.closed(number, self._world.now)

    def _receive(self, number: int, text: str) -> None:
        self.received.append((number, text))
        for target, reply in self._swarm.receive(number, text, self._world.now):
            self._deliver(target, False, lambda target=target, reply=reply: self._reply(target, reply))  # type: ignore[misc]

    def _reply(self, number: int, text: str) -> None:
        node, url = self._sockets[number]
        node.session.socket_text(url, text, self._world.now)

    def _deliver(self, number: int, up: bool, call: Callable[[], None]) -> None:
        due = max(self._world.now + self._delay(), self._arrival.get((number, up), 0.0))
        self._arrival[number, up] = due
        self._world.later(due - self._world.now, lambda: call() if number in self._sockets else None)


@dataclass
class End:
    """One end of a link: an engine Transport, once open."""

    world: World
    node: "Node"
    link: int
    other: "End | None" = None
    open: bool = False
    unsent: int = 0
    low_water: int = LOW_WATER
    sent: int = 0
    sends: int = 0

    def send(self, data: Buffer) -> int:
        copy = bytes(data)
        self.unsent += len(copy)
        self.sent += len(copy)
        self.sends += 1
        self.node.transmit(self, copy)
        return self.unsent

    def set_low_water(self, count: int) -> None:
        self.low_water = count

    def close(self) -> None:
        self.node.world.ends.pop(self.link, None)
        self.open = False
        other, self.other = self.other, None
        if other is not None and other.open:
            other.other = None
            self.world.later(LATENCY, other.lost)

    def lost(self) -> None:
        if self.open:
            self.open = False
            self.world.ends.pop(self.link, None)
            self.node.session.link_failed(self.link, "the other side closed", self.world.now)

    def arrive(self, data: bytes) -> None:
        if self.open:
            self.node.session.link_data(self.link, data, self.world.now)


class Node:
    """A peer: a session with its ports, and its uplink."""

    def __init__(self, world: World, upload: float) -> None:
        self.world = world
        self.upload = upload
        self._uplink_free = 0.0
        self._sockets: dict[str, int] = {}
        rng = random.Random(world.rng.random())
        self.session = Session(
            new_peer_id(rng),
            dialer=self,
            sockets=SimSockets(self),
            digest=self,
            timers=world.timers,
            rng=rng,
            numbers=world.numbers,
        )

    # -- What a test asks

    def seed(self, info: Info, data: bytes, trackers: list[str]) -> "Run":
        """Seed `data`."""
        return self._add(Run(self, MemoryStore(info, data)), info.info_hash, trackers, info, seeding=True)

    def leech(self, info_hash: bytes, trackers: list[str], info: Info | None = None) -> "Run":
        """Download, with or without the metadata."""
        return self._add(Run(self, MemoryStore(None, b"")), info_hash, trackers, info, seeding=False)

    def _add(
        self, run: "Run", info_hash: bytes, trackers: list[str], info: Info | None, *, seeding: bool
    ) -> "Run":
        run.swarm = self.session.add(
            info_hash,
            trackers,
            observer=run,
            open_store=run.store.opened,
            now=self.world.now,
            info=info,
            seeding=seeding,
        )
        return run

    # -- Digest

    def sha1(self, data: Buffer, done: Callable[[bytes, float], None]) -> None:
        digest = hashlib.sha1(data).digest()
        self.world.later(0.001, lambda: done(digest, self.world.now))

    # -- Dialer: a description is the text of a link number

    def offer(self, link: int) -> None:
        self.world.ends[link] = End(self.world, self, link)
        self.world.later(GATHER, lambda: self.session.link_local(link, describe(link), self.world.now))

    def accept(self, link: int, sdp: str) -> None:
        end = self.world.ends[link] = End(self.world, self, link)
        end.other = self.world.ends.get(described(sdp))
        self.world.later(GATHER, lambda: self.session.link_local(link, describe(link), self.world.now))

    def answer(self, link: int, sdp: str) -> None:
        end, other = self.world.ends[link], self.world.ends.get(described(sdp))
        if other is not None and other.other is end:
            end.other = other
            self.world.later(2 * LATENCY, lambda: self._open(end, other))

    @staticmethod
    def _open(first: End, second: End) -> None:
        world = first.world
        if world.ends.get(first.link) is first and world.ends.get(second.link) is second:
            for end in (first, second):
                end.open = True
            for end in (first, second):
                end.node.session.link_open(end.link, end, world.now)

    def close(self, link: int) -> None:
        end = self.world.ends.get(link)
        if end is not None:
            end.close()

    # -- The uplink

    def transmit(self, end: End, data: bytes) -> None:
        """Send through the uplink, which all links of the node share."""
        start = max(self.world.now, self._uplink_free)
        self._uplink_free = start + len(data) / self.upload
        other = end.other
        if other is not None:
            self.world.later(self._uplink_free - self.world.now, lambda: self._sent(end, len(data)))
            self.world.later(self._uplink_free - self.world.now + LATENCY, lambda: other.arrive(data))

    def _sent(self, end: End, count: int) -> None:
        end.unsent -= count
        if end.open and end.unsent <= end.low_water < end.unsent + count:
            self.session.link_drained(end.link, self.world.now)


class SimSockets:
    """The Sockets port of a node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._numbers: dict[str, int] = {}

    def open(self, url: str) -> None:
        tracker = self._node.world.trackers.get(url)
        if tracker is None:
            self._node.world.later(
                LATENCY, lambda: self._node.session.socket_closed(url, "no such host", self._node.world.now)
            )
        else:
            self._numbers[url] = tracker.connect(self._node, url)

    def send(self, url: str, text: str) -> None:
        self._node.world.trackers[url].send(self._numbers[url], text)

    def close(self, url: str) -> None:
        number = self._numbers.pop(url, None)
        if number is not None:
            self._node.world.trackers[url].close(number)


class MemoryStore:
    """Pieces in memory."""

    def __init__(self, info: Info | None, data: bytes) -> None:
        self.pieces: dict[int, bytes] = {}
        if info is not None:
            for index in range(info.piece_count):
                start = index * info.piece_length
                self.pieces[index] = data[start : start + info.piece_length]

    def opened(self, info: Info) -> "MemoryStore":
        return self

    def write(self, index: int, data: Buffer, done: Callable[[Exception | None, float], None]) -> None:
        self.pieces[index] = bytes(data)
        done(None, 0.0)

    def read(
        self, index: int, begin: int, length: int, done: Callable[[Buffer | Exception, float], None]
    ) -> None:
        done(self.pieces[index][begin : begin + length], 0.0)

    def close(self) -> None:
        pass

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces[index] for index in sorted(self.pieces))


@dataclass
class Run:
    """A torrent of a node, and all that it was told."""

    node: Node
    store: MemoryStore
    swarm: Swarm = field(init=False)
    is_done: bool = False
    warnings: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def metadata(self, now: float) -> None:
        pass

    def verified(self, index: int, now: float) -> None:
        pass

    def done(self, now: float) -> None:
        self.is_done = True

    def peer_joined(self, peer: Peer, now: float) -> None:
        pass

    def peer_left(self, peer: Peer, reason: str, now: float) -> None:
        self.left.append(reason)

    def announced(self, reply: object) -> None:
        pass

    def no_peers(self, now: float) -> None:
        pass

    def warning(self, error: TorrentideError) -> None:
        self.warnings.append(str(error))

    def failed(self, error: TorrentideError) -> None:
        self.errors.append(str(error))


def make_torrent(rng: random.Random, length: int, piece_length: int = 65536) -> tuple[Info, bytes]:
    """Random bytes and their info."""
    data = rng.randbytes(length)
    pieces = [data[start : start + piece_length] for start in range(0, length, piece_length)]
    hashes = b"".join(hashlib.sha1(piece).digest() for piece in pieces)
    return build_info("random.bin", [(("random.bin",), length)], piece_length, hashes), data
