"""Where a torrent's bytes are in a browser: downloads in the origin's file system, or in memory where there
is none; seeds in the files that were given.

All keep the payload on the JavaScript side: what WebAssembly's memory has grown to it never gives back.
"""

import time
from collections.abc import Callable
from functools import partial

import js
from pyodide.ffi import JsException, to_js

from torrentide.browser.opfs import Opfs, OpfsFile
from torrentide.browser.shim import JsBlob, JsBuffer, JsReader
from torrentide.errors import StorageError
from torrentide.metainfo.info import Info
from torrentide.ports import Buffer
from torrentide.storage.filesystem import StoredFile
from torrentide.storage.shelf import Shelf

# What all torrents in memory may hold together. p2p-media-loader keeps 2 to 4 GiB on computers, 1 GiB on
# phones.
MEMORY_BYTES = 2 * 1024 * 1024 * 1024
# Ranges of stored files up to this are copied for the page; it reads what is longer from the file itself.
COPIED_BYTES = 4 * 1024 * 1024

Whole = Callable[[JsBlob | StorageError], None]


class Memory:
    """What is left of the bytes that may be held in memory."""

    def __init__(self, most: int = MEMORY_BYTES) -> None:
        self.left = most


class MemoryStore:
    """Verified pieces as JavaScript buffers. See `ports.Store`."""

    def __init__(self, info: Info, memory: Memory) -> None:
        self._info = info
        self._memory = memory
        self._pieces: dict[int, JsBuffer] = {}

    def write(self, index: int, data: Buffer, done: Callable[[Exception | None, float], None]) -> None:
        """See `ports.Store`."""
        error = None
        try:
            if len(data) > self._memory.left:
                raise StorageError("no more is kept in memory", kind="full")
            piece: JsBuffer = js.Uint8Array.new(len(data))
            piece.assign(data)
            self.lost(index)
            self._pieces[index] = piece
            self._memory.left -= len(data)
        except StorageError as full:
            error = full
        except JsException as exception:
            error = StorageError(f"piece {index} can't be kept in memory: {exception}", kind="full")
        done(error, time.monotonic())

    def read(
        self, index: int, begin: int, length: int, done: Callable[[Buffer | Exception, float], None]
    ) -> None:
        """See `ports.Store`."""
        done(self._part(index, begin, length).to_bytes(), time.monotonic())

    def blob(self, start: int, end: int, done: Whole, *, complete: bool) -> None:
        """Give bytes `start` to `end` (exclusive) of the torrent, of one file, all of which must be here.
        `complete`: the whole file is."""
        size = self._info.piece_length
        parts = []
        while start < end:
            index, begin = divmod(start, size)
            length = min(size - begin, end - start)
            parts.append(self._part(index, begin, length))
            start += length
        done(js.Blob.new(to_js(parts)))

    def lost(self, index: int) -> None:
        """The piece is not what it was."""
        piece = self._pieces.pop(index, None)
        if piece is not None:
            self._memory.left += piece.byteLength

    def close(self) -> None:
        """See `ports.Store`."""
        for index in list(self._pieces):
            self.lost(index)

    def _part(self, index: int, begin: int, length: int) -> JsBuffer:
        part: JsBuffer = js.Uint8Array.new(self._pieces[index].buffer, begin, length)  # type: ignore[attr-defined]
        return part


class FileStore:
    """The files of `shelf`. See `ports.Store`."""

    def __init__(self, info: Info, shelf: Shelf, fs: Opfs) -> None:
        self._info = info
        self._shelf = shelf
        self._fs = fs
        self.write = shelf.write
        self.read = shelf.read
        self.lost = shelf.lost
        self.close = shelf.close

    def blob(self, start: int, end: int, done: Whole, *, complete: bool) -> None:
        """See `MemoryStore.blob`. What is long is read from the file itself, for as long as it is there; but
        not of a file that is still written to, as Chromium reads it no more after the next write."""
        if start == end:
            done(js.Blob.new())
            return
        ((place, offset, count),) = self._info.files_in(start, end - start)
        if complete and count > COPIED_BYTES:
            self._fs.snapshot(f"{self._shelf.folder}/{place}", partial(_cut, offset, count, done))
        else:
            self._shelf.use(place, partial(_copy, offset, count, done))


def _cut(offset: int, count: int, done: Whole, file: JsBlob | None) -> None:
    if file is None or file.size < offset + count:
        done(StorageError("a stored file is gone, or shorter than it was", kind="lost"))
    else:
        done(file.slice(offset, offset + count))


def _copy(offset: int, count: int, done: Whole, file: StoredFile | StorageError | None, now: float) -> None:
    if not isinstance(file, OpfsFile):
        done(file if isinstance(file, StorageError) else StorageError("a stored file is gone", kind="lost"))
        return
    try:
        done(file.blob(offset, count))
    except StorageError as error:
        done(error)


class BlobStore:
    """The files of a seed, read in place and never copied. See `ports.Store`."""

    def __init__(self, info: Info, whole: JsBlob, reader: JsReader) -> None:
        self._info = info
        self._whole = whole
        self._reader = reader

    def write(self, index: int, data: Buffer, done: Callable[[Exception | None, float], None]) -> None:
        """A seed has every piece, so nothing is ever written."""
        raise NotImplementedError

    def read(
        self, index: int, begin: int, length: int, done: Callable[[Buffer | Exception, float], None]
    ) -> None:
        """See `ports.Store`. A file that was changed or removed since is an error."""
        start = index * self._info.piece_length + begin
        result: bytes | StorageError
        try:
            result = self._reader.readAsArrayBuffer(self._whole.slice(start, start + length)).to_bytes()
        except JsException as exception:
            result = StorageError(f"a file that is being seeded was changed or removed: {exception}")
        done(result, time.monotonic())

    def blob(self, start: int, end: int, done: Whole, *, complete: bool) -> None:
        """See `MemoryStore.blob`."""
        done(self._whole.slice(start, end))

    def close(self) -> None:
        """See `ports.Store`."""
