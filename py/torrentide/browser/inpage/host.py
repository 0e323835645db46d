"""The browser as the Python API's Host: one for all clients of a program.

Owns the timers and what wakes them, the numbers of links, and the choice between connections of our own and
those that a page makes for a worker.
"""

import asyncio
import itertools
import random
import secrets
import time
from collections import deque
from collections.abc import Mapping
from functools import cache
from math import inf
from typing import Any

import js
from pyodide.ffi import create_proxy, to_js

from torrentide.browser.inpage.channels import Channels
from torrentide.browser.inpage.connections import MAX_ATTEMPTS, Connections
from torrentide.browser.inpage.digests import Digests
from torrentide.browser.inpage.fetch import Fetches
from torrentide.browser.inpage.lent import Lent, PagePort
from torrentide.browser.inpage.sockets import Sockets
from torrentide.browser.prepare import fetch_torrent, parse_id, read_blocklist
from torrentide.browser.stores import Memory, MemoryStore
from torrentide.diagnosis import Attempt, Surroundings
from torrentide.discovery.blocklist import BlockList
from torrentide.engine.budget import LinkBudget
from torrentide.engine.session import Session, new_peer_id
from torrentide.engine.webseed import Web
from torrentide.metainfo.info import Info
from torrentide.metainfo.magnet import Magnet
from torrentide.metainfo.metainfo import Metainfo
from torrentide.timers import Timers


class Host:
    """See `torrentide.host.Host`."""

    def __init__(self) -> None:
        self.timers = Timers()
        self.rng = random.Random(secrets.randbits(256))
        self.digest = Digests(self.arm)
        self._channels = Channels(self.arm)
        self._web = Web(Fetches(self.arm), str(js.self.origin))
        self._budget = LinkBudget()
        self._memory = Memory()
        # Of all clients; those that a page makes for a worker it keeps to itself.
        self._attempts: deque[Attempt] = deque(maxlen=MAX_ATTEMPTS)
        self._numbers = itertools.count(1)
        self._sessions: dict[Session, Connections | Lent] = {}
        self._alarm: asyncio.Handle | None = None
        self._wake_at = inf
        # Workers have no RTCPeerConnection.
        self._page = None if hasattr(js, "RTCPeerConnection") else PagePort(self._channels)
        js.self.addEventListener("online", create_proxy(self._on_online))
        js.self.addEventListener("pagehide", create_proxy(self._on_hide))

    async def ready(self) -> None:
        """See `torrentide.host.Host`."""
        if self._page is not None:
            await self._page.ready()

    def session(
        self, *, peer_id: bytes | None, max_conns: int, rtc_config: Mapping[str, Any] | None
    ) -> Session:
        """See `torrentide.host.Host`."""
        config = to_js(dict(rtc_config or {}), dict_converter=js.Object.fromEntries)
        own = Connections(self._channels, config, self._attempts)
        dialer = own if self._page is None else Lent(self._page, config)
        sockets = Sockets(self.arm)
        session = Session(
            peer_id or new_peer_id(self.rng),
            dialer=dialer,
            sockets=sockets,
            digest=self.digest,
            timers=self.timers,
            rng=self.rng,
            web=self._web,
            numbers=self._numbers,
            budget=self._budget,
            max_conns=max_conns,
        )
        dialer.session = sockets.session = session
        self._sessions[session] = dialer
        return session

    def end(self, session: Session) -> None:
        """See `torrentide.host.Host`."""
        if self._sessions.pop(session, None) is not None:
            session.close(self.now())

    def open_store(self, info: Info) -> MemoryStore:
        """See `torrentide.host.Host`."""
        return MemoryStore(info, self._memory)

    async def find(self, given: str | bytes) -> Metainfo | Magnet:
        """See `torrentide.host.Host`."""
        return parse_id(given) or await fetch_torrent(str(given))

    async def read_blocklist(self, given: str | bytes) -> BlockList:
        """See `torrentide.host.Host`."""
        by_url = isinstance(given, str) and given[:8].lower().startswith(("http://", "https://"))
        return await read_blocklist({"url" if by_url else "data": given})

    def surroundings(self) -> Surroundings:
        """See `torrentide.host.Host`."""
        return Surroundings(bool(js.self.navigator.onLine), tuple(self._attempts))

    def now(self) -> float:
        """See `torrentide.host.Host`."""
        return time.monotonic()

    def arm(self) -> None:
        """See `torrentide.host.Host`."""
        due = self.timers.next_due
        if due is None or due >= self._wake_at:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._wake_at = due
        delay = max(0.0, due - self.now())
        self._alarm = asyncio.get_event_loop().call_later(delay, self._on_alarm)

    def _on_alarm(self) -> None:
        self._wake_at = inf
        self.timers.run(self.now())
        self.arm()

    def _on_online(self, event: Any) -> None:
        for session in self._sessions:
            session.online(self.now())
        self.arm()

    def _on_hide(self, event: Any) -> None:
        for dialer in self._sessions.values():
            dialer.close_all("the page was left")


@cache
def shared() -> Host:
    """The one of this program."""
    return Host()
