"""The line of peers that wait: in which order and how often each is looked at."""

from torrentide.engine.peer import Peer
from torrentide.engine.turns import Turns
from torrentide.timers import Timers
from unit.recorders import RecordedTransport

DELAY = 0.5


class Fixture:
    """A line in which each look takes one of `left`, and whoever got nothing waits again."""

    def __init__(self) -> None:
        self.left = 0
        self.looks: list[tuple[int, float]] = []
        self.timers = Timers()
        self.turns = Turns(self.timers, self.look, lambda now: self.left > 0, lambda now: DELAY)

    def look(self, peer: Peer, now: float) -> None:
        self.looks.append((peer.link, now))
        self.left -= 1
        self.turns.wait(peer, now)


def peer(link: int) -> Peer:
    return Peer(link, None, RecordedTransport(), 0.0)


def test_each_is_looked_at_in_its_turn() -> None:
    it = Fixture()
    for link in (3, 1, 2):
        it.turns.wait(peer(link), 0.0)
    it.left = 2
    it.turns.go_round(1.0)
    it.left = 2
    it.turns.go_round(2.0)
    assert it.looks == [(3, 1.0), (1, 1.0), (2, 2.0), (3, 2.0)]


def test_who_waits_keeps_its_place() -> None:
    it = Fixture()
    first = peer(1)
    for waiting in (first, peer(2), first):
        it.turns.wait(waiting, 0.0)
    it.left = 1
    it.turns.go_round(1.0)
    assert it.looks == [(1, 1.0)]


def test_one_timer_looks_again_until_nobody_waits() -> None:
    it = Fixture()
    one, two = peer(1), peer(2)
    it.turns.wait(one, 0.0)
    it.turns.wait(two, 0.2)
    it.timers.run(DELAY)
    assert it.looks == []
    it.left = 2
    it.timers.run(2 * DELAY)
    assert it.looks == [(1, 2 * DELAY), (2, 2 * DELAY)]
    for waiting in (one, two):
        it.turns.leave(waiting)
    it.timers.run(3 * DELAY)
    assert not len(it.timers)


def test_who_left_is_not_looked_at() -> None:
    it = Fixture()
    one = peer(1)
    it.turns.wait(one, 0.0)
    assert one in it.turns
    it.turns.leave(one)
    it.turns.leave(one)
    it.left = 1
    it.turns.go_round(1.0)
    assert one not in it.turns
    assert it.looks == []


def test_one_who_leaves_during_a_round_is_passed_over() -> None:
    it = Fixture()
    gone = peer(2)
    turns = Turns(it.timers, lambda peer, now: turns.leave(gone), lambda now: True, lambda now: DELAY)
    turns.wait(peer(1), 0.0)
    turns.wait(gone, 0.0)
    turns.go_round(1.0)
    assert gone not in turns


def test_a_closed_line_looks_no_more() -> None:
    it = Fixture()
    it.turns.wait(peer(1), 0.0)
    it.turns.close()
    it.left = 1
    it.timers.run(60.0)
    assert it.looks == []
