"""Pieces that were found in a store, and are compared with their hashes before any of them is given away.

Owns which of them were not compared yet. It never knows where they are.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

from torrentide.errors import StorageError
from torrentide.metainfo.info import Info
from torrentide.pieces.bitfield import Bitfield
from torrentide.ports import Buffer, Digest

Read = Callable[[int, int, int, Callable[[Buffer | Exception, float], None]], None]
"""As `ports.Store.read`."""
Checked = Callable[[StorageError | None, float], None]


class Unchecked:
    """Pieces of `info`, to be read by `read`: `pieces` were found and not compared yet."""

    def __init__(self, info: Info, digest: Digest, read: Read, pieces: Bitfield) -> None:
        self._info = info
        self._digest = digest
        self._read = read
        self._pieces = pieces

    def add(self, index: int) -> None:
        """A piece that has to be compared."""
        self._pieces.add(index)

    def forget(self, index: int) -> None:
        """The piece is known to be good, or lost."""
        self._pieces.remove(index)

    def read(
        self, index: int, begin: int, length: int, done: Callable[[Buffer | Exception, float], None]
    ) -> None:
        """See `ports.Store.read`. A piece that was not compared yet is read as a whole; one that is not what
        it was is a StorageError of the kind "lost"."""
        if index not in self._pieces:
            self._read(index, begin, length, done)
            return

        def whole(data: Buffer | Exception, now: float) -> None:
            def compared(error: StorageError | None, now: float) -> None:
                if error is not None or isinstance(data, Exception):
                    done(error or data, now)
                else:
                    # A copy, for a view would keep the whole piece in memory.
                    done(bytes(memoryview(data)[begin : begin + length]), now)

            self._compare(index, compared, data, now)

        self._read(index, 0, self._info.piece_size(index), whole)

    def check(self, pieces: Iterable[int], then: Checked, now: float) -> None:
        """Compare those of the pieces with their hashes for which that was not done yet. A piece that is not
        what it was is a StorageError of the kind "lost"."""
        unchecked = iter([index for index in pieces if index in self._pieces])

        def step(now: float) -> None:
            index = next(unchecked, None)
            if index is None:
                then(None, now)
            else:
                self._read(index, 0, self._info.piece_size(index), partial(self._compare, index, ended))

        def ended(error: StorageError | None, now: float) -> None:
            if error is not None:
                then(error, now)
            else:
                # Digests of small pieces come at once, and the stack of WebAssembly is short.
                asyncio.get_event_loop().call_soon(step, now)

        step(now)

    def _compare(self, index: int, ended: Checked, data: Buffer | Exception, now: float) -> None:
        def digested(digest: bytes, now: float) -> None:
            if digest != self._info.piece_hash(index):
                ended(StorageError(f"stored piece {index} is not what it was", kind="lost"), now)
            else:
                self._pieces.remove(index)
                ended(None, now)

        if isinstance(data, Exception):
            ended(data if isinstance(data, StorageError) else StorageError(str(data)), now)
        else:
            self._digest.sha1(data, digested)
