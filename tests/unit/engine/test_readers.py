"""Where readers are, how fast they read, and what is urgent for their sake."""

import random

import pytest

from torrentide.engine.readers import (
    FORGET_SECONDS,
    IDLE_SECONDS,
    MAX_URGENT,
    PAUSE_SECONDS,
    USUAL_RATE,
    Reader,
    Readers,
)
from torrentide.pieces.picker import Picker

SIZE = 256 * 1024
COUNT = 400
END = COUNT * SIZE
# One piece a second.
RATE = float(SIZE)


def make() -> tuple[Picker, Readers]:
    picker = Picker(COUNT, SIZE, END, random.Random(1))
    return picker, Readers(picker)


def test_a_pace_is_measured_by_what_was_read() -> None:
    reader = Reader(0, END, 0.0)
    assert reader.rate == USUAL_RATE
    reader.move(1000, 1.0)
    assert reader.measured is None
    reader.move(3000, 3.0)
    assert reader.measured == pytest.approx(1000, rel=0.05)
    reader.move(3000 + int(1000 * FORGET_SECONDS * 2), 3.0 + 2 * PAUSE_SECONDS)
    # The pause counts as the longest that one may be, not as what it was.
    assert reader.measured is not None
    assert reader.measured > 1000 * FORGET_SECONDS / PAUSE_SECONDS


def test_a_pace_that_was_given_goes_before_the_measured_one() -> None:
    reader = Reader(0, END, 0.0, RATE)
    reader.move(10, 4.0)
    assert reader.rate == RATE
    assert Reader(0, END, 0.0, 0.5).rate == 1.0


def test_what_is_due_soon_is_urgent_and_what_is_due_later_is_near() -> None:
    picker, readers = make()
    readers.open(10 * SIZE, END, 0.0, RATE)
    readers.plan(4.0, 100.0)
    assert readers.deadlines == {10 + wait: 100.0 + wait for wait in range(5)}
    assert list(readers.near) == list(range(10, 30))
    assert list(picker.wanted.urgent) == list(readers.deadlines)
    assert set(picker.wanted.ahead) == set(readers.near)


def test_the_piece_that_a_reader_waits_for_is_urgent_however_short_the_horizon() -> None:
    picker, readers = make()
    picker.have.add(10)
    readers.open(10 * SIZE, END, 0.0, RATE)
    readers.plan(0.0, 0.0)
    assert readers.deadlines == {11: 1.0}


def test_a_late_piece_stays_late() -> None:
    _, readers = make()
    readers.open(10 * SIZE, END, 0.0, RATE)
    readers.plan(4.0, 0.0)
    readers.plan(4.0, 9.0)
    assert readers.deadlines[10] == 0.0
    assert readers.deadlines[14] == 4.0


def test_a_piece_that_two_come_to_is_due_for_the_first_of_them() -> None:
    _, readers = make()
    readers.open(8 * SIZE, END, 0.0, RATE)
    readers.open(10 * SIZE, END, 0.0, RATE)
    readers.plan(3.0, 0.0)
    assert readers.deadlines == {8: 0, 9: 1, 10: 0, 11: 1, 12: 2, 13: 3}
    assert list(readers.deadlines) == [8, 10, 9, 11, 12, 13]


def test_no_more_is_urgent_than_leaves_something_to_be_rare() -> None:
    _, readers = make()
    readers.open(0, END, 0.0, 10 * RATE)
    readers.plan(1e6, 0.0)
    assert list(readers.deadlines) == list(range(MAX_URGENT))
    assert len(readers.near) > MAX_URGENT


def test_a_seek_keeps_the_pace() -> None:
    _, readers = make()
    reader, _ = readers.open(0, END, 0.0, None)
    reader.move(3000, 3.0)
    readers.close(reader)
    again, _ = readers.open(200 * SIZE, END, 3.0, None)
    assert again.rate == pytest.approx(1000, rel=0.05)
    other, _ = readers.open(0, END - 1, 3.0, None)
    assert other.rate == USUAL_RATE


