"""Connections from the first offer to the open channel."""

import itertools
import random

import pytest

from torrentide.discovery.glare import LinkKey
from torrentide.discovery.links import (
    CONNECT_SECONDS,
    GATHER_SECONDS,
    MAX_ANSWERING,
    MAX_CONNECTING,
    OFFER_SECONDS,
    REUSE_SECONDS,
    Links,
)
from torrentide.discovery.signalling import Offer, RemoteAnswer, RemoteOffer
from torrentide.timers import Timers
from unit.recorders import RecordedDialer

HASH, OURS, THEIRS = b"h" * 20, b"A" * 20, b"B" * 20


class Fixture:
    """Links, with what they asked and what they told."""

    def __init__(self) -> None:
        self.dialer = RecordedDialer()
        self.timers = Timers()
        self.closed: list[int] = []
        self.unusable: set[str] = set()
        self.ready: list[tuple[list[Offer], float]] = []
        self.answers: list[tuple[str, float]] = []
        self.links = Links(
            OURS,
            self.dialer,
            self.timers,
            random.Random(1),
            new_number=itertools.count(1).__next__,
            close_link=self.closed.append,
            usable=lambda sdp: None if sdp in self.unusable else sdp,
        )

    def expire(self, now: float) -> list[int]:
        """The links that were closed by then."""
        self.timers.run(now)
        return self.closed

    def offer(self, count: int, now: float = 0.0) -> list[Offer]:
        """Make offers, all of which have their description at once."""
        before = len(self.dialer.offered)
        self.links.make_offers(count, lambda offers, then: self.ready.append((offers, then)), now)
        for number in self.dialer.offered[before:]:
            self.links.described(number, f"sdp {number}", now)
        return self.ready[-1][0]

    def remote_offer(self, peer_id: bytes, offer_id: bytes = b"o" * 20, now: float = 0.0) -> None:
        offer = RemoteOffer(HASH, peer_id, offer_id, "remote sdp")
        self.links.take_offer(offer, lambda sdp, then: self.answers.append((sdp, then)), now)

    def remote_answer(self, offer: Offer, peer_id: bytes = THEIRS, now: float = 0.0) -> None:
        self.links.take_answer(RemoteAnswer(HASH, peer_id, offer.offer_id, "answer sdp"), now)


@pytest.fixture
def it() -> Fixture:
    return Fixture()


# -- Our offers


def test_offers_are_ready_when_the_last_is_described(it: Fixture) -> None:
    it.links.make_offers(2, lambda offers, then: it.ready.append((offers, then)), 0.0)
    it.links.described(2, "second", 1.0)
    assert not it.ready
    it.links.described(1, "first", 2.0)
    ((offers, now),) = it.ready
    assert [offer.sdp for offer in offers] == ["second", "first"]
    assert len({offer.offer_id for offer in offers}) == 2
    assert all(len(offer.offer_id) == 20 for offer in offers)
    assert now == 2.0
    assert (len(it.links), it.links.connecting) == (2, 0)


def test_no_offers_are_ready_at_once(it: Fixture) -> None:
    assert it.offer(0) == []
    assert not it.dialer.offered


@pytest.mark.parametrize("made", [0, 1])
def test_offers_that_could_not_be_made_are_left_out(it: Fixture, made: int) -> None:
    it.links.make_offers(2, lambda offers, then: it.ready.append((offers, then)), 0.0)
    if made:
        it.links.described(1, "first", 1.0)
    else:
        it.links.failed(1, 1.0)
    it.links.failed(2, 1.5)
    ((offers, now),) = it.ready
    assert ([offer.sdp for offer in offers], now) == (["first"][:made], 1.5)


def test_a_description_that_never_comes_is_not_awaited(it: Fixture) -> None:
    it.links.make_offers(2, lambda offers, then: it.ready.append((offers, then)), 0.0)
    it.links.described(1, "first", 1.0)
    it.timers.run(GATHER_SECONDS)
    ((offers, now),) = it.ready
    assert ([offer.sdp for offer in offers], now) == (["first"], GATHER_SECONDS)
    assert it.closed == [2]
    it.links.described(2, "late", GATHER_SECONDS + 1)
    assert len(it.ready) == 1


def test_a_description_that_comes_twice_counts_once(it: Fixture) -> None:
    it.links.make_offers(2, lambda offers, then: it.ready.append((offers, then)), 0.0)
    it.links.described(1, "first", 1.0)
    it.links.described(1, "again", 1.0)
    assert not it.ready


