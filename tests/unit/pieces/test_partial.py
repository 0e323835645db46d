"""The blocks of one piece on their way in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.pieces.partial import BLOCK_LENGTH, PartialPiece

B = BLOCK_LENGTH


@pytest.mark.parametrize(
    ("length", "blocks"),
    [
        (1, [(0, 1)]),
        (B - 1, [(0, B - 1)]),
        (B, [(0, B)]),
        (B + 1, [(0, B), (B, 1)]),
        (2 * B + 5, [(0, B), (B, B), (2 * B, 5)]),
    ],
)
def test_the_blocks_of_a_piece(length: int, blocks: list[tuple[int, int]]) -> None:
    piece = PartialPiece(0, length)
    assert list(piece.lacking()) == blocks
    assert list(piece.take(100)) == blocks
    assert list(piece.take(100)) == []
    assert (piece.free, piece.missing) == (0, len(blocks))


def test_takes_in_order_and_no_more_than_asked() -> None:
    piece = PartialPiece(0, 4 * B)
    assert list(piece.take(0)) == []
    assert list(piece.take(1)) == [(0, B)]
    assert list(piece.take(2)) == [(B, B), (2 * B, B)]
    assert piece.free == 1


def test_a_released_block_is_taken_next() -> None:
    piece = PartialPiece(0, 4 * B)
    list(piece.take(3))
    piece.release(B)
    assert list(piece.take(2)) == [(B, B), (3 * B, B)]


def test_releasing_counts_only_what_was_asked_for() -> None:
    piece = PartialPiece(0, 2 * B)
    piece.release(0)
    piece.receive(B, bytes(B), source=1)
    piece.release(B)
    assert (piece.free, piece.missing) == (1, 1)
    assert list(piece.take(5)) == [(0, B)]


def test_bytes_land_in_their_place_once() -> None:
    piece = PartialPiece(3, B + 3)
    list(piece.take(2))
    assert piece.receive(B, b"end", source=7)
    assert not piece.receive(B, b"xxx", source=8)
    assert piece.missing == 1
    assert piece.receive(0, memoryview(b"a" * B), source=9)
    assert piece.buffer == b"a" * B + b"end"
    assert piece.missing == 0
    assert list(piece.sources) == [9, 7]
    assert [(source, bytes(data)) for source, data in piece.blocks()] == [(9, b"a" * B), (7, b"end")]
    assert list(piece.lacking()) == []


def test_a_block_that_was_never_asked_for_is_free_no_more() -> None:
    piece = PartialPiece(0, 2 * B)
    assert piece.receive(0, bytes(B), source=1)
    assert piece.free == 1
    assert list(piece.take(5)) == [(B, B)]


@given(st.integers(1, 5), st.lists(st.tuples(st.sampled_from("trx"), st.integers(0, 4)), max_size=30))
def test_any_history_against_a_plain_list(blocks: int, steps: list[tuple[str, int]]) -> None:
    piece = PartialPiece(0, blocks * B)
    model = ["free"] * blocks
    for what, number in steps:
        block = number % blocks
        if what == "t":
            taken = [begin // B for begin, _ in piece.take(number)]
            assert sorted(taken) == sorted(set(taken))
            assert all(model[each] == "free" for each in taken)
            assert len(taken) == min(number, model.count("free"))
            for each in taken:
                model[each] = "asked"
        elif what == "r":
            piece.release(block * B)
            model[block] = "free" if model[block] == "asked" else model[block]
        else:
            assert piece.receive(block * B, bytes(B), 1) is (model[block] != "here")
            model[block] = "here"
        assert piece.free == model.count("free")
        assert piece.missing == blocks - model.count("here")
        assert [begin // B for begin, _ in piece.lacking()] == [
            each for each in range(blocks) if model[each] != "here"
        ]


# -- Padding (BEP 47)


@pytest.mark.parametrize(
    ("pads", "asked"),
    [
        ([(B, B)], [(0, B), (2 * B, B)]),
        ([(B + 5, 2 * B - 5)], [(0, B), (B, 5)]),
        ([(0, 3 * B)], []),
        ([(0, 10)], [(0, B), (B, B), (2 * B, B)]),
        ([(5, 10)], [(0, B), (B, B), (2 * B, B)]),
        ([(B - 1, 1), (2 * B, B)], [(0, B - 1), (B, B)]),
    ],
)
def test_what_is_padding_is_not_asked_for(pads: list[tuple[int, int]], asked: list[tuple[int, int]]) -> None:
    piece = PartialPiece(0, 3 * B, pads)
    assert list(piece.take(100)) == asked
    assert [(begin, piece.length_of(begin)) for begin, _ in asked] == asked
    assert piece.missing == len(asked)
    for begin, length in asked:
        piece.receive(begin, b"x" * length, 7)
    assert piece.missing == 0
    assert piece.received == sum(length for _, length in asked)
    assert [source for source, _ in piece.blocks()] == [7] * len(asked)
    for begin, length in asked:
        piece.buffer[begin : begin + length] = bytes(length)
    assert not any(piece.buffer), "the rest is zero"
