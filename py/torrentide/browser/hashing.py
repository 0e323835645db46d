"""The hashes of a seed's pieces, by workers that each read runs of pieces of their own.

Owns how a file is cut into runs and how many are under way. It never knows what the hashes are for. The
workers are the page's, by web/src/engine/hashers.ts.
"""

from collections import deque
from collections.abc import Awaitable, Callable

from pyodide.ffi import JsException

from torrentide.browser.shim import JsBlob, JsBuffer, JsHashers
from torrentide.errors import StorageError

# One read of 8 MiB takes a third less of the processor than eight reads of 1 MiB (measured in Chromium).
RUN_BYTES = 8 * 1024 * 1024
# A digest costs more than hashing its bytes where pieces are small.
RUN_PIECES = 1024
# What is smaller is hashed sooner than workers are started.
POOL_BYTES = 64 * 1024 * 1024
# While one run is being hashed the next one is read.
RUNS_EACH = 2
# The page is told of so many steps: a progress bar has no more.
STEPS = 200


class Hashing:
    """Hashes files for all torrents of the worker."""

    def __init__(self, hashers: JsHashers) -> None:
        self._js = hashers

    async def sha1(self, whole: JsBlob, piece_length: int, progress: Callable[[float], None]) -> bytes:
        """The SHA-1 of each piece of `whole`, one after the other. `progress` is told 0 to 1 on the way.
        StorageError when a file can't be read."""
        if whole.size < POOL_BYTES:
            return await self._sha1(whole, piece_length, progress, 1)
        workers = self._js.open()
        try:
            return await self._sha1(whole, piece_length, progress, max(1, workers))
        finally:
            self._js.close()

    async def _sha1(
        self, whole: JsBlob, piece_length: int, progress: Callable[[float], None], workers: int
    ) -> bytes:
        size, run = whole.size, run_length(piece_length)
        hashes: list[bytes] = []
        pending: deque[Awaitable[JsBuffer]] = deque()
        told = 0
        for start in range(0, size, run):
            pending.append(self._js.hash(whole.slice(start, min(start + run, size)), piece_length))
            if len(pending) >= workers * RUNS_EACH:
                hashes.append(await _finished(pending.popleft()))
                done = len(hashes) * run / size
                if int(done * STEPS) > told:
                    told = int(done * STEPS)
                    progress(done)
        while pending:
            hashes.append(await _finished(pending.popleft()))
        progress(1.0)
        return b"".join(hashes)


def run_length(piece_length: int) -> int:
    """Bytes of a run: whole pieces, one at least."""
    return min(max(RUN_BYTES // piece_length, 1), RUN_PIECES) * piece_length


async def _finished(run: Awaitable[JsBuffer]) -> bytes:
    try:
        return (await run).to_bytes()
    except JsException as exception:
        raise StorageError(
            "a file can't be read. Was it changed, moved or removed since it was given? Of files that a page "
            f"makes in memory, a browser holds some hundred MiB. ({exception})"
        ) from None
