"""A client: one peer id, its torrents, and the trackers and links that they share.

Owns the routing of what comes from outside to the torrent that it concerns. It is the whole engine to a
shell: the browser, the simulator, a plain asyncio program. It reads no clock and does no I/O.
"""

import random
from collections.abc import Callable, Iterable, Iterator

from torrentide import __version__
from torrentide.discovery.blocklist import BlockList
from torrentide.discovery.links import Links
from torrentide.discovery.sdp import usable
from torrentide.discovery.tracker import Tracker, tracker_url
from torrentide.engine.budget import LinkBudget
from torrentide.engine.limits import Limits
from torrentide.engine.observer import Observer
from torrentide.engine.swarm import NO_PEERS_SECONDS, Swarm, SwarmObserver
from torrentide.engine.torrent import Torrent
from torrentide.engine.webseed import Web
from torrentide.engine.webseed_urls import check_tracker
from torrentide.errors import DuplicateTorrent, UnsupportedError
from torrentide.metainfo.info import Info
from torrentide.pieces.bitfield import Bitfield
from torrentide.ports import Dialer, Digest, Sockets, Store, Transport
from torrentide.timers import Timers, TimerScope

# Azureus style (BEP 20) with a two-letter code that BEP 20 does not list, and the version in four digits.
PEER_ID_CODE = "TD"
# WebTorrent: 55 connections a torrent.
MAX_CONNS = 55

_PEER_ID_CHARS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def new_peer_id(rng: random.Random) -> bytes:
    """A peer id for this version: `-TD0100-` and twelve random letters and digits."""
    major, minor, patch = (int(part) for part in __version__.split("."))
    digits = f"{major}{minor}{patch}0"
    tail = "".join(rng.choices(_PEER_ID_CHARS, k=12))
    return f"-{PEER_ID_CODE}{digits}-{tail}".encode()


