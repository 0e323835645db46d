"""The files of a torrent that another tab has open, read without opening them.

Owns the way from pieces to parts of those files. Nothing is written here, and nothing that is read is
believed: who asks compares it with its hash.
"""

import time
from collections.abc import Callable
from functools import partial

from torrentide.browser.opfs import Opfs
from torrentide.errors import StorageError
from torrentide.metainfo.info import Info
from torrentide.ports import Buffer
from torrentide.storage.filesystem import Listed, Opened, Removed
from torrentide.storage.record import MAX_RECORD_BYTES


class OthersPieces:
    """Pieces of `info` in `folder`. See `ports.Store`."""

    def __init__(self, info: Info, fs: Opfs, folder: str) -> None:
        self._info = info
        self._fs = fs
        self._folder = folder

    def read(
        self, index: int, begin: int, length: int, done: Callable[[Buffer | Exception, float], None]
    ) -> None:
        """See `ports.Store`. What is not there is a StorageError of the kind "lost"."""
        self.read_span(index * self._info.piece_length + begin, length, done)

    def read_span(self, start: int, length: int, done: Callable[[Buffer | Exception, float], None]) -> None:
        """As `read`, of bytes anywhere in the torrent."""
        # Padding, which is in no file, is all zero.
        whole = bytearray(length)
        segments = list(self._info.files_in(start, length))
        left = len(segments)
        failed: StorageError | None = None

        def came(file: int, offset: int, count: int, data: bytes | StorageError | None) -> None:
            nonlocal left, failed
            left -= 1
            if isinstance(data, StorageError):
                failed = failed or data
            elif data is None or len(data) != count:
                failed = failed or StorageError(f"stored file {file} lacks bytes at {offset}", kind="lost")
            else:
                at = self._info.files[file].offset + offset - start
                whole[at : at + count] = data
            if not left:
                done(failed or whole, time.monotonic())

        if not segments:
            done(whole, time.monotonic())
        for file, offset, count in segments:
            self._fs.peek(f"{self._folder}/{file}", offset, count, partial(came, file, offset, count))

    def write(self, index: int, data: Buffer, done: Callable[[Exception | None, float], None]) -> None:
        """Only the tab that has the files open writes."""
        raise NotImplementedError

    def close(self) -> None:
        """See `ports.Store`: nothing is open."""


class OthersRecords:
    """Small files that another tab may have open, as a FileSystem in which nothing can be changed."""

    def __init__(self, fs: Opfs) -> None:
        self._fs = fs

    def open(self, path: str, done: Opened, *, create: bool) -> None:
        """See `filesystem.FileSystem`."""

        def came(data: bytes | StorageError | None) -> None:
            done(_Snapshot(data) if isinstance(data, bytes) else data, time.monotonic())

        self._fs.peek(path, 0, MAX_RECORD_BYTES, came)

    def list(self, path: str, done: Listed) -> None:
        """See `filesystem.FileSystem`."""
        self._fs.list(path, done)

    def remove(self, path: str, done: Removed) -> None:
        """Nothing is removed under another tab."""
        raise NotImplementedError


class _Snapshot:
    """See `filesystem.StoredFile`."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, at: int, length: int) -> bytes:
        """See `filesystem.StoredFile`."""
        return self._data[at : at + length]

    def size(self) -> int:
        """See `filesystem.StoredFile`."""
        return len(self._data)

    def write(self, at: int, data: Buffer) -> None:
        """It is as it was."""
        raise NotImplementedError

    def truncate(self, size: int) -> None:
        """It is as it was."""
        raise NotImplementedError

    def flush(self) -> None:
        """Nothing was written."""

    def close(self) -> None:
        """Nothing is open."""
