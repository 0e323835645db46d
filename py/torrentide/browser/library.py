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
from torrentide.browser.shim import JsFiles
from torrentide.errors import InvalidTorrent, StorageError
from torrentide.host import called_back
from torrentide.metainfo.info import Info
from torrentide.metainfo.metainfo import Metainfo, parse_metainfo
from torrentide.pieces.bitfield import Bitfield
from torrentide.ports import Digest
from torrentide.storage.check import beyond_the_end, sample
from torrentide.storage.shelf import Loaded, Shelf
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
        lock = await self._js.waitForLock(wait, f"{ROOT} {info_hash.hex()}")
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

    def leave(self, place: Place) -> None:
        """Others may have it."""
        place.shelf.close()
        self._js.unlock(place.lock)

    async def remove(self, place: Place) -> int:
        """Remove all that is stored of a torrent; gives the bytes that this frees."""
        place.shelf.abandon()
        folder = place.shelf.folder
        removed = self._removing[folder] = asyncio.Event()
        try:
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
            shelf = Shelf(self.fs, f"{ROOT}/{name}", self._timers, time.monotonic, lambda error: None)
            lock = await self._lock(name)
            # The files of a torrent that is in use are open already.
            loaded = await called_back(shelf.load) if lock else Loaded(None, None, {}, ())
            shelf.abandon()
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
        cut = beyond_the_end(info, have, loaded.sizes)
        for index in cut:
            have.remove(index)
        place.shelf.open(info, have)
        bad = await self._bad(info, place.shelf, sample(info, have, self._rng)) if not unknown else []
        if bad or unknown:
            bad = await self._bad(info, place.shelf, list(have))
        for index in bad:
            have.remove(index)
            place.shelf.lost(index)
        if (cut or bad) and not unknown:
            place.faults.append(f"{len(cut) + len(bad)} stored pieces are damaged or gone")
        return have

    async def _bad(self, info: Info, shelf: Shelf, pieces: list[int]) -> list[int]:
        bad = []
        for first in range(0, len(pieces), CHECKED_AT_ONCE):
            some = pieces[first : first + CHECKED_AT_ONCE]
            good = await asyncio.gather(*[is_good(index, info, shelf, self._digest) for index in some])
            bad += [index for index, is_it in zip(some, good, strict=True) if not is_it]
        return bad

    # -- Folders

    async def _lock(self, name: str) -> int:
        try:
            return await self._js.lock(f"{ROOT} {name}")
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
