"""The priorities of files, and what they mean for pieces."""

import pytest

from torrentide.metainfo.create import build_info
from torrentide.pieces.priorities import FilePriorities


def make(*lengths: int) -> FilePriorities:
    """Files of these lengths in pieces of 100 bytes."""
    files = [(("t", f"{number}.bin"), length) for number, length in enumerate(lengths)]
    return FilePriorities(build_info("t", files, 100, bytes(20) * -(-sum(lengths) // 100)))


def test_a_file_is_its_pieces() -> None:
    files = make(200, 300)
    assert files.set(0, 0) == {0: 0, 1: 0}
    assert files.set(1, 7) == {2: 7, 3: 7, 4: 7}
    assert (files[0], files[1]) == (0, 7)


def test_at_a_border_the_higher_priority_counts() -> None:
    files = make(150, 200, 150)
    assert files.set(0, 0) == {0: 0, 1: 4}
    assert files.set(1, 0) == {1: 0, 2: 0, 3: 4}
    assert files.set(2, 1) == {3: 1, 4: 1}
    assert files.set(1, 6) == {1: 6, 2: 6, 3: 6}


def test_many_small_files_in_one_piece() -> None:
    files = make(10, 20, 30, 40)
    for place in range(3):
        assert files.set(place, 0) == {0: 4}
    assert files.set(3, 0) == {0: 0}
    assert files.set(1, 7) == {0: 7}


def test_an_empty_file_has_no_pieces() -> None:
    assert make(100, 0, 100).set(1, 7) == {}


@pytest.mark.parametrize("priority", [-1, 8])
def test_a_priority_that_does_not_exist(priority: int) -> None:
    with pytest.raises(ValueError, match=f"a priority of {priority}, expected 0 to 7"):
        make(100).set(0, priority)
