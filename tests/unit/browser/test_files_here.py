"""How much of each file is here, as pieces come and are lost."""

from torrentide.browser.files import FilesHere
from torrentide.pieces.bitfield import Bitfield
from unit.storage.crashes import make_info

# Files of 200, 1, 0, 30 bytes, padding of 25, and 500, 3, 700 bytes; pieces of 64.
INFO, _ = make_info()


def test_what_is_here_from_the_start_counts() -> None:
    assert FilesHere(INFO, Bitfield.full(INFO.piece_count)).progress() == [200, 1, 0, 30, 500, 3, 700]
    have = Bitfield(INFO.piece_count)
    have.add(3)
    assert FilesHere(INFO, have).progress() == [8, 1, 0, 30, 0, 0, 0]
    assert FilesHere(INFO, have).done() == [1, 2, 3]


def test_files_are_complete_by_their_last_piece_and_incomplete_when_one_is_lost() -> None:
    files = FilesHere(INFO, Bitfield(INFO.piece_count))
    assert [files.verified(index) for index in range(4)] == [[], [], [], [0, 1, 3]]
    assert files.moved
    assert files.lost(3) == [0, 1, 3]
    assert files.lost(2) == []
    assert files.progress()[0] == 128
    assert not files.is_done(0)
