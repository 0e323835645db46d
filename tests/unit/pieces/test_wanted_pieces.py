"""Which pieces are wanted: because they were chosen, because somebody reads, or both."""

import random

from torrentide.pieces.picker import Picker
from torrentide.pieces.wanted import Wanted

COUNT = 10


def make(*chosen: int) -> tuple[Picker, Wanted]:
    """Ten pieces, of which these are chosen."""
    picker = Picker(COUNT, 16384, COUNT * 16384, random.Random(1))
    for index in range(COUNT):
        if index not in chosen:
            picker.wanted.choose(index, 0)
    return picker, picker.wanted


def needed(wanted: Wanted) -> list[int]:
    return [index for index in range(COUNT) if index in wanted.needed]


def order(picker: Picker) -> list[int]:
    """In which order pieces are picked."""
    return [index for index, _, _ in picker.pick(picker.have.inverse(), COUNT, 1)]


def test_only_what_is_chosen_is_needed() -> None:
    picker, wanted = make(2, 5)
    assert needed(wanted) == [2, 5]
    assert sorted(order(picker)) == [2, 5]


def test_a_reader_needs_what_was_not_chosen_until_it_goes() -> None:
    _, wanted = make(2)
    assert wanted.begin_reading("a", range(1, 4))
    assert needed(wanted) == [1, 2, 3]
    assert wanted.end_reading("a")
    assert needed(wanted) == [2]


def test_of_two_readers_the_last_one_counts() -> None:
    _, wanted = make()
    wanted.begin_reading("a", range(1, 4))
    assert not wanted.begin_reading("b", range(2, 4))
    assert wanted.end_reading("a")
    assert needed(wanted) == [2, 3]
    assert wanted.end_reading("b")
    assert needed(wanted) == []


def test_readers_of_what_is_chosen_change_nothing() -> None:
    _, wanted = make(*range(COUNT))
    assert not wanted.begin_reading("a", range(COUNT))
    assert not wanted.end_reading("a")
    assert needed(wanted) == list(range(COUNT))


def test_what_is_not_chosen_any_more_stays_while_it_is_read() -> None:
    _, wanted = make(2, 3)
    wanted.begin_reading("a", range(2, 3))
    wanted.choose(2, 0)
    wanted.choose(3, 0)
    assert needed(wanted) == [2]
    wanted.end_reading("a")
    assert needed(wanted) == []


def test_urgent_ones_come_first_then_those_ahead_then_the_rest() -> None:
    picker, wanted = make(*range(COUNT))
    wanted.choose(1, 7)
    wanted.read_ahead([6, 4], {4: 0.0, 6: 0.0, 8: 0.0})
    assert order(picker)[:4] == [6, 4, 8, 1]


def test_what_readers_leave_behind_is_as_it_was_chosen() -> None:
    picker, wanted = make(1, 2)
    wanted.choose(2, 7)
    wanted.begin_reading("a", range(8, 9))
    wanted.read_ahead([8], [8, 1])
    wanted.choose(1, 7)
    wanted.choose(2, 1)
    wanted.end_reading("a")
    wanted.read_ahead([], [])
    assert order(picker) == [1, 2]


def test_a_lost_piece_is_needed_again_if_anybody_wants_it() -> None:
    picker, wanted = make(2)
    wanted.begin_reading("a", range(3, 4))
    for index in (2, 3, 4):
        picker.have.add(index)
        wanted.needed.remove(index)
    for index in (2, 3, 4):
        picker.have.remove(index)
        wanted.lost(index)
    assert needed(wanted) == [2, 3]
