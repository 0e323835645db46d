"""The pieces of a torrent in the files of the torrent.

Owns the way from a piece to places in files, each in a file of its own under its number, made when the first
byte comes. Padding is kept nowhere. It never knows which pieces are good, nor when bytes are safe.
"""

from collections.abc import Callable
from functools import partial

from torrentide.errors import StorageError
from torrentide.metainfo.info import Info
from torrentide.ports import Buffer
from torrentide.storage.filesystem import StoredFile
from torrentide.storage.handles import OpenFiles

Written = Callable[[StorageError | None, float], None]
Read = Callable[[bytes | StorageError, float], None]


class PieceFiles:
    """Pieces of `info` in `files`."""

    def __init__(self, info: Info, files: OpenFiles) -> None:
        self._info = info
        self._files = files

    def write(self, index: int, data: Buffer, now: float, done: Written) -> None:
        """Write a whole piece, in one write for each file that it touches. The data may be changed after
        the call."""
        start = index * self._info.piece_length
        view = memoryview(data)
        segments = list(self._segments(start, len(data)))
        job = _Job(len(segments), done)
        if not segments:
            done(None, now)
        for name, offset, begin, count in segments:
            part: Buffer = view[begin - start : begin - start + count]
            if self._files.get(name) is None:
                part = bytes(part)
            self._files.use(name, now, partial(self._write, job, name, offset, part), create=True)

    def read(self, index: int, begin: int, length: int, now: float, done: Read) -> None:
        """Read `length` bytes at `begin` of a piece. StorageError of the kind "lost" when they are not
        there."""
        start = index * self._info.piece_length + begin
        segments = list(self._segments(start, length))
        # Padding, which is in no file, is all zero.
        whole = bytearray(length) if len(segments) != 1 or segments[0][3] != length else None
        job = _Job(len(segments), lambda error, then: done(error or job.result(whole), then))
        if not segments:
            done(bytes(length), now)
        for name, offset, place, count in segments:
            then = partial(self._read, job, name, offset, whole, place - start, count)
            self._files.use(name, now, then, create=False)

    def _segments(self, start: int, length: int) -> "list[tuple[str, int, int, int]]":
        """Name of the file, offset in it, where that is in the torrent, and bytes."""
        files = self._info.files
        return [
            (str(place), offset, files[place].offset + offset, count)
            for place, offset, count in self._info.files_in(start, length)
        ]

    def _write(
        self,
        job: "_Job",
        name: str,
        offset: int,
        data: Buffer,
        file: StoredFile | StorageError | None,
        now: float,
    ) -> None:
        error = file if isinstance(file, StorageError) else None
        if error is None:
            assert file is not None
            assert not isinstance(file, StorageError)
            try:
                file.write(offset, data)
                self._files.touch(name)
            except StorageError as failure:
                error = failure
        job.ended(error, now)

    def _read(
        self,
        job: "_Job",
        name: str,
        offset: int,
        whole: bytearray | None,
        place: int,
        count: int,
        file: StoredFile | StorageError | None,
        now: float,
    ) -> None:
        error = file if isinstance(file, StorageError) else None
        data = b""
        if file is not None and not isinstance(file, StorageError):
            try:
                data = file.read(offset, count)
            except StorageError as failure:
                error = failure
        if error is None and len(data) != count:
            end = f"ends after {offset + len(data)}" if file is not None else "is gone"
            error = StorageError(f"stored file {name} {end}: its bytes at {offset} are lost", kind="lost")
        if whole is None:
            job.single = data
        elif error is None:
            whole[place : place + count] = data
        job.ended(error, now)


class _Job:
    """What has to happen in several files; `done` is told when all is over, with the first error."""

    __slots__ = ("_done", "_error", "_left", "single")

    def __init__(self, parts: int, done: Written) -> None:
        self.single = b""
        self._left = parts
        self._done = done
        self._error: StorageError | None = None

    def ended(self, error: StorageError | None, now: float) -> None:
        """A part is over."""
        self._error = self._error or error
        self._left -= 1
        if not self._left:
            self._done(self._error, now)

    def result(self, whole: bytearray | None) -> bytes:
        """What was read."""
        return self.single if whole is None else bytes(whole)
