"""The peers of one swarm: a random choice of them, at a cost that doesn't grow, and their open offers.

It owns who is a leecher and who a seed, and which answers are awaited. It knows nothing of messages, of other
swarms, or of how a connection is tied to its peers.
"""

import random

# Seconds an offer may wait for its answer; the same as aquatic_ws. A slow gatherer needs more than a minute.
OFFER_AGE = 120
# Offers of one peer that wait for answers; beyond it the oldest are forgotten. It is five announces of ten
# offers, where a client that keeps the usual interval makes one or two in `OFFER_AGE`.
MAX_PENDING_OFFERS = 50


class Peer:
    """One peer of one swarm. `seen`: time of its last message. `place`: its index in the swarm's list."""

    __slots__ = ("_offers", "conn", "peer_id", "place", "seeding", "seen", "swarm")

    def __init__(self, swarm: "Swarm", peer_id: str, conn: int) -> None:
        self.swarm = swarm
        self.peer_id = peer_id
        self.conn = conn
        self.seeding = False
        self.seen = 0.0
        self.place = 0
        # (offer id, peer id it was relayed to) -> time it expires, the oldest first
        self._offers: dict[tuple[str, str], float] = {}

    def expect_answer(self, offer_id: str, answerer: "Peer", now: float) -> None:
        """Note that `answerer` got this offer and may answer it for `OFFER_AGE`."""
        self._forget_expired(now)
        key = (offer_id, answerer.peer_id)
        self._offers.pop(key, None)
        if len(self._offers) >= MAX_PENDING_OFFERS:
            del self._offers[next(iter(self._offers))]
        self._offers[key] = now + OFFER_AGE

    def accept_answer(self, offer_id: str, answerer: "Peer", now: float) -> bool:
        """Tell whether `answerer` may answer this offer now; if so, it was its only answer."""
        self._forget_expired(now)
        return self._offers.pop((offer_id, answerer.peer_id), None) is not None

    def _forget_expired(self, now: float) -> None:
        while self._offers:
            oldest = next(iter(self._offers))
            if self._offers[oldest] > now:
                return
            del self._offers[oldest]


class Swarm:
    """The peers of one info-hash. Each is in the list of leechers or of seeds, at its `place`."""

    __slots__ = ("info_hash", "leechers", "peers", "seeds")

    def __init__(self, info_hash: str) -> None:
        self.info_hash = info_hash
        self.peers: dict[str, Peer] = {}
        self.leechers: list[Peer] = []
        self.seeds: list[Peer] = []

    def add(self, peer_id: str, conn: int) -> Peer:
        """Add a new peer, as a leecher."""
        peer = self.peers[peer_id] = Peer(self, peer_id, conn)
        self._enlist(peer)
        return peer

    def remove(self, peer: Peer) -> None:
        """Take a peer out."""
        del self.peers[peer.peer_id]
        self._delist(peer)

    def set_seeding(self, peer: Peer, seeding: bool) -> None:
        """Count a peer among the seeds or among the leechers."""
        if peer.seeding != seeding:
            self._delist(peer)
            peer.seeding = seeding
            self._enlist(peer)

    def choose(self, peer: Peer, count: int, rng: random.Random) -> list[Peer]:
        """Choose up to `count` different peers at random, never `peer` itself, and no seed for a seed."""
        candidates = len(self.leechers) + (0 if peer.seeding else len(self.seeds) - 1)
        numbers = rng.sample(range(candidates), min(count, candidates))
        if not peer.seeding:
            # It is one of those numbered: step over its own place.
            numbers = [number + (number >= peer.place) for number in numbers]
        return [self._numbered(number) for number in numbers]

    def _numbered(self, number: int) -> Peer:
        """Give a peer by its number when the seeds are counted on after the leechers."""
        first_seed = len(self.leechers)
        return self.leechers[number] if number < first_seed else self.seeds[number - first_seed]

    def _enlist(self, peer: Peer) -> None:
        members = self._list_of(peer)
        peer.place = len(members)
        members.append(peer)

    def _delist(self, peer: Peer) -> None:
        """Take a peer out of its list; the list's last one fills the gap."""
        members = self._list_of(peer)
        last = members.pop()
        if last is not peer:
            members[peer.place] = last
            last.place = peer.place

    def _list_of(self, peer: Peer) -> list[Peer]:
        return self.seeds if peer.seeding else self.leechers
