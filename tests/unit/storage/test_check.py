"""What is looked at when a torrent is resumed."""

import random

from torrentide.pieces.bitfield import Bitfield
from torrentide.storage import check
from unit.storage.crashes import PIECE, make_info

INFO, DATA = make_info()
FULL = Bitfield.full(INFO.piece_count)
SIZES = {place: file.length for place, file in enumerate(INFO.files) if file.length}


def test_whole_files_hold_everything() -> None:
    assert check.beyond_the_end(INFO, FULL, SIZES) == []


def test_a_short_file_lacks_its_last_pieces_and_a_missing_one_all() -> None:
    short = {**SIZES, 0: 100}
    assert check.beyond_the_end(INFO, FULL, short) == [1, 2, 3]
    missing = dict(SIZES)
    del missing[0]
    assert check.beyond_the_end(INFO, FULL, missing) == [0, 1, 2, 3]
    assert check.beyond_the_end(INFO, Bitfield(INFO.piece_count), {}) == []


def test_a_sample_is_small_and_of_what_is_there() -> None:
    have = Bitfield(INFO.piece_count)
    assert check.sample(INFO, have, random.Random(1)) == []
    have.add(3)
    assert check.sample(INFO, have, random.Random(1)) == [3]
    chosen = check.sample(INFO, FULL, random.Random(1))
    assert len(set(chosen)) == check.SAMPLE_PIECES
    assert PIECE * len(chosen) <= check.SAMPLE_BYTES
