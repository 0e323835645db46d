"""What the page reads of a torrent's files: whole stretches as Blobs, or bytes in order as they come.

Owns the calls that wait and the page's readers. It never knows how bytes come.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Protocol

from torrentide.browser.files import FilesHere
from torrentide.browser.page import Page
from torrentide.browser.shim import JsBlob
from torrentide.errors import Closed, LocalError, StorageError
from torrentide.host import called_back
from torrentide.metainfo.info import Info
from torrentide.reading import Reading, Readings

# Bytes that a pull gives at most: asking costs nothing beside them, and the page has no long task.
CHUNK_BYTES = 512 * 1024


class BlobSource(Protocol):
    """A store that a page can read."""

    def blob(
        self, start: int, end: int, complete: bool, done: Callable[[JsBlob | StorageError, float], None]
    ) -> None:
        """Give bytes `start` to `end` (exclusive) of the torrent, of one file, all of which must be here.
        `complete`: the whole file is."""


class Reads:
    """Reads of `info`'s `files` in `store`, the bytes of which come by `readings`."""

    def __init__(
        self, info: Info, files: FilesHere, readings: Readings, store: BlobSource, page: Page
    ) -> None:
        self._info = info
        self._readings = readings
        self._store = store
        self._page = page
        self._files = files
        # The page's readers, by its number for each; and a task for each call.
        self._readers: dict[int, Reading] = {}
        self._calls: dict[int, asyncio.Task[None]] = {}

    def read(self, call: int, file: int, start: int, end: int) -> None:
        """Reply to `call` with bytes `start` to `end` (exclusive) of file number `file` as a Blob, once
        they are here. LocalError where there are no such bytes."""
        begin, behind = self._span(file, start, end)

        async def blob() -> JsBlob:
            while True:
                with self._readings.open(begin, behind) as reading:
                    await reading.wait()
                complete = self._files.is_done(file)
                found: JsBlob | StorageError = await called_back(
                    partial(self._store.blob, begin, behind, complete)
                )
                if not isinstance(found, StorageError):
                    return found
                if found.kind != "lost":
                    raise found
                # It waits until they are here again.
                self._readings.lost(begin, behind)

        self._answer(call, blob, self._page.reply)

    def pull(
        self, call: int, reader: int, file: int, start: int, end: int, rate: float, slack: float
    ) -> None:
        """Reply to `call` with the next bytes of the page's `reader`, from `start` on, once there are some;
        see `pull` in protocol.ts. LocalError where there are no such bytes."""
        begin, behind = self._span(file, start, end)
        reading = self._readers.get(reader)
        if reading is None or (reading.position, reading.end) != (begin, behind):
            self.unread(reader)
            reading = self._readers[reader] = self._readings.open(begin, behind, rate or None)
        if slack >= 0:
            reading.pace(rate or None, slack)
        self._answer(call, lambda: reading.read(CHUNK_BYTES), self._page.reply_bytes)

    def unread(self, reader: int) -> None:
        """The page's reader goes."""
        reading = self._readers.pop(reader, None)
        if reading is not None:
            reading.close()

    def verified(self, index: int) -> None:
        """A piece is here."""
        self._readings.verified(index)

    def cancel(self, call: int) -> None:
        """Nobody waits for the reply to `call` any more."""
        task = self._calls.pop(call, None)
        if task is not None:
            task.cancel()

    def close(self) -> None:
        """Whatever waits is refused."""
        closed = Closed("the torrent was removed")
        self._readings.end(closed)
        for call in list(self._calls):
            self.cancel(call)
            self._page.refuse(call, closed)
        for reader in list(self._readers):
            self.unread(reader)

    def _span(self, file: int, start: int, end: int) -> tuple[int, int]:
        """Where bytes of a file are in the torrent."""
        if not 0 <= file < len(self._info.files):
            raise LocalError(f"there is no file number {file}")
        entry = self._info.files[file]
        if not 0 <= start <= end <= entry.length:
            raise LocalError(f"bytes {start} to {end} of a file of {entry.length} bytes do not exist")
        return entry.offset + start, entry.offset + end

    def _answer[Result](
        self, call: int, work: Callable[[], Coroutine[Any, Any, Result]], reply: Callable[[int, Result], None]
    ) -> None:
        async def run() -> None:
            try:
                result = await work()
            except Exception as error:
                self._page.refuse(call, error)
            else:
                reply(call, result)
            self._calls.pop(call, None)

        # What is here is given in this turn of the worker.
        task = asyncio.Task(run(), loop=asyncio.get_event_loop(), eager_start=True)
        if not task.done():
            self._calls[call] = task
