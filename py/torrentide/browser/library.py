"""The torrents that this origin has stored: finding, checking, listing and removing them.

Owns the folder of each and who may use it: one tab at a time, by a lock that the browser gives back when the
tab is gone. How a torrent runs is decided elsewhere.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from pyodide.ffi import JsException

from torrentide.browser.checking import is_good
from torrentide.browser.opfs import Opfs
from torrentide.browser.others import OthersPieces, OthersRecords
from torrentide.browser.shim import JsFiles
from torrentide.errors import InvalidTorrent, StorageError
from torrentide.host import called_back
from torrentide.metainfo.info import Info
from torrentide.metainfo.metainfo import Metainfo, parse_metainfo
from torrentide.pieces.bitfield import Bitfield
from torrentide.ports import Digest, Store
from torrentide.storage.check import beyond_the_end, sample
from torrentide.storage.shelf import Loaded, Shelf
from torrentide.storage.state import State
from torrentide.timers import Timers

ROOT = "torrentide"
# Enough to keep the disk and SubtleCrypto busy together.
CHECKED_AT_ONCE = 8


@dataclass
class Place:
    """A torrent's place in the storage, taken for us. `metainfo` and `have` are what was found and checked;
    `faults` what is wrong with it, in plain words; `torrent` is the stored .torrent file."""

    shelf: Shelf
    lock: int
    metainfo: Metainfo | None
    have: Bitfield | None
    faults: list[str]
    torrent: bytes | None = None

    def keep_metadata(self, torrent: bytes) -> None:
        """Store the .torrent file, if it is not what is stored."""
        if torrent != self.torrent:
            self.torrent = torrent
            self.shelf.keep_metadata(torrent)


@dataclass
class Glimpse:
    """What another tab has stored of a torrent, and was found and checked, as in `Place`."""

    state: State
    metainfo: Metainfo | None
    have: Bitfield | None
    folder: str


class Library:
    """Of this origin; `js_files` is web/src/engine/files.ts."""

    def __init__(
        self, js_files: JsFiles, timers: Timers, digest: Digest, rng: random.Random, after: Callable[[], None]
    ) -> None:
        self.fs = Opfs(js_files, after)
        self._js = js_files
        self._timers = timers
        self._digest = digest
        self._rng = rng
        self._available: bool | None = None
        self._waits = itertools.count(1)
        # Folders that are being removed, and the end of that.
        self._removing: dict[str, asyncio.Event] = {}

    async def available(self) -> bool:
        """Whether anything can be stored here."""
        if self._available is None:
            self._available = bool(await self._js.available())
        return self._available

    async def take(
        self, info_hash: bytes, given: Metainfo | None, failed: Callable[[StorageError], None]
    ) -> Place | None:
        """The place of a torrent, and what is in it; None when another tab has it. `failed` is told when it
        can't be written to, later on."""
        task = asyncio.get_event_loop().create_task(self._take(info_hash, given, failed))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(self._give_back)
            raise

    async def wait_for(
        self, info_hash: bytes, given: Callable[[], Metainfo | None], failed: Callable[[StorageError], None]
    ) -> Place | None:
        """As `take`, when the tab that has it is gone. `given` is asked then. To be cancelled when nobody
        waits any more."""
        wait = next(self._waits)
        task = asyncio.get_event_loop().create_task(self._wait_for(wait, info_hash, given, failed))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._js.stopWaiting(wait)
            task.add_done_callback(self._give_back)
            raise

    async def _wait_for(
        self,
        wait: int,
        info_hash: bytes,
        given: Callable[[], Metainfo | None],
        failed: Callable[[StorageError], None],
    ) -> Place | None:
        lock = await self._js.waitForLock(wait, _lock_name(info_hash.hex()))
        return await self._look(lock, info_hash, given(), failed) if lock else None

    def _give_back(self, task: "asyncio.Task[Place | None]") -> None:
        place = task.result()
        if place is not None:
            self.leave(place)

    async def _take(
        self, info_hash: bytes, given: Metainfo | None, failed: Callable[[StorageError], None]
    ) -> Place | None:
        folder = f"{ROOT}/{info_hash.hex()}"
        while folder in self._removing:
            await self._removing[folder].wait()
        lock = await self._lock(info_hash.hex())
        return await self._look(lock, info_hash, given, failed) if lock else None

    async def _look(
        self, lock: int, info_hash: bytes, given: Metainfo | None, failed: Callable[[StorageError], None]
    ) -> Place:
        """What is there, of which we have the lock."""
        folder = f"{ROOT}/{info_hash.hex()}"
        shelf = Shelf(self.fs, folder, self._timers, time.monotonic, failed)
        loaded = await called_back(shelf.load)
        place = Place(shelf, lock, given, None, list(loaded.faults))
        stored = loaded.metadata and _metainfo(loaded.metadata, info_hash, place.faults)
        if stored:
            place.metainfo, place.torrent = given or stored, loaded.metadata
        if place.metainfo is not None:
            place.have = await self._found(place.metainfo.info, place, loaded)
        return place

    async def glimpse(self, info_hash: bytes, given: Metainfo | None) -> Glimpse:
        """What another tab has, which may go on with it."""
        folder = f"{ROOT}/{info_hash.hex()}"
        shelf, loaded = await self._peek(folder)
        faults: list[str] = []
        stored = loaded.metadata and _metainfo(loaded.metadata, info_hash, faults)
        glimpse = Glimpse(shelf.state, given or stored or None, None, folder)
        if glimpse.metainfo is not None:
            info = glimpse.metainfo.info
            glimpse.have = shelf.state.have_of(info.piece_count)
            await self._sift(info, glimpse.have, OthersPieces(info, self.fs, folder), loaded)
        return glimpse

    async def _peek(self, folder: str) -> tuple[Shelf, Loaded]:
        """The records of a folder that another tab may use."""
        shelf = Shelf(OthersRecords(self.fs), folder, self._timers, time.monotonic, lambda error: None)
        loaded = await called_back(shelf.load)
        shelf.abandon()
        return shelf, loaded

    async def renew(
        self, place: Place, info: Info | None, have: Bitfield, failed: Callable[[StorageError], None]
    ) -> list[int]:
        """The files of a place can't be used any more: open them anew, as far as they are there. Gives the
        pieces of `have` that are gone."""
        state, folder = place.shelf.state, place.shelf.folder
        place.shelf.abandon()
        self._js.forget()
        place.shelf = shelf = Shelf(self.fs, folder, self._timers, time.monotonic, failed)
        loaded = await called_back(shelf.load)
        shelf.state = state
        gone = []
        if info is not None:
            shelf.open(info, have)
            gone = await self._sift(info, have.copy(), shelf, loaded, all_of_them=True)
            for index in gone:
                shelf.lost(index)
        shelf.keep()
        if place.torrent is not None:
            shelf.keep_metadata(place.torrent)
        return gone

    def leave(self, place: Place) -> None:
        """Others may have it."""
        place.shelf.close()
        self._js.unlock(place.lock)

    async def remove(self, place: Place) -> int:
        """Remove all that is stored of a torrent; gives the bytes that this frees. Where other tabs have it,
        it is theirs."""
        folder = place.shelf.folder
        removed = self._removing[folder] = asyncio.Event()
        try:
            if await self._js.awaited(_lock_name(folder.rpartition("/")[2])):
                place.shelf.close()
                return 0
            place.shelf.abandon()
            return await self._remove(folder)
        finally:
            self._js.unlock(place.lock)
            del self._removing[folder]
            removed.set()

    async def stored(self) -> list[dict[str, Any]]:
        """Every stored torrent: a StoredTorrent of web/src/protocol.ts each, in the order that they were
        added."""
        found = []
        for name in await self._names(ROOT):
            lock = await self._lock(name)
            _, loaded = await self._peek(f"{ROOT}/{name}")
            if lock:
                self._js.unlock(lock)
            used = await self._bytes(f"{ROOT}/{name}")
            found.append({**_row(name, loaded), "inUse": not lock, "bytes": used})
        return sorted(found, key=lambda row: row["order"])

    async def clean(self, names: Iterable[str]) -> int:
        """Remove these folders, where no tab uses them; gives the bytes that this frees."""
        freed = 0
        for name in names:
            lock = await self._lock(name)
            if lock:
                freed += await self._remove(f"{ROOT}/{name}")
                self._js.unlock(lock)
        return freed

    # -- Checking

    async def _found(self, info: Info, place: Place, loaded: Loaded) -> Bitfield:
        """The pieces that are there: a few of those that are claimed are checked. If one is bad, or nothing
        can be believed, all are."""
        have = place.shelf.state.have_of(info.piece_count)
        unknown = loaded.state is None and bool(loaded.sizes)
        if unknown:
            have = Bitfield.full(info.piece_count)
        place.shelf.open(info, have)
        gone = await self._sift(info, have, place.shelf, loaded, all_of_them=unknown)
        for index in gone:
            place.shelf.lost(index)
        if gone and not unknown:
            place.faults.append(f"{len(gone)} stored pieces are damaged or gone")
        return have

    async def _sift(
        self, info: Info, have: Bitfield, store: Store, loaded: Loaded, *, all_of_them: bool = False
    ) -> list[int]:
        """Remove from `have` what is not in `store`, and give that. A few are checked; if one is bad, or to
        begin with, `all_of_them`."""
        gone = beyond_the_end(info, have, loaded.sizes)
        for index in gone:
            have.remove(index)
        bad = [] if all_of_them else await self._bad(info, store, sample(info, have, self._rng))
        if bad or all_of_them:
            bad = await self._bad(info, store, list(have))
        for index in bad:
            have.remove(index)
        return gone + bad

    async def _bad(self, info: Info, store: Store, pieces: list[int]) -> list[int]:
        bad = []
        for first in range(0, len(pieces), CHECKED_AT_ONCE):
            some = pieces[first : first + CHECKED_AT_ONCE]
            good = await asyncio.gather(*[is_good(index, info, store, self._digest) for index in some])
            bad += [index for index, is_it in zip(some, good, strict=True) if not is_it]
        return bad

    # -- Folders

    async def _lock(self, name: str) -> int:
        try:
            return await self._js.lock(_lock_name(name))
        except JsException:
            return 0

    async def _remove(self, folder: str) -> int:
        freed = await self._bytes(folder)
        error = await called_back(partial(self.fs.remove, folder))
        if error is not None:
            raise error
        return freed

    async def _bytes(self, folder: str) -> int:
        names = await called_back(partial(self.fs.list, folder))
        return 0 if isinstance(names, StorageError) else sum(size or 0 for size in names.values())

    async def _names(self, folder: str) -> list[str]:
        names = await called_back(partial(self.fs.list, folder))
        return [] if isinstance(names, StorageError) else list(names)


def _lock_name(name: str) -> str:
    return f"{ROOT} {name}"


def _metainfo(data: bytes, info_hash: bytes, faults: list[str]) -> Metainfo | None:
    with suppress(InvalidTorrent):
        metainfo = parse_metainfo(data)
        if metainfo.info.info_hash == info_hash:
            return metainfo
    faults.append("the stored metadata is of another torrent")
    return None


def _row(name: str, loaded: Loaded) -> dict[str, Any]:
    state = loaded.state
    row: dict[str, Any] = {"infoHash": name, "order": 0, "session": False}
    if loaded.metadata is not None:
        with suppress(InvalidTorrent):
            row["name"] = parse_metainfo(loaded.metadata).info.name
            row["torrentFile"] = loaded.metadata
    if state is not None:
        row |= {"order": state.order, "session": state.session, "magnet": state.magnet}
        row |= {"paused": state.paused, "sequential": state.sequential}
        row |= {"limits": {"down": state.down, "up": state.up}}
        row |= {"announce": state.trackers, "urlList": state.web_seeds}
    return row
