"""The torrents of the page: the routing of its messages to them, and their removal.

Owns which there are, by the page's numbers. What a message does to a torrent is the torrent's to know.
"""

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

from torrentide.browser.adding import Adding
from torrentide.browser.clients import Client
from torrentide.browser.facilities import Facilities
from torrentide.browser.shim import JsChannels
from torrentide.browser.torrent import PageTorrent
from torrentide.diagnosis import Finding, of_torrent
from torrentide.engine.session import Session
from torrentide.errors import Closed

Handler = Callable[[dict[str, Any]], None]

# What removed torrents held is freed so many seconds later: their objects hold each other, and Python's
# collector of such comes so seldom that they doubled the worker's memory, which never shrinks.
_FREE_AFTER = 0.5


class Torrents:
    """Torrents of `clients`. `owners` has the session of each link, `channels` carry them. `handlers` are by
    the type of message (web/src/protocol.ts)."""

    def __init__(
        self,
        facilities: Facilities,
        clients: dict[int, Client],
        owners: dict[int, Session],
        channels: JsChannels,
    ) -> None:
        self._facilities = facilities
        self._clients = clients
        self._owners = owners
        self._channels = channels
        self._adding = Adding(facilities)
        self._torrents: dict[int, PageTorrent] = {}
        self._freeing = False
        self.handlers: dict[str, Handler] = {
            "add": lambda message: self._adding.add(*self._new(message), message),
            "seed": lambda message: self._adding.seed(*self._new(message), message),
            "remove": self._on_remove,
            "pause": self._to(lambda torrent, message: torrent.pause()),
            "resume": self._to(lambda torrent, message: torrent.resume()),
            "select": self._to(
                lambda torrent, message: torrent.select(bytes(message["priorities"]), message["critical"])
            ),
            "announce-keys": self._to(lambda torrent, message: torrent.announce_with(message["keys"])),
            "add-peer": self._on_add_peer,
            "remove-peer": self._to(lambda torrent, message: torrent.peers.remove(message["link"])),
            "add-web-seed": self._to(lambda torrent, message: torrent.add_web_seed(message["url"])),
            "wire-use": self._to(_wire_use),
            "wire-send": self._to(_wire_send),
            "wire-took": self._to(
                lambda torrent, message: torrent.peers.took_extended(message["link"], message["size"])
            ),
            "store-answer": self._to(_store_answer),
            "rescan": lambda message: self._open(message).calls.rescan(message["call"]),
            "cancel": self._on_cancel,
            "blob": self._on_blob,
            "pull": self._on_pull,
            "unread": self._to(lambda torrent, message: torrent.calls.unread(message["reader"])),
        }

    def __len__(self) -> int:
        """How many there are."""
        return len(self._torrents)

    def get(self, number: int) -> PageTorrent | None:
        """The torrent of that number, if it has not ended."""
        return self._torrents.get(number)

    def diagnose(self, number: int, trackers_used: bool, attempted: bool) -> Iterator[Finding]:
        """Why a torrent has no peer, also of one that the page has not told of yet."""
        torrent = self._torrents.get(number)
        if torrent is None:
            return of_torrent(None, 0, paused=False, trackers_used=trackers_used, attempted=attempted)
        return torrent.diagnose(trackers_used=trackers_used, attempted=attempted)

    def close(self, number: int) -> None:
        """End a torrent; what is stored stays."""
        torrent = self._torrents.get(number)
        if torrent is not None:
            torrent.close()
            self._forget(number)

    # -- Messages

    def _on_remove(self, message: dict[str, Any]) -> None:
        """Replies with the bytes that were freed."""
        torrent = self._torrents.get(message["torrent"])
        self._facilities.start(self._remove(message["call"], torrent, keep=message["keep"]))
        self._forget(message["torrent"])

    async def _remove(self, call: int, torrent: PageTorrent | None, *, keep: bool) -> None:
        freed = 0
        try:
            if torrent is not None and keep:
                torrent.close()
            elif torrent is not None:
                freed = await torrent.remove()
        except Exception as error:
            self._facilities.page.refuse(call, error)
        else:
            self._facilities.page.reply(call, freed)
        self._facilities.arm()

    def _on_cancel(self, message: dict[str, Any]) -> None:
        for torrent in self._torrents.values():
            torrent.calls.cancel(message["call"])

    def _on_blob(self, message: dict[str, Any]) -> None:
        calls = self._open(message).calls
        calls.read(message["call"], message["file"], message["start"], message["end"])

    def _on_pull(self, message: dict[str, Any]) -> None:
        fields = (message[name] for name in ("call", "reader", "file", "start", "end", "rate", "slack"))
        self._open(message).calls.pull(*fields)

    def _on_add_peer(self, message: dict[str, Any]) -> None:
        torrent, link = self._torrents.get(message["torrent"]), message["link"]
        taken = torrent is not None and torrent.peers.add(link)
        if torrent is not None and taken:
            self._owners[link] = torrent.session
        channels = self._channels
        if "channel" in message:
            channels.adopt(link, message["channel"])
        else:
            channels.relay(link, message["port"])
        if not taken:
            channels.close(link)

    # -- The torrents that there are

    def _to(self, act: Callable[[PageTorrent, dict[str, Any]], None]) -> Handler:
        """Messages about a torrent that has just ended mean nothing."""

        def handle(message: dict[str, Any]) -> None:
            torrent = self._torrents.get(message["torrent"])
            if torrent is not None:
                act(torrent, message)

        return handle

    def _open(self, message: dict[str, Any]) -> PageTorrent:
        torrent = self._torrents.get(message["torrent"])
        if torrent is None:
            raise Closed("the torrent was removed")
        return torrent

    def _new(self, message: dict[str, Any]) -> tuple[PageTorrent, Client]:
        number, client = message["torrent"], self._clients.get(message["client"])
        if client is None:
            raise Closed("the client was destroyed")
        torrent = PageTorrent(number, client.session, self._facilities, lambda: self.close(number))
        self._torrents[number] = torrent
        client.torrents.add(number)
        return torrent, client

    def _forget(self, number: int) -> None:
        self._torrents.pop(number, None)
        for client in self._clients.values():
            client.torrents.discard(number)
        if not self._freeing:
            self._freeing = True
            self._facilities.timers.at(time.monotonic() + _FREE_AFTER, self._free)
            self._facilities.arm()

    def _free(self, now: float) -> None:
        self._freeing = False
        gc.collect()


def _wire_use(torrent: PageTorrent, message: dict[str, Any]) -> None:
    torrent.peers.use_extensions(message["link"], message["names"], bytes(message["handshake"]))


def _wire_send(torrent: PageTorrent, message: dict[str, Any]) -> None:
    torrent.peers.send_extended(message["link"], message["number"], bytes(message["data"]))


def _store_answer(torrent: PageTorrent, message: dict[str, Any]) -> None:
    torrent.store_answer(*(message["answer"].get(name) for name in ("job", "data", "error")))
