"""The engine in its worker: clients of the page, and the routing of messages, links and timers to them.

Owns what is one for the whole worker: the timers and the one wake-up that drives them, the numbers of links,
the clients. `start` is what the worker's JavaScript calls.
"""

import asyncio
import gc
import itertools
import random
import secrets
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from typing import Any

import js
import pyodide_js
from pyodide.ffi import create_proxy, to_js

from torrentide.browser import loop
from torrentide.browser.channels import Channels
from torrentide.browser.clients import Client
from torrentide.browser.description import info_hash_of
from torrentide.browser.dialer import SessionDialer
from torrentide.browser.digests import Digests
from torrentide.browser.facilities import Facilities
from torrentide.browser.fetch import Fetches
from torrentide.browser.hashing import Hashing
from torrentide.browser.library import Library
from torrentide.browser.limits import set_limits
from torrentide.browser.originals import Originals
from torrentide.browser.page import Page
from torrentide.browser.prepare import parse_id, read_blocklist
from torrentide.browser.shim import Shim
from torrentide.browser.sockets import SessionSockets, SocketHub
from torrentide.browser.stores import Memory
from torrentide.browser.tabs import Tabs
from torrentide.browser.torrents import Torrents
from torrentide.diagnosis import Attempt, Surroundings, of_network
from torrentide.engine.budget import LinkBudget
from torrentide.engine.session import Session, new_peer_id
from torrentide.engine.webseed import Web
from torrentide.errors import LocalError, TorrentideError
from torrentide.timers import Timers


