"""A set of pieces against a plain set."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.errors import PeerError
from torrentide.pieces.bitfield import Bitfield

sizes = st.integers(1, 70)


def build(count: int, pieces: set[int]) -> Bitfield:
    field = Bitfield(count)
    for index in pieces:
        field.add(index)
    return field


@st.composite
def fields(draw: st.DrawFn, *, many: int = 1) -> tuple[int, list[set[int]]]:
    """A size, and sets of pieces below it."""
    count = draw(sizes)
    return count, [draw(st.sets(st.integers(0, count - 1))) for _ in range(many)]


@given(fields())
def test_behaves_as_a_set(case: tuple[int, list[set[int]]]) -> None:
    count, (pieces,) = case
    field = build(count, pieces)
    assert list(field) == sorted(pieces)
    assert {index for index in range(count) if index in field} == pieces
    assert field.held == len(pieces)
    assert field.complete == (len(pieces) == count)
    assert [field.add(index) for index in range(count)] == [index not in pieces for index in range(count)]
    assert field.complete


@given(fields(many=2))
def test_counts_what_both_have(case: tuple[int, list[set[int]]]) -> None:
    count, (ours, theirs) = case
    assert build(count, ours).common(build(count, theirs)) == len(ours & theirs)


@given(fields())
def test_takes_pieces_out(case: tuple[int, list[set[int]]]) -> None:
    count, (pieces,) = case
    field = Bitfield.full(count)
    assert [field.remove(index) for index in pieces] == [True] * len(pieces)
    assert not any(field.remove(index) for index in pieces)
    assert set(field) == set(range(count)) - pieces
    assert field.held == count - len(pieces)


@given(fields(many=2), st.data(), st.integers(1, 5))
def test_finds_what_both_have(case: tuple[int, list[set[int]]], data: st.DataObject, most: int) -> None:
    count, (ours, theirs) = case
    start = data.draw(st.integers(0, count - 1))
    found = build(count, ours).some_common(build(count, theirs), start, most)
    assert found == sorted(index for index in ours & theirs if index >= start)[:most]


@pytest.mark.parametrize("place", [0, 7, 2047, 2048, 2049, 5000, 9998, 9999])
def test_finds_it_however_far(place: int) -> None:
    ours, theirs = Bitfield.full(10_000), build(10_000, {place})
    for start in (0, max(0, place - 1), place):
        assert ours.some_common(theirs, start, 3) == [place]
    assert place == 9999 or ours.some_common(theirs, place + 1, 3) == []


@given(fields())
def test_the_wire_form_survives(case: tuple[int, list[set[int]]]) -> None:
    count, (pieces,) = case
    data = build(count, pieces).to_wire()
    assert len(data) == (count + 7) // 8
    again = Bitfield.from_wire(count, data)
    assert (list(again), again.held, again.to_wire()) == (sorted(pieces), len(pieces), data)


@pytest.mark.parametrize(
    ("count", "pieces", "data"),
    [
        (1, {0}, b"\x80"),
        (8, {7}, b"\x01"),
        (9, {8}, b"\x00\x80"),
        (10, {0, 9}, b"\x80\x40"),
        (16, set(), b"\0\0"),
    ],
)
def test_the_high_bit_comes_first(count: int, pieces: set[int], data: bytes) -> None:
    assert build(count, pieces).to_wire() == data


@given(sizes)
def test_a_full_one(count: int) -> None:
    field = Bitfield.full(count)
    assert field.complete
    assert list(field) == list(range(count))
    assert Bitfield.from_wire(count, field.to_wire()).complete


@pytest.mark.parametrize(("count", "data"), [(8, b""), (8, b"\0\0"), (9, b"\0"), (1, b""), (16, b"\0\0\0")])
def test_a_wrong_length(count: int, data: bytes) -> None:
    with pytest.raises(PeerError, match=f"a bitfield of {len(data)} bytes; {count} pieces need"):
        Bitfield.from_wire(count, data)


@pytest.mark.parametrize(("count", "data"), [(1, b"\x40"), (7, b"\x01"), (9, b"\xff\x40"), (15, b"\0\x01")])
def test_spare_bits(count: int, data: bytes) -> None:
    with pytest.raises(PeerError, match="spare bits"):
        Bitfield.from_wire(count, data)


def test_a_copy_does_not_follow_its_source() -> None:
    data = bytearray(b"\x80")
    field = Bitfield.from_wire(8, bytes(data))
    field.add(7)
    assert data == b"\x80"


def test_inverse_and_copy_stand_for_themselves() -> None:
    field = Bitfield.from_wire(11, b"\xa0\x20")
    rest = field.inverse()
    assert list(rest) == [index for index in range(11) if index not in (0, 2, 10)]
    assert rest.held == 8
    assert list(rest.inverse()) == [0, 2, 10]
    same = field.copy()
    same.add(5)
    assert (list(field), list(same)) == ([0, 2, 10], [0, 2, 5, 10])
