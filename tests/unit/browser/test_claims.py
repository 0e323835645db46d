"""Pieces that a page says are in its store."""

import asyncio
from collections.abc import Iterable

import pytest

from torrentide.browser.claims import believed, claimed_pieces
from torrentide.metainfo import bencode
from torrentide.metainfo.info import Info, parse_info
from torrentide.pieces.bitfield import Bitfield

KIB16 = 16384


def made_of(*lengths: int) -> Info:
    """Files of so many bytes, in pieces of 16 KiB."""
    files = [{b"length": length, b"path": [b"%d" % at]} for at, length in enumerate(lengths)]
    count = -(-sum(lengths) // KIB16)
    return parse_info(
        bencode.encode({b"files": files, b"name": b"t", b"piece length": KIB16, b"pieces": bytes(20 * count)})
    )


def field(count: int, *pieces: int) -> Bitfield:
    claimed = Bitfield(count)
    for index in pieces:
        claimed.add(index)
    return claimed


def settle(info: Info, claimed: Bitfield, bad: set[int]) -> tuple[list[int], list[list[int]]]:
    """What is believed when `bad` pieces are bad, and which pieces were compared, call by call."""
    asked: list[list[int]] = []

    async def good(pieces: Iterable[int]) -> Bitfield:
        asked.append(sorted(pieces))
        return field(info.piece_count, *(index for index in asked[-1] if index not in bad))

    return list(asyncio.run(believed(info, claimed, good))), asked


def test_claims_are_read_as_on_the_wire() -> None:
    info = made_of(10 * KIB16)
    claimed = claimed_pieces(info, b"\x81\x7f")
    assert claimed is not None
    assert list(claimed) == [0, 7, 9]
    assert claimed.held == 3


@pytest.mark.parametrize("length", [0, 1, 3])
def test_claims_of_another_torrent_are_ignored(length: int) -> None:
    assert claimed_pieces(made_of(10 * KIB16), bytes(length)) is None


@pytest.mark.native
def test_one_piece_of_each_file_is_compared() -> None:
    info = made_of(4 * KIB16, 2 * KIB16, 0, 3 * KIB16)
    here, asked = settle(info, field(9, 0, 2, 3, 4), set())
    assert here == [0, 2, 3, 4]
    assert asked[0] == [2, 4], "the second one, or the only one"


@pytest.mark.native
def test_a_file_with_a_bad_piece_is_compared_whole() -> None:
    info = made_of(4 * KIB16, 2 * KIB16, 3 * KIB16)
    here, asked = settle(info, field(9, 0, 2, 4, 5), {2, 3})
    assert asked == [[2, 5], [0, 1, 2, 3]]
    assert here == [0, 1, 4, 5], "what was not claimed is found"


@pytest.mark.native
def test_a_bad_piece_of_two_files_makes_both_doubtful() -> None:
    info = made_of(KIB16 + 5, 2 * KIB16)
    here, asked = settle(info, field(4, 1), {1})
    assert asked[1] == [0, 1, 2, 3]
    assert here == [0, 2, 3]
