"""Making torrents as create-torrent 6 does: the same files, the same info-hash."""

import hashlib

import pytest

from torrentide.errors import InvalidTorrent
from torrentide.metainfo.create import build_info, check_piece_length, choose_piece_length, default_name
from torrentide.metainfo.files import File

KIB, MIB, GIB = 1024, 1024**2, 1024**3
HASH = hashlib.sha1(b"piece").digest()


@pytest.mark.parametrize(
    ("length", "piece_length"),
    [
        (1, 16 * KIB),
        (16 * MIB, 16 * KIB),
        # The nearest power of two to length / 1024, on a logarithmic scale.
        (int(16 * MIB * 2**0.5), 16 * KIB),
        (int(16 * MIB * 2**0.5) + 1, 32 * KIB),
        (100 * MIB, 128 * KIB),
        (256 * MIB, 256 * KIB),
        (700 * MIB, 512 * KIB),
        (GIB, MIB),
        (3 * GIB, 4 * MIB),
        (10 * GIB, 4 * MIB),
        # create-torrent's shift overflows here, and makes pieces of 16 KiB: 201 million of them.
        (3 * 1024 * GIB, 4 * MIB),
    ],
)
def test_piece_length(length: int, piece_length: int) -> None:
    assert choose_piece_length(length) == piece_length


@pytest.mark.parametrize("piece_length", [1, 16384, 12345, 32767 * 16384])
def test_a_usable_piece_length(piece_length: int) -> None:
    assert check_piece_length(piece_length) == piece_length


@pytest.mark.parametrize("piece_length", [0, -1, 32767 * 16384 + 1])
def test_a_piece_length_out_of_bounds(piece_length: int) -> None:
    with pytest.raises(InvalidTorrent, match="pieceLength must be from 1 to"):
        check_piece_length(piece_length)


@pytest.mark.parametrize(
    ("paths", "name"),
    [
        ([["a.txt"]], "a.txt"),
        ([["folder", "a.txt"]], "a.txt"),
        ([["a.txt"], ["b.txt"]], "a.txt"),
        ([["folder", "a.txt"], ["folder", "sub", "b.txt"]], "folder"),
        ([["folder", "a.txt"], ["other", "b.txt"]], "a.txt"),
        ([["folder", "a.txt"], ["folder"]], "a.txt"),
    ],
)
def test_default_name(paths: list[list[str]], name: str) -> None:
    assert default_name(paths) == name


def test_one_file() -> None:
    expected = b"d6:lengthi5e4:name5:a.txt12:piece lengthi16384e6:pieces20:" + HASH + b"e"
    info = build_info("a.txt", [(("folder", "a.txt"), 5)], 16384, HASH)
    assert info.raw == expected
    assert info.info_hash == hashlib.sha1(expected).digest()
    assert info.info_hash.hex() == "e660d55ccf4283b43c537a6243d88ce506048bf2"
    assert info.files == (File(("a.txt",), 5, 0),)


def test_a_folder() -> None:
    """The shared folder becomes the name; the files keep the order that they were given in."""
    files = [(("top", "sub", "z"), 2), (("top", "a"), 3)]
    expected = (
        b"d5:filesld6:lengthi2e4:pathl3:sub1:zeed6:lengthi3e4:pathl1:aeee"
        b"4:name3:top12:piece lengthi16384e6:pieces20:" + HASH + b"7:privatei1ee"
    )
    info = build_info("top", files, 16384, HASH, private=True)
    assert info.raw == expected
    assert info.info_hash.hex() == "dec340fa0ef7d8ca024046088f15c139bb67fecf"
    assert info.private


def test_loose_files_make_a_folder() -> None:
    info = build_info("a.txt", [(("a.txt",), 2), (("b.txt",), 3)], 16384, HASH)
    assert [file.path for file in info.files] == [("a.txt", "a.txt"), ("a.txt", "b.txt")]


def test_another_name_keeps_the_paths_below_it() -> None:
    info = build_info("other", [(("top", "a"), 2), (("top", "b"), 3)], 16384, HASH)
    assert [file.path for file in info.files] == [("other", "a"), ("other", "b")]


@pytest.mark.parametrize("files", [[(("empty",), 0)], [(("top", "a"), 0), (("top", "b"), 0)]])
def test_nothing_to_share(files: list[tuple[tuple[str, ...], int]]) -> None:
    with pytest.raises(InvalidTorrent, match="no bytes"):
        build_info("empty", files, 16384, b"")
