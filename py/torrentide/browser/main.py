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
from dataclasses import asdict, dataclass, field
from typing import Any

import js
import pyodide_js
from pyodide.ffi import create_proxy, to_js

from torrentide.browser import loop
from torrentide.browser.channels import Channels
from torrentide.browser.dialer import SessionDialer
from torrentide.browser.digests import Digests
from torrentide.browser.fetch import Fetches
from torrentide.browser.hashing import Hashing
from torrentide.browser.library import Library, Place
from torrentide.browser.originals import Originals
from torrentide.browser.page import Page
from torrentide.browser.prepare import fetch_torrent, hash_files, parse_id, read_blocklist
from torrentide.browser.shim import Shim
from torrentide.browser.sockets import SessionSockets, SocketHub
from torrentide.browser.stores import MEMORY_BYTES, Memory
from torrentide.browser.torrent import PageTorrent, info_hash_of, set_limits
from torrentide.diagnosis import Attempt, Surroundings, of_network, of_torrent
from torrentide.discovery.tiers import in_order
from torrentide.engine.budget import LinkBudget
from torrentide.engine.session import Session, new_peer_id
from torrentide.engine.webseed import Web
from torrentide.errors import Closed, DuplicateTorrent, LocalError, StorageError, TorrentideError
from torrentide.metainfo.magnet import Magnet
from torrentide.metainfo.metainfo import Metainfo
from torrentide.timers import Timers


@dataclass
class Client:
    """A client object of the page."""

    session: Session
    announce: list[str]
    use_trackers: bool
    torrents: set[int] = field(default_factory=set)
    # Info-hashes of torrents of which the storage is being looked at.
    joining: set[bytes] = field(default_factory=set)
    # Reads the block list; no torrent joins its swarm before.
    loading: asyncio.Task[None] | None = None


