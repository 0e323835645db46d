"""What a seed gives out next."""

import random

from torrentide.engine.spread import Spread
from torrentide.pieces.bitfield import Bitfield


def having(count: int, *pieces: int) -> Bitfield:
    field = Bitfield(count)
    for index in pieces:
        field.add(index)
    return field


def test_each_piece_goes_out_once_before_any_goes_twice() -> None:
    spread = Spread(6, random.Random(1))
    first = [spread.hand_out(link, None) for link in (1, 2, 1, 2, 1, 2)]
    assert sorted(index for index in first if index is not None) == list(range(6))
    assert spread.hand_out(3, None) is not None


def test_what_others_have_comes_last() -> None:
    spread = Spread(3, random.Random(1))
    spread.has(0)
    spread.has(2)
    spread.has(2)
    assert [spread.hand_out(1, None) for _ in range(4)] == [1, 0, 2, None]


def test_nothing_that_the_peer_has() -> None:
    spread = Spread(3, random.Random(1))
    assert spread.hand_out(1, having(3, 0, 2)) == 1
    assert spread.hand_out(1, having(3, 0, 2)) is None
    assert spread.hand_out(2, Bitfield.full(3)) is None


def test_who_passed_a_piece_on_is_known() -> None:
    spread = Spread(2, random.Random(1))
    index = spread.hand_out(1, None)
    assert index is not None
    assert spread.seen(1, index) == [], "it has it itself"
    assert spread.seen(2, index) == [1]
    spread.done(1, index)
    assert spread.seen(3, index) == []


def test_what_left_with_a_peer_goes_out_again() -> None:
    spread = Spread(2, random.Random(1))
    index = spread.hand_out(1, None)
    assert index is not None
    spread.left(1)
    spread.has(1 - index)
    assert spread.hand_out(2, None) == index
    spread.left(77)
