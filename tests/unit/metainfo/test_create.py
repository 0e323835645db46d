"""Making torrents as create-torrent 6 does: the same files, the same info-hash."""

import hashlib
from typing import Any

import pytest

from torrentide.errors import InvalidTorrent
from torrentide.metainfo.create import Options, Plan, choose_piece_length, is_junk, plan
from torrentide.metainfo.files import File
from torrentide.metainfo.metainfo import Metainfo, parse_metainfo

KIB, MIB, GIB = 1024, 1024**2, 1024**3
HASH = hashlib.sha1(b"piece").digest()


def make(files: list[tuple[str, int]], **options: Any) -> Metainfo:
    """A torrent with made-up hashes."""
    planned = plan(files, Options(**options), "unnamed")
    return planned.finish(HASH * planned.piece_count)


def plan_of(*paths: str, **options: Any) -> Plan:
    return plan([(path, 1) for path in paths], Options(**options), "unnamed")


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
    assert choose_piece_length(length, 64 * KIB) == min(64 * KIB, piece_length)
    assert plan([("a", length)], Options(), "").piece_length == piece_length


@pytest.mark.parametrize("piece_length", [1, 16384, 12345, 32767 * 16384])
def test_a_usable_piece_length(piece_length: int) -> None:
    assert plan_of("a", piece_length=piece_length, max_piece_length=1).piece_length == piece_length
    assert plan([("a", GIB)], Options(max_piece_length=12345), "").piece_length == 12345


@pytest.mark.parametrize("piece_length", [0, -1, 32767 * 16384 + 1])
def test_a_piece_length_out_of_bounds(piece_length: int) -> None:
    with pytest.raises(InvalidTorrent, match="pieceLength must be from 1 to"):
        plan_of("a", piece_length=piece_length)


def test_too_many_pieces() -> None:
    assert plan([("a", 0x200000)], Options(piece_length=1), "").piece_count == 0x200000
    with pytest.raises(InvalidTorrent, match="pieceLength 1 is too small"):
        plan([("a", 0x200001)], Options(piece_length=1), "")


@pytest.mark.parametrize(
    ("given", "name", "paths"),
    [
        (["a.txt"], "a.txt", None),
        (["/folder/sub/a.txt"], "a.txt", None),
        ([""], "unnamed", None),
        (["a.txt", "b.txt"], "a.txt", ["a.txt", "b.txt"]),
        (["", "b.txt", ""], "b.txt", ["Unknown File 1", "b.txt", "Unknown File 3"]),
        (["", ""], "unnamed", ["Unknown File 1", "Unknown File 2"]),
        (["/folder/a.txt", "folder/sub/b.txt"], "folder", ["a.txt", "sub/b.txt"]),
        (["folder/a.txt", "other/b.txt"], "a.txt", ["folder/a.txt", "other/b.txt"]),
        (["folder/a.txt", "folder"], "a.txt", ["folder/a.txt", "folder"]),
        (["../../a/./b", "a//c"], "a", ["b", "c"]),
        (["f/.DS_Store", "f/a", "f/b"], "f", ["a", "b"]),
        ([".DS_Store", "f/a", "f/b"], "a", ["f/a", "f/b"]),
        (["f/.DS_Store", "f/a.txt"], "f", None),
        ([".DS_Store"], ".DS_Store", None),
        (["a", "a"], "a", ["a", "a"]),
    ],
)
def test_names(given: list[str], name: str, paths: list[str] | None) -> None:
    planned = plan_of(*given)
    assert planned.name == name
    if paths is None:
        assert len(planned.files) == 1
    else:
        assert ["/".join(path) for path, _ in planned.files] == paths
    assert plan_of(*given, name="mine").name == "mine"
    assert plan_of(*given, name="mine").files == planned.files


JUNK = [
    ".DS_Store",
    ".AppleDouble",
    ".LSOverride",
    ".Spotlight-V100",
    ".Trashes",
    ".x.Trashes-1",
    "._x",
    "._",
]
JUNK += [
    "._a\nb",
    ".a.swp",
    ".a~",
    ".x@eaDir",
    "Thumbs.db",
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "Desktop.ini",
]
NO_JUNK = [".hidden", "a~", "a.swp", ".swp", "x.DS_Store", "DS_Store", ".DS_Store2", ".Spotlight-V1000"]
NO_JUNK += ["Thumbs.db.txt", "npm-debug.log", "@eaDir", "__MACOSX"]


