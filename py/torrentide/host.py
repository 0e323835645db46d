"""What the Python API needs of the place that it runs in, as a Protocol, and how that place is found.

The browser's implementation is `torrentide.browser.inpage`. Nothing here knows what a client is for.
"""

import asyncio
import importlib
import random
import sys
from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

from torrentide.diagnosis import Surroundings
from torrentide.discovery.blocklist import BlockList
from torrentide.engine.session import Session
from torrentide.errors import UnsupportedError
from torrentide.metainfo.info import Info
from torrentide.metainfo.magnet import Magnet
from torrentide.metainfo.metainfo import Metainfo
from torrentide.ports import Digest, Store
from torrentide.timers import Timers

_BROWSER = "torrentide.browser.inpage.host"


class Host(Protocol):
    """A place with a network: one for all clients of a program."""

    timers: Timers
    rng: random.Random
    digest: Digest

    async def ready(self) -> None:
        """Wait until connections can be made. UnsupportedError when they never can."""

    def session(
        self, *, peer_id: bytes | None, max_conns: int, rtc_config: Mapping[str, Any] | None
    ) -> Session:
        """A new client of the engine; `rtc_config` is an RTCConfiguration."""

    def end(self, session: Session) -> None:
        """Close a session and let go of what belongs to it."""

    def open_store(self, info: Info) -> Store:
        """Where a download's pieces are kept."""

    async def find(self, given: str | bytes) -> Metainfo | Magnet:
        """What a torrent id names; a URL is read. InvalidTorrent says what is wrong with it."""

    async def read_blocklist(self, given: str | bytes) -> BlockList:
        """A block list by URL, text or bytes. LocalError says what is wrong with it."""

    def surroundings(self) -> Surroundings:
        """The network, as far as the place knows it."""

    def now(self) -> float:
        """Seconds on the clock of the timers."""

    def arm(self) -> None:
        """See to it that the next timer is woken for. To be called behind every call into the engine."""


def local_host() -> Host:
    """The place that this program runs in. UnsupportedError where there is none."""
    if sys.platform != "emscripten":
        raise UnsupportedError(
            "torrentide.Client needs the Python of a web page (Pyodide): peers meet over WebRTC. "
            "On this Python there are the tracker and the command line: see `torrentide --help`."
        )
    # By name, for the layers below the browser's must not import it.
    return cast("Host", importlib.import_module(_BROWSER).shared())


async def called_back[Result](start: Callable[[Callable[[Result, float], None]], None]) -> Result:
    """Call a method of a port, and wait for what it gives to its `done`."""
    result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

    def done(given: Result, now: float) -> None:
        if not result.done():
            result.set_result(given)

    start(done)
    return await result
