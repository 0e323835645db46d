"""Whether stored pieces can be what the record claims.

Owns the choice of what is looked at when a torrent is resumed: the sizes of all files, and the hashes of a
few pieces, so that resuming takes the same short time for any torrent. It reads nothing itself.
"""

import random
from collections.abc import Mapping

from torrentide.metainfo.info import Info
from torrentide.pieces.bitfield import Bitfield

# Enough that files which were swapped or overwritten are noticed, and read in some milliseconds.
SAMPLE_PIECES = 8
SAMPLE_BYTES = 4 * 1024 * 1024


def beyond_the_end(info: Info, have: Bitfield, sizes: Mapping[int, int]) -> list[int]:
    """Pieces of `have` with bytes behind the end of their files. `sizes` are of the files that are there."""
    lacking: set[int] = set()
    for place, file in enumerate(info.files):
        size = sizes.get(place, 0)
        if size < file.length:
            first = (file.offset + size) // info.piece_length
            lacking.update(range(first, info.pieces_of(file).stop))
    return [index for index in have if index in lacking]


def sample(info: Info, have: Bitfield, rng: random.Random) -> list[int]:
    """Some pieces of `have` to check: one at least, if there are any."""
    most = max(1, min(SAMPLE_PIECES, SAMPLE_BYTES // info.piece_length))
    here = list(have)
    return here if len(here) <= most else rng.sample(here, most)