def test_an_unanswered_offer_is_given_up(it: Fixture) -> None:
    it.offer(2, now=1.0)
    it.timers.run(1.0 + OFFER_SECONDS - 0.01)
    assert not it.closed
    it.timers.run(1.0 + OFFER_SECONDS)
    assert it.closed == [1, 2]
    assert len(it.links) == 0
    assert it.timers.next_due is None


# -- Answers to them


def test_an_answer_reaches_its_offer(it: Fixture) -> None:
    first, second = it.offer(2)
    it.remote_answer(second)
    assert it.dialer.answered == [(2, "answer sdp")]
    assert it.links.connecting == 1
    assert it.links.opened(2) == LinkKey(OURS, second.offer_id)
    assert len(it.links) == 1
    assert first.offer_id != second.offer_id


def test_an_answer_that_comes_twice_or_late_or_unasked_does_nothing(it: Fixture) -> None:
    answered, expired = it.offer(2)
    it.remote_answer(answered, now=40.0)
    it.remote_answer(answered, b"C" * 20, now=41.0)
    assert it.dialer.answered == [(1, "answer sdp")]
    it.timers.run(OFFER_SECONDS)
    assert it.closed == [2]
    it.remote_answer(expired, now=OFFER_SECONDS + 1)
    it.remote_answer(Offer(b"?" * 20, ""), now=OFFER_SECONDS + 1)
    assert len(it.dialer.answered) == 1
    it.links.opened(1)
    it.remote_answer(answered, now=OFFER_SECONDS + 2)
    assert len(it.dialer.answered) == 1


def test_a_refused_answer_gives_its_offer_up(it: Fixture) -> None:
    (offer,) = it.offer(1)
    answer = RemoteAnswer(HASH, THEIRS, offer.offer_id, "sdp")
    it.links.refuse_answer(answer, 1.0)
    it.links.refuse_answer(answer, 1.0)
    it.links.refuse_answer(RemoteAnswer(HASH, THEIRS, b"?" * 20, "sdp"), 1.0)
    assert it.closed == [1]
    it.remote_answer(offer, now=2.0)
    assert not it.dialer.answered


def test_a_connection_that_does_not_open_is_given_up(it: Fixture) -> None:
    (offer,) = it.offer(1)
    it.remote_answer(offer, now=10.0)
    it.timers.run(10.0 + CONNECT_SECONDS - 0.01)
    assert not it.closed
    it.timers.run(10.0 + CONNECT_SECONDS)
    assert it.closed == [1]


# -- Remote offers


def test_a_remote_offer_is_answered(it: Fixture) -> None:
    it.remote_offer(THEIRS)
    assert it.dialer.accepted == [(1, "remote sdp")]
    assert it.links.connecting == 1
    it.links.described(1, "our answer", 2.0)
    assert it.answers == [("our answer", 2.0)]
    assert it.links.opened(1) == LinkKey(THEIRS, b"o" * 20)
    assert len(it.links) == 0


def test_one_offer_of_a_peer_at_a_time(it: Fixture) -> None:
    it.remote_offer(THEIRS)
    it.remote_offer(THEIRS)
    it.remote_offer(THEIRS, b"p" * 20)
    assert len(it.dialer.accepted) == 1
    it.links.failed(1, 1.0)
    it.remote_offer(THEIRS, b"p" * 20)
    assert len(it.dialer.accepted) == 2


def test_both_sides_may_offer_at_once(it: Fixture) -> None:
    """Who wins is decided when both are open."""
    (offer,) = it.offer(1)
    it.remote_answer(offer)
    it.remote_offer(THEIRS)
    assert len(it.dialer.accepted) == 1
    assert it.links.connecting == 2


def test_answering_has_a_bound(it: Fixture) -> None:
    it.offer(5)
    for number in range(MAX_ANSWERING + 3):
        it.remote_offer(bytes([number]) * 20)
    assert len(it.dialer.accepted) == MAX_ANSWERING
    it.links.opened(it.dialer.accepted[0][0])
    it.remote_offer(b"z" * 20)
    assert len(it.dialer.accepted) == MAX_ANSWERING + 1


def test_an_answer_that_does_not_lead_to_a_channel_is_given_up(it: Fixture) -> None:
    it.remote_offer(THEIRS, now=3.0)
    it.links.described(1, "our answer", 4.0)
    it.timers.run(3.0 + CONNECT_SECONDS - 0.01)
    assert it.closed == []
    it.timers.run(3.0 + CONNECT_SECONDS)
    assert it.closed == [1]
    assert len(it.answers) == 1


