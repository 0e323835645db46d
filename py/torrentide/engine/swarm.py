"""A torrent in its swarm: the torrent, the trackers it is announced at, and the links on their way to it.

Owns the limits on connections and the passage of a link from discovery to the torrent. It never knows the
messages of either.
"""

import functools
import json
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from torrentide.discovery.announcer import Announcer, Progress, Status
from torrentide.discovery.links import CONNECT_SECONDS, Links
from torrentide.discovery.signalling import AnnounceReply, ScrapeReply
from torrentide.discovery.tracker import Tracker
from torrentide.engine import turnover
from torrentide.engine.budget import LinkBudget
from torrentide.engine.observer import Observer, TorrentObserver
from torrentide.engine.peer import Peer
from torrentide.engine.torrent import Torrent
from torrentide.engine.turnover import TURNOVER_SECONDS, Standing
from torrentide.errors import LocalError, StorageError, TorrentideError
from torrentide.metainfo.info import Info
from torrentide.pieces.bitfield import Bitfield
from torrentide.ports import Transport
from torrentide.timers import TimerScope

# aquatic takes up to 10. With WebTorrent's 5 simulated swarms of 40 and more end 5 % later, for pieces have
# further to go.
OFFERS_PER_ANNOUNCE = 10
# Six trackers' worth of offers finds peers as fast as more would. Beyond it each tracker gets one offer.
MAX_PENDING_LINKS = 30
# WebTorrent's `noPeersIntervalTime`.
NO_PEERS_SECONDS = 30.0
# aquatic takes frames of 16 KiB, of which offers have 13: a token or a signature has room.
MAX_ANNOUNCE_KEYS = 1024
# Peers below which a download looks for more before the tracker's interval is over: a slow one among as many
# holds nothing up.
FEW_PEERS = 8
# A connection that stands this long is a success. One that is dropped right behind the handshake, again and
# again, must not have us announce every few seconds.
SETTLED_SECONDS = 30.0


class SwarmObserver(TorrentObserver, Protocol):
    """Is told what happens to a torrent and to its discovery."""

    def announced(self, reply: AnnounceReply) -> None:
        """A tracker took our announce."""

    def no_peers(self, now: float) -> None:
        """Nobody has been connected for a while."""