@pytest.mark.parametrize(
    ("name", "junk"), [*((name, True) for name in JUNK), *((name, False) for name in NO_JUNK)]
)
def test_junk(name: str, junk: bool) -> None:
    assert is_junk(name) is junk
    assert plan_of(f"f/{name}", "f/a", "f/b").inputs == ((1, 2) if junk else (0, 1, 2))
    assert plan_of(f"f/{name}", "f/a", "f/b", filter_junk=False).inputs == (0, 1, 2)


def test_one_file() -> None:
    expected = b"d6:lengthi5e4:name5:a.txt12:piece lengthi16384e6:pieces20:" + HASH + b"e"
    info = make([("folder/a.txt", 5)]).info
    assert info.raw == expected
    assert info.info_hash.hex() == "e660d55ccf4283b43c537a6243d88ce506048bf2"
    assert info.files == (File(("a.txt",), 5, 0),)


def test_a_folder() -> None:
    """The shared folder becomes the name; the files keep the order that they were given in."""
    expected = (
        b"d5:filesld6:lengthi2e4:pathl3:sub1:zeed6:lengthi3e4:pathl1:aeee"
        b"4:name3:top12:piece lengthi16384e6:pieces20:" + HASH + b"7:privatei1ee"
    )
    info = make([("top/sub/z", 2), ("top/a", 3)], private=1).info
    assert info.raw == expected
    assert info.info_hash.hex() == "dec340fa0ef7d8ca024046088f15c139bb67fecf"
    assert info.private


def test_what_stands_around_the_info() -> None:
    made = make(
        [("a", 1)],
        tiers=[["wss://a", "wss://b"], [], ["wss://c"]],
        web_seeds=["https://s/"],
        comment="for \ud800 you",
        created_by="me",
        creation_date=1_700_000_000,
    )
    assert made.tiers == (("wss://a", "wss://b"), ("wss://c",))
    assert (made.web_seeds, made.comment, made.created_by) == (("https://s/",), "for \ufffd you", "me")
    assert made.creation_date == 1_700_000_000
    assert made.others == ((b"encoding", b"5:UTF-8"),)
    assert parse_metainfo(made.to_bytes()) == made


@pytest.mark.parametrize(
    ("options", "raw"),
    [
        ({"private": 0}, b"7:privatei0e"),
        ({"private": 1, "info": {"private": 0}}, b"7:privatei0e"),
        ({"info": {"source": "ü\ud83d\ude00\ud800"}}, "6:source9:ü😀\ufffd".encode()),
        ({"info": {"x": bytearray(b"\xff")}}, b"1:x1:\xff"),
        ({"info": {"x": memoryview(b"ab")}}, b"1:x2:ab"),
        (
            {"info": {"x": [True, False, 3.0, -1, None, [], {"b": 1, "a": None}]}},
            b"1:xli1ei0ei3ei-1eled1:bi1eee",
        ),
        ({"info": {"y": None, "x": ""}}, b"1:x0:"),
        ({"info": {"name": "other"}}, b"4:name5:other"),
    ],
)
def test_further_keys(options: dict[str, Any], raw: bytes) -> None:
    info = make([("a", 1)], **options).info
    assert raw in info.raw


def test_what_the_files_decide_no_caller_can() -> None:
    info = {"length": 9, "files": [], "pieces": b"", "piece length": 1}
    assert make([("a", 1)], info=info) == make([("a", 1)])


LOOP: list[object] = []
LOOP.append(LOOP)


@pytest.mark.parametrize("value", [1.5, float("nan"), float("inf"), object(), {1, 2}, LOOP, 2**64 * 10])
def test_what_no_torrent_can_hold(value: object) -> None:
    with pytest.raises(InvalidTorrent):
        make([("a", 1)], info={"x": value})


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ([], "the list of files is empty"),
        ([("empty", 0)], '"empty" is empty'),
        ([("top/a", 0), ("top/b", 0)], '"top" is empty'),
        ([(".DS_Store", 1), ("._a", 1)], "is empty"),
        ([("a", 0), (".DS_Store", 1)], '"a" is empty'),
    ],
)
def test_nothing_to_share(files: list[tuple[str, int]], what: str) -> None:
    with pytest.raises(InvalidTorrent, match=what):
        plan(files, Options(), "unnamed")
