"""Making torrents: which of the given files go in, under which names, in pieces of which length.

Owns what create-torrent 6 decides, so that the same files give the same info-hash. Reading and hashing the
files is the shell's work; this module sees names, lengths and digests.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from torrentide.errors import InvalidTorrent
from torrentide.metainfo import bencode
from torrentide.metainfo.info import MAX_PIECE_LENGTH, MAX_PIECES, Info, parse_info
from torrentide.metainfo.metainfo import Metainfo
from torrentide.metainfo.names import Path

MIN_PIECE_LENGTH = 16 * 1024
# create-torrent 6: `maxPieceLength`.
MAX_CHOSEN_PIECE_LENGTH = 4 * 1024 * 1024
_PIECES_WANTED = 1024

# What operating systems and editors leave behind. create-torrent 6 takes those names of the npm package junk
# that begin with a dot; the second line is of the same package.
_JUNK = re.compile(
    r"\.(DS_Store|AppleDouble|LSOverride|Spotlight-V100|_.*|.*\.swp|(.*\.)?Trashes.*|.*~|.*@eaDir)"
    r"|(?i:(eh)?thumbs\.db|desktop\.ini)",
    re.DOTALL,
)
# What an info dict says of the files themselves, and no caller can.
_OWN_KEYS = frozenset({"piece length", "pieces", "length", "files"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to make a torrent, as create-torrent's options. `private` is written where it is given, 0 too, as
    that changes the info-hash; `info` holds further keys of the info dict; `creation_date` is in seconds
    since 1970."""

    name: str = ""
    piece_length: int | None = None
    max_piece_length: int = MAX_CHOSEN_PIECE_LENGTH
    private: int | None = None
    filter_junk: bool = True
    info: Mapping[str, Any] = MappingProxyType({})
    tiers: Sequence[Sequence[str]] = ()
    web_seeds: Sequence[str] = ()
    comment: str = ""
    created_by: str = ""
    creation_date: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A torrent whose pieces are yet to be hashed. `inputs` are the numbers of the given files that go in, in
    their order, and `files` their paths below `name` with their lengths in bytes."""

    name: str
    inputs: tuple[int, ...]
    files: tuple[tuple[Path, int], ...]
    piece_length: int
    options: Options

    @property
    def length(self) -> int:
        """Bytes of all files together."""
        return sum(length for _, length in self.files)

    @property
    def piece_count(self) -> int:
        """Number of pieces to hash."""
        return -(-self.length // self.piece_length)

    def finish(self, hashes: bytes) -> Metainfo:
        """The torrent, from the SHA-1 of each piece, one after the other."""
        options = self.options
        return Metainfo(
            build_info(
                self.name,
                self.files,
                self.piece_length,
                hashes,
                private=options.private,
                further=options.info,
            ),
            tiers=tuple(tuple(map(_text, tier)) for tier in options.tiers if tier),
            web_seeds=tuple(map(_text, options.web_seeds)),
            comment=_text(options.comment),
            created_by=_text(options.created_by),
            creation_date=options.creation_date,
            others=((b"encoding", bencode.encode("UTF-8")),),
        )


def plan(files: Sequence[tuple[str, int]], options: Options, unnamed: str) -> Plan:
    """Decide how to share `files`, each a path with `/` in it ("" where it has no name) and a length in
    bytes. `unnamed` is the torrent's name where there is no other. InvalidTorrent says what can't be shared.

    Two quirks are create-torrent's: junk takes part in the search for a common folder, and a folder of which
    junk leaves one file becomes a file with the folder's name.
    """
    if not files:
        raise InvalidTorrent("there is nothing to seed: the list of files is empty")
    paths = [_split(path) or (f"Unknown File {number}",) for number, (path, _) in enumerate(files, 1)]
    folder = common_folder(paths)
    inputs = [number for number, path in enumerate(paths) if not (options.filter_junk and is_junk(path[-1]))]
    # A single file was meant, whatever it is called.
    inputs = inputs if len(files) > 1 else [0]
    named = (paths[number][-1] for number in inputs if _split(files[number][0]))
    name = options.name or folder or next(named, unnamed)
    length = sum(files[number][1] for number in inputs)
    if not length:
        raise InvalidTorrent(
            f'there is nothing to seed: "{name}" is empty, and a torrent needs a byte at least'
        )
    below = 1 if folder else 0
    return Plan(
        name,
        tuple(inputs),
        tuple((paths[number][below:], files[number][1]) for number in inputs),
        _piece_length(length, options),
        options,
    )


def build_info(
    name: str,
    files: Sequence[tuple[Path, int]],
    piece_length: int,
    hashes: bytes,
    *,
    private: int | None = None,
    further: Mapping[str, Any] = MappingProxyType({}),
) -> Info:
    """The info of `files`, each a path below `name` and a length in bytes; one file is called `name` itself
    (create-torrent 6). `further` holds more keys, and goes before `name` and `private`."""
    info: dict[str, Any] = {"name": name}
    if private is not None:
        info["private"] = private
    info |= {key: value for key, value in further.items() if key not in _OWN_KEYS}
    info |= {"piece length": piece_length, "pieces": hashes}
    if len(files) == 1:
        info["length"] = files[0][1]
    else:
        info["files"] = [{"length": length, "path": path} for path, length in files]
    return parse_info(bencode.encode(_encodable(info)))


def choose_piece_length(length: int, most: int = MAX_CHOSEN_PIECE_LENGTH) -> int:
    """Piece length in bytes for `length` bytes of data: about 1024 pieces of 16 KiB to `most` (create-torrent
    6)."""
    if length <= MIN_PIECE_LENGTH * _PIECES_WANTED:
        return min(most, MIN_PIECE_LENGTH)
    # JavaScript's Math.round: halves go up.
    return min(most, 1 << math.floor(math.log2(length / _PIECES_WANTED) + 0.5))


def common_folder(paths: Sequence[Path]) -> str | None:
    """The first segment, where it is the same folder for all of several paths."""
    top = paths[0][0]
    return top if len(paths) > 1 and all(len(path) > 1 and path[0] == top for path in paths) else None


def is_junk(name: str) -> bool:
    """Whether a file of that name is what an operating system or an editor left behind."""
    return _JUNK.fullmatch(name) is not None


def _split(path: str) -> Path:
    return tuple(segment for segment in path.split("/") if segment not in ("", ".", ".."))


def _piece_length(length: int, options: Options) -> int:
    piece_length = options.piece_length
    if piece_length is None:
        piece_length = choose_piece_length(length, options.max_piece_length)
    if not 1 <= piece_length <= MAX_PIECE_LENGTH:
        raise InvalidTorrent(f"pieceLength must be from 1 to {MAX_PIECE_LENGTH} bytes, not {piece_length}")
    if length > piece_length * MAX_PIECES:
        raise InvalidTorrent(
            f"pieceLength {piece_length} is too small: {length} bytes would be more than {MAX_PIECES} pieces"
        )
    return piece_length


def _encodable(value: object, depth: int = 0) -> Any:
    """A value from JavaScript or Python as one that bencode knows. InvalidTorrent for what has no form
    there."""
    if depth > bencode.MAX_DEPTH:
        raise InvalidTorrent(f"a value in the option info is nested deeper than {bencode.MAX_DEPTH}")
    match value:
        case str():
            return _text(value)
        case bool() | int():
            return int(value)
        case float() if value.is_integer():
            return int(value)
        case bytes() | bytearray() | memoryview():
            return bytes(value)
        case list() | tuple():
            return [_encodable(each, depth + 1) for each in value if each is not None]
        case Mapping():
            return {
                _text(str(key)): _encodable(each, depth + 1)
                for key, each in value.items()
                if each is not None
            }
    raise InvalidTorrent(f"the option info holds what no torrent can: {str(value)[:40]}")


def _text(value: str) -> str:
    """Text as JavaScript's TextEncoder takes it: half a surrogate pair becomes U+FFFD."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