class Host:
    """All that runs in one worker. `drain` runs what is due in its event loop."""

    def __init__(self, shim: Shim, drain: Callable[[], None]) -> None:
        self._shim = shim
        self._drain = drain
        self._page = Page(shim)
        self._timers = Timers()
        self._wake_at: float | None = None
        self._rng = random.Random(secrets.randbits(256))
        self._numbers = itertools.count(1)
        self._budget = LinkBudget()
        self._owners: dict[int, Session] = {}
        self._clients: dict[int, Client] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._digests = Digests(shim.digests, self._after)
        self._web = Web(Fetches(shim.fetches, self._after), str(js.self.origin))
        self._facilities = Facilities(
            page=self._page,
            timers=self._timers,
            digests=self._digests,
            hashing=Hashing(shim.hashers),
            originals=Originals(shim.originals, self._after),
            library=Library(shim.files, self._timers, self._digests, self._rng, self._after),
            memory=Memory(),
            tabs=Tabs(shim.tabs, self._arm),
            rng=self._rng,
            arm=self._arm,
            start=self._start,
        )
        self._torrents = Torrents(self._facilities, self._clients, self._owners, shim.channels)
        self._channels = Channels(shim.channels, self._owners.get, self._after)
        self._sockets = SocketHub(shim.sockets, self._numbers, self._after)
        self._handlers: dict[str, Callable[[dict[str, Any]], None]] = {
            **self._torrents.handlers,
            "client": self._on_client,
            "limits": self._on_limits,
            "diagnose": self._on_diagnose,
            "stored": self._on_stored,
            "clean": self._on_clean,
            "destroy": self._on_destroy,
            "info-hash": self._on_info_hash,
            "rtc-channel": lambda message: shim.channels.adopt(message["link"], message["channel"]),
            "rtc-relay": lambda message: shim.channels.relay(message["link"], message["port"]),
            "rtc-local": self._on_rtc_local,
            "rtc-failed": self._on_rtc_failed,
            "online": self._on_online,
        }

    # -- Called by the worker

    def on_message(self, proxy: Any) -> None:
        """A message of the page (web/src/protocol.ts). What goes wrong is an error of the torrent or call
        that it is about."""
        message: dict[str, Any] = proxy.to_py()
        try:
            self._handlers[message["type"]](message)
        except Exception as error:
            self._report(message, error)
        self._after()

    def on_timer(self) -> None:
        """The time has come that `wake` was asked for."""
        self._wake_at = None
        self._timers.run(time.monotonic())
        self._after()

    def _after(self) -> None:
        """Behind each event: whoever waited for it goes on at once, not behind what came meanwhile."""
        self._arm()
        self._drain()

    def _arm(self) -> None:
        """See to it that the next timer is woken for."""
        due = self._timers.next_due
        if due is not None and (self._wake_at is None or due < self._wake_at):
            self._wake_at = due
            self._shim.wake(max(0.0, due - time.monotonic()) * 1000)

    def _report(self, message: dict[str, Any], error: Exception) -> None:
        if not isinstance(error, TorrentideError):
            js.console.error(f"torrentide: {message.get('type')}: {error!r}")
        if "call" in message:
            self._page.refuse(message["call"], error)
        elif "torrent" in message:
            torrent = self._torrents.get(message["torrent"])
            if torrent is not None:
                torrent.failed(error)

    # -- Clients

    def _on_client(self, message: dict[str, Any]) -> None:
        options = message["options"]
        given = options.get("peerId")
        peer_id = given.encode("latin-1") if isinstance(given, str) else new_peer_id(self._rng)
        if len(peer_id) != 20:
            raise LocalError(f"a peer id has 20 bytes, not {len(peer_id)}")
        sockets = SessionSockets(self._sockets)
        dialer = SessionDialer(self._owners, self._shim.channels, self._page.post, options.get("rtcConfig"))
        session = Session(
            peer_id,
            dialer=dialer,
            sockets=sockets,
            digest=self._digests,
            timers=self._timers,
            rng=self._rng,
            web=self._web,
            numbers=self._numbers,
            budget=self._budget,
            max_conns=options["maxConns"],
            seed_outgoing=options["seedOutgoing"],
        )
        sockets.session = dialer.session = session
        set_limits(session.limits, options["limits"])
        client = Client(session, list(options["announce"]), options["tracker"])
        self._clients[message["client"]] = client
        if "blocklist" in options:
            client.loading = self._start(_load_blocklist(session, options["blocklist"]))
        self._page.post({"type": "client", "client": message["client"], "peerId": peer_id.hex()})

    def _on_destroy(self, message: dict[str, Any]) -> None:
        client = self._clients.pop(message["client"], None)
        if client is not None:
            for number in list(client.torrents):
                self._torrents.close(number)
            client.session.close(time.monotonic())
        self._page.reply(message["call"])

    def _on_limits(self, message: dict[str, Any]) -> None:
        limits = message["limits"]
        if "torrent" in message:
            torrent = self._torrents.get(message["torrent"])
            if torrent is not None:
                torrent.set_limits(limits)
        elif message["client"] in self._clients:
            set_limits(self._clients[message["client"]].session.limits, limits)

    # -- The whole worker

    def _on_info_hash(self, message: dict[str, Any]) -> None:
        given = message["id"]
        named = parse_id(given if isinstance(given, str) else bytes(given))
        self._page.reply(message["call"], info_hash_of(named).hex() if named is not None else None)

    def _on_stored(self, message: dict[str, Any]) -> None:
        """Replies with all stored torrents; none where nothing can be stored."""
        self._answer(message["call"], self._stored)

    async def _stored(self) -> list[dict[str, Any]]:
        return await self._facilities.library.stored() if await self._facilities.library.available() else []

    def _on_clean(self, message: dict[str, Any]) -> None:
        """Replies with the bytes that were freed."""
        self._answer(message["call"], lambda: self._clean(message["names"]))

    async def _clean(self, names: list[str]) -> int:
        library = self._facilities.library
        return await library.clean(names) if await library.available() else 0

    def _answer(self, call: int, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        async def run() -> None:
            try:
                value = await work()
            except Exception as error:
                self._page.refuse(call, error)
            else:
                self._page.reply(call, value)
            self._arm()

        self._start(run())

    def _on_diagnose(self, message: dict[str, Any]) -> None:
        """Replies with an EngineDiagnosis."""
        client, numbers = self._clients.get(message["client"]), message["torrents"]
        around = Surroundings(message["online"], [Attempt(**attempt) for attempt in message["attempts"]])
        used = client is not None and client.use_trackers
        report = {
            "findings": list(map(asdict, of_network(around, len(numbers)))),
            "torrents": [
                list(map(asdict, self._torrents.diagnose(number, used, bool(around.attempts))))
                for number in numbers
            ],
            "engine": self._vitals(),
        }
        self._page.reply(message["call"], report)

    def _vitals(self) -> dict[str, int]:
        gc.collect()
        return {
            "memory": pyodide_js._module.HEAPU8.length,
            "used": _allocated(),
            "clients": len(self._clients),
            "torrents": len(self._torrents),
            "links": len(self._owners),
            "timers": len(self._timers),
            "objects": len(gc.get_objects()),
            "proxies": pyodide_js._module._hiwire_num_refs(),
        }

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_event_loop().create_task(work)
        # The loop holds tasks weakly.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # -- Links

    def _on_rtc_local(self, message: dict[str, Any]) -> None:
        session = self._owners.get(message["link"])
        if session is not None:
            session.link_local(message["link"], message["sdp"], time.monotonic())

    def _on_rtc_failed(self, message: dict[str, Any]) -> None:
        session = self._owners.get(message["link"])
        if session is not None:
            session.link_failed(message["link"], message["reason"], time.monotonic())

    def _on_online(self, message: dict[str, Any]) -> None:
        for client in self._clients.values():
            client.session.online(time.monotonic())


def _allocated() -> int:
    """Bytes that malloc has given out and not got back. Python counts nothing itself: Pyodide's has
    no allocator of its own."""
    module = pyodide_js._module
    # `struct mallinfo` of dlmalloc: ten numbers of 32 bits, `uordblks` the eighth.
    info = module._malloc(40)
    module._mallinfo(info)
    used = int(module.HEAPU32[info // 4 + 7])
    module._free(info)
    return used


async def _load_blocklist(session: Session, given: dict[str, Any]) -> None:
    session.blocklist = await read_blocklist(given)


def start(shim: Shim) -> None:
    """Join the engine to the worker."""
    host = Host(shim, loop.install(asyncio.get_event_loop()))
    shim.engine = to_js(
        {"onMessage": create_proxy(host.on_message), "onTimer": create_proxy(host.on_timer)},
        dict_converter=js.Object.fromEntries,
    )
