"""Torrents made here are create-torrent's to the byte, and so is their info-hash."""

import json
import subprocess
from pathlib import Path
from typing import Any

from browser.support import ROOT, create
from torrentide.metainfo.create import Options

KIB, MIB = 1024, 1024**2

# An input: its kind and path, its size, and the first of its bytes.
Input = tuple[str, str, int, int]
CASES: list[tuple[list[Input], dict[str, Any]]] = [
    ([("file", "a.bin", 1, 0)], {}),
    ([("file", "a.bin", 16 * KIB, 1)], {}),
    ([("file", "a.bin", 16 * KIB + 1, 2)], {}),
    ([("file", "a.bin", 16 * MIB, 3)], {}),
    # Here pieces of 32 KiB begin.
    ([("file", "a.bin", 23_726_566, 4)], {}),
    ([("file", "a.bin", 23_726_567, 4)], {}),
    ([("file", "a.bin", 40 * MIB, 5)], {"maxPieceLength": 16 * KIB}),
    ([("file", "a.bin", 100_000, 6)], {"pieceLength": 12_345}),
    ([("file", "ünïcödé 文件 🌊.txt", 1000, 7)], {"name": "another ñame"}),
    ([("file", "half \ud800.txt", 1000, 8)], {}),
    ([("blob", "", 1000, 9)], {"name": "a/b"}),
    ([("bytes", "named.bin", 1000, 10)], {"private": True}),
    ([("bytes", "", 1000, 11)], {"name": "given", "private": False}),
    ([("file", "/folder/a.bin", 1000, 12)], {}),
    ([("file", "b.txt", 1000, 13), ("file", "a.txt", 2000, 14)], {}),
    ([("file", "b.txt", 1000, 13), ("file", "a.txt", 2000, 14)], {"name": "two files"}),
    ([("bytes", "", 1000, 15), ("file", "b.txt", 2000, 16), ("blob", "", 3000, 17)], {}),
    ([("file", "a.txt", 1000, 18), ("file", "a.txt", 2000, 19)], {}),
    ([("file", "/top/z/1", 20_000, 20), ("bytes", "top/a/2", 1, 21), ("file", "top/3", 0, 22)], {}),
    ([("file", "top/1", 20_000, 23), ("file", "other/1", 20_000, 24)], {}),
    ([("file", "top/1", 20_000, 25), ("file", "top", 20_000, 26)], {}),
    ([("file", f"top/{name}", 10, 27) for name in ("1", ".DS_Store", ".x.swp", ".hidden", ".a~")], {}),
    ([("file", "top/1", 10, 31), ("file", "top/._1", 20, 32)], {}),
    ([("file", "._1", 20, 33), ("file", "top/1", 10, 34), ("file", "top/2", 10, 35)], {}),
    ([("file", "top/1", 10, 36), ("file", "top/.DS_Store", 20, 37)], {"filterJunkFiles": False}),
    ([("file", "a", 10, 38)], {"info": {"x": [1, -1, True, None, {"b": "é", "a": []}], "z": "S", "y": None}}),
    ([("file", "a", 10, 39)], {"info": {"source": "S", "private": 0}, "private": 1}),
    ([("file", "a", 10, 39)], {"info": {"name": "b", "pieces": "c", "piece length": 1}}),
    ([("file", f"many/{n % 7}/{n}", n * 7, n) for n in range(200)], {}),
    ([("file", "a", 10, 40)], {
        "announceList": [["wss://a", "wss://b"], ["udp://c:1"]], "urlList": ["https://s/1", "https://s/2"],
        "comment": "for you", "createdBy": "me", "creationDate": 1_700_000_000_001,
    }),
]  # fmt: skip


def create_torrent(cases: list[tuple[list[Input], dict[str, Any]]]) -> list[bytes]:
    """What create-torrent makes of the cases."""
    told: list[dict[str, Any]] = [
        {
            "inputs": [dict(zip(("kind", "path", "size", "first"), each, strict=True)) for each in inputs],
            "options": {"announceList": [], "creationDate": 1_000, **options},
        }
        for inputs, options in cases
    ]
    script = Path(__file__).with_name("create_torrent.mjs")
    done = subprocess.run(
        ["node", script], cwd=ROOT, input=json.dumps(told), stdout=subprocess.PIPE, text=True, check=True
    )
    return [bytes.fromhex(torrent) for torrent in json.loads(done.stdout)]


def data_of(size: int, first: int) -> bytes:
    """The bytes that create_torrent.mjs makes."""
    cycle = bytes((place * 31 + first) % 256 for place in range(256))
    return (cycle * (size // 256 + 1))[:size]


def options_of(given: dict[str, Any]) -> Options:
    """create-torrent's options as ours."""
    return Options(
        name=given.get("name", ""),
        piece_length=given.get("pieceLength"),
        max_piece_length=given.get("maxPieceLength", 4 * MIB),
        private=given.get("private"),
        filter_junk=given.get("filterJunkFiles", True),
        info=given.get("info", {}),
        tiers=given.get("announceList", []),
        web_seeds=given.get("urlList", []),
        comment=given.get("comment", ""),
        created_by=given.get("createdBy", ""),
        creation_date=-(-given.get("creationDate", 1_000) // 1000),
    )


def test_torrents_are_those_of_create_torrent() -> None:
    made = create_torrent(CASES)
    for (inputs, options), theirs in zip(CASES, made, strict=True):
        files = [(path, data_of(size, first)) for _, path, size, first in inputs]
        assert create(files, options_of(options)).to_bytes() == theirs, (inputs[:5], options)


def test_junk_that_create_torrent_leaves_in_we_leave_out() -> None:
    """Its docs say that junk is left out; in a page it keeps what does not begin with a dot."""
    inputs = [("file", "top/1", 10, 0), ("file", "top/Thumbs.db", 10, 1), ("file", "top/2", 10, 2)]
    (theirs,) = create_torrent([([inputs[0], inputs[2]], {})])
    files = [(path, data_of(size, first)) for _, path, size, first in inputs]
    assert create(files, options_of({})).to_bytes() == theirs
