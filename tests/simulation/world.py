"""A small world for engines: a virtual clock, hosts behind lines with latency and bandwidth, and trackers
that run the real swarm logic.

Everything is drawn from one seed, so a run repeats itself to the byte. It puts the parts together and knows
nothing of what the engine does with its ports.
"""

import hashlib
import random
from collections.abc import Callable

from simulation.clock import Clock
from simulation.hosts import GATHER, Network
from simulation.network import LATENCY, LOW_WATER, End, Line
from simulation.nodes import MemoryStore, Node, Run
from simulation.origin import Origin
from simulation.trackers import SimTracker
from torrentide.metainfo.create import build_info
from torrentide.metainfo.info import Info

__all__ = ["GATHER", "LATENCY", "LOW_WATER", "End", "MemoryStore", "Node", "Run", "World", "make_torrent"]

UNLIMITED = 1e9


class World(Clock):
    """The clock and what is on the network. `ends` holds every end of a link, those of offers too."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self.network = Network(self)
        self.trackers = self.network.trackers
        self.ends = self.network.ends
        self.nodes: list[Node] = []

    def tracker(self, url: str, delay: Callable[[], float] = lambda: LATENCY) -> SimTracker:
        """A tracker at `url`, each message of which takes `delay()` seconds."""
        self.trackers[url] = SimTracker(self, delay)
        return self.trackers[url]

    def line(
        self,
        upload: float = UNLIMITED,
        download: float = UNLIMITED,
        latency: float = LATENCY / 2,
        jitter: float = 0.0,
    ) -> Line:
        """A line for a host: bytes a second each way, and seconds to the middle of the network."""
        return Line(self, upload, download, latency, jitter)

    def node(
        self,
        upload: float = UNLIMITED,
        download: float = UNLIMITED,
        latency: float = LATENCY / 2,
        jitter: float = 0.0,
        origin: Origin | None = None,
    ) -> Node:
        """A peer of ours behind such a line, which can reach the web server `origin`."""
        node = Node(self.network, self.line(upload, download, latency, jitter), origin)
        self.nodes.append(node)
        return node


def make_torrent(rng: random.Random, length: int, piece_length: int = 65536) -> tuple[Info, bytes]:
    """Random bytes and their info."""
    data = rng.randbytes(length)
    pieces = [data[start : start + piece_length] for start in range(0, length, piece_length)]
    hashes = b"".join(hashlib.sha1(piece).digest() for piece in pieces)
    return build_info("random.bin", [(("random.bin",), length)], piece_length, hashes), data
