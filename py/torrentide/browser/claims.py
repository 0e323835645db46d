"""Pieces that a page says are in its store: which of them are compared with their hashes before the others
are believed.

Owns that rule, which is WebTorrent's (`_verifyPiecesUsingBitfield` of its lib/torrent.js, 3.0.21). It reads
nothing itself.
"""

from collections.abc import Awaitable, Callable, Iterable
from itertools import islice

from torrentide.metainfo.info import Info
from torrentide.pieces.bitfield import Bitfield


def claimed_pieces(info: Info, given: bytes) -> Bitfield | None:
    """The pieces that `given` claims: one bit each, high bit first, whatever the spare bits say. None where
    it has not the length for this torrent: it is of another one."""
    if len(given) != (info.piece_count + 7) // 8:
        return None
    spare = -info.piece_count % 8
    return Bitfield.from_wire(info.piece_count, given[:-1] + bytes([given[-1] >> spare << spare]))


async def believed(
    info: Info, claimed: Bitfield, good: Callable[[Iterable[int]], Awaitable[Bitfield]]
) -> Bitfield:
    """What is taken to be there. One claimed piece of each file is compared with its hash; of files that have
    a bad one all pieces are, claimed or not. `good` gives those of some pieces that are good."""
    samples = {index for file in info.files for index in _sample(claimed, info.pieces_of(file))}
    bad = samples.difference(await good(samples))
    ranges = [info.pieces_of(file) for file in info.files]
    doubtful = {index for pieces in ranges if not bad.isdisjoint(pieces) for index in pieces}
    here = claimed.without(doubtful)
    for index in await good(doubtful):
        here.add(index)
    return here


def _sample(claimed: Bitfield, pieces: range) -> list[int]:
    """The second piece that is claimed, for the first one is often shared with another file; the only one; or
    none."""
    return list(islice((index for index in pieces if index in claimed), 2))[-1:]
