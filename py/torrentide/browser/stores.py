"""Where a download's bytes are in a browser: in the origin's file system, or in memory where there is none.
A seed's are in originals.py.

Both keep the payload on the JavaScript side: what WebAssembly's memory has grown to it never gives back.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import js
from pyodide.ffi import JsException, to_js

from torrentide.browser.opfs import Opfs, OpfsFile
from torrentide.browser.shim import JsBlob, JsBuffer
from torrentide.browser.unchecked import Unchecked
from torrentide.errors import StorageError
from torrentide.host import called_back
from torrentide.metainfo.info import Info
from torrentide.pieces.bitfield import Bitfield
from torrentide.ports import Buffer, Digest
from torrentide.storage.filesystem import StoredFile
from torrentide.storage.shelf import Shelf

# What all torrents in memory may hold together. p2p-media-loader keeps 2 to 4 GiB on computers, 1 GiB on
# phones.
MEMORY_BYTES = 2 * 1024 * 1024 * 1024
# Ranges of stored files up to this are copied for the page; it reads what is longer from the file itself.
COPIED_BYTES = 4 * 1024 * 1024

Whole = Callable[[JsBlob | StorageError, float], None]


class Memory:
    """What is left of the bytes that may be held in memory."""

    def __init__(self, most: int = MEMORY_BYTES) -> None:
        self.left = most


class MemoryStore:
    """Verified pieces as JavaScript buffers, until they are moved. See `ports.Store`."""

    def __init__(self, info: Info, memory: Memory) -> None:
        self._info = info
        self._memory = memory
        self._pieces: dict[int, JsBuffer] = {}
        # Where pieces are being copied to, and where they all are.
        self._copies: FileStore | None = None
        self._moved: FileStore | None = None

    def __contains__(self, index: int) -> bool:
        """Whether it has the piece in memory."""
        return index in self._pieces

    @property
    def indexes(self) -> list[int]:
        """The pieces that are in memory."""
        return list(self._pieces)

    @property
    def moved(self) -> bool:
        """Whether all is in files now."""
        return self._moved is not None

    def part(self, index: int, begin: int, length: int) -> JsBuffer:
        """Bytes of a piece that is in memory, not copied."""
        part: JsBuffer = js.Uint8Array.new(self._pieces[index].buffer, begin, length)  # type: ignore[attr-defined]
        return part

    def write(self, index: int, data: Buffer, done: Callable[[Exception | None, float], None]) -> None:
        """See `ports.Store`."""
        if self._moved is not None:
            self._moved.write(index, data, done)
            return
        error = None
        try:
            if len(data) > self._memory.left:
                raise StorageError("no more is kept in memory", kind="full")
            piece: JsBuffer = js.Uint8Array.new(len(data))
            piece.assign(data)
            self.drop(index)
            self._pieces[index] = piece
            self._memory.left -= len(data)
            if self._copies is not None:
                self._copies.write(index, data, done)
                return
        except StorageError as full:
            error = full
        except JsException as exception:
            error = StorageError(f"piece {index} can't be kept in memory: {exception}", kind="full")
        done(error, time.monotonic())

    def read(
        self, index: int, begin: int, length: int, done: Callable[[Buffer | Exception, float], None]
    ) -> None:
        """See `ports.Store`."""
        if self._moved is not None:
            self._moved.read(index, begin, length, done)
        elif index not in self._pieces:
            done(StorageError(f"piece {index} is not in memory", kind="lost"), time.monotonic())
        else:
            done(self.part(index, begin, length).to_bytes(), time.monotonic())

    def blob(self, start: int, end: int, complete: bool, done: Whole) -> None:
        """Give bytes `start` to `end` (exclusive) of the torrent, of one file, all of which must be here.
        `complete`: the whole file is."""
        if self._moved is not None:
            self._moved.blob(start, end, complete, done)
            return
        size = self._info.piece_length
        parts = []
        while start < end:
            index, begin = divmod(start, size)
            length = min(size - begin, end - start)
            parts.append(self.part(index, begin, length))
            start += length
        done(js.Blob.new(to_js(parts)), time.monotonic())

    def lost(self, index: int) -> None:
        """The piece is not what it was."""
        self.drop(index)
        store = self._moved or self._copies
        if store is not None:
            store.lost(index)

    async def move(self, to: "FileStore", there: Bitfield) -> bool:
        """Copy all pieces there, but those that are `there`, and be that store from then on. False when that
        fails: they stay here."""
        self._copies = to
        for index in [index for index in self._pieces if index not in there]:
            piece = self._pieces.get(index)
            if (
                piece is not None
                and await called_back(partial(to.write, index, piece.to_bytes())) is not None
            ):
                self._copies = None
                return False
        for index in list(self._pieces):
            self.drop(index)
        self._moved, self._copies = to, None
        return True

    def close(self) -> None:
        """See `ports.Store`."""
        for index in list(self._pieces):
            self.drop(index)
        if self._moved is not None:
            self._moved.close()

    def drop(self, index: int) -> None:
        """Keep a piece no longer."""
        piece = self._pieces.pop(index, None)
        if piece is not None:
            self._memory.left += piece.byteLength


class FileStore:
    """The files of `shelf`. See `ports.Store`. The pieces `unchecked` were found there: each is compared with
    its hash before any of it is given to anybody. `broken` is told when the files can't be used any more;
    what is asked from then on waits for `reopen` or `give_up`."""

    def __init__(
        self,
        info: Info,
        shelf: Shelf,
        fs: Opfs,
        digest: Digest,
        unchecked: Bitfield,
        broken: Callable[[StorageError], None],
    ) -> None:
        self._info = info
        self._shelf = shelf
        self._fs = fs
        self._digest = digest
        self._broken = broken
        # What waits while the files are being opened anew.
        self._waiting: list[Callable[[], None]] | None = None
        self._closed = False
        # Used when they can't be.
        self._instead: MemoryStore | None = None
        self._unchecked = Unchecked(info, digest, shelf.read, unchecked)

    def write(self, index: int, data: Buffer, done: Callable[[Exception | None, float], None]) -> None:
        """See `ports.Store`. What broken files did not take is lost, and is to be fetched again."""
        if self._instead is not None:
            self._instead.write(index, data, done)
        elif self._waiting is not None:
            self._waiting.append(partial(self.write, index, bytes(data), done))
        else:
            self._unchecked.forget(index)
            self._shelf.write(index, data, partial(self._written, self._shelf, done))

    def read(
        self, index: int, begin: int, length: int, done: Callable[[Buffer | Exception, float], None]
    ) -> None:
        """See `ports.Store`. What is not what it was is a StorageError of the kind "lost"."""
        again = partial(self.read, index, begin, length, done)
        if self._instead is not None:
            self._instead.read(index, begin, length, done)
            return
        if self._waits(again):
            return

        shelf = self._shelf

        def given(data: Buffer | Exception, now: float) -> None:
            if not self._breaks(shelf, data, again):
                done(data, now)

        self._unchecked.read(index, begin, length, given)

    def blob(self, start: int, end: int, complete: bool, done: Whole) -> None:
        """See `MemoryStore.blob`. What is long is read from the file itself, for as long as it is there; but
        not of a file that is still written to, as Chromium reads it no more after the next write."""
        if start == end:
            done(js.Blob.new(), time.monotonic())
            return
        again = partial(self.blob, start, end, complete, done)
        if self._instead is not None:
            self._instead.blob(start, end, complete, done)
            return
        if self._waits(again):
            return

        shelf = self._shelf

        def given(blob: JsBlob | StorageError, now: float) -> None:
            if not self._breaks(shelf, blob, again):
                done(blob, now)

        ((place, offset, count),) = self._info.files_in(start, end - start)

        def checked(error: StorageError | None, now: float) -> None:
            if error is not None:
                given(error, now)
            elif complete and count > COPIED_BYTES:
                self._fs.snapshot(f"{shelf.folder}/{place}", partial(cut, offset, count, given))
            else:
                shelf.use(place, partial(_copy, offset, count, given))

        size = self._info.piece_length
        self._unchecked.check(range(start // size, (end - 1) // size + 1), checked, time.monotonic())

    def lost(self, index: int) -> None:
        """The piece is not what it was."""
        if self._instead is not None:
            self._instead.lost(index)
        else:
            self._unchecked.forget(index)
            self._shelf.lost(index)

    def close(self) -> None:
        """See `ports.Store`."""
        self._closed = True
        self._waiting = None
        self._shelf.close()
        if self._instead is not None:
            self._instead.close()

    # -- Files that break

    def hold(self) -> None:
        """The files are being opened anew: what is asked waits."""
        if self._waiting is None:
            self._waiting = []

    def reopen(self, shelf: Shelf) -> None:
        """Here they are. What the engine has of it was checked."""
        self._shelf = shelf
        self._unchecked = Unchecked(self._info, self._digest, shelf.read, Bitfield(self._info.piece_count))
        self._go_on()

    def give_up(self, memory: Memory) -> None:
        """There are no files: keep in memory what comes."""
        self._instead = MemoryStore(self._info, memory)
        self._go_on()

    def _go_on(self) -> None:
        waiting, self._waiting = self._waiting or [], None
        for again in waiting:
            again()

    def _waits(self, again: Callable[[], None]) -> bool:
        if self._waiting is not None:
            self._waiting.append(again)
        return self._waiting is not None

    def _written(
        self,
        shelf: Shelf,
        done: Callable[[Exception | None, float], None],
        error: Exception | None,
        now: float,
    ) -> None:
        if isinstance(error, StorageError) and self._is_broken(shelf, error):
            error = StorageError(str(error), kind="lost")
        done(error, now)

    def _breaks(self, shelf: Shelf, result: Any, again: Callable[[], None]) -> bool:
        """Whether the files are broken, so that it has to be asked again."""
        if not isinstance(result, StorageError) or not self._is_broken(shelf, result):
            return False
        if not self._waits(again):
            # They were replaced meanwhile.
            asyncio.get_event_loop().call_soon(again)
        return True

    def _is_broken(self, shelf: Shelf, error: StorageError) -> bool:
        """Whether it is the fault of the files of `shelf`, which may have been replaced since."""
        if error.kind or self._closed:
            return False
        if shelf is self._shelf and self._waiting is None and self._instead is None:
            self._broken(error)
            # Nobody mends them any more.
            return self._waiting is not None
        return True


def blob_of(parts: list[Any]) -> JsBlob:
    """A Blob of parts: bytes, or Blobs."""
    blob: JsBlob = js.Blob.new(to_js(parts))
    return blob


def cut(offset: int, count: int, done: Whole, file: JsBlob | None) -> None:
    """Give a part of a stored file, of which a snapshot was taken."""
    if file is None or file.size < offset + count:
        done(StorageError("a stored file is gone, or shorter than it was", kind="lost"), time.monotonic())
    else:
        done(file.slice(offset, offset + count), time.monotonic())


def _copy(offset: int, count: int, done: Whole, file: StoredFile | StorageError | None, now: float) -> None:
    result: JsBlob | StorageError
    try:
        if isinstance(file, StorageError):
            raise file
        if not isinstance(file, OpfsFile):
            raise StorageError("a stored file is gone", kind="lost")
        result = file.blob(offset, count)
    except StorageError as error:
        result = error
    done(result, now)
