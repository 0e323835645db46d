"""Our engine on a host: the other ports of a session, made real in virtual time.

A Node is a host with a session; a Run is one torrent of it, where its pieces are, and all that it was told.
The bytes of a true piece are kept once for all nodes. It knows nothing of what the engine does.
"""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from simulation.hosts import Host, Network
from simulation.network import Line
from simulation.origin import Fetcher, Origin
from torrentide.engine.peer import Peer
from torrentide.engine.session import Session, new_peer_id
from torrentide.engine.swarm import Swarm
from torrentide.engine.webseed import Web
from torrentide.errors import TorrentideError
from torrentide.metainfo.info import Info
from torrentide.ports import Buffer

HASH_SECONDS = 0.001
PAGE = "https://page.test"


class Node(Host):
    """A peer of ours. It can reach the web server `origin`."""

    def __init__(self, network: Network, line: Line, origin: Origin | None = None) -> None:
        super().__init__(network, line)
        rng = random.Random(self.world.rng.random())
        self.session = self.listener = Session(
            new_peer_id(rng),
            dialer=self,
            sockets=self.sockets,
            digest=self,
            timers=self.world.timers,
            rng=rng,
            numbers=self.world.numbers,
            web=None if origin is None else Web(Fetcher(origin, line), PAGE),
        )

    def seed(self, info: Info, data: bytes, trackers: list[str]) -> "Run":
        """Seed `data`."""
        run = Run(self, MemoryStore(info, data, self.network))
        return self.join(run, info.info_hash, trackers, info, seeding=True)

    def leech(self, info_hash: bytes, trackers: list[str], info: Info | None = None) -> "Run":
        """Download, with or without the metadata."""
        run = Run(self, MemoryStore(None, b"", self.network))
        return self.join(run, info_hash, trackers, info, seeding=False)

    def leave(self) -> None:
        """Close the session."""
        self.session.close(self.world.now)

    def sha1(self, data: Buffer, done: Callable[[bytes, float], None]) -> None:
        """See `ports.Digest`."""
        digest = hashlib.sha1(data, usedforsecurity=False).digest()
        self.world.later(HASH_SECONDS, lambda: done(digest, self.world.now))

    def join(
        self, run: "Run", info_hash: bytes, trackers: list[str], info: Info | None, *, seeding: bool
    ) -> "Run":
        """Be in the swarm of a torrent, of which `run` is told."""
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


class MemoryStore:
    """Pieces in memory, at first those of `data`. Those that are true are the same objects on all nodes."""

    def __init__(self, info: Info | None, data: bytes, network: Network | None = None) -> None:
        self.pieces: dict[int, bytes] = {}
        self._network = network
        self._true: list[bytes] = []
        if info is not None:
            length = info.piece_length
            pieces = [data[start : start + length] for start in range(0, len(data), length)]
            if network is not None:
                pieces = network.contents.setdefault(info.info_hash, pieces)
            self.pieces = dict(enumerate(pieces))

    def opened(self, info: Info) -> "MemoryStore":
        """Be opened for a torrent."""
        if self._network is not None:
            self._true = self._network.contents.get(info.info_hash, [])
        return self

    def write(self, index: int, data: Buffer, done: Callable[[Exception | None, float], None]) -> None:
        """See `ports.Store`."""
        true = self._true[index] if index < len(self._true) else None
        self.pieces[index] = true if true is not None and true == data else bytes(data)
        done(None, self._now)

    def read(
        self, index: int, begin: int, length: int, done: Callable[[Buffer | Exception, float], None]
    ) -> None:
        """See `ports.Store`."""
        done(memoryview(self.pieces[index])[begin : begin + length], self._now)

    def close(self) -> None:
        """See `ports.Store`."""

    @property
    def _now(self) -> float:
        return self._network.world.now if self._network is not None else 0.0

    @property
    def data(self) -> bytes:
        """All that is here, in order."""
        return b"".join(self.pieces[index] for index in sorted(self.pieces))


@dataclass
class Run:
    """A torrent of a node, and all that it was told. `done_at` is when it was complete."""

    node: Node
    store: MemoryStore
    swarm: Swarm = field(init=False)
    done_at: float | None = None
    verified_count: int = 0
    warnings: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    # The ids of those who left, with the same reasons.
    parted: list[tuple[bytes | None, str]] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        """Whether every piece is here."""
        return self.done_at is not None

    def metadata(self, now: float) -> None:
        pass

    def verified(self, index: int, now: float) -> None:
        self.verified_count += 1

    def done(self, now: float) -> None:
        self.done_at = now

    def peer_joined(self, peer: Peer, now: float) -> None:
        pass

    def peer_left(self, peer: Peer, reason: str, now: float) -> None:
        self.left.append(reason)
        self.parted.append((peer.peer_id, reason))

    def announced(self, reply: object) -> None:
        pass

    def unverified(self, index: int, now: float) -> None: ...

    def full(self, error: TorrentideError, now: float) -> None: ...

    def room(self, now: float) -> None: ...

    def no_peers(self, now: float) -> None:
        pass

    def warning(self, error: TorrentideError) -> None:
        self.warnings.append(str(error))

    def failed(self, error: TorrentideError) -> None:
        self.errors.append(str(error))
