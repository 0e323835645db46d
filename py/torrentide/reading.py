"""Reading stretches of a torrent's bytes in order, as they come.

Owns who waits for which piece. The engine is told where each reader is and sees to it that its next bytes
come in time. It never knows files, nor what becomes of the bytes.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from torrentide.engine.readers import Reader
from torrentide.engine.torrent import Torrent
from torrentide.errors import StorageError
from torrentide.host import called_back

# A reader's first bytes are given when there are so many, and not more: somebody waits for a picture.
FIRST_BYTES = 64 * 1024


class Readings:
    """The readers of `torrent`, whose info must be known. `now` tells the time; `arm` is called behind each
    call into the engine."""

    def __init__(self, torrent: Torrent, now: Callable[[], float], arm: Callable[[], None]) -> None:
        self.torrent = torrent
        self.now = now
        self.arm = arm
        self._waiting: dict[int, list[asyncio.Future[None]]] = {}
        self._error: Exception | None = None
        torrent.on_checked(self._wake)

    def open(self, start: int, end: int, rate: float | None = None) -> "Reading":
        """Begin to read bytes `start` to `end` (exclusive) of the torrent, `rate` of them a second if that is
        known. To be closed, or used as a context."""
        self.check()
        return Reading(self, start, end, rate)

    def verified(self, index: int) -> None:
        """A piece is here: whoever waits for it goes on."""
        self._wake(index)

    def _wake(self, index: int) -> None:
        for turn in self._waiting.pop(index, ()):
            if not turn.done():
                turn.set_result(None)

    def end(self, error: Exception) -> None:
        """No more bytes come: whoever waits, and whoever reads from now on, gets the error."""
        self._error = error
        for turns in self._waiting.values():
            for turn in turns:
                if not turn.done():
                    turn.set_exception(error)
        self._waiting.clear()

    def check(self) -> None:
        """Raise what the torrent ended with."""
        if self._error is not None:
            raise self._error

    def has(self, index: int) -> bool:
        """Whether a piece is here."""
        picker = self.torrent.picker
        return picker is not None and index in picker.have

    def readable(self, index: int) -> bool:
        """Whether a piece can be read, be it stored or not."""
        return self.has(index) or self.torrent.fresh(index) is not None

    def lost(self, start: int, end: int) -> None:
        """The pieces of these bytes can't be read any more: they are fetched again."""
        self.check()
        assert self.torrent.info is not None
        size = self.torrent.info.piece_length
        for index in range(start // size, (end - 1) // size + 1):
            self.torrent.lost(index, self.now())
        self.arm()

    async def wait(self, index: int, *, stored: bool) -> None:
        """Wait for a piece, until it is `stored` or until it can be read. Raises what the torrent ends
        with."""
        self.check()
        while not (self.has(index) if stored else self.readable(index)):
            await self._turn(index)
            self.check()

    async def _turn(self, index: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        turns = self._waiting.setdefault(index, [])
        turns.append(turn)
        try:
            await turn
        finally:
            if turn in turns:
                turns.remove(turn)


class Reading:
    """Somebody reads bytes from `position` to `end`, all of them, in order."""

    def __init__(self, readings: Readings, start: int, end: int, rate: float | None) -> None:
        assert readings.torrent.info is not None
        self.position = start
        self.end = end
        self._start = start
        self._readings = readings
        self._size = readings.torrent.info.piece_length
        self._reader: Reader | None = readings.torrent.open_reader(start, end, readings.now(), rate)
        readings.arm()

    def __enter__(self) -> "Reading":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def read(self, most: int) -> bytes:
        """The next bytes, once some are here: at most `most`, and all that are here in a row of those; none
        at the end. StorageError if they can't be read, else what the torrent ended with."""
        if self.position >= self.end:
            return b""
        await self._readings.wait(self.position // self._size, stored=False)
        store = self._readings.torrent.store
        assert store is not None
        parts: list[bytes] = []
        for index, begin, length in self._here(most):
            fresh = self._readings.torrent.fresh(index)
            if fresh is not None:
                parts.append(bytes(memoryview(fresh)[begin : begin + length]))
                continue
            data = await called_back(partial(store.read, index, begin, length))
            if isinstance(data, StorageError) and data.kind == "lost":
                self._readings.lost(index * self._size, index * self._size + 1)
                return await self.read(most)
            if isinstance(data, Exception):
                raise data
            parts.append(bytes(data))
        self._readings.check()
        self._move(sum(map(len, parts)))
        return b"".join(parts)

    async def wait(self) -> None:
        """Wait until all bytes up to the end are stored. Raises what the torrent ends with."""
        while self.position < self.end:
            await self._readings.wait(self.position // self._size, stored=True)
            self._move(min(self._size - self.position % self._size, self.end - self.position))

    def pace(self, rate: float | None, slack: float) -> None:
        """What comes next is needed in `slack` seconds, and `rate` bytes a second from there on, if that is
        known."""
        if self._reader is not None:
            self._readings.torrent.pace_reader(self._reader, rate, slack, self._readings.now())
            self._readings.arm()

    def close(self) -> None:
        """Read no more. Harmless the second time."""
        if self._reader is not None:
            self._readings.torrent.close_reader(self._reader, self._readings.now())
            self._reader = None
            self._readings.arm()

    def _here(self, most: int) -> list[tuple[int, int, int]]:
        """Index, begin and length of the parts of pieces that are here in a row."""
        at, end = self.position, min(self.end, self.position + most)
        parts = []
        while at < end and self._readings.readable(at // self._size):
            index, begin = divmod(at, self._size)
            length = min(self._size - begin, end - at)
            parts.append((index, begin, length))
            at += length
            if self.position == self._start and at - self._start >= FIRST_BYTES:
                break
        return parts

    def _move(self, count: int) -> None:
        self.position += count
        if self._reader is not None:
            self._readings.torrent.move_reader(self._reader, self.position, self._readings.now())
            self._readings.arm()
