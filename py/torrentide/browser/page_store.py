"""A chunk store of the page as the engine's Store: asks for pieces by messages.

Owns the questions that the page's store has not answered, how many it gets at a time, and what counts as a
wrong answer. It never knows JavaScript, nor what the store does with the bytes.
"""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from torrentide.browser.checking import is_good
from torrentide.browser.description import info_state
from torrentide.browser.piece_cache import PieceCache
from torrentide.errors import StorageError
from torrentide.metainfo.info import Info
from torrentide.pieces.bitfield import Bitfield
from torrentide.ports import Buffer, Digest
from torrentide.timers import Timer, Timers

# Questions that the page's store has at a time, as many as the library checks pieces at once.
ASKED_AT_ONCE = 8
# A store on a slow disk takes seconds; one that never calls back must not hold the torrent up for ever.
ANSWER_SECONDS = 60

Answered = Callable[[Any, StorageError | None], None]


class PageStore:
    """The page's store for the pieces of `info`. `ask` posts a StoreRequest of web/src/protocol.ts, `blob`
    makes a Blob of parts, `broken` is told of the first wrong answer: the torrent ends by it. The last
    `slots` pieces that were read stay in memory. See `ports.Store`."""

    def __init__(
        self,
        info: Info,
        timers: Timers,
        ask: Callable[[dict[str, Any]], None],
        blob: Callable[[list[Any]], Any],
        broken: Callable[[StorageError], None],
        slots: int,
    ) -> None:
        self._info = info
        self._timers = timers
        self._ask = ask
        self._blob = blob
        self._broken = broken
        self._jobs = itertools.count(1)
        self._asked: dict[int, tuple[Answered, Timer]] = {}
        self._waiting: deque[tuple[dict[str, Any], Answered]] = deque()
        self._closed = False
        self._cache = PieceCache(slots) if slots else None
        # Pieces that may be missing are being looked for: that the store does not have one is no fault.
        self._looking = False
        shape = {key: info_state(info)[key] for key in ("pieceLength", "length", "files")}
        name = f"{info.name} - {info.info_hash.hex()[:8]}"
        self._request({"act": "open", "name": name, **shape}, self._opened)

    def write(self, index: int, data: Buffer, done: Callable[[Exception | None, float], None]) -> None:
        """See `ports.Store`."""
        self.lost(index)

        def kept(_: Any, error: StorageError | None) -> None:
            if error is None:
                done(None, time.monotonic())
            else:
                self._break(StorageError(f"the page's store can't keep piece {index}: {error}"))

        self._request({"act": "put", "index": index, "data": bytes(data)}, kept)

    def read(
        self, index: int, begin: int, length: int, done: Callable[[Buffer | Exception, float], None]
    ) -> None:
        """See `ports.Store`. Where there is a cache, the whole piece is read."""

        def cut(piece: Buffer | StorageError) -> None:
            got = piece if isinstance(piece, StorageError) else memoryview(piece)[begin : begin + length]
            done(got, time.monotonic())

        if self._cache is None or self._looking:
            self._read(index, begin, length, lambda data: done(data, time.monotonic()))
        else:
            size = self._info.piece_size(index)
            self._cache.read(index, lambda came: self._read(index, 0, size, came), cut)

    def _read(
        self, index: int, begin: int, length: int, done: Callable[[Buffer | StorageError], None]
    ) -> None:
        def got(data: Any, error: StorageError | None) -> None:
            if error is not None:
                fault = StorageError(f"the page's store can't give piece {index}: {error}", kind="lost")
            elif data is None or len(data) != length:
                what = "no bytes" if data is None else f"{len(data)} bytes"
                fault = StorageError(
                    f"the page's store gave {what} of piece {index} where {length} were asked for"
                )
            else:
                done(bytes(data))
                return
            if self._looking:
                done(fault)
            else:
                self._break(fault)

        self._request({"act": "get", "index": index, "offset": begin, "length": length}, got)

    def blob(
        self, start: int, end: int, complete: bool, done: Callable[[Any | StorageError, float], None]
    ) -> None:
        """Give bytes `start` to `end` (exclusive) of the torrent as a Blob; they are read a piece at a
        time."""
        parts: list[Any] = []

        def step(at: int) -> None:
            if at == end:
                done(self._blob(parts), time.monotonic())
                return
            index, begin = divmod(at, self._info.piece_length)
            length = min(self._info.piece_length - begin, end - at)
            self.read(index, begin, length, partial(came, at + length))

        def came(following: int, data: Buffer | Exception, now: float) -> None:
            if isinstance(data, StorageError):
                done(data, now)
            else:
                parts.append(self._blob([data]))
                step(following)

        step(start)

    async def found(self, digest: Digest, pieces: Iterable[int]) -> Bitfield:
        """Those of `pieces` that the store has, each compared with its hash."""
        have = Bitfield(self._info.piece_count)
        left = iter(pieces)

        async def check() -> None:
            for index in left:
                if await is_good(index, self._info, self, digest):
                    have.add(index)

        self._looking = True
        try:
            await asyncio.gather(*(check() for _ in range(ASKED_AT_ONCE)))
        finally:
            self._looking = False
        return have

    def answer(self, job: int, data: Any, error: str | None) -> None:
        """The page's store called back; `error` is what it, or its call, failed with."""
        if self._closed:
            return
        asked = self._asked.pop(job, None)
        if asked is None:
            self._break(StorageError("the page's store called back twice for one call"))
            return
        answered, timer = asked
        timer.cancel()
        answered(data, StorageError(error) if error is not None else None)
        self._send()

    def lost(self, index: int) -> None:
        """The piece is not what it was: it is written anew when it comes."""
        if self._cache is not None:
            self._cache.drop(index)

    def close(self) -> None:
        """See `ports.Store`. What is asked is answered to nobody; the page closes its store itself."""
        self._closed = True
        for _, timer in self._asked.values():
            timer.cancel()
        self._asked.clear()
        self._waiting.clear()
        if self._cache is not None:
            self._cache.clear()

    def _opened(self, _: Any, error: StorageError | None) -> None:
        if error is not None:
            self._break(StorageError(f"the page's store can't be opened: {error}"))

    def _request(self, request: dict[str, Any], answered: Answered) -> None:
        if not self._closed:
            self._waiting.append((request, answered))
            self._send()

    def _send(self) -> None:
        while self._waiting and len(self._asked) < ASKED_AT_ONCE:
            request, answered = self._waiting.popleft()
            job = next(self._jobs)
            timer = self._timers.at(time.monotonic() + ANSWER_SECONDS, self._late)
            self._asked[job] = answered, timer
            self._ask({"job": job, **request})

    def _late(self, now: float) -> None:
        self._break(StorageError(f"the page's store did not call back within {ANSWER_SECONDS} seconds"))

    def _break(self, error: StorageError) -> None:
        if not self._closed:
            self.close()
            self._broken(error)
