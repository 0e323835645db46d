"""The tracker itself: who is in which swarm, whose offer goes to whom, and which answers may pass.

It owns the swarms and the tie between connections and peers. It takes messages of numbered connections and
gives messages to send; it never sees a socket, reads a clock or draws from a global random, so a simulator
runs it as it stands. What a message looks like is the business of `messages`.

The rules, and whose they are:

* Offers go to peers chosen uniformly at random, each to another one (bittorrent-tracker), but not from seed
  to seed.
* A peer may answer an offer that was relayed to it, once, while the offer is fresh (aquatic_ws).
* A connection speaks for one peer id in a swarm. The same peer id on another connection is the same peer,
  come back before its old socket was seen dead: the new connection has it (openwebtorrent-tracker).
* Every announce without an answer gets a reply, `stopped` too (bittorrent-tracker).
* An answer gets no reply, and one that may not pass is dropped without a word (bittorrent-tracker): its offer
  expired or its offerer left, and the answerer would take a failure for the outcome of an announce under way.
"""

import random

from torrentide.tracker.messages import (
    Announce,
    Answer,
    JsonObject,
    Refusal,
    Scrape,
    announce_reply,
    answer_relay,
    decode,
    failure,
    offer_relay,
    parse,
    scrape_reply,
)
from torrentide.tracker.peers import Peer, Swarm

# Seconds between announces; the same as bittorrent-tracker, openwebtorrent-tracker and aquatic_ws.
INTERVAL = 120
# Seconds a peer stays without a word from it; the same as bittorrent-tracker. The 180 of aquatic_ws loses
# clients that announce once and then listen (anacrolix/torrent); a socket that closes takes its peers along
# at once.
PEER_AGE = 20 * 60
# Beyond this, one announce that came late would let a peer expire.
MAX_INTERVAL = PEER_AGE // 2
# Torrents that one connection may be in. No tracker we know has a bound; WebTorrent puts all torrents of a
# page on one socket, and no page has a thousand.
MAX_TORRENTS_PER_CONNECTION = 1000
# Seconds between two looks for peers to expire.
EXPIRY_INTERVAL = 60

# Messages to send: connection and text.
type Outgoing = list[tuple[int, str]]


