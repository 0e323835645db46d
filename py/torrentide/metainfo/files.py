"""The files of a v1 torrent: what each is called, where its bytes lie, and which bytes are only padding.

Owns the reading of `files` or `length` from an info dict (BEP 3, 47) and the checks of what a stranger wrote
there. It never knows pieces and hashes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

from torrentide.errors import InvalidTorrent
from torrentide.metainfo.names import Path, safe_path, unique_paths

# 2^53 - 1: what JavaScript, JSON and the trackers can count exactly.
MAX_LENGTH = 2**53 - 1
# libtorrent's token limit admits about this many files; a list of more is an attack on the page that shows
# it.
MAX_FILES = 500_000
SHA1_LENGTH = 20

# Begin and length of a stretch of bytes.
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class File:
    """One file of a torrent. `path` starts with the torrent's name and is safe to show and to save under;
    `length` and `offset` (within the torrent's bytes) are in bytes. `number` is its place in the torrent's
    own list, which counts padding (so does BEP 53).

    The rest is BEP 47: `sha1` is of the whole file, as its maker says; `link` is what a symbolic link, a file
    without bytes, leads to: the path of a file of this torrent, or its own where it leads nowhere.
    """

    path: Path
    length: int
    offset: int
    number: int = 0
    executable: bool = False
    hidden: bool = False
    sha1: bytes | None = None
    link: Path | None = None

    @property
    def name(self) -> str:
        """The last segment of the path."""
        return self.path[-1]


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of a torrent, the padding between them, and the bytes of both together."""

    files: tuple[File, ...]
    pads: tuple[Span, ...]
    length: int


def read_layout(info: dict[bytes, Any], top: str) -> Layout:
    """The files of a decoded info dict, under a folder or as a file called `top`. InvalidTorrent names what
    is missing or impossible."""
    files: list[File] = []
    pads: list[Span] = []
    offset = 0
    for number, entry in enumerate(_entries(info)):
        attributes = entry.get(b"attr")
        flags = attributes if isinstance(attributes, bytes) else b""
        # A link takes no bytes, whatever it says (libtorrent).
        length = 0 if b"l" in flags else integer(entry, b"length", 0, MAX_LENGTH - offset)
        if b"p" in flags:
            _pad(pads, offset, length)
        else:
            below = (_safe(raw_path(entry, number)) or ("_",)) if b"files" in info else ()
            path = (top, *below)
            files.append(_file(path, length, offset, number, flags, entry))
        offset += length
    unique = unique_paths([file.path for file in files])
    files = [
        replace(file, path=path) if path != file.path else file
        for file, path in zip(files, unique, strict=True)
    ]
    return Layout(_resolve_links(files), tuple(pads), offset)


def integer(values: dict[bytes, Any], key: bytes, low: int, high: int) -> int:
    """The number under `key`, from `low` to `high`; InvalidTorrent for anything else."""
    value = values.get(key)
    if not isinstance(value, int) or not low <= value <= high:
        raise InvalidTorrent(f"{key.decode()} must be a number from {low} to {high}, not {str(value)[:40]}")
    return value


def _entries(info: dict[bytes, Any]) -> list[dict[bytes, Any]]:
    if b"files" not in info:
        return [info]
    entries = info[b"files"]
    if not isinstance(entries, list) or not 0 < len(entries) <= MAX_FILES:
        raise InvalidTorrent(f"info.files must be a list of 1 to {MAX_FILES} files")
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise InvalidTorrent(f"info.files[{number}] must be a dictionary")
    return entries


def raw_path(entry: dict[bytes, Any], number: int) -> list[bytes]:
    """The path of entry `number` as its maker wrote it, in UTF-8 where it is there twice. It is not safe."""
    for key in (b"path.utf-8", b"path"):
        path = entry.get(key)
        if path and _are_strings(path):
            return path
    raise InvalidTorrent(f"info.files[{number}].path must be a list of strings")


def _are_strings(value: object) -> TypeGuard[list[bytes]]:
    return isinstance(value, list) and all(isinstance(part, bytes) for part in value)


def _safe(path: list[bytes]) -> Path:
    """Bytes that are no UTF-8 become "_"."""
    return safe_path([part.decode(errors="replace") for part in path])


def _pad(pads: list[Span], offset: int, length: int) -> None:
    """Add a stretch of padding; one right behind another is the same stretch."""
    if pads and sum(pads[-1]) == offset:
        offset, before = pads.pop()
        length += before
    if length:
        pads.append((offset, length))


def _file(path: Path, length: int, offset: int, number: int, flags: bytes, entry: dict[bytes, Any]) -> File:
    sha1 = entry.get(b"sha1")
    target = entry.get(b"symlink path")
    return File(
        path,
        length,
        offset,
        number,
        executable=b"x" in flags,
        hidden=b"h" in flags,
        sha1=sha1 if isinstance(sha1, bytes) and len(sha1) == SHA1_LENGTH else None,
        link=(path[0], *(_safe(target) if _are_strings(target) else ())) if b"l" in flags else None,
    )


def _resolve_links(files: Sequence[File]) -> tuple[File, ...]:
    """Make each link lead to a file that is no link, or to itself: out of the torrent none can lead, as
    safe paths never climb. Each link is followed once."""
    ends = {file.path: file.path for file in files if file.link is None}
    links = {file.path: file.link for file in files if file.link is not None}
    for start in list(links):
        passed, path = [], start
        while path in links:
            passed.append(path)
            path = links.pop(path)
        if path in ends:
            ends.update(dict.fromkeys(passed, ends[path]))
    return tuple(
        file if file.link is None else replace(file, link=ends.get(file.path, file.path)) for file in files
    )
