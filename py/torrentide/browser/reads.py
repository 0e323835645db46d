"""What the page reads of a torrent's files: each read is answered with a Blob when its bytes are here.

Owns the reads that wait, and has their pieces fetched before the rest. It never knows how bytes come.
"""

import time
from collections.abc import Callable
from typing import Protocol

from torrentide.browser.files import FilesHere
from torrentide.browser.page import Page
from torrentide.browser.shim import JsBlob
from torrentide.browser.wanted import Wanted
from torrentide.errors import Closed, LocalError, StorageError
from torrentide.metainfo.info import Info
from torrentide.pieces.bitfield import Bitfield


class BlobSource(Protocol):
    """A store that a page can read."""

    def blob(
        self, start: int, end: int, done: Callable[[JsBlob | StorageError], None], *, complete: bool
    ) -> None:
        """Give bytes `start` to `end` (exclusive) of the torrent, of one file, all of which must be here.
        `complete`: the whole file is."""


class Reads:
    """Reads of `info`'s files in `store`. `have` is what is here; `lost` is told of a piece that turns out
    not to be."""

    def __init__(
        self,
        info: Info,
        have: Bitfield,
        files: FilesHere,
        store: BlobSource,
        wanted: Wanted,
        page: Page,
        lost: Callable[[int], None],
    ) -> None:
        self._info = info
        self._have = have
        self._files = files
        self._store = store
        self._wanted = wanted
        self._page = page
        self._lost = lost
        self._closed = False
        self._waiting: list[tuple[int, int, int, int]] = []

    def read(self, call: int, file: int, start: int, end: int) -> None:
        """Reply to `call` with bytes `start` to `end` (exclusive) of file number `file` as a Blob, once
        they are here. LocalError where there are no such bytes."""
        if not 0 <= file < len(self._info.files):
            raise LocalError(f"there is no file number {file}")
        length = self._info.files[file].length
        if not 0 <= start <= end <= length:
            raise LocalError(f"bytes {start} to {end} of a file of {length} bytes do not exist")
        self._waiting.append((call, file, start, end))
        self.serve()

    def serve(self) -> None:
        """Answer what can be answered."""
        waiting, self._waiting = self._waiting, []
        for call, file, start, end in waiting:
            pieces = self._pieces(file, start, end)
            if self._files.is_done(file) or all(index in self._have for index in pieces):
                self._give(call, file, start, end)
            else:
                self._waiting.append((call, file, start, end))
        if waiting:
            self._want()

    def cancel(self, call: int) -> None:
        """Nobody waits for the reply to `call` any more."""
        self._waiting = [read for read in self._waiting if read[0] != call]
        self._want()

    def close(self) -> None:
        """Whatever waits is refused."""
        self._closed = True
        for call, *_ in self._waiting:
            self._page.refuse(call, Closed("the torrent was removed"))
        self._waiting.clear()

    def _want(self) -> None:
        """Have what is waited for fetched before the rest."""
        pieces = (index for _, *span in self._waiting for index in self._pieces(*span))
        self._wanted.read(pieces, time.monotonic())

    def _pieces(self, file: int, start: int, end: int) -> range:
        if start == end:
            return range(0)
        offset, size = self._info.files[file].offset, self._info.piece_length
        return range((offset + start) // size, (offset + end - 1) // size + 1)

    def _give(self, call: int, file: int, start: int, end: int) -> None:
        def given(blob: JsBlob | StorageError) -> None:
            if not isinstance(blob, StorageError):
                self._page.reply(call, blob)
            elif blob.kind == "lost" and not self._closed:
                # It waits until they are here again.
                self._waiting.append((call, file, start, end))
                for index in self._pieces(file, start, end):
                    self._lost(index)
            else:
                self._page.refuse(call, blob)

        offset = self._info.files[file].offset
        self._store.blob(offset + start, offset + end, given, complete=self._files.is_done(file))
