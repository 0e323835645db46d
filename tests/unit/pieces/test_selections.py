"""Which pieces are selected, by ranges and by files."""

import pytest

from torrentide.errors import LocalError
from torrentide.metainfo.create import build_info
from torrentide.pieces.selections import Selections


def make(*lengths: int) -> Selections:
    """Files of these lengths in pieces of 100 bytes."""
    files = [(("t", f"{number}.bin"), length) for number, length in enumerate(lengths)]
    return Selections(build_info("t", files, 100, bytes(20) * -(-sum(lengths) // 100)))


def test_ranges() -> None:
    chosen = make(500)
    assert chosen.deselect(1, None) == dict.fromkeys(range(1, 5), 0)
    assert chosen.select(2, 4, 2) == {2: 6, 3: 6}
    assert chosen.select(3, None) == {4: 4}, "the higher priority counts"
    assert list(chosen.priorities) == [4, 0, 6, 6, 4]
    assert chosen.deselect(-5, 100) == {0: 0, 2: 0, 3: 0, 4: 0}


@pytest.mark.parametrize(("priority", "got"), [(-9, 1), (-1, 3), (0, 4), (True, 5), (2.4, 6), (99, 7)])
def test_priorities_have_their_bounds(priority: float, got: int) -> None:
    chosen = make(100)
    chosen.deselect(0, None)
    assert chosen.select(0, 1, priority) == {0: got}


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (2, 2), (3, 2), (0, 6), (5, None)])
def test_ranges_that_do_not_exist(start: int, end: int | None) -> None:
    chosen = make(500)
    for act in (chosen.select, chosen.add_critical):
        with pytest.raises(LocalError, match=f"pieces {start} to {end}"):
            act(start, end)


def test_critical_pieces_add_up() -> None:
    chosen = make(500)
    chosen.add_critical(0, 2)
    chosen.add_critical(4, None)
    assert chosen.critical == {0, 1, 4}


def test_a_file_is_its_pieces() -> None:
    chosen = make(200, 300)
    assert chosen.deselect_file(0) == {0: 0, 1: 0}
    assert chosen.select_file(1, 3) == {2: 7, 3: 7, 4: 7}
    assert chosen.files == [False, True]


def test_what_files_share_stays_for_who_is_selected() -> None:
    chosen = make(150, 200, 150)
    assert chosen.deselect_file(0) == {0: 0}
    assert chosen.deselect_file(1) == {1: 0, 2: 0}
    assert chosen.deselect_file(2) == {3: 0, 4: 0}
    assert chosen.select_file(1, 2) == {1: 6, 2: 6, 3: 6}


def test_many_small_files_in_one_piece() -> None:
    chosen = make(10, 20, 30, 40)
    for place in range(3):
        assert chosen.deselect_file(place) == {}
    assert chosen.deselect_file(3) == {0: 0}


def test_an_empty_file_has_no_pieces() -> None:
    chosen = make(100, 0, 100)
    assert chosen.deselect_file(1) == {}
    assert chosen.select_file(1, 3) == {}
