"""Which blocks are taken over from slower peers."""

import pytest

from torrentide.engine.peer import Peer
from torrentide.engine.takeover import duplicate, seconds_left, slowest, tail
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.partial import BLOCK_LENGTH
from unit.recorders import RecordedTransport

B = BLOCK_LENGTH
NOW = 100.0
ALL = Bitfield.full(1000)


def peer(rate: float, requests: int, first: int = 0, since: float = 50.0) -> Peer:
    """A peer that gives `rate` bytes a second and has still so many blocks to give."""
    it = Peer(first + 1, None, RecordedTransport(), 0.0)
    for half in range(10):
        it.down.add(int(rate / 2), NOW - 4.5 + half / 2)
    it.requests = {(index, 0): NOW for index in range(first, first + requests)}
    it.asked_since = NOW - since
    it.last_block = NOW
    it.queue = 500
    return it


@pytest.mark.parametrize(
    ("fast", "slow", "busy", "blocks"),
    [(3 * B, B, 40, 30), (B, B, 40, 20), (100 * B, B, 40, 38), (0, B, 40, 20), (B, 0, 40, 37)],
)
def test_both_end_together(fast: float, slow: float, busy: int, blocks: int) -> None:
    thief, victim = peer(fast, 0), peer(slow, busy, first=100)
    taken = tail(thief, ALL, victim, NOW, set())
    assert taken == [(index, 0) for index in range(100 + busy - 1, 100 + busy - 1 - blocks, -1)]


def test_what_the_thief_has_to_do_counts() -> None:
    assert len(tail(peer(B, 20), ALL, peer(B, 40, first=100), NOW, set())) == 10
    assert tail(peer(B, 40), ALL, peer(B, 40, first=100), NOW, set()) == []


def test_what_saves_no_time_stays() -> None:
    assert tail(peer(100 * B, 0), ALL, peer(50 * B, 20, first=100), NOW, set()) == []


def test_only_what_the_thief_can_give_and_what_is_not_fixed() -> None:
    some = Bitfield(1000)
    for index in range(100, 110):
        some.add(index)
    taken = tail(peer(B, 0), some, peer(B, 40, first=100), NOW, {(109, 0), (108, 0)})
    assert taken == [(index, 0) for index in range(107, 101, -1)], "the oldest two are on their way"


def test_of_a_silent_peer_everything_is_taken() -> None:
    victim = peer(0, 3, first=100)
    victim.last_block = NOW - 11.0
    assert len(tail(peer(100 * B, 0), ALL, victim, NOW, set())) == 2
    victim.last_block = NOW - 9.0
    assert len(tail(peer(100 * B, 0), ALL, victim, NOW, set())) == 1


def test_no_more_than_the_queue_holds() -> None:
    thief = peer(100 * B, 0)
    thief.queue = 3
    assert len(tail(thief, ALL, peer(B, 40, first=100), NOW, set())) == 3


def test_the_slowest_come_first() -> None:
    thief = peer(B, 2)
    peers = [peer(B, 10, first=100), peer(B, 40, first=200), peer(10 * B, 50, first=300), peer(B, 0)]
    just_asked = peer(0, 100, first=400, since=0.1)
    assert slowest([thief, *peers, just_asked], thief, NOW) == [peers[1], peers[0], peers[2]]
    assert seconds_left(peers[1], NOW) == pytest.approx(40, rel=0.01)
    assert seconds_left(peer(0, 1), NOW) == 16.0


def test_a_block_is_asked_twice_only_where_that_is_much_faster() -> None:
    fast = peer(100 * B, 0)
    assert duplicate(fast, ALL, peer(B / 10, 1, first=7), NOW, set()) == (7, 0)
    assert duplicate(fast, ALL, peer(B / 10, 1, first=7), NOW, {(7, 0)}) is None
    assert duplicate(fast, Bitfield(1000), peer(B / 10, 1, first=7), NOW, set()) is None
    assert duplicate(fast, ALL, peer(10 * B, 1, first=7), NOW, set()) is None
    assert duplicate(peer(B / 10, 0), ALL, peer(B / 10, 1, first=7), NOW, set()) is None
    assert duplicate(peer(0, 0), ALL, peer(0, 1, first=7), NOW, set()) == (7, 0), "nothing is known of either"
