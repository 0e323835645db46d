"""The info dictionary of a v1 torrent: what is shared, cut into which pieces.

Owns the reading of an info dict from its raw bytes, the checks of what a stranger wrote in it, and the
arithmetic of pieces and files. The info-hash is of the raw bytes. It never knows trackers, peers or storage.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from torrentide.errors import InvalidTorrent, UnsupportedError
from torrentide.metainfo import bencode
from torrentide.metainfo.files import File, Span, integer, raw_path, read_layout
from torrentide.metainfo.names import safe_path

# libtorrent 2.1: at most 0x200000 pieces, pieces of at most (2^15 - 1) * 16 KiB.
MAX_PIECES = 0x200000
MAX_PIECE_LENGTH = (2**15 - 1) * 16384
HASH_LENGTH = 20


@dataclass(frozen=True, slots=True)
class Info:
    """A parsed info dict. `raw` is its bencoding as it came, `info_hash` the SHA-1 of that, `hashes` the
    SHA-1 of each piece, one after the other; lengths are in bytes.

    `pads` are the stretches of the torrent that belong to no file and are all zero (BEP 47), as (begin,
    length) in order; `length` and the pieces count them, `files` leaves them out. `source` is what private
    trackers write there to get an info-hash of their own."""

    raw: bytes = field(repr=False)
    info_hash: bytes
    name: str
    piece_length: int
    length: int
    hashes: bytes = field(repr=False)
    files: tuple[File, ...]
    private: bool
    pads: tuple[Span, ...] = ()
    source: str = ""

    @property
    def piece_count(self) -> int:
        """Number of pieces."""
        return len(self.hashes) // HASH_LENGTH

    def piece_size(self, index: int) -> int:
        """Bytes in piece `index`; the last one may be short."""
        return min(self.piece_length, self.length - index * self.piece_length)

    def piece_hash(self, index: int) -> bytes:
        """The SHA-1 that piece `index` must have."""
        return self.hashes[index * HASH_LENGTH : (index + 1) * HASH_LENGTH]

    def pieces_of(self, file: File) -> range:
        """The pieces that hold bytes of `file`; empty for an empty file."""
        if not file.length:
            return range(0)
        return range(
            file.offset // self.piece_length, (file.offset + file.length - 1) // self.piece_length + 1
        )

    def files_in(self, start: int, length: int) -> Iterator[tuple[int, int, int]]:
        """Cut `length` bytes at `start` of the torrent along files: (place of the file in `files`, offset in
        it, bytes). Padding is in none."""
        number = max(0, bisect_right(self.files, start, key=lambda file: file.offset) - 1)
        end = start + length
        while start < end and number < len(self.files):
            file = self.files[number]
            start = max(start, file.offset)
            count = min(end, file.offset + file.length) - start
            if count > 0:
                yield number, start - file.offset, count
                start += count
            number += 1

    def pads_in(self, begin: int, length: int) -> Iterator[Span]:
        """The stretches of padding among `length` bytes at `begin` of the torrent: (begin in the torrent,
        bytes)."""
        end = begin + length
        number = max(0, bisect_right(self.pads, begin, key=lambda pad: pad[0]) - 1)
        while number < len(self.pads) and self.pads[number][0] < end:
            at, size = self.pads[number]
            first = max(at, begin)
            count = min(at + size, end) - first
            if count > 0:
                yield first, count
            number += 1

    def numbered(self, ranges: Iterable[Span]) -> list[int]:
        """The places in `files` of those that BEP 53 means by the ranges (first, last); it counts padding."""
        places: list[int] = []
        for first, last in ranges:
            low = bisect_right(self.files, first - 1, key=lambda file: file.number)
            places += range(low, bisect_right(self.files, last, key=lambda file: file.number))
        return places


def parse_info(raw: bytes) -> Info:
    """Read a bencoded info dict (BEP 3). InvalidTorrent names what is missing or impossible."""
    info = bencode.decode(raw)
    if not isinstance(info, dict):
        raise InvalidTorrent("the info of a torrent must be a dictionary")
    if b"pieces" not in info and b"meta version" in info:
        raise UnsupportedError("this torrent is BitTorrent v2 only; v1 and hybrid torrents are supported")
    piece_length = integer(info, b"piece length", 1, MAX_PIECE_LENGTH)
    hashes = info.get(b"pieces")
    if not isinstance(hashes, bytes) or len(hashes) % HASH_LENGTH:
        raise InvalidTorrent(f"info.pieces must be a string of {HASH_LENGTH} bytes for each piece")
    (top,) = safe_path([_raw_name(info).decode(errors="replace")]) or ("_",)
    layout = read_layout(info, top)
    if not any(file.length for file in layout.files):
        raise InvalidTorrent("the torrent has no bytes: there is nothing to share")
    _check_pieces(layout.length, piece_length, len(hashes) // HASH_LENGTH)
    source = info.get(b"source")
    return Info(
        raw=raw,
        info_hash=hashlib.sha1(raw, usedforsecurity=False).digest(),
        name=top,
        piece_length=piece_length,
        length=layout.length,
        hashes=hashes,
        files=layout.files,
        # BEP 27 knows 1 alone; libtorrent and WebTorrent keep the peers of any other number private too.
        private=isinstance(info.get(b"private"), int) and info[b"private"] != 0,
        pads=layout.pads,
        source=source.decode(errors="replace") if isinstance(source, bytes) else "",
    )


def raw_paths(info: Info) -> list[tuple[bytes, ...]]:
    """The path of each of `info.files` as the torrent's maker wrote it, the torrent's name first: what a web
    server has, and no disk may. That of a single file is its name alone."""
    outer = bencode.decode(info.raw)
    name, entries = _raw_name(outer), outer.get(b"files")
    if entries is None:
        return [(name,)]
    return [(name, *raw_path(entries[file.number], file.number)) for file in info.files]


def _raw_name(info: dict[bytes, Any]) -> bytes:
    """The name as its maker wrote it, in UTF-8 where it is there twice."""
    for key in (b"name.utf-8", b"name"):
        name = info.get(key)
        if isinstance(name, bytes):
            return name
    raise InvalidTorrent("info.name is missing or no string")


def _check_pieces(length: int, piece_length: int, count: int) -> None:
    expected = -(-length // piece_length)
    if count != expected:
        raise InvalidTorrent(
            f"{length} bytes in pieces of {piece_length} make {expected} pieces, but there are {count} hashes"
        )
    if count > MAX_PIECES:
        raise InvalidTorrent(f"{count} pieces; at most {MAX_PIECES} are supported")