class Tracker:
    """All swarms of one tracker.

    `rng` chooses the peers that get offers. `interval`: seconds between announces, told to clients, 1 to
    `MAX_INTERVAL` (`ValueError` otherwise). `now` is seconds on any clock that doesn't go back. Connections
    are numbered by the caller, who never uses a number again.
    """

    def __init__(self, rng: random.Random, interval: int = INTERVAL) -> None:
        if not 1 <= interval <= MAX_INTERVAL:
            raise ValueError(f"interval is {interval}, expected 1 to {MAX_INTERVAL} seconds")
        self._rng = rng
        self._interval = interval
        self._swarms: dict[str, Swarm] = {}
        # connection -> info-hash -> the peer it speaks for; nothing empty is kept, here or in the swarms
        self._connections: dict[int, dict[str, Peer]] = {}
        self._next_expiry = 0.0

    def receive(self, conn: int, text: str | bytes, now: float) -> Outgoing:
        """Take one message of a connection; give the messages to send.

        Raises nothing: a message that is not understood gets a failure reply.
        """
        self._expire_in_turn(now)
        message: JsonObject = {}
        try:
            message = decode(text)
            match parse(message):
                case Announce() as announce:
                    return self._announce(conn, announce, now)
                case Answer() as answer:
                    return self._answer(conn, answer, now)
                case Scrape() as scrape:
                    return [(conn, scrape_reply({each: self._count(each) for each in scrape.info_hashes}))]
        except Refusal as refusal:
            return [(conn, failure(str(refusal), message))]

    def closed(self, conn: int, now: float) -> None:
        """Forget a connection: its peers leave their swarms."""
        self._expire_in_turn(now)
        for peer in list(self._connections.get(conn, {}).values()):
            self._remove(peer)

    def expire(self, now: float) -> None:
        """Forget peers that have been silent for `PEER_AGE`.

        `receive` and `closed` call it every `EXPIRY_INTERVAL`, so that nobody needs a timer for it.
        """
        self._next_expiry = now + EXPIRY_INTERVAL
        peers = [peer for mine in self._connections.values() for peer in mine.values()]
        for peer in peers:
            if now - peer.seen > PEER_AGE:
                self._remove(peer)

    def stats(self) -> dict[str, int]:
        """Count torrents and peers (one in two swarms counts twice), under bittorrent-tracker's names."""
        seeds = sum(len(swarm.seeds) for swarm in self._swarms.values())
        leechers = sum(len(swarm.leechers) for swarm in self._swarms.values())
        return {
            "torrents": len(self._swarms),
            "peersAll": seeds + leechers,
            "peersSeederOnly": seeds,
            "peersLeecherOnly": leechers,
        }

    def _announce(self, conn: int, announce: Announce, now: float) -> Outgoing:
        relays: Outgoing = []
        if announce.event == "stopped":
            peer = self._peer_of(conn, announce.info_hash, announce.peer_id)
            if peer is not None:
                self._remove(peer)
        else:
            peer = self._enter(conn, announce.info_hash, announce.peer_id)
            peer.seen = now
            peer.swarm.set_seeding(peer, announce.seeding)
            relays = self._relay_offers(peer, announce, now)
        complete, incomplete = self._count(announce.info_hash)
        return [(conn, announce_reply(announce.info_hash, complete, incomplete, self._interval)), *relays]

    def _relay_offers(self, peer: Peer, announce: Announce, now: float) -> Outgoing:
        chosen = peer.swarm.choose(peer, len(announce.offers), self._rng)
        relays = []
        # Offers for which there is no peer left are dropped.
        for offer, other in zip(announce.offers, chosen, strict=False):
            peer.expect_answer(offer.offer_id, other, now)
            relays.append((other.conn, offer_relay(announce.info_hash, peer.peer_id, offer)))
        return relays

    def _answer(self, conn: int, answer: Answer, now: float) -> Outgoing:
        peer = self._peer_of(conn, answer.info_hash, answer.peer_id)
        if peer is None:
            return []
        peer.seen = now
        offerer = peer.swarm.peers.get(answer.to_peer_id)
        if offerer is None or not offerer.accept_answer(answer.offer_id, peer, now):
            return []
        return [(offerer.conn, answer_relay(answer))]

    def _count(self, info_hash: str) -> tuple[int, int]:
        """Give the numbers of seeds and leechers, 0 and 0 for an unknown torrent."""
        swarm = self._swarms.get(info_hash)
        return (len(swarm.seeds), len(swarm.leechers)) if swarm else (0, 0)

    def _peer_of(self, conn: int, info_hash: str, peer_id: str) -> Peer | None:
        """Give the peer that a connection speaks for, if it has this peer id."""
        peer = self._connections.get(conn, {}).get(info_hash)
        return peer if peer is not None and peer.peer_id == peer_id else None

    def _enter(self, conn: int, info_hash: str, peer_id: str) -> Peer:
        """Give the peer of this id: known, new, or taken over from another connection."""
        mine = self._connections.get(conn, {})
        if (known := mine.get(info_hash)) is not None:
            if known.peer_id != peer_id:
                raise Refusal("this connection has another peer_id for this info_hash")
            return known
        if len(mine) >= MAX_TORRENTS_PER_CONNECTION:
            raise Refusal(f"more than {MAX_TORRENTS_PER_CONNECTION} torrents on one connection")
        swarm = self._swarms.setdefault(info_hash, Swarm(info_hash))
        peer = swarm.peers.get(peer_id)
        if peer is None:
            peer = swarm.add(peer_id, conn)
        else:
            self._untie(peer)
            peer.conn = conn
        self._connections.setdefault(conn, {})[info_hash] = peer
        return peer

    def _remove(self, peer: Peer) -> None:
        self._untie(peer)
        peer.swarm.remove(peer)
        if not peer.swarm.peers:
            del self._swarms[peer.swarm.info_hash]

    def _untie(self, peer: Peer) -> None:
        """Undo the tie between a peer and its connection."""
        mine = self._connections[peer.conn]
        del mine[peer.swarm.info_hash]
        if not mine:
            del self._connections[peer.conn]

    def _expire_in_turn(self, now: float) -> None:
        if now >= self._next_expiry:
            self.expire(now)
