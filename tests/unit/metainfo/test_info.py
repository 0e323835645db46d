"""The info dict: what is read from it, what is refused, and the arithmetic of pieces and files."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.errors import InvalidTorrent, UnsupportedError
from torrentide.metainfo import bencode, files, info
from torrentide.metainfo.files import File
from torrentide.metainfo.info import Info, parse_info, raw_paths

HASH = bytes(range(20))


def single(**changes: object) -> dict[str, Any]:
    values: dict[str, Any] = {"length": 3, "name": "n", "piece length": 16384, "pieces": HASH, **changes}
    return {key: value for key, value in values.items() if value is not None}


def several(*files: tuple[list[str], int], piece_length: int = 4, **changes: object) -> dict[str, Any]:
    length = sum(length for _, length in files)
    return {
        "files": [{"length": length, "path": path} for path, length in files],
        "name": "top",
        "piece length": piece_length,
        "pieces": HASH * -(-length // piece_length),
        **changes,
    }


def parse(values: dict[str, Any]) -> Info:
    return parse_info(bencode.encode(values))


def test_a_single_file() -> None:
    parsed = parse(single())
    assert (parsed.name, parsed.length, parsed.piece_length, parsed.piece_count) == ("n", 3, 16384, 1)
    assert parsed.files == (File(("n",), 3, 0),)
    assert parsed.files[0].name == "n"
    assert parsed.info_hash == hashlib.sha1(bencode.encode(single())).digest()
    assert parsed.piece_hash(0) == HASH
    assert not parsed.private


def test_several_files_lie_one_behind_the_other() -> None:
    parsed = parse(several((["a"], 3), (["d", "e"], 0), (["d", "b"], 6)))
    assert parsed.files == (
        File(("top", "a"), 3, 0),
        File(("top", "d", "e"), 0, 3, 1),
        File(("top", "d", "b"), 6, 3, 2),
    )
    assert parsed.length == 9
    assert [parsed.piece_size(index) for index in range(parsed.piece_count)] == [4, 4, 1]
    assert [parsed.pieces_of(file) for file in parsed.files] == [range(1), range(0), range(3)]


def test_each_piece_has_its_hash() -> None:
    parsed = parse(single(length=5, **{"piece length": 2, "pieces": b"a" * 20 + b"b" * 20 + b"c" * 20}))
    assert [parsed.piece_hash(index) for index in range(3)] == [b"a" * 20, b"b" * 20, b"c" * 20]


@pytest.mark.parametrize(
    ("private", "expected"),
    [(1, True), (0, False), (2, True), (-1, True), ("1", False), (None, False), ([1], False)],
)
def test_private(private: object, expected: bool) -> None:
    assert parse(single(private=private)).private is expected


def test_the_hash_is_of_the_bytes_as_they_came() -> None:
    """Keys out of order and one that occurs twice: another encoder would write other bytes."""
    raw = b"d6:pieces20:" + HASH + b"4:name1:x4:name1:n12:piece lengthi16384e6:lengthi3e5:extrali-7eee"
    parsed = parse_info(raw)
    assert parsed.raw == raw
    assert parsed.info_hash == hashlib.sha1(raw).digest()
    assert parsed.info_hash != hashlib.sha1(bencode.encode(bencode.decode(raw))).digest()
    assert parsed.name == "n"


@pytest.mark.parametrize(
    ("values", "path"),
    [
        (single(name="../../etc/passwd"), ("....etcpasswd",)),
        (single(name=".."), ("_",)),
        (single(name=b"\xff\xfe"), ("__",)),
        (single(name=b"latin", **{"name.utf-8": "ütf"}), ("ütf",)),
        (several((["..", "..", "x"], 1)), ("top", "x")),
        (several((["."], 1)), ("top", "_")),
        (several((["a", "", "b/c"], 1)), ("top", "a", "_", "bc")),
        (several((["a"], 1), name="CON"), ("_CON", "a")),
    ],
)
def test_paths_are_made_safe(values: dict[str, Any], path: tuple[str, ...]) -> None:
    assert parse(values).files[0].path == path


def test_a_path_in_utf8_goes_first() -> None:
    values = several((["x"], 1))
    values["files"][0]["path.utf-8"] = ["ütf"]
    assert parse(values).files[0].path == ("top", "ütf")


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (single(name=None), "info.name is missing"),
        (single(name=3), "info.name is missing or no string"),
        (single(length=None), "length must be a number"),
        (single(length=-1), "length must be a number from 0"),
        (single(length=2**53), "length must be a number from 0 to 9007199254740991, not 9007199254740992"),
        (single(length="3"), "length must be a number"),
        (single(length=0, pieces=b""), "no bytes"),
        (single(pieces=None), "info.pieces"),
        (single(pieces=b"x" * 19), "info.pieces"),
        (single(pieces=[]), "info.pieces"),
        (single(pieces=b""), "make 1 pieces, but there are 0 hashes"),
        (single(pieces=HASH * 2), "3 bytes in pieces of 16384 make 1 pieces, but there are 2 hashes"),
        (single(**{"piece length": 0}), "piece length must be a number from 1"),
        (single(**{"piece length": -16384}), "piece length"),
        (single(**{"piece length": 2**30}), "piece length"),
        (single(**{"piece length": None}), "piece length"),
        (several(), "list of 1 to 500000 files"),
        (several((["a"], 0), pieces=b""), "no bytes"),
        (several(([], 1)), r"info.files\[0\].path"),
        (
            single(length=None, files=[{"length": 2**53 - 1, "path": ["a"]}, {"length": 1, "path": ["b"]}]),
            "length must be a number from 0 to 0, not 1",
        ),
        (several((["a"], 4), (["b"], -1)), "length"),
        ({**several((["a"], 1)), "files": {}}, "list of 1"),
        ({**several((["a"], 1)), "files": [3]}, r"info.files\[0\] must be a dictionary"),
        ({**several((["a"], 1)), "files": [{"length": 1, "path": "a"}]}, r"info.files\[0\].path"),
        ({**several((["a"], 1)), "files": [{"length": 1, "path": ["a", 2]}]}, r"info.files\[0\].path"),
        ({**several((["a"], 1)), "files": [{"path": ["a"]}]}, "length must be a number"),
    ],
)
def test_what_is_missing_or_impossible_is_named(values: dict[str, Any], what: str) -> None:
    with pytest.raises(InvalidTorrent, match=what):
        parse(values)


@pytest.mark.parametrize("raw", [b"le", b"i1e", b"3:abc", b"", b"de"])
def test_what_is_no_info_dict(raw: bytes) -> None:
    with pytest.raises(InvalidTorrent):
        parse_info(raw)


def test_v2_only_is_told_apart_and_a_hybrid_is_taken() -> None:
    v2 = {"meta version": 2, "name": "n", "piece length": 16384, "file tree": {}}
    with pytest.raises(UnsupportedError, match="v2 only"):
        parse(v2)
    assert parse({**single(), **v2}).length == 3


def test_the_number_of_files_and_pieces_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILES", 2)
    monkeypatch.setattr(info, "MAX_PIECES", 3)
    assert parse(several((["a"], 6), (["b"], 6))).piece_count == 3
    with pytest.raises(InvalidTorrent, match="4 pieces; at most 3"):
        parse(several((["a"], 13)))
    with pytest.raises(InvalidTorrent, match="1 to 2 files"):
        parse(several((["a"], 1), (["b"], 1), (["c"], 1)))


@pytest.mark.parametrize(("source", "expected"), [("PTP", "PTP"), (b"\xff", "\ufffd"), (3, ""), (None, "")])
def test_source(source: object, expected: str) -> None:
    parsed = parse(single(source=source))
    assert parsed.source == expected
    assert parsed.raw == bencode.encode(single(source=source))


def padded(*parts: tuple[int, bool], piece_length: int = 4) -> Info:
    """A torrent of files and, where the second value says so, padding."""
    values = several(*[([str(number)], length) for number, (length, _) in enumerate(parts)])
    for entry, (_, pad) in zip(values["files"], parts, strict=True):
        entry.update({"attr": "p"} if pad else {})
    length = sum(length for length, _ in parts)
    return parse({**values, "piece length": piece_length, "pieces": HASH * -(-length // piece_length)})


def test_padding_is_counted_but_is_no_file() -> None:
    parsed = padded((3, False), (5, True), (2, False), (10, True))
    assert parsed.length == 20
    assert parsed.piece_count == 5
    assert parsed.pads == ((3, 5), (10, 10))
    assert parsed.files == (File(("top", "0"), 3, 0), File(("top", "2"), 2, 8, 2))
    assert [list(parsed.pads_in(4 * index, 4)) for index in range(5)] == [
        [(3, 1)],
        [(4, 4)],
        [(10, 2)],
        [(12, 4)],
        [(16, 4)],
    ]
    assert list(parsed.files_in(0, 20)) == [(0, 0, 3), (1, 0, 2)]


def test_paths_as_they_were_written() -> None:
    """Of files alone, and in UTF-8 where they are there twice."""
    assert raw_paths(parse(single(name=b"../\xff"))) == [(b"../\xff",)]
    values = several((["p"], 0), (["..", "a"], 3), (["b"], 1))
    values["files"][0]["attr"] = "p"
    values["files"][2]["path.utf-8"] = ["ü", ""]
    assert raw_paths(parse(values)) == [(b"top", b"..", b"a"), (b"top", "ü".encode(), b"")]


def test_padding_alone_is_nothing_to_share() -> None:
    with pytest.raises(InvalidTorrent, match="no bytes"):
        padded((3, True), (0, False), (4, True))
    with pytest.raises(InvalidTorrent, match="no bytes"):
        parse(single(attr="p"))


@pytest.mark.parametrize(
    ("ranges", "places"),
    [
        ([(0, 6)], [0, 1, 2, 3]),
        ([(1, 1), (3, 4)], [2]),
        ([(2, 2), (6, 9)], [1, 3]),
        ([(7, 499_999)], []),
        ([], []),
    ],
)
def test_numbers_of_files_count_padding(ranges: list[tuple[int, int]], places: list[int]) -> None:
    parsed = padded((1, False), (1, True), (0, False), (1, True), (1, False), (1, True), (1, False))
    assert parsed.numbered(ranges) == places


@given(
    parts=st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=8).filter(
        lambda parts: any(length and not pad for length, pad in parts)
    ),
    piece_length=st.integers(1, 9),
    data=st.data(),
)
def test_files_padding_and_pieces_tile_the_bytes(
    parts: list[tuple[int, bool]], piece_length: int, data: st.DataObject
) -> None:
    """Each byte is in one piece, and in the file or the padding that a plain count says."""
    parsed = padded(*parts, piece_length=piece_length)
    owners = [
        (None if pad else number, byte)
        for number, (length, pad) in enumerate(parts)
        for byte in range(length)
    ]
    assert sum(map(parsed.piece_size, range(parsed.piece_count))) == parsed.length == len(owners)
    for file in parsed.files:
        touched = {byte // piece_length for byte, (owner, _) in enumerate(owners) if owner == file.number}
        assert set(parsed.pieces_of(file)) == touched
    start = data.draw(st.integers(0, len(owners)))
    length = data.draw(st.integers(0, len(owners) - start))
    cut = [
        (parsed.files[place].number, begin + step)
        for place, begin, count in parsed.files_in(start, length)
        for step in range(count)
    ]
    assert cut == [owner for owner in owners[start : start + length] if owner[0] is not None]
    padding = [begin + step for begin, count in parsed.pads_in(start, length) for step in range(count)]
    assert padding == [byte for byte in range(start, start + length) if owners[byte][0] is None]
