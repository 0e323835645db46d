"""Pieces that were read lately, and who waits for one that is being read: a store that is slow to answer is
asked once for what many want.

Owns the pieces and their order. It never knows where they come from.
"""

from collections import OrderedDict
from collections.abc import Callable

from torrentide.errors import StorageError
from torrentide.ports import Buffer

# WebTorrent keeps 20 pieces of any size: of torrents with pieces of 16 MiB that would be 320 MiB.
MAX_CACHED_BYTES = 64 * 1024 * 1024

Done = Callable[[Buffer | StorageError], None]


class PieceCache:
    """The last `slots` pieces that were read through it, MAX_CACHED_BYTES in all."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._pieces: OrderedDict[int, Buffer] = OrderedDict()
        self._bytes = 0
        self._waiting: dict[int, list[Done]] = {}

    def read(self, index: int, fetch: Callable[[Done], None], done: Done) -> None:
        """Give piece `index` to `done`; `fetch` reads it where it is not here."""
        piece = self._pieces.get(index)
        if piece is not None:
            self._pieces.move_to_end(index)
            done(piece)
        elif index in self._waiting:
            self._waiting[index].append(done)
        else:
            waiting = self._waiting[index] = [done]
            fetch(lambda data: self._came(index, data, waiting))

    def drop(self, index: int) -> None:
        """The piece changes: what is read from now on is read anew."""
        self._waiting.pop(index, None)
        self._bytes -= len(self._pieces.pop(index, b""))

    def clear(self) -> None:
        """Let go of everything."""
        self._pieces.clear()
        self._waiting.clear()
        self._bytes = 0

    def _came(self, index: int, data: Buffer | StorageError, waiting: list[Done]) -> None:
        if self._waiting.get(index) is waiting:
            del self._waiting[index]
            if not isinstance(data, StorageError):
                self._keep(index, data)
        for done in waiting:
            done(data)

    def _keep(self, index: int, data: Buffer) -> None:
        self._pieces[index] = data
        self._bytes += len(data)
        while self._pieces and (len(self._pieces) > self._slots or self._bytes > MAX_CACHED_BYTES):
            self._bytes -= len(self._pieces.popitem(last=False)[1])
