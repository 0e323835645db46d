"""What is done when the files of a torrent can't be used any more: the visitor, or the browser, has cleared
the site's data, or an open file was taken away.

Owns how that is noticed, and whether the files are made anew or given up. What is lost is fetched again by
the engine.
"""

import time
from collections.abc import Callable

from torrentide.browser.facilities import Facilities
from torrentide.browser.library import Place
from torrentide.browser.stores import MEMORY_BYTES, FileStore
from torrentide.engine.torrent import Torrent
from torrentide.errors import StorageError
from torrentide.pieces.bitfield import Bitfield
from torrentide.storage.shelf import STATE_FILES

# Files that break so often within this time are of no use.
MAX_REPAIRS = 3
REPAIRS_SECONDS = 60.0


class Repair:
    """Of the files of one torrent in `place`. `store` and `torrent` give what there is of it, `warn` tells
    the page."""

    def __init__(
        self,
        facilities: Facilities,
        place: Place,
        store: Callable[[], FileStore | None],
        torrent: Callable[[], Torrent | None],
        warn: Callable[[StorageError], None],
    ) -> None:
        self._facilities = facilities
        self._place = place
        self._store = store
        self._torrent = torrent
        self._warn = warn
        self._running = self._given_up = self._closed = False
        self._begun: list[float] = []

    def close(self) -> None:
        """The torrent ends."""
        self._closed = True

    def look(self) -> None:
        """See whether the files are there: Chromium goes on with open files that were removed."""
        shelf = self._place.shelf
        if shelf.kept and not self._running:
            path = f"{shelf.folder}/{STATE_FILES[0]}"
            self._facilities.library.fs.peek(path, 0, 1, self._looked)

    def _looked(self, found: bytes | StorageError | None) -> None:
        if found is None and self._place.shelf.kept:
            self.broken(StorageError("its files are gone"))

    def failed(self, error: StorageError) -> None:
        """The shelf can't keep something."""
        if error.kind == "full":
            self._warn(error)
        else:
            self.broken(error)

    def broken(self, error: StorageError) -> None:
        """The files can't be used any more."""
        if self._running or self._given_up or self._closed:
            return
        self._running = True
        store = self._store()
        if store is not None:
            store.hold()
        self._facilities.start(self._mend(error))

    async def _mend(self, error: StorageError) -> None:
        now = time.monotonic()
        self._begun = [*(begun for begun in self._begun if now - begun < REPAIRS_SECONDS), now]
        if len(self._begun) == 1:
            self._warn(
                StorageError(
                    "what this site had stored was cleared, or can't be used any more: what is lost is "
                    f"fetched again ({error})"
                )
            )
        torrent, library = self._torrent(), self._facilities.library
        info = torrent.info if torrent is not None else None
        have = (
            torrent.picker.have.copy() if torrent is not None and torrent.picker is not None else Bitfield(0)
        )
        if len(self._begun) <= MAX_REPAIRS:
            gone = await library.renew(self._place, info, have, self.failed)
        else:
            gone = self._give_up(have)
        self._running = False
        store = self._store()
        if store is not None and not self._closed:
            self._go_on(store, gone)
        self._facilities.arm()

    def _go_on(self, store: FileStore, gone: list[int]) -> None:
        torrent = self._torrent()
        if self._given_up:
            store.give_up(self._facilities.memory)
        else:
            store.reopen(self._place.shelf)
        if torrent is not None:
            for index in gone:
                torrent.lost(index, time.monotonic())

    def _give_up(self, have: Bitfield) -> list[int]:
        self._given_up = True
        self._place.shelf.abandon()
        self._warn(
            StorageError(
                "nothing can be stored any more: the torrent is kept in memory, up to "
                f"{MEMORY_BYTES >> 30} GiB, and is gone with the page"
            )
        )
        return list(have)
