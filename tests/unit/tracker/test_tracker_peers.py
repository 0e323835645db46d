"""The random choice of peers, the swap-removal under it, and the life of an offer."""

import random
import tracemalloc
from collections import Counter

import pytest

from torrentide.tracker.peers import MAX_PENDING_OFFERS, OFFER_AGE, Peer, Swarm


def swarm_of(leechers: int, seeds: int) -> tuple[Swarm, list[Peer]]:
    swarm = Swarm("h" * 20)
    peers = [swarm.add(f"{number:020}", number) for number in range(leechers + seeds)]
    for peer in peers[leechers:]:
        swarm.set_seeding(peer, True)
    return swarm, peers


@pytest.mark.parametrize("who", range(5))
def test_choice_is_even_over_everybody_who_may_be_chosen(who: int) -> None:
    swarm, peers = swarm_of(leechers=3, seeds=2)
    chooser, rng = peers[who], random.Random(1)
    allowed = [peer for peer in peers if peer is not chooser and not (peer.seeding and chooser.seeding)]

    counts = Counter(peer for _ in range(2000) for peer in swarm.choose(chooser, 2, rng))

    assert set(counts) == set(allowed)
    fair = 4000 / len(allowed)
    assert all(0.85 * fair < count < 1.15 * fair for count in counts.values())


@pytest.mark.parametrize(("leechers", "seeds"), [(1, 0), (0, 1), (0, 5), (2, 0), (1, 1), (6, 6)])
def test_choice_gives_different_peers_as_many_as_there_are(leechers: int, seeds: int) -> None:
    swarm, peers = swarm_of(leechers, seeds)
    for chooser in peers:
        chosen = swarm.choose(chooser, 10, random.Random(2))
        assert len(set(chosen)) == len(chosen)
        assert len(chosen) == min(10, leechers if chooser.seeding else leechers + seeds - 1)


def test_peers_come_and_go_and_turn_at_random() -> None:
    """After any history the lists hold each peer once, in the list and at the place it believes."""
    swarm, peers = swarm_of(leechers=5, seeds=5)
    rng = random.Random(3)
    for step in range(2000):
        peer = rng.choice(peers) if peers else None
        match rng.randrange(3):
            case 0:
                peers.append(swarm.add(f"{1000 + step:020}", step))
            case 1 if peer:
                peers.remove(peer)
                swarm.remove(peer)
            case 2 if peer:
                swarm.set_seeding(peer, rng.random() < 0.5)
        assert set(swarm.leechers) | set(swarm.seeds) == set(peers) == set(swarm.peers.values())
        assert len(swarm.leechers) + len(swarm.seeds) == len(peers)
        for members, seeding in ((swarm.leechers, False), (swarm.seeds, True)):
            assert all(each.place == at and each.seeding is seeding for at, each in enumerate(members))


def test_choice_makes_no_copy_of_a_big_swarm() -> None:
    swarm, peers = swarm_of(leechers=20_000, seeds=5)
    tracemalloc.start()
    try:
        assert len(swarm.choose(peers[7], 10, random.Random(4))) == 10
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20_000


def test_an_offer_is_answered_once_by_the_one_who_got_it() -> None:
    _, (offerer, answerer, stranger) = swarm_of(leechers=3, seeds=0)
    offerer.expect_answer("one", answerer, now=0)
    assert not offerer.accept_answer("one", stranger, now=1)
    assert not offerer.accept_answer("two", answerer, now=1)
    assert offerer.accept_answer("one", answerer, now=1)
    assert not offerer.accept_answer("one", answerer, now=1)


def test_an_offer_expires_and_a_new_relay_renews_it() -> None:
    _, (offerer, answerer) = swarm_of(leechers=2, seeds=0)
    for offer_id in ("kept", "renewed", "lost"):
        offerer.expect_answer(offer_id, answerer, now=0)
    offerer.expect_answer("renewed", answerer, now=60)
    assert offerer.accept_answer("kept", answerer, now=OFFER_AGE - 0.001)
    assert not offerer.accept_answer("lost", answerer, now=OFFER_AGE)
    assert offerer.accept_answer("renewed", answerer, now=OFFER_AGE + 1)


def test_beyond_the_bound_the_oldest_offer_is_forgotten() -> None:
    _, (offerer, answerer) = swarm_of(leechers=2, seeds=0)
    for number in range(MAX_PENDING_OFFERS + 1):
        offerer.expect_answer(str(number), answerer, now=0)
    assert not offerer.accept_answer("0", answerer, now=0)
    assert all(
        offerer.accept_answer(str(number + 1), answerer, now=0) for number in range(MAX_PENDING_OFFERS)
    )
