"""A store that another tab has: what that tab stored is read from its files, and is not kept here.

Owns what this tab verified itself, in memory until the other has stored it. Whatever lies in the files is
compared with its hash before any of it is given to anybody. It never knows how tabs talk.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from torrentide.browser.opfs import Opfs
from torrentide.browser.others import OthersPieces
from torrentide.browser.shim import JsBuffer
from torrentide.browser.stores import COPIED_BYTES, FileStore, Memory, MemoryStore, Whole, blob_of, cut
from torrentide.browser.unchecked import Unchecked
from torrentide.errors import StorageError
from torrentide.metainfo.info import Info
from torrentide.pieces.bitfield import Bitfield
from torrentide.ports import Buffer, Digest


class SharedStore:
    """Pieces of `info` in the files of another tab in `folder`, of which `found` were there; `offer` is given
    each piece that the other tab should store. See `ports.Store`."""

    def __init__(
        self,
        info: Info,
        fs: Opfs,
        folder: str,
        memory: Memory,
        digest: Digest,
        found: Bitfield,
        offer: Callable[[int, JsBuffer], None],
    ) -> None:
        self._info = info
        self._fs = fs
        self._folder = folder
        self._memory = MemoryStore(info, memory)
        self._others = OthersPieces(info, fs, folder)
        self._unchecked = Unchecked(info, digest, self._others.read, found)
        self._offer = offer

    def write(self, index: int, data: Buffer, done: Callable[[Exception | None, float], None]) -> None:
        """See `ports.Store`. It is in memory until it is `stored`."""

        def kept(error: Exception | None, now: float) -> None:
            if error is None and index in self._memory:
                self._unchecked.forget(index)
                self._give(index)
            done(error, now)

        self._memory.write(index, data, kept)

    def offer_all(self) -> None:
        """Give everything that is in memory to the tab that stores it."""
        for index in self._memory.indexes:
            self._give(index)

    def check(self, index: int, done: Callable[[StorageError | None, float], None]) -> None:
        """Whether the other tab has stored the piece: an error where it is not what it should be."""
        self._unchecked.add(index)
        self._unchecked.check([index], done, time.monotonic())

    def stored(self, index: int) -> None:
        """The piece is in the files, and good: it is not kept here."""
        if not self._memory.moved:
            self._memory.drop(index)

    def holds(self, index: int) -> bool:
        """Whether the piece does not depend on the other tab."""
        return self._memory.moved or index in self._memory

    def read(
        self, index: int, begin: int, length: int, done: Callable[[Buffer | Exception, float], None]
    ) -> None:
        """See `ports.Store`."""
        if self.holds(index):
            self._memory.read(index, begin, length, done)
            return

        def checked(error: StorageError | None, now: float) -> None:
            if error is not None:
                done(error, now)
            else:
                # It may have come into memory meanwhile, or all may have been moved.
                source = self._memory if self.holds(index) else self._others
                source.read(index, begin, length, done)

        self._unchecked.check([index], checked, time.monotonic())

    def blob(self, start: int, end: int, complete: bool, done: Whole) -> None:
        """See `MemoryStore.blob`."""
        size = self._info.piece_length
        pieces = range(start // size, -(-end // size))
        if start == end or all(self.holds(index) for index in pieces):
            self._memory.blob(start, end, complete, done)
        elif complete and end - start > COPIED_BYTES and not any(self.holds(index) for index in pieces):
            ((place, offset, count),) = self._info.files_in(start, end - start)

            def checked(error: StorageError | None, now: float) -> None:
                if error is not None:
                    done(error, now)
                else:
                    self._fs.snapshot(f"{self._folder}/{place}", partial(cut, offset, count, done))

            self._unchecked.check(pieces, checked, time.monotonic())
        else:
            self._collect(start, end, done)

    def lost(self, index: int) -> None:
        """The piece is not what it was."""
        self._unchecked.forget(index)
        self._memory.lost(index)

    async def move(self, to: FileStore, there: Bitfield) -> bool:
        """This tab has the files now. See `MemoryStore.move`."""
        return await self._memory.move(to, there)

    def close(self) -> None:
        """See `ports.Store`."""
        self._memory.close()

    def _give(self, index: int) -> None:
        self._offer(index, self._memory.part(index, 0, self._info.piece_size(index)))

    def _collect(self, start: int, end: int, done: Whole) -> None:
        """Give a Blob of pieces that are in memory and in files, one after the other."""
        parts: list[Any] = []

        def step(at: int) -> None:
            if at == end:
                done(blob_of(parts), time.monotonic())
                return
            index, begin = divmod(at, self._info.piece_length)
            length = min(self._info.piece_length - begin, end - at)
            self.read(index, begin, length, partial(came, at + length))

        def came(following: int, data: Buffer | Exception, now: float) -> None:
            if isinstance(data, Exception):
                done(data if isinstance(data, StorageError) else StorageError(str(data)), now)
            else:
                parts.append(blob_of([data]))
                # What is in memory comes at once, and the stack of WebAssembly is short.
                asyncio.get_event_loop().call_soon(step, following)

        step(start)
