"""The page's calls that wait for bytes of one torrent: what it reads, and what it has checked.

Owns them from the moment when the metadata is here; before that there is nothing to call for. It never knows
how bytes come, nor where they are kept.
"""

import time
from collections.abc import Callable
from typing import Protocol

from torrentide.browser.facilities import Facilities
from torrentide.browser.files import FilesHere
from torrentide.browser.reads import BlobSource, Reads
from torrentide.browser.rescan import Rescans
from torrentide.engine.torrent import Torrent
from torrentide.errors import LocalError
from torrentide.metainfo.info import Info
from torrentide.ports import Store
from torrentide.reading import Readings


class ReadableStore(Store, BlobSource, Protocol):
    """A store that the page can read."""


class Calls:
    """Calls for one torrent."""

    def __init__(self, facilities: Facilities) -> None:
        self._facilities = facilities
        self._reads: Reads | None = None
        self._rescans: Rescans | None = None

    def open(
        self,
        info: Info,
        files: FilesHere,
        torrent: Torrent,
        store: ReadableStore,
        good: Callable[[int], None],
        bad: Callable[[list[int]], None] | None,
    ) -> None:
        """From now on the page can read and check `files`; `good` and `bad` as in `Rescans`."""
        assert torrent.picker is not None
        page, digest = self._facilities.page, self._facilities.digests
        readings = Readings(torrent, time.monotonic, self._facilities.arm)
        self._reads = Reads(info, files, readings, store, page)
        self._rescans = Rescans(info, torrent.picker.have, store, digest, page, good, bad)

    def read(self, call: int, file: int, start: int, end: int) -> None:
        """Reply to `call` with bytes `start` to `end` (exclusive) of file number `file` as a Blob, once
        they are here."""
        self._opened(file).read(call, file, start, end)

    def pull(
        self, call: int, reader: int, file: int, start: int, end: int, rate: float, slack: float
    ) -> None:
        """Reply to `call` with the next bytes of a reader of the page; see `Reads.pull`."""
        self._opened(file).pull(call, reader, file, start, end, rate, slack)

    def unread(self, reader: int) -> None:
        """A reader of the page goes."""
        if self._reads is not None:
            self._reads.unread(reader)

    def rescan(self, call: int) -> None:
        """Check every stored piece again. Replies to `call` when that is done; what is bad is fetched again,
        or is a StorageError where the torrent was made of files."""
        if self._rescans is None:
            raise LocalError("there is nothing to check yet: the metadata is not here")
        self._rescans.start(call)

    def verified(self, index: int) -> None:
        """A piece is here."""
        if self._reads is not None:
            self._reads.verified(index)

    def cancel(self, call: int) -> None:
        """Nobody waits for the reply to `call` any more."""
        if self._reads is not None and self._rescans is not None:
            self._reads.cancel(call)
            self._rescans.cancel(call)

    def close(self) -> None:
        """Whatever waits is refused."""
        if self._reads is not None and self._rescans is not None:
            self._reads.close()
            self._rescans.close()

    def _opened(self, file: int) -> Reads:
        if self._reads is None:
            raise LocalError(f"there is no file number {file} yet: the metadata is not here")
        return self._reads
