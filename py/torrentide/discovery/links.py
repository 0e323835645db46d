"""Links: the WebRTC connections of a torrent from the first offer to the open channel.

Owns which offers are out, which remote offers are being answered, their time-outs and their bounds. A link
ends here when its channel opens, and then belongs to the torrent; the crossing of connections is settled
there, by `glare`. It never knows what travels over a channel.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from torrentide.discovery.glare import LinkKey
from torrentide.discovery.signalling import Offer, RemoteAnswer, RemoteOffer
from torrentide.ports import Dialer
from torrentide.timers import Timer, Timers

# WebTorrent gives an unanswered offer 50 s, and a connection 25 s to open.
OFFER_SECONDS = 50.0
CONNECT_SECONDS = 25.0
# An offer that is announced again lives as long anew, but a network may change without a word: an older one
# is made anew instead. aquatic takes answers for 120 s.
REUSE_SECONDS = 120.0
# Gathering candidates: the page itself stops after 5 s.
GATHER_SECONDS = 8.0
# libtorrent 2.1 answers at most 10 offers at a time for a torrent: each makes the browser probe addresses
# that a stranger chose.
MAX_ANSWERING = 10
# Links of a torrent with a peer at the other end that are not open yet; anacrolix/torrent has 25.
MAX_CONNECTING = 25


@dataclass(slots=True)
class _Link:
    number: int
    key: LinkKey
    # The peer at the other end; of an offer it is unknown until the answer.
    peer_id: bytes | None
    made: float
    # Called with the local description, or with None when there is none.
    described: Callable[[str | None, float], None] | None
    timer: Timer | None = None


class Links:
    """The links of one torrent of the peer `peer_id`. `new_number` gives a link its name, or None where
    there may be no more; `close_link(number)` closes one that ended before its channel opened; `usable(sdp)`
    is what is used of a description, ours or theirs, or None."""

    def __init__(
        self,
        peer_id: bytes,
        dialer: Dialer,
        timers: Timers,
        rng: random.Random,
        new_number: Callable[[], int | None],
        close_link: Callable[[int], None],
        usable: Callable[[str], str | None],
    ) -> None:
        self._peer_id = peer_id
        self._dialer = dialer
        self._timers = timers
        self._rng = rng
        self._new_number = new_number
        self._close_link = close_link
        self._usable = usable
        self._links: dict[int, _Link] = {}
        self._offers: dict[bytes, int] = {}

    def __len__(self) -> int:
        """Links that are not open yet, offers included."""
        return len(self._links)

    @property
    def connecting(self) -> int:
        """Links that have a peer at the other end and are not open yet."""
        return sum(1 for link in self._links.values() if link.peer_id is not None)

    def make_offers(self, count: int, ready: Callable[[list[Offer], float], None], now: float) -> None:
        """Make `count` offers; `ready` gets those that could be made, when the last one is settled."""
        offers: list[Offer] = []
        waiting = count
        if not count:
            ready(offers, now)

        def described(offer_id: bytes, sdp: str | None, then: float) -> None:
            nonlocal waiting
            waiting -= 1
            if sdp is not None:
                offers.append(Offer(offer_id, sdp))
            if not waiting:
                ready(offers, then)

        for _ in range(count):
            offer_id = self._rng.randbytes(20)
            link = self._begin(
                LinkKey(self._peer_id, offer_id),
                None,
                lambda sdp, then, offer_id=offer_id: described(offer_id, sdp, then),  # type: ignore[misc]
                now,
            )
            if link is None:
                described(offer_id, None, now)
                continue
            self._offers[offer_id] = link.number
            self._dialer.offer(link.number)
            self._expire(link, now + GATHER_SECONDS)

    def waiting(self, offers: list[Offer], now: float) -> list[Offer]:
        """Those of `offers`, as `make_offers` gave them, that may be announced again: nobody has answered
        them, and they are not too old."""
        return [
            offer
            for offer in offers
            if (number := self._offers.get(offer.offer_id)) is not None
            and now - self._links[number].made < REUSE_SECONDS
        ]

    def renew(self, offers: list[Offer], now: float) -> None:
        """These offers are announced now: give them their time from now on."""
        for offer in offers:
            self._expire(self._links[self._offers[offer.offer_id]], now + OFFER_SECONDS)

    def withdraw(self, offers: list[Offer], now: float) -> None:
        """Give up those of `offers` that nobody has answered."""
        for offer in offers:
            if offer.offer_id in self._offers:
                self.failed(self._offers[offer.offer_id], now)

    def take_offer(self, offer: RemoteOffer, answered: Callable[[str, float], None], now: float) -> None:
        """Answer a remote offer. One that comes twice, from a peer that is being answered, beyond the
        bounds, or that can't be used does nothing."""
        key = LinkKey(offer.peer_id, offer.offer_id)
        answering = [link for link in self._links.values() if link.key.offerer != self._peer_id]
        if len(answering) >= MAX_ANSWERING or self.connecting >= MAX_CONNECTING:
            return
        if any(link.peer_id == offer.peer_id for link in answering):
            return

        def described(sdp: str | None, then: float) -> None:
            if sdp is not None:
                answered(sdp, then)

        sdp = self._usable(offer.sdp)
        link = self._begin(key, offer.peer_id, described, now) if sdp is not None else None
        if sdp is not None and link is not None:
            self._dialer.accept(link.number, sdp)
            self._expire(link, now + CONNECT_SECONDS)

    def take_answer(self, answer: RemoteAnswer, now: float) -> None:
        """Use the answer to an offer of ours. One that is late, repeated, unknown or that can't be used does
        nothing; one beyond the bound is refused."""
        sdp = self._usable(answer.sdp)
        if sdp is None:
            return
        if self.connecting >= MAX_CONNECTING:
            self.refuse_answer(answer, now)
        number = self._offers.pop(answer.offer_id, None)
        if number is None:
            return
        link = self._links[number]
        link.peer_id = answer.peer_id
        self._dialer.answer(link.number, sdp)
        self._expire(link, now + CONNECT_SECONDS)

    def refuse_answer(self, answer: RemoteAnswer, now: float) -> None:
        """Give up the offer that was answered: the peer is connected already, or one too many."""
        number = self._offers.get(answer.offer_id)
        if number is not None:
            self.failed(number, now)

    def described(self, number: int, sdp: str, now: float) -> None:
        """The local description of a link is complete."""
        link = self._links.get(number)
        usable = self._usable(sdp)
        if usable is None:
            self.failed(number, now)
        elif link is not None and link.described is not None:
            callback, link.described = link.described, None
            if link.peer_id is None:
                self._expire(link, now + OFFER_SECONDS)
            callback(usable, now)

    def opened(self, number: int) -> LinkKey | None:
        """The channel of a link opened: it is no more ours. None when it is none of ours."""
        link = self._links.pop(number, None)
        if link is None:
            return None
        self._settle(link)
        return link.key

    def failed(self, number: int, now: float) -> None:
        """A link can't be made."""
        link = self._links.pop(number, None)
        if link is None:
            return
        self._settle(link)
        self._close_link(number)
        if link.described is not None:
            link.described(None, now)

    def close(self, now: float) -> None:
        """Give up every link."""
        for number in list(self._links):
            self._links[number].described = None
            self.failed(number, now)

    def _begin(
        self,
        key: LinkKey,
        peer_id: bytes | None,
        described: Callable[[str | None, float], None],
        now: float,
    ) -> _Link | None:
        number = self._new_number()
        if number is None:
            return None
        link = self._links[number] = _Link(number, key, peer_id, now, described)
        return link

    def _expire(self, link: _Link, due: float) -> None:
        """Give the link until `due` for its next step."""
        self._stop_timer(link)
        link.timer = self._timers.at(due, lambda now: self.failed(link.number, now))

    def _settle(self, link: _Link) -> None:
        """Wait for nothing more. A remote offer may carry the id of ours: that one stays out."""
        self._stop_timer(link)
        if self._offers.get(link.key.offer_id) == link.number:
            del self._offers[link.key.offer_id]

    @staticmethod
    def _stop_timer(link: _Link) -> None:
        if link.timer is not None:
            link.timer.cancel()
            link.timer = None