class Host:
    """All that runs in one worker."""

    def __init__(self, shim: Shim) -> None:
        self._shim = shim
        self._page = Page(shim)
        self._timers = Timers()
        self._wake_at: float | None = None
        self._rng = random.Random(secrets.randbits(256))
        self._numbers = itertools.count(1)
        self._budget = LinkBudget()
        self._owners: dict[int, Session] = {}
        self._clients: dict[int, Client] = {}
        self._torrents: dict[int, PageTorrent] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._digests = Digests(shim.digests, self._arm)
        self._library = Library(shim.files, self._timers, self._digests, self._rng, self._arm)
        self._memory = Memory()
        self._hashing = Hashing(shim.hashers)
        self._originals = Originals(shim.originals, self._arm)
        self._web = Web(Fetches(shim.fetches, self._arm), str(js.self.origin))
        self._channels = Channels(shim.channels, self._owners.get, self._arm)
        self._sockets = SocketHub(shim.sockets, self._numbers, self._arm)
        self._handlers: dict[str, Callable[[dict[str, Any]], None]] = {
            "client": self._on_client,
            "add": self._on_add,
            "seed": self._on_seed,
            "remove": self._on_remove,
            "pause": lambda message: self._with_torrent(message, PageTorrent.pause),
            "resume": lambda message: self._with_torrent(message, PageTorrent.resume),
            "select": self._on_select,
            "limits": self._on_limits,
            "announce-keys": lambda message: self._with_torrent(
                message, lambda torrent: torrent.announce_with(message["keys"])
            ),
            "add-peer": self._on_add_peer,
            "remove-peer": self._on_remove_peer,
            "add-web-seed": self._on_add_web_seed,
            "wire-use": self._on_wire_use,
            "wire-send": self._on_wire_send,
            "wire-took": self._on_wire_took,
            "store-answer": self._on_store_answer,
            "rescan": self._on_rescan,
            "cancel": self._on_cancel,
            "diagnose": self._on_diagnose,
            "stored": self._on_stored,
            "clean": self._on_clean,
            "destroy": self._on_destroy,
            "info-hash": self._on_info_hash,
            "blob": self._on_blob,
            "pull": self._on_pull,
            "unread": lambda message: self._with_torrent(
                message, lambda torrent: torrent.unread(message["reader"])
            ),
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
        self._arm()

    def on_timer(self) -> None:
        """The time has come that `wake` was asked for."""
        self._wake_at = None
        self._timers.run(time.monotonic())
        self._arm()

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
        elif message.get("torrent") in self._torrents:
            self._torrents[message["torrent"]].failed(error)

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
                self._close(number)
            client.session.close(time.monotonic())
        self._page.reply(message["call"])

    # -- Torrents

    def _on_add(self, message: dict[str, Any]) -> None:
        torrent, client = self._new_torrent(message)
        options = message["options"]
        torrent.configure(options, options.get("private"))
        given = message["id"]
        named = parse_id(given if isinstance(given, str) else bytes(given))

        async def join() -> None:
            outer = named or await fetch_torrent(given)
            trackers = _trackers(outer, client, options["announce"], self._rng)
            info_hash = info_hash_of(outer)
            if info_hash in client.session.swarms or info_hash in client.joining:
                raise DuplicateTorrent(f"Cannot add duplicate torrent {info_hash.hex()}")
            client.joining.add(info_hash)
            try:
                place = await self._place(torrent, outer, options)
                if torrent.closed:
                    if place is not None:
                        self._library.leave(place)
                    return
                have = None
                if options["storage"] == "page" and isinstance(outer, Metainfo):
                    have = await torrent.look(outer.info)
                torrent.join(outer, *trackers, web_seeds=options["urlList"], place=place, have=have)
            finally:
                client.joining.discard(info_hash)
            if place is None and options["storage"] == "opfs" and await self._library.available():
                place = await self._library.wait_for(info_hash, torrent.metainfo, torrent.warning)
                if place is not None:
                    await torrent.take_over(place)

        self._prepare(torrent, client, join)

    async def _place(
        self, torrent: PageTorrent, outer: Metainfo | Magnet, options: dict[str, Any]
    ) -> Place | None:
        """Where a torrent is stored; None: in memory."""
        if options["storage"] != "opfs":
            return None
        if not await self._library.available():
            torrent.warning(
                StorageError(
                    "nothing can be stored here, as in private windows of some browsers: the torrent is kept "
                    f"in memory, up to {MEMORY_BYTES >> 30} GiB, and is gone with the page"
                )
            )
            return None
        metainfo = outer if isinstance(outer, Metainfo) else None
        return await self._library.take(info_hash_of(outer), metainfo, torrent.warning)

    def _on_seed(self, message: dict[str, Any]) -> None:
        torrent, client = self._new_torrent(message)
        # Whether a seed is private is written in it.
        torrent.configure(message["options"], None)

        known = bytes(message["known"]) if "known" in message else None

        async def seed() -> None:
            metainfo, whole = await hash_files(
                message["files"], message["options"], self._hashing, torrent.hashing, known
            )
            torrent.join(metainfo, *_trackers(metainfo, client, [], self._rng), whole=whole)

        self._prepare(torrent, client, seed)

    def _on_remove(self, message: dict[str, Any]) -> None:
        """Replies with the bytes that were freed."""
        torrent = self._torrents.get(message["torrent"])
        self._start(self._remove(message["call"], torrent, keep=message["keep"]))
        self._forget(message["torrent"])

    async def _remove(self, call: int, torrent: PageTorrent | None, *, keep: bool) -> None:
        freed = 0
        try:
            if torrent is not None and keep:
                torrent.close()
            elif torrent is not None:
                freed = await torrent.remove()
        except Exception as error:
            self._page.refuse(call, error)
        else:
            self._page.reply(call, freed)
        self._arm()

    def _on_stored(self, message: dict[str, Any]) -> None:
        """Replies with all stored torrents; none where nothing can be stored."""
        self._answer(message["call"], self._stored)

    async def _stored(self) -> list[dict[str, Any]]:
        return await self._library.stored() if await self._library.available() else []

    def _on_clean(self, message: dict[str, Any]) -> None:
        """Replies with the bytes that were freed."""
        self._answer(message["call"], lambda: self._library.clean(message["names"]))

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

    def _on_info_hash(self, message: dict[str, Any]) -> None:
        given = message["id"]
        named = parse_id(given if isinstance(given, str) else bytes(given))
        info_hash = None
        if named is not None:
            info_hash = named.info_hash if isinstance(named, Magnet) else named.info.info_hash
        self._page.reply(message["call"], info_hash.hex() if info_hash else None)

    def _on_blob(self, message: dict[str, Any]) -> None:
        torrent = self._open_torrent(message)
        torrent.read(message["call"], message["file"], message["start"], message["end"])

    def _on_pull(self, message: dict[str, Any]) -> None:
        fields = (message[name] for name in ("call", "reader", "file", "start", "end", "rate"))
        self._open_torrent(message).pull(*fields)

    def _on_store_answer(self, message: dict[str, Any]) -> None:
        fields = (message["answer"].get(name) for name in ("job", "data", "error"))
        self._with_torrent(message, lambda torrent: torrent.store_answer(*fields))

    def _on_rescan(self, message: dict[str, Any]) -> None:
        self._open_torrent(message).rescan(message["call"])

    def _on_cancel(self, message: dict[str, Any]) -> None:
        for torrent in self._torrents.values():
            torrent.cancel(message["call"])

    def _on_select(self, message: dict[str, Any]) -> None:
        priorities, critical = bytes(message["priorities"]), message["critical"]
        self._with_torrent(message, lambda torrent: torrent.select(priorities, critical))

    def _on_add_peer(self, message: dict[str, Any]) -> None:
        torrent, link = self._torrents.get(message["torrent"]), message["link"]
        taken = torrent is not None and torrent.add_peer(link)
        if torrent is not None and taken:
            self._owners[link] = torrent.session
        channels = self._shim.channels
        if "channel" in message:
            channels.adopt(link, message["channel"])
        else:
            channels.relay(link, message["port"])
        if not taken:
            channels.close(link)

    def _on_remove_peer(self, message: dict[str, Any]) -> None:
        self._with_torrent(message, lambda torrent: torrent.remove_peer(message["link"]))

    def _on_add_web_seed(self, message: dict[str, Any]) -> None:
        self._with_torrent(message, lambda torrent: torrent.add_web_seed(message["url"]))

    def _on_wire_use(self, message: dict[str, Any]) -> None:
        given = message["link"], message["names"], bytes(message["handshake"])
        self._with_torrent(message, lambda torrent: torrent.use_extensions(*given))

    def _on_wire_send(self, message: dict[str, Any]) -> None:
        given = message["link"], message["number"], bytes(message["data"])
        self._with_torrent(message, lambda torrent: torrent.send_extended(*given))

    def _on_wire_took(self, message: dict[str, Any]) -> None:
        self._with_torrent(message, lambda torrent: torrent.took_extended(message["link"], message["size"]))

    def _on_limits(self, message: dict[str, Any]) -> None:
        limits = message["limits"]
        if "torrent" in message:
            self._with_torrent(message, lambda torrent: torrent.set_limits(limits))
        elif message["client"] in self._clients:
            set_limits(self._clients[message["client"]].session.limits, limits)

    def _on_diagnose(self, message: dict[str, Any]) -> None:
        client = self._clients.get(message["client"])
        attempts = [Attempt(**attempt) for attempt in message["attempts"]]
        numbers = message["torrents"]
        around = Surroundings(message["online"], attempts)
        each = [
            _diagnose(self._torrents.get(number), client is not None and client.use_trackers, bool(attempts))
            for number in numbers
        ]
        report = {
            "findings": list(map(asdict, of_network(around, len(numbers)))),
            "torrents": each,
            "engine": self._vitals(),
        }
        self._page.reply(message["call"], report)

    def _vitals(self) -> dict[str, int]:
        gc.collect()
        return {
            "memory": pyodide_js._module.HEAPU8.length,
            "clients": len(self._clients),
            "torrents": len(self._torrents),
            "links": len(self._owners),
            "timers": len(self._timers),
            "objects": len(gc.get_objects()),
            "proxies": pyodide_js._module._hiwire_num_refs(),
        }

    def _with_torrent(self, message: dict[str, Any], act: Callable[[PageTorrent], None]) -> None:
        """Messages about a torrent that has just ended mean nothing."""
        torrent = self._torrents.get(message["torrent"])
        if torrent is not None:
            act(torrent)

    def _open_torrent(self, message: dict[str, Any]) -> PageTorrent:
        torrent = self._torrents.get(message["torrent"])
        if torrent is None:
            raise Closed("the torrent was removed")
        return torrent

    def _new_torrent(self, message: dict[str, Any]) -> tuple[PageTorrent, Client]:
        number, client = message["torrent"], self._clients.get(message["client"])
        if client is None:
            raise Closed("the client was destroyed")
        torrent = self._torrents[number] = PageTorrent(
            number,
            client.session,
            self._page,
            self._timers,
            self._originals,
            self._digests,
            self._library,
            self._memory,
            arm=self._arm,
            gone=lambda: self._close(number),
        )
        client.torrents.add(number)
        return torrent, client

    def _close(self, number: int) -> None:
        torrent = self._torrents.get(number)
        if torrent is not None:
            torrent.close()
            self._forget(number)

    def _forget(self, number: int) -> None:
        self._torrents.pop(number, None)
        for client in self._clients.values():
            client.torrents.discard(number)

    def _prepare(
        self, torrent: PageTorrent, client: Client, work: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        """Do what takes time before a torrent can join its swarm."""

        async def run() -> None:
            try:
                if client.loading is not None:
                    await asyncio.shield(client.loading)
                await work()
            except Exception as error:
                torrent.failed(error)
            self._arm()

        torrent.preparing = self._start(run())

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


async def _load_blocklist(session: Session, given: dict[str, Any]) -> None:
    session.blocklist = await read_blocklist(given)


def _diagnose(torrent: PageTorrent | None, trackers_used: bool, attempted: bool) -> list[dict[str, str]]:
    """The findings about a torrent; None is one that the page has not told of yet."""
    swarm, named, paused = (
        (torrent.swarm, torrent.named, torrent.paused) if torrent is not None else (None, 0, False)
    )
    found = of_torrent(swarm, named, paused=paused, trackers_used=trackers_used, attempted=attempted)
    return list(map(asdict, found))


def _trackers(
    outer: Metainfo | Magnet, client: Client, given: list[str], rng: random.Random
) -> tuple[list[str], list[str]]:
    """The trackers that a torrent names itself, and the foreign ones: those given with it, and the
    client's."""
    if not client.use_trackers:
        return [], []
    return in_order(outer.tiers, rng), [*given, *client.announce]


def start(shim: Shim) -> None:
    """Join the engine to the worker."""
    loop.install(asyncio.get_event_loop())
    host = Host(shim)
    shim.engine = to_js(
        {"onMessage": create_proxy(host.on_message), "onTimer": create_proxy(host.on_timer)},
        dict_converter=js.Object.fromEntries,
    )
