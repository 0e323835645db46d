"""The rarest-first order against plain counting."""

import random
from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from torrentide.pieces.availability import DEFAULT_PRIORITY, MAX_PRIORITY, Availability
from torrentide.pieces.bitfield import Bitfield

COUNT = 9
indices = st.integers(0, COUNT - 1)


class AvailabilityAgainstCounting(RuleBasedStateMachine):
    """Peers come, go and get pieces; pieces are taken out and put back."""

    def __init__(self) -> None:
        super().__init__()
        self.real = Availability(COUNT, random.Random(1))
        self.counts = [0] * COUNT
        self.priorities = [DEFAULT_PRIORITY] * COUNT
        self.present = set(range(COUNT))

    @rule(index=indices)
    def one_more(self, index: int) -> None:
        self.real.increase(index)
        self.counts[index] += 1

    @precondition(lambda self: any(self.counts))
    @rule(data=st.data())
    def one_fewer(self, data: st.DataObject) -> None:
        index = data.draw(st.sampled_from([index for index in range(COUNT) if self.counts[index]]))
        self.real.decrease(index)
        self.counts[index] -= 1

    @rule(pieces=st.sets(indices))
    def a_peer_comes(self, pieces: set[int]) -> None:
        self.real.add_all(pieces)
        for index in pieces:
            self.counts[index] += 1

    @rule(pieces=st.sets(indices))
    def a_peer_goes(self, pieces: set[int]) -> None:
        there = {index for index in pieces if self.counts[index]}
        self.real.remove_all(there)
        for index in there:
            self.counts[index] -= 1

    @rule(index=indices)
    def taken_out(self, index: int) -> None:
        self.real.remove(index)
        self.present.discard(index)

    @rule(index=indices)
    def put_back(self, index: int) -> None:
        self.real.insert(index)
        if self.priorities[index]:
            self.present.add(index)

    @rule(index=indices, priority=st.integers(0, MAX_PRIORITY))
    def preferred(self, index: int, priority: int) -> None:
        self.real.set_priority(index, priority)
        self.priorities[index] = priority
        if not priority:
            self.present.discard(index)

    @rule(pieces=st.sets(indices))
    def chosen(self, pieces: set[int]) -> None:
        theirs = Bitfield(COUNT)
        for index in pieces:
            theirs.add(index)
        common = pieces & self.present
        best = max((self.priorities[index] for index in common), default=0)
        top = {index for index in common if self.priorities[index] == best}
        rarest = min((self.counts[index] for index in top), default=0)
        assert self.real.choose_first(theirs) == min(top, default=None)
        rare = {index for index in top if self.counts[index] == rarest}
        assert self.real.choose_random(theirs) in [*top, *[None] * (not top)]
        assert self.real.choose(theirs) in [*rare, *[None] * (not rare)]

    @invariant()
    def agrees(self) -> None:
        order = list(self.real.rarest_first())
        assert sorted(order) == sorted(self.present)
        assert len(self.real) == len(order)
        keys = [(-self.priorities[index], self.counts[index]) for index in order]
        assert keys == sorted(keys)
        assert [self.real.priority(index) for index in range(COUNT)] == self.priorities
        assert [self.real.peers(index) for index in range(COUNT)] == self.counts
        assert {index for index in range(COUNT) if index in self.real} == self.present


TestAvailability = AvailabilityAgainstCounting.TestCase
TestAvailability.settings = settings(max_examples=60, stateful_step_count=40)


def test_seeds_count_for_every_piece_and_change_no_order() -> None:
    availability = Availability(3, random.Random(1))
    availability.increase(1)
    availability.seeds = 2
    assert [availability.peers(index) for index in range(3)] == [2, 3, 2]
    assert list(availability.rarest_first())[-1] == 1


def test_the_first_of_equals_is_random() -> None:
    """Peers that start together would otherwise all fetch the same piece first."""
    first = Counter(next(Availability(4, random.Random(seed)).rarest_first()) for seed in range(400))
    assert all(60 < first[index] < 140 for index in range(4)), first


def test_pieces_that_come_to_a_group_are_mixed_in() -> None:
    """Haves that arrive in order must leave no order among pieces of the same count."""
    first: Counter[int] = Counter()
    for seed in range(400):
        availability = Availability(4, random.Random(seed))
        for index in range(4):
            availability.increase(index)
        first[next(availability.rarest_first())] += 1
    assert all(60 < first[index] < 140 for index in range(4)), first


def test_the_same_seed_gives_the_same_order() -> None:
    orders = [list(Availability(50, random.Random(3)).rarest_first()) for _ in range(2)]
    assert orders[0] == orders[1]


def test_a_piece_can_rise_while_it_is_out() -> None:
    availability = Availability(2, random.Random(1))
    availability.remove(0)
    for _ in range(5):
        availability.increase(0)
    availability.insert(0)
    assert list(availability.rarest_first()) == [1, 0]
    for _ in range(5):
        availability.decrease(0)
    availability.increase(1)
    assert list(availability.rarest_first()) == [0, 1]


def test_a_peer_with_few_pieces_is_given_its_rarest() -> None:
    """None of the first in the order is its: then its own are looked through."""
    availability = Availability(1000, random.Random(1))
    theirs = Bitfield(1000)
    for index in (300, 400, 500):
        theirs.add(index)
        for _ in range(index // 100):
            availability.increase(index)
    assert availability.choose(theirs) == 300
    availability.remove(300)
    assert availability.choose(theirs) == 400
    assert availability.choose(Bitfield(1000)) is None