def test_an_answer_that_can_not_be_made_is_not_sent(it: Fixture) -> None:
    it.remote_offer(THEIRS)
    it.links.failed(1, 1.0)
    it.links.described(1, "late", 2.0)
    assert it.answers == []
    assert it.closed == [1]


def test_an_offer_with_the_id_of_ours_does_not_hide_ours(it: Fixture) -> None:
    (ours,) = it.offer(1)
    it.remote_offer(THEIRS, ours.offer_id)
    it.links.failed(2, 1.0)
    it.remote_answer(ours, b"C" * 20)
    assert it.dialer.answered == [(1, "answer sdp")]


# -- The end


def test_what_is_open_is_no_more_ours(it: Fixture) -> None:
    it.remote_offer(THEIRS)
    it.links.opened(1)
    assert it.links.opened(1) is None
    it.links.failed(1, 1.0)
    it.timers.run(1000.0)
    assert it.closed == []


def test_unknown_links_do_nothing(it: Fixture) -> None:
    it.links.described(99, "sdp", 0.0)
    it.links.failed(99, 0.0)
    assert it.links.opened(99) is None
    assert it.closed == []


def test_closing_gives_every_link_up_and_tells_nobody(it: Fixture) -> None:
    it.offer(1)
    it.links.make_offers(1, lambda offers, then: pytest.fail("told of offers after the end"), 0.0)
    it.remote_offer(THEIRS)
    it.links.close(1.0)
    assert sorted(it.closed) == [1, 2, 3]
    assert len(it.links) == 0
    assert it.timers.next_due is None
    assert it.answers == []


# -- Offers that wait


def test_an_offer_lives_from_its_last_announce(it: Fixture) -> None:
    one, two = it.offer(2)
    it.links.renew([one], 30.0)
    assert it.expire(OFFER_SECONDS) == [2]
    assert it.links.waiting([one, two], OFFER_SECONDS) == [one]
    assert it.expire(30.0 + OFFER_SECONDS) == [2, 1]
    assert it.links.waiting([one, two], 80.0) == []


def test_an_old_or_answered_offer_waits_no_more(it: Fixture) -> None:
    one, two = it.offer(2)
    it.remote_answer(one, now=1.0)
    assert it.links.waiting([one, two], 1.0) == [two]
    assert it.links.waiting([two], REUSE_SECONDS) == []


# -- Bounds


def test_no_more_links_connect_than_the_bound(it: Fixture) -> None:
    offers = it.offer(MAX_CONNECTING + 2)
    for number, offer in enumerate(offers):
        it.remote_answer(offer, b"%020d" % number)
    assert it.links.connecting == len(it.dialer.answered) == MAX_CONNECTING
    assert it.closed == [MAX_CONNECTING + 1, MAX_CONNECTING + 2], "an offer that was answered is used up"
    it.remote_offer(b"C" * 20)
    assert it.dialer.accepted == []
    it.links.opened(1)
    it.remote_offer(b"C" * 20)
    assert len(it.dialer.accepted) == 1


def test_where_there_may_be_no_more_links_none_is_made() -> None:
    it = Fixture()
    numbers = iter([1, None, None, None])
    it.links._new_number = numbers.__next__
    assert [offer.sdp for offer in it.offer(2)] == ["sdp 1"]
    assert it.offer(1) == []
    it.remote_offer(THEIRS)
    assert (it.dialer.offered, it.dialer.accepted) == ([1], [])


# -- Descriptions that can't be used


def test_an_offer_that_cannot_be_used_does_nothing(it: Fixture) -> None:
    it.unusable.add("remote sdp")
    it.remote_offer(THEIRS)
    assert (it.dialer.accepted, len(it.links)) == ([], 0)
    it.unusable.clear()
    it.remote_offer(THEIRS)
    assert len(it.dialer.accepted) == 1


def test_an_answer_that_cannot_be_used_does_nothing(it: Fixture) -> None:
    (offer,) = it.offer(1)
    it.unusable.add("answer sdp")
    it.remote_answer(offer)
    assert (it.dialer.answered, it.closed, it.links.connecting) == ([], [], 0)
    it.unusable.clear()
    it.remote_answer(offer)
    assert it.dialer.answered == [(1, "answer sdp")]


def test_our_own_description_that_cannot_be_used_is_not_sent(it: Fixture) -> None:
    it.unusable.update({"sdp 1", "our answer"})
    assert it.offer(1) == []
    it.remote_offer(THEIRS)
    it.links.described(2, "our answer", 0.0)
    assert it.answers == []
    assert it.closed == [1, 2]
