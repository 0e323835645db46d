"""What a program seeds: files of its file system, or bytes that it has, as one long string of bytes.

Owns which inputs there are and how they are read. Which of them a torrent takes, and under which names, is
`metainfo.create`'s to decide.
"""

import asyncio
import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Protocol

from torrentide.errors import LocalError, StorageError
from torrentide.host import Host, called_back
from torrentide.metainfo.create import Options, plan
from torrentide.metainfo.metainfo import Metainfo
from torrentide.ports import Buffer

SeedInput = str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | Mapping[str, bytes]
"""A file or a folder, several of them, or bytes by their paths in the torrent (with `/`)."""

# Pieces that are hashed at a time: enough to keep the browser's threads busy.
HASH_AT_ONCE = 4


class Source(Protocol):
    """One input: its path in the torrent, and its length in bytes."""

    path: str
    length: int

    def read(self, start: int, length: int) -> bytes:
        """Some of it."""


class Bytes:
    """An input that the program holds."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.length = len(data)
        self._data = memoryview(data)

    def read(self, start: int, length: int) -> bytes:
        """See `Source`."""
        return bytes(self._data[start : start + length])


class OnDisk:
    """An input in the file system, read in place."""

    def __init__(self, path: str, file: Path) -> None:
        self.path = path
        self._file = file
        self.length = file.stat().st_size

    def read(self, start: int, length: int) -> bytes:
        """See `Source`. StorageError when the file was changed or removed since."""
        try:
            with self._file.open("rb") as opened:
                opened.seek(start)
                data = opened.read(length)
        except OSError as error:
            raise StorageError(f"{self._file} can't be read any more: {error}") from error
        if len(data) != length:
            raise StorageError(f"{self._file} is shorter than it was")
        return data


def sources(given: SeedInput) -> list[Source]:
    """The inputs that are meant: a folder stands for all files in it. LocalError for what is not there."""
    if isinstance(given, Mapping):
        return [Bytes(path, data) for path, data in given.items()]
    paths = [given] if isinstance(given, str | os.PathLike) else list(given)
    try:
        return [source for path in map(Path, paths) for source in _below(path)]
    except OSError as error:
        raise LocalError(f"nothing to seed there: {error}") from error


def _below(path: Path) -> Iterable[Source]:
    if not path.is_dir():
        return [OnDisk(path.name, path)]
    files = sorted(file for file in path.rglob("*") if file.is_file())
    top = path.resolve().parent
    return [OnDisk(file.resolve().relative_to(top).as_posix(), file) for file in files]


class SourceStore:
    """All sources, one after the other, as pieces of a seed. See `ports.Store`."""

    def __init__(self, parts: list[Source], piece_length: int, host: Host) -> None:
        self._parts = parts
        self._starts = [0, *accumulate(part.length for part in parts)]
        self._piece_length = piece_length
        self._host = host

    def write(self, index: int, data: Buffer, done: Callable[[Exception | None, float], None]) -> None:
        """A seed has every piece, so nothing is ever written."""
        raise NotImplementedError

    def read(
        self, index: int, begin: int, length: int, done: Callable[[Buffer | Exception, float], None]
    ) -> None:
        """See `ports.Store`."""
        result: bytes | StorageError
        try:
            result = self.span(index * self._piece_length + begin, length)
        except StorageError as error:
            result = error
        done(result, self._host.now())

    def span(self, start: int, length: int) -> bytes:
        """Bytes from `start` on, fewer at the end. StorageError when a file was changed or removed."""
        parts = []
        place = bisect_right(self._starts, start) - 1
        while length > 0 and place < len(self._parts):
            begin = start - self._starts[place]
            count = min(length, self._parts[place].length - begin)
            parts.append(self._parts[place].read(begin, count))
            start, length, place = start + count, length - count, place + 1
        return b"".join(parts)

    def close(self) -> None:
        """Nothing is open."""


async def make_torrent(
    given: SeedInput, options: Options, unnamed: str, host: Host
) -> tuple[Metainfo, SourceStore]:
    """Hash what is to be seeded. InvalidTorrent and LocalError say what can't be shared."""
    found = sources(given)
    planned = plan([(source.path, source.length) for source in found], options, unnamed)
    store = SourceStore([found[number] for number in planned.inputs], planned.piece_length, host)
    hashes: list[bytes] = []
    for first in range(0, planned.piece_count, HASH_AT_ONCE):
        last = min(first + HASH_AT_ONCE, planned.piece_count)
        pieces = [
            store.span(index * planned.piece_length, planned.piece_length) for index in range(first, last)
        ]
        hashes += await asyncio.gather(*[called_back(partial(host.digest.sha1, piece)) for piece in pieces])
        # What hashes in line must not starve the page.
        await asyncio.sleep(0)
    return planned.finish(b"".join(hashes)), store
