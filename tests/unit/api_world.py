"""The Python API in a simulated world: a Host whose clock is virtual, so that nothing here waits."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Mapping
from typing import Any

from simulation.nodes import MemoryStore, Node
from simulation.world import World
from torrentide.client import Client
from torrentide.diagnosis import Surroundings
from torrentide.discovery.blocklist import BlockList, parse_blocklist
from torrentide.engine.session import Session
from torrentide.errors import InvalidTorrent, LocalError, UnsupportedError
from torrentide.metainfo.info import Info
from torrentide.metainfo.magnet import Magnet, parse_magnet
from torrentide.metainfo.metainfo import Metainfo, parse_metainfo
from torrentide.ports import Digest

TRACKER = "wss://tracker.test"


class SimHost:
    """A host of a world, with a session; see `torrentide.host.Host`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.node: Node = world.node()
        self.timers = world.timers
        self.rng = random.Random(1)
        self.digest: Digest = self.node
        self.stores: list[MemoryStore] = []
        self.asked: dict[str, Any] = {}
        self.around = Surroundings(online=True, attempts=())
        self.trouble: UnsupportedError | None = None

    async def ready(self) -> None:
        await asyncio.sleep(0)
        if self.trouble is not None:
            raise self.trouble

    def session(
        self, *, peer_id: bytes | None, max_conns: int, rtc_config: Mapping[str, Any] | None
    ) -> Session:
        self.asked = {"peer_id": peer_id, "max_conns": max_conns, "rtc_config": rtc_config}
        return self.node.session

    def end(self, session: Session) -> None:
        session.close(self.now())

    def open_store(self, info: Info) -> MemoryStore:
        self.stores.append(MemoryStore(None, b"", self.node.network))
        return self.stores[-1]

    async def find(self, given: str | bytes) -> Metainfo | Magnet:
        await asyncio.sleep(0)
        if isinstance(given, bytes):
            return parse_metainfo(given)
        if given.startswith("magnet:"):
            return parse_magnet(given)
        raise InvalidTorrent(f"{given!r} is no torrent")

    async def read_blocklist(self, given: str | bytes) -> BlockList:
        await asyncio.sleep(0)
        if given == "bad":
            raise LocalError("a bad list")
        return parse_blocklist(given.encode() if isinstance(given, str) else given)

    def surroundings(self) -> Surroundings:
        return self.around

    def now(self) -> float:
        return self.world.now

    def arm(self) -> None:
        """The world runs all timers."""


class ApiWorld:
    """Clients of the Python API that can meet at one tracker, while `running`."""

    def __init__(self, seed: int = 1) -> None:
        self.world = World(seed)
        self.world.tracker(TRACKER)

    def client(self, **options: Any) -> Client:
        return Client(host=SimHost(self.world), tracker={"announce": [TRACKER]}, **options)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let virtual time pass whenever every task waits."""
        driver = asyncio.get_running_loop().create_task(self._drive())
        try:
            async with asyncio.timeout(60):
                yield
        finally:
            driver.cancel()

    async def _drive(self) -> None:
        while True:
            # Tasks run as far as they get before the next event of the world.
            for _ in range(5):
                await asyncio.sleep(0)
            due = self.world.timers.next_due
            if due is not None:
                self.world.now = max(self.world.now, due)
                self.world.timers.run(self.world.now)
