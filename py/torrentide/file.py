"""One file of a torrent: what it is called, how much of it is here, and its bytes.

It reads through its torrent and knows neither peers nor how pieces come.
"""

import mimetypes
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from torrentide.errors import LocalError, StorageError
from torrentide.listeners import Listeners
from torrentide.metainfo.files import File as Entry
from torrentide.metainfo.info import Info
from torrentide.reading import Reading

# Bytes that `stream` gives at a time, at most: enough that asking costs nothing beside them.
CHUNK_BYTES = 1024 * 1024


class Pieces(Protocol):
    """What a file needs of its torrent."""

    def reading(self, start: int, end: int, rate: float | None) -> Reading:
        """Read bytes `start` to `end` of the torrent, `rate` of them a second if that is known."""

    def select_file(self, place: int, priority: float) -> None:
        """Want the file at `place`; 0 is the usual priority, higher ones come first."""

    def deselect_file(self, place: int) -> None:
        """Do not want it."""


class File(Listeners):
    """A file of a torrent; `torrent.files` has them in its order. Its one event, for `on`, is `done`.

    `name`    its name, without folders
    `path`    its path with the torrent's name first, segments joined by `/`; safe to save under
    `length`  bytes; `size` is the same
    `offset`  where it begins in the torrent, in bytes
    `type`    MIME type by extension, `application/octet-stream` where there is none
    """

    def __init__(self, place: int, entry: Entry, info: Info, pieces: Pieces) -> None:
        super().__init__()
        self.name = entry.name
        self.path = "/".join(entry.path)
        self.length = self.size = entry.length
        self.offset = entry.offset
        self.type = mimetypes.guess_type(entry.name)[0] or "application/octet-stream"
        self.selected = True
        self._place = place
        self._piece_length = info.piece_length
        self._pieces = pieces
        self._lacking = entry.length

    def __repr__(self) -> str:
        return f"<File {self.path!r}, {self.downloaded} of {self.length} bytes>"

    @property
    def downloaded(self) -> int:
        """Bytes that are here and checked."""
        return self.length - self._lacking

    @property
    def progress(self) -> float:
        """0 to 1; 0 for an empty file, as in the JavaScript API."""
        return self.downloaded / self.length if self.length else 0.0

    @property
    def done(self) -> bool:
        """Whether all of it is here."""
        return not self._lacking

    def select(self, priority: float = 0) -> None:
        """Download it. A higher `priority` comes first: 0 is usual, 3 the highest, -3 the lowest; of two
        selections the higher one counts. Closed if the torrent is destroyed."""
        self._pieces.select_file(self._place, priority)
        self.selected = True

    def deselect(self) -> None:
        """Do not download it, unless it is read. Pieces that it shares with wanted files come all the
        same. Closed if the torrent is destroyed."""
        self._pieces.deselect_file(self._place)
        self.selected = False

    def includes(self, piece: int) -> bool:
        """Whether piece number `piece` holds bytes of this file."""
        first, last = self.offset // self._piece_length, (self.offset + self.length - 1) // self._piece_length
        return first <= piece <= last

    async def read(self, start: int = 0, end: int | None = None) -> bytes:
        """Bytes `start` to `end` (exclusive, as in a slice; None is the end of the file), once they are
        here: they are fetched before others.

        LocalError for a range that makes no sense, Closed if the torrent is destroyed, StorageError if the
        bytes can't be read. Wrap it in `asyncio.timeout` to wait no longer than you like.
        """
        return b"".join([chunk async for chunk in self.stream(start, end)])

    def stream(
        self, start: int = 0, end: int | None = None, *, rate: float | None = None
    ) -> AsyncIterator[bytes]:
        """Bytes `start` to `end` (exclusive; None is the end of the file) in order, as they come, in chunks
        of at most 1 MiB: `async for chunk in file.stream()`. What comes next is fetched before others, in
        time for the pace of the reading; `rate`, in bytes per second, tells it where it is known before.

        Errors are those of `read`; one about the range is raised at once.
        """
        stop = self.length if end is None else min(end, self.length)
        if not 0 <= start <= stop:
            raise LocalError(f"bytes {start} to {end} of {self.path!r}, which has {self.length} bytes")
        return self._stream(self.offset + start, self.offset + stop, rate)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.stream()

    async def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the file to `path`, or under its own name into `path` where that is a folder; gives the path
        that `open` takes. In a browser this is Pyodide's file system, in memory unless a folder of another
        kind is mounted. Nothing stands at the path before all is there.

        StorageError if it can't be written, else the errors of `read`.
        """
        target = Path(path)
        if target.is_dir():
            target /= self.name
        part = target.with_name(f"{target.name}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as out:
                async for chunk in self.stream():
                    out.write(chunk)
            part.replace(target)
        except OSError as error:
            raise StorageError(f"{target} can't be written: {error}") from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        return target

    async def _stream(self, start: int, end: int, rate: float | None) -> AsyncIterator[bytes]:
        with self._pieces.reading(start, end, rate) as reading:
            while chunk := await reading.read(CHUNK_BYTES):
                yield chunk

    def came(self, count: int) -> bool:
        """For the torrent: so many bytes more are here, or fewer where it is below zero. Gives whether the
        file is complete by that."""
        self._lacking -= count
        return not self._lacking

    def finish(self) -> None:
        """For the torrent: tell that it is complete."""
        self._emit("done")