def test_another_plan_is_due_when_it_has_read_on_or_waits() -> None:
    picker, readers = make()
    reader, _ = readers.open(0, END, 0.0, 10 * RATE)
    assert readers.has_passed(reader)
    readers.plan(2.0, 0.0)
    assert not readers.has_passed(reader)
    for index in range(COUNT):
        picker.have.add(index)
    reader.move(len(readers.near) // 32 * SIZE, 1.0)
    assert not readers.has_passed(reader)
    reader.move((len(readers.near) // 16 + 1) * SIZE, 1.0)
    assert readers.has_passed(reader)


def test_a_reader_that_waits_for_what_is_not_urgent_has_passed() -> None:
    _, readers = make()
    reader, _ = readers.open(0, END, 0.0, 10 * RATE)
    readers.plan(0.0, 0.0)
    reader.move(SIZE, 1.0)
    assert readers.has_passed(reader)


def test_critical_pieces_come_behind_those_of_readers() -> None:
    picker, readers = make()
    readers.set_critical([300, 11])
    readers.open(10 * SIZE, END, 0.0, RATE)
    readers.plan(1.0, 0.0)
    assert list(picker.wanted.urgent) == [10, 11, 300]
    assert 300 not in readers.deadlines


def test_nothing_is_near_when_nobody_reads() -> None:
    picker, readers = make()
    reader, more = readers.open(10 * SIZE, END, 0.0, RATE)
    assert not more
    readers.plan(4.0, 0.0)
    assert not readers.close(reader)
    readers.plan(4.0, 1.0)
    assert not readers.near
    assert not readers.deadlines
    assert not picker.wanted.urgent
    assert not picker.wanted.ahead


def test_an_empty_stretch_needs_nothing() -> None:
    _, readers = make()
    reader, more = readers.open(5, 5, 0.0, None)
    readers.plan(4.0, 0.0)
    assert (more, readers.deadlines, readers.has_passed(reader)) == (False, {}, True)


def test_who_told_when_its_bytes_are_needed_hurries_nobody_before() -> None:
    picker, readers = make()
    reader, _ = readers.open(10 * SIZE, END, 0.0, None)
    reader.pace(RATE, 6.0, 0.0)
    assert readers.plan(4.0, 0.0) == 2.0, "when the first of them will be urgent"
    assert readers.deadlines == {}
    assert list(picker.wanted.ahead) == list(range(10, 30))
    assert readers.near[10] == 6.0
    assert readers.plan(4.0, 3.0) == 4.0
    assert readers.deadlines == {10: 6.0, 11: 7.0}
    assert readers.near[12] == 8.0


def test_what_is_needed_is_told_anew_with_each_read() -> None:
    _, readers = make()
    reader, _ = readers.open(10 * SIZE, END, 0.0, None)
    reader.pace(RATE, 0.0, 0.0)
    readers.plan(4.0, 0.0)
    reader.move(12 * SIZE, 1.0)
    reader.pace(None, 20.0, 1.0)
    readers.plan(4.0, 1.0)
    assert readers.deadlines == {}
    assert readers.near[13] == 22.0


def test_somebody_reads_who_waits_or_has_read_not_long_ago() -> None:
    picker, readers = make()
    assert readers.reading_since(5.0) is None
    reader, _ = readers.open(END - SIZE, END, 5.0, RATE)
    readers.plan(4.0, 5.0)
    assert readers.reading_since(5.0 + 2 * IDLE_SECONDS) == 5.0
    picker.have.add(COUNT - 1)
    readers.plan(4.0, 6.0)
    assert readers.reading_since(5.0 + 2 * IDLE_SECONDS) is None
    assert readers.reading_since(6.0) == 5.0
    readers.close(reader)
    assert readers.reading_since(6.0) is None