class Swarm:
    """`torrent`, `links` and the announcers, held together. `make_torrent` builds the torrent around us as
    its observer; `tracker_closed` is told of a tracker whose socket was closed behind its last torrent.
    Without `seed_outgoing` a complete torrent takes no more peers that trackers find."""

    def __init__(
        self,
        peer_id: bytes,
        *,
        observer: SwarmObserver,
        make_torrent: Callable[[Observer], Torrent],
        make_links: Callable[[], Links],
        close_link: Callable[[int], None],
        tracker_closed: Callable[[Tracker], None],
        timers: TimerScope,
        rng: random.Random,
        budget: LinkBudget,
        max_conns: int,
        no_peers_seconds: float,
        seed_outgoing: bool,
    ) -> None:
        self.torrent = make_torrent(self)
        self.links = make_links()
        self._peer_id = peer_id
        self._observer = observer
        self._close_link = close_link
        self._tracker_closed = tracker_closed
        self._timers = timers
        self._rng = rng
        self._budget = budget
        self._max_conns = max_conns
        self._seed_outgoing = seed_outgoing
        self._announcers: list[Announcer] = []
        self._foreign: list[Announcer] = []
        # When each peer's channel opened.
        self._since: dict[int, float] = {}
        self._seeding = False
        self._no_peers_seconds = no_peers_seconds
        self._announce_keys: dict[str, Any] = {}
        # Links that were made elsewhere and are not open yet.
        self._adopted: set[int] = set()

    def start(
        self,
        trackers: Iterable[Tracker],
        now: float,
        info: Info | None,
        *,
        seeding: bool,
        super_seeding: bool = False,
        foreign: Iterable[Tracker] = (),
        have: Bitfield | None = None,
    ) -> None:
        """Begin to announce, and to download or seed; the store holds `have`. `foreign` trackers are left
        when the metadata turns out to be private (BEP 27)."""
        self._seeding = seeding or (have is not None and have.complete)
        self.torrent.start(now, info, seeding=seeding, super_seeding=super_seeding, have=have)
        for tracker in trackers:
            self._join(tracker, now)
        self._foreign = [self._join(tracker, now) for tracker in foreign]
        self._timers.at(now + self._no_peers_seconds, self._check_peers)
        self._timers.at(now + TURNOVER_SECONDS, self._turn_over)

    def stop(self, now: float) -> None:
        """Leave the swarm."""
        while self._announcers:
            self._leave(self._announcers[0], now)
        self.links.close(now)
        for number in list(self._adopted):
            self._close_link(number)
        self.torrent.close(now)
        self._timers.close()

    def online(self, now: float) -> None:
        """The network is there again."""
        for announcer in self._announcers:
            announcer.online(now)

    def trackers(self) -> list[Status]:
        """How we stand with each tracker."""
        return [announcer.status for announcer in self._announcers]

    def scrape(self, done: Callable[[str, ScrapeReply], None]) -> None:
        """Ask every tracker for its counts; `done` is called with the URL of each that answers."""
        for announcer in self._announcers:
            announcer.scrape(functools.partial(done, announcer.tracker.url))

    def _join(self, tracker: Tracker, now: float) -> Announcer:
        announcer = Announcer(
            self.torrent.info_hash,
            self._peer_id,
            tracker,
            self.links,
            self._timers,
            self._rng,
            progress=self._progress,
            offers_wanted=self._offers_wanted,
            welcome=self._welcome,
            lonely=self._lonely,
            warn=self._observer.warning,
            announced=self._observer.announced,
        )
        self._announcers.append(announcer)
        tracker.join(self.torrent.info_hash, announcer, now)
        return announcer

    def _leave(self, announcer: Announcer, now: float) -> None:
        self._announcers.remove(announcer)
        if announcer.stop(now):
            self._tracker_closed(announcer.tracker)

    def opened(self, number: int, transport: Transport, now: float) -> None:
        """The channel of a link opened."""
        key = self.links.opened(number)
        if key is None and number not in self._adopted:
            return
        self._adopted.discard(number)
        if len(self.torrent.peers) >= self._max_conns and not self._make_room(now):
            self._close_link(number)
            return
        self._since[number] = now
        self.torrent.connected(number, key, transport, now)

    def adopt(self, number: int, now: float) -> None:
        """A connection that was made elsewhere is to be a link of ours, once its channel opens."""
        self._adopted.add(number)
        self._timers.at(now + CONNECT_SECONDS, lambda then: self._give_up(number))

    def _give_up(self, number: int) -> None:
        if number in self._adopted:
            self._adopted.discard(number)
            self._close_link(number)

    def announce_with(self, keys: Mapping[str, Any]) -> None:
        """Send these further keys with each announce. LocalError when they are too long."""
        size = len(json.dumps(keys, allow_nan=False))
        if size > MAX_ANNOUNCE_KEYS:
            raise LocalError(
                f"{size} characters for announces; trackers take {MAX_ANNOUNCE_KEYS} besides offers"
            )
        self._announce_keys = dict(keys)

    def lost(self, number: int, reason: str, now: float) -> None:
        """A link failed, before or after its channel opened."""
        self._adopted.discard(number)
        self.links.failed(number, now)
        peer = self.torrent.peers.get(number)
        self._since.pop(number, None)
        self.torrent.disconnected(number, reason, now)
        # The other side closes one of two crossed connections: nothing is lost then.
        if peer is not None and peer.peer_id is not None and not self.torrent.knows(peer.peer_id):
            for announcer in self._announcers:
                announcer.lost(now)

    # -- Limits

    def _room(self, now: float) -> int:
        """How many more peers are welcome: none while paused, and one where a newcomer may take the place of
        one that is of no use."""
        if self.torrent.paused:
            return 0
        if self.torrent.complete and not self._seed_outgoing:
            return 0
        free = self._max_conns - len(self.torrent.peers) - self.links.connecting
        if free > 0:
            return free
        return 1 if free + len(turnover.useless(self._standings(now))) > 0 else 0

    def _offers_wanted(self, waiting: int, now: float) -> int:
        """How many offers the next announce at a tracker may have, where `waiting` are out already: one at
        least while peers are welcome, for an announce without any meets nobody."""
        pending = max(1, MAX_PENDING_LINKS - len(self.links) + waiting)
        return max(0, min(OFFERS_PER_ANNOUNCE, self._room(now), pending, self._budget.offers + waiting))

    def _welcome(self, peer_id: bytes, now: float) -> bool:
        return self._room(now) > 0 and not self.torrent.knows(peer_id)

    def _standings(self, now: float) -> list[Standing]:
        return [
            Standing(
                peer.link,
                peer.am_interested or peer.peer_interested,
                peer.down.rate(now) + peer.up.rate(now),
                now - self._since[peer.link],
            )
            for peer in self.torrent.peers.values()
        ]

    def _make_room(self, now: float) -> bool:
        """Part with a peer that nobody misses; False when there is none."""
        links = turnover.useless(self._standings(now))
        if links:
            self._part(links[0], "it was of no use and another one came", now)
        return bool(links)

    def _turn_over(self, now: float) -> None:
        """Every few minutes: give up some peers of many, where others may take their places."""
        if self.torrent.closed:
            return
        if any(announcer.others > len(self.torrent.peers) for announcer in self._announcers):
            for link in turnover.leaving(self._standings(now), self._max_conns):
                self._part(link, "others have been of more use", now)
        self._timers.at(now + TURNOVER_SECONDS, self._turn_over)

    def _part(self, link: int, reason: str, now: float) -> None:
        self._since.pop(link)
        self.torrent.disconnected(link, reason, now)
        self._close_link(link)

    def _lonely(self, others: int, now: float) -> bool:
        """Whether peers are lacking that a tracker with `others` may bring. A seed is content with one."""
        enough = min(others, 1 if self.torrent.wants_nothing else FEW_PEERS)
        joined = sum(1 for peer in self.torrent.peers.values() if peer.peer_id is not None)
        return joined < enough and self._room(now) > 0

    def _check_settled(self, peer: Peer) -> None:
        if self.torrent.peers.get(peer.link) is peer:
            for announcer in self._announcers:
                announcer.settled()

    def _progress(self) -> Progress:
        torrent = self.torrent
        return Progress(torrent.up.total, torrent.down.total, torrent.left, self._announce_keys)

    def _check_peers(self, now: float) -> None:
        if self.torrent.closed:
            return
        if not self.torrent.peers:
            self._observer.no_peers(now)
        self._timers.at(now + self._no_peers_seconds, self._check_peers)

    # -- Observer of the torrent

    def metadata(self, now: float) -> None:
        """See `torrent.Observer`. That a magnet's torrent is private shows only here."""
        info = self.torrent.info
        if info is not None and info.private:
            foreign, self._foreign = self._foreign, []
            for announcer in foreign:
                self._leave(announcer, now)
        self._observer.metadata(now)

    def verified(self, index: int, now: float) -> None:
        """See `torrent.Observer`."""
        self._observer.verified(index, now)

    def unverified(self, index: int, now: float) -> None:
        """See `torrent.Observer`."""
        self._observer.unverified(index, now)

    def full(self, error: StorageError, now: float) -> None:
        """See `torrent.Observer`."""
        self._observer.full(error, now)

    def room(self, now: float) -> None:
        """See `torrent.Observer`."""
        self._observer.room(now)

    def done(self, now: float) -> None:
        """See `torrent.Observer`. Trackers are told of a download's end, not of a seed's beginning (BEP
        3)."""
        if self.torrent.complete and not self._seeding:
            for announcer in self._announcers:
                announcer.completed(now)
        self._observer.done(now)

    def peer_joined(self, peer: Peer, now: float) -> None:
        """See `torrent.Observer`."""
        self._timers.at(now + SETTLED_SECONDS, lambda then: self._check_settled(peer))
        self._observer.peer_joined(peer, now)

    def peer_left(self, peer: Peer, reason: str, now: float) -> None:
        """See `torrent.Observer`."""
        for announcer in self._announcers:
            announcer.parted(now)
        self._observer.peer_left(peer, reason, now)

    def link_closed(self, link: int) -> None:
        """See `torrent.Observer`."""
        self._since.pop(link, None)
        self._close_link(link)

    def warning(self, error: TorrentideError) -> None:
        """See `torrent.Observer`."""
        self._observer.warning(error)

    def failed(self, error: TorrentideError) -> None:
        """See `torrent.Observer`."""
        self._observer.failed(error)
