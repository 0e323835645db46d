"""A torrent in its swarm: the torrent, the trackers it is announced at, and the links on their way to it.

Owns the limits on connections and the passage of a link from discovery to the torrent. It never knows the
messages of either.
"""

import random
from collections.abc import Callable, Iterable
from typing import Protocol

from torrentide.discovery.announcer import Announcer, Progress
from torrentide.discovery.links import Links
from torrentide.discovery.signalling import AnnounceReply
from torrentide.discovery.tracker import Tracker
from torrentide.engine.peer import Peer
from torrentide.engine.torrent import Observer, Torrent, TorrentObserver
from torrentide.errors import TorrentideError
from torrentide.metainfo.info import Info
from torrentide.ports import Transport
from torrentide.timers import Timers

# WebTorrent makes 5 offers an announce; aquatic takes up to 10.
OFFERS_PER_ANNOUNCE = 5
# Chromium refuses a page's connections beyond about 500, and WebTorrent is known to run into that with a
# dozen torrents; six trackers' worth of offers finds peers as fast as more would. Beyond it each tracker gets
# one offer.
MAX_PENDING_LINKS = 30
# WebTorrent's `noPeersIntervalTime`.
NO_PEERS_SECONDS = 30.0
# Peers below which a download looks for more before the tracker's interval is over: a slow one among as many
# holds nothing up.
FEW_PEERS = 4
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
    its observer."""

    def __init__(
        self,
        peer_id: bytes,
        *,
        observer: SwarmObserver,
        make_torrent: Callable[[Observer], Torrent],
        make_links: Callable[[], Links],
        close_link: Callable[[int], None],
        timers: Timers,
        rng: random.Random,
        max_conns: int,
    ) -> None:
        self.torrent = make_torrent(self)
        self.links = make_links()
        self._peer_id = peer_id
        self._observer = observer
        self._close_link = close_link
        self._timers = timers
        self._rng = rng
        self._max_conns = max_conns
        self._announcers: list[Announcer] = []
        self._seeding = False

    def start(self, trackers: Iterable[Tracker], now: float, info: Info | None, *, seeding: bool) -> None:
        """Begin to announce, and to download or seed."""
        self._seeding = seeding
        self.torrent.start(now, info, seeding=seeding)
        for tracker in trackers:
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
        self._timers.at(now + NO_PEERS_SECONDS, self._check_peers)

    def stop(self, now: float) -> list[Tracker]:
        """Leave the swarm; gives the trackers whose sockets are closed with it."""
        left = [announcer.tracker for announcer in self._announcers if announcer.stop(now)]
        self.links.close(now)
        self.torrent.close(now)
        return left

    def opened(self, number: int, transport: Transport, now: float) -> None:
        """The channel of a link opened."""
        key = self.links.opened(number)
        if key is not None:
            self.torrent.connected(number, key, transport, now)

    def lost(self, number: int, reason: str, now: float) -> None:
        """A link failed, before or after its channel opened."""
        self.links.failed(number, now)
        peer = self.torrent.peers.get(number)
        self.torrent.disconnected(number, reason, now)
        # The other side closes one of two crossed connections: nothing is lost then.
        if peer is not None and peer.peer_id is not None and not self.torrent.knows(peer.peer_id):
            for announcer in self._announcers:
                announcer.lost(now)

    # -- Limits

    def _room(self) -> int:
        return self._max_conns - len(self.torrent.peers) - self.links.connecting

    def _offers_wanted(self) -> int:
        """How many offers the next announce may make: one at least while peers are welcome, for an announce
        without any meets nobody."""
        pending = max(1, MAX_PENDING_LINKS - len(self.links))
        return max(0, min(OFFERS_PER_ANNOUNCE, self._room(), pending))

    def _welcome(self, peer_id: bytes) -> bool:
        return self._room() > 0 and not self.torrent.knows(peer_id)

    def _lonely(self, others: int) -> bool:
        """Whether peers are lacking that a tracker with `others` may bring. A seed is content with one."""
        enough = min(others, 1 if self.torrent.complete else FEW_PEERS)
        joined = sum(1 for peer in self.torrent.peers.values() if peer.peer_id is not None)
        return joined < enough and self._room() > 0

    def _check_settled(self, peer: Peer) -> None:
        if self.torrent.peers.get(peer.link) is peer:
            for announcer in self._announcers:
                announcer.settled()

    def _progress(self) -> Progress:
        torrent = self.torrent
        return Progress(torrent.up.total, torrent.down.total, torrent.left)

    def _check_peers(self, now: float) -> None:
        if self.torrent.closed:
            return
        if not self.torrent.peers:
            self._observer.no_peers(now)
        self._timers.at(now + NO_PEERS_SECONDS, self._check_peers)

    # -- Observer of the torrent

    def metadata(self, now: float) -> None:
        """See `torrent.Observer`."""
        self._observer.metadata(now)

    def verified(self, index: int, now: float) -> None:
        """See `torrent.Observer`."""
        self._observer.verified(index, now)

    def done(self, now: float) -> None:
        """See `torrent.Observer`. Trackers are told of a download's end, not of a seed's beginning (BEP
        3)."""
        if not self._seeding:
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
        self._close_link(link)

    def warning(self, error: TorrentideError) -> None:
        """See `torrent.Observer`."""
        self._observer.warning(error)

    def failed(self, error: TorrentideError) -> None:
        """See `torrent.Observer`."""
        self._observer.failed(error)
