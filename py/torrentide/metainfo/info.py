"""The info dictionary of a v1 torrent: what is shared, cut into which pieces.

Owns the reading of an info dict from its raw bytes, the checks of what a stranger wrote in it, and the
arithmetic of pieces and files. The info-hash is of the raw bytes. It never knows trackers, peers or storage.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from torrentide.errors import InvalidTorrent, UnsupportedError
from torrentide.metainfo import bencode
from torrentide.metainfo.names import safe_path

# libtorrent 2.1: at most 0x200000 pieces, pieces of at most (2^15 - 1) * 16 KiB.
MAX_PIECES = 0x200000
MAX_PIECE_LENGTH = (2**15 - 1) * 16384
# 2^53 - 1: what JavaScript, JSON and the trackers can count exactly.
MAX_LENGTH = 2**53 - 1
# libtorrent's token limit admits about this many files; a list of more is an attack on the page that shows
# it.
MAX_FILES = 500_000
HASH_LENGTH = 20


@dataclass(frozen=True, slots=True)
class File:
    """One file of a torrent. `path` starts with the torrent's name and is safe to show and to save under;
    `length` and `offset` (within the torrent's bytes) are in bytes."""

    path: tuple[str, ...]
    length: int
    offset: int

    @property
    def name(self) -> str:
        """The last segment of the path."""
        return self.path[-1]


@dataclass(frozen=True, slots=True)
class Info:
    """A parsed info dict. `raw` is its bencoding as it came, `info_hash` the SHA-1 of that, `hashes` the
    SHA-1 of each piece, one after the other; lengths are in bytes."""

    raw: bytes = field(repr=False)
    info_hash: bytes
    name: str
    piece_length: int
    length: int
    hashes: bytes = field(repr=False)
    files: tuple[File, ...]
    private: bool

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
        """Cut `length` bytes at `start` of the torrent along files: (number of the file, offset in it,
        bytes)."""
        number = max(0, bisect_right(self.files, start, key=lambda file: file.offset) - 1)
        end = start + length
        while start < end:
            file = self.files[number]
            count = min(end, file.offset + file.length) - start
            if count > 0:
                yield number, start - file.offset, count
                start += count
            number += 1


def parse_info(raw: bytes) -> Info:
    """Read a bencoded info dict (BEP 3). InvalidTorrent names what is missing or impossible."""
    info = bencode.decode(raw)
    if not isinstance(info, dict):
        raise InvalidTorrent("the info of a torrent must be a dictionary")
    if b"pieces" not in info and b"meta version" in info:
        raise UnsupportedError("this torrent is BitTorrent v2 only; v1 and hybrid torrents are supported")
    name = text(info, b"name")
    piece_length = _integer(info, b"piece length", 1, MAX_PIECE_LENGTH)
    hashes = info.get(b"pieces")
    if not isinstance(hashes, bytes) or len(hashes) % HASH_LENGTH:
        raise InvalidTorrent(f"info.pieces must be a string of {HASH_LENGTH} bytes for each piece")
    (top,) = safe_path([name]) or ("_",)
    files = tuple(_files(info, top))
    length = files[-1].offset + files[-1].length
    _check_pieces(length, piece_length, len(hashes) // HASH_LENGTH)
    return Info(
        raw=raw,
        info_hash=hashlib.sha1(raw, usedforsecurity=False).digest(),
        name=top,
        piece_length=piece_length,
        length=length,
        hashes=hashes,
        files=files,
        private=info.get(b"private") == 1,
    )


def text(values: dict[bytes, Any], key: bytes) -> str:
    """The string under `key`, or under `key.utf-8` where that exists. Bytes that are no UTF-8 become
    U+FFFD."""
    value = values.get(key + b".utf-8", values.get(key))
    if not isinstance(value, bytes):
        raise InvalidTorrent(f"info.{key.decode()} is missing or no string")
    return value.decode(errors="replace")


def _files(info: dict[bytes, Any], top: str) -> Iterator[File]:
    if b"files" not in info:
        yield File((top,), _integer(info, b"length", 0, MAX_LENGTH), 0)
        return
    entries = info[b"files"]
    if not isinstance(entries, list) or not entries or len(entries) > MAX_FILES:
        raise InvalidTorrent(f"info.files must be a list of 1 to {MAX_FILES} files")
    offset = 0
    for number, entry in enumerate(entries):
        path = isinstance(entry, dict) and entry.get(b"path.utf-8", entry.get(b"path"))
        if not isinstance(path, list) or not path or not all(isinstance(part, bytes) for part in path):
            raise InvalidTorrent(f"info.files[{number}].path must be a list of strings")
        parts = safe_path([part.decode(errors="replace") for part in path]) or ("_",)
        length = _integer(entry, b"length", 0, MAX_LENGTH - offset)
        yield File((top, *parts), length, offset)
        offset += length


def _integer(values: dict[bytes, Any], key: bytes, low: int, high: int) -> int:
    value = values.get(key)
    if not isinstance(value, int) or not low <= value <= high:
        raise InvalidTorrent(f"{key.decode()} must be a number from {low} to {high}, not {str(value)[:40]}")
    return value


def _check_pieces(length: int, piece_length: int, count: int) -> None:
    if not length:
        raise InvalidTorrent("the torrent has no bytes: there is nothing to share")
    expected = -(-length // piece_length)
    if count != expected:
        raise InvalidTorrent(
            f"{length} bytes in pieces of {piece_length} make {expected} pieces, but there are {count} hashes"
        )
    if count > MAX_PIECES:
        raise InvalidTorrent(f"{count} pieces; at most {MAX_PIECES} are supported")