class Session:
    """A client with `peer_id`. `numbers` gives the names of links and `budget` bounds them; several sessions
    may draw from one source. `seed_outgoing`: see `Swarm`."""

    def __init__(
        self,
        peer_id: bytes,
        *,
        dialer: Dialer,
        sockets: Sockets,
        digest: Digest,
        timers: Timers,
        rng: random.Random,
        numbers: Iterator[int],
        budget: LinkBudget | None = None,
        max_conns: int = MAX_CONNS,
        seed_outgoing: bool = True,
        web: Web | None = None,
    ) -> None:
        self.peer_id = peer_id
        self.swarms: dict[bytes, Swarm] = {}
        self.limits = Limits()
        # Whom no connection is offered to or taken from; may be changed at any time.
        self.blocklist = BlockList()
        self._dialer = dialer
        self._sockets = sockets
        self._digest = digest
        self._web = web
        self._timers = timers
        self._rng = rng
        self._numbers = numbers
        self._budget = budget or LinkBudget()
        self._max_conns = max_conns
        self._seed_outgoing = seed_outgoing
        self._trackers: dict[str, Tracker] = {}
        self._link_swarm: dict[int, Swarm] = {}

    # -- What a shell asks

    def add(
        self,
        info_hash: bytes,
        trackers: Iterable[str],
        *,
        observer: SwarmObserver,
        open_store: Callable[[Info], Store],
        now: float,
        info: Info | None = None,
        seeding: bool = False,
        super_seeding: bool = False,
        foreign: Iterable[str] = (),
        no_peers_seconds: float = NO_PEERS_SECONDS,
        have: Bitfield | None = None,
    ) -> Swarm:
        """Join the swarm of a torrent. DuplicateTorrent when it is here; an unusable tracker is a warning.

        Every tracker is used, the first ones first (see `discovery.tiers`); of `foreign` ones, which the
        torrent does not name itself, a private torrent uses none. Where the info is known, the store holds
        the pieces `have`, or, `seeding`, all. The observer is told every `no_peers_seconds` that nobody is
        there.
        """
        if info_hash in self.swarms:
            raise DuplicateTorrent(f"Cannot add duplicate torrent {info_hash.hex()}")

        timers = TimerScope(self._timers)

        def make_torrent(torrent_observer: Observer) -> Torrent:
            return Torrent(
                info_hash,
                self.peer_id,
                observer=torrent_observer,
                open_store=open_store,
                digest=self._digest,
                timers=timers,
                rng=self._rng,
                client_limits=self.limits,
                web=self._web,
            )

        swarm: Swarm
        swarm = self.swarms[info_hash] = Swarm(
            self.peer_id,
            observer=observer,
            make_torrent=make_torrent,
            make_links=lambda: Links(
                self.peer_id,
                self._dialer,
                timers,
                self._rng,
                new_number=lambda: self._new_link(swarm),
                close_link=self._close_link,
                usable=lambda sdp: usable(sdp, self.blocklist.blocks),
            ),
            close_link=self._close_link,
            tracker_closed=self._tracker_closed,
            timers=timers,
            rng=self._rng,
            budget=self._budget,
            max_conns=self._max_conns,
            seed_outgoing=self._seed_outgoing,
            no_peers_seconds=no_peers_seconds,
        )
        own = self._usable(trackers, observer, given=False)
        if info is not None and info.private:
            foreign = ()
        others = [tracker for tracker in self._usable(foreign, observer, given=True) if tracker not in own]
        swarm.start(own, now, info, seeding=seeding, super_seeding=super_seeding, foreign=others, have=have)
        return swarm

    def remove(self, info_hash: bytes, now: float) -> None:
        """Leave the swarm of a torrent and close what belongs to it. Nothing happens when it is not here."""
        swarm = self.swarms.pop(info_hash, None)
        if swarm is not None:
            swarm.stop(now)

    def close(self, now: float) -> None:
        """Remove every torrent."""
        for info_hash in list(self.swarms):
            self.remove(info_hash, now)

    def online(self, now: float) -> None:
        """The network is there again: every tracker is tried and announced to now, whatever it waited for."""
        for tracker in self._trackers.values():
            tracker.online(now)
        for swarm in self.swarms.values():
            swarm.online(now)

    def adopt(self, info_hash: bytes, number: int, now: float) -> bool:
        """Take a connection that was made elsewhere into a swarm. `number` is below zero, where no other
        link's is; it is for `link_open` and `link_failed`. False where there are too many, or no such
        torrent."""
        swarm = self.swarms.get(info_hash)
        if swarm is None or not self._budget.take():
            return False
        self._link_swarm[number] = swarm
        swarm.adopt(number, now)
        return True

    # -- What comes from links

    def link_local(self, link: int, sdp: str, now: float) -> None:
        """The local description of a link is complete."""
        if link in self._link_swarm:
            self._link_swarm[link].links.described(link, sdp, now)

    def link_open(self, link: int, transport: Transport, now: float) -> None:
        """The channel of a link is open."""
        if link in self._link_swarm:
            self._link_swarm[link].opened(link, transport, now)

    def link_data(self, link: int, data: bytes, now: float) -> None:
        """Bytes came through a link's channel."""
        swarm = self._link_swarm.get(link)
        if swarm is not None:
            swarm.torrent.received(link, data, now)

    def link_drained(self, link: int, now: float) -> None:
        """A link's channel has little left to send."""
        swarm = self._link_swarm.get(link)
        if swarm is not None:
            swarm.torrent.drained(link, now)

    def link_failed(self, link: int, reason: str, now: float) -> None:
        """A link can't be made, or is lost."""
        swarm = self._link_swarm.get(link)
        if swarm is not None:
            swarm.lost(link, reason, now)
            self._close_link(link)

    # -- What comes from sockets

    def socket_open(self, url: str, now: float) -> None:
        """A tracker's socket is open."""
        if url in self._trackers:
            self._trackers[url].opened(now)

    def socket_text(self, url: str, text: str, now: float) -> None:
        """A tracker sent a text message."""
        if url in self._trackers:
            self._trackers[url].received(text, now)

    def socket_closed(self, url: str, reason: str, now: float) -> None:
        """A tracker's socket closed, or never opened."""
        if url in self._trackers:
            self._trackers[url].closed(reason, now)

    def _usable(self, urls: Iterable[str], observer: SwarmObserver, *, given: bool) -> list[Tracker]:
        """The trackers at `urls`, which the page has `given`, or else a torrent names."""
        trackers: dict[str, Tracker] = {}
        for written in urls:
            try:
                url = tracker_url(written)
                if self._web is not None and not given:
                    check_tracker(url, self._web.origin)
            except UnsupportedError as error:
                observer.warning(error)
                continue
            if url not in self._trackers:
                self._trackers[url] = Tracker(url, self._sockets, self._timers, self._rng)
            trackers[url] = self._trackers[url]
        return list(trackers.values())

    def _tracker_closed(self, tracker: Tracker) -> None:
        del self._trackers[tracker.url]

    def _new_link(self, swarm: Swarm) -> int | None:
        if not self._budget.take():
            return None
        number = next(self._numbers)
        self._link_swarm[number] = swarm
        return number

    def _close_link(self, link: int) -> None:
        if self._link_swarm.pop(link, None) is not None:
            self._budget.give_back()
            self._dialer.close(link)
