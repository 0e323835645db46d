"""Where the bytes of one torrent are, and the record of how it is used.

Owns the choice among files of the origin, memory, the files that a seed was made of and the page's own store,
and what is recorded when. It takes no decision about pieces or peers, and tells the page nothing but the
questions to its store.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import js

from torrentide.browser.checking import is_good
from torrentide.browser.claims import believed, claimed_pieces
from torrentide.browser.facilities import Facilities
from torrentide.browser.library import Glimpse, Place
from torrentide.browser.mirror import Mirror
from torrentide.browser.originals import OriginalStore
from torrentide.browser.page_store import PageStore
from torrentide.browser.repair import Repair
from torrentide.browser.shared import SharedStore
from torrentide.browser.shim import JsBlob, JsBuffer
from torrentide.browser.stores import FileStore, MemoryStore, blob_of
from torrentide.engine.exchange import ROOM_SECONDS
from torrentide.engine.torrent import Torrent
from torrentide.errors import StorageError
from torrentide.metainfo.info import Info
from torrentide.metainfo.magnet import Magnet
from torrentide.metainfo.metainfo import Metainfo
from torrentide.pieces.bitfield import Bitfield

AnyStore = FileStore | MemoryStore | OriginalStore | PageStore | SharedStore


class Keeping:
    """Of the torrent that `mirror` tells of. `broken` is told when the page's store fails,
    `warn` of what else goes wrong. `options` are the
    page's TorrentOptions, set before anything else."""

    def __init__(
        self,
        facilities: Facilities,
        mirror: Mirror,
        broken: Callable[[StorageError], None],
        warn: Callable[[StorageError], None],
    ) -> None:
        self.options: dict[str, Any] = {}
        # The files that it was made of, one after the other.
        self.whole: JsBlob | None = None
        # Where it is stored; None: in memory, or in the files that it was made of.
        self.place: Place | None = None
        # What another tab has stored, which it has still; and how that gets what we fetched.
        self.glimpse: Glimpse | None = None
        self.offer: Callable[[int, JsBuffer], None] = lambda index, data: None
        self.store: AnyStore | None = None
        self._facilities = facilities
        self._mirror = mirror
        self._broken = broken
        self._warn = warn
        # The files of `place`, and what is done when they break.
        self._files: FileStore | None = None
        self._repair: Repair | None = None
        # What was received and sent by tabs that had the place before, while this one ran.
        self._others_totals = (0, 0)
        self._statistics_moved = False

    def failed(self, error: StorageError) -> None:
        """The place can't keep something."""
        if self._repair is not None:
            self._repair.failed(error)
        else:
            self._warn(error)

    def look(self) -> None:
        """See whether what is stored is there still."""
        if self._repair is not None:
            self._repair.look()

    # -- The place

    def take(
        self,
        place: Place,
        outer: Metainfo | Magnet,
        web_seeds: Sequence[str],
        limits: dict[str, float],
        *,
        paused: bool,
    ) -> None:
        """Store the torrent there, and how it is used."""
        self.place = place
        self._repair = Repair(self._facilities, place, lambda: self._files, self._torrent, self._warn)
        state, options = place.shelf.state, self.options
        if self._mirror.swarm is None:
            self._mirror.before = (state.received, state.uploaded)
        else:
            self._others_totals = (state.received, state.uploaded)
        state.magnet = str(outer) if isinstance(outer, Magnet) else ""
        state.trackers, state.web_seeds = options["announce"], list(web_seeds)
        state.order = state.order or int(js.Date.now())
        state.down, state.up = int(limits["down"]), int(limits["up"])
        state.paused, state.sequential = paused, options["sequential"]
        state.session = options["persist"]
        if not options["restore"]:
            state.priorities = b""

    async def move(self, info: Info, place: Place, here: Bitfield) -> tuple[list[int], list[int]]:
        """The tab that had `place` is gone, and it was just taken. What is in memory goes there. Gives the
        pieces that are there and not among those that are `here`, and those that are lost."""
        store = self.store
        assert isinstance(store, SharedStore)
        there = Bitfield(info.piece_count) if place.have is None else place.have.copy()
        files = self._file_store(info, place, place.have)
        lost = []
        for index in [index for index in here if index not in there and not store.holds(index)]:
            # Its last tab may have been killed between the write and the record of it.
            if await is_good(index, info, place.shelf, self._facilities.digests):
                place.shelf.found(index)
            else:
                lost.append(index)
        while not await store.move(files, there):
            await asyncio.sleep(ROOM_SECONDS)
        return [index for index in there if index not in here], lost

    def priorities(self, piece_count: int) -> bytes | None:
        """Those that are to be restored, if there are any."""
        stored = self.place.shelf if self.place is not None else self.glimpse
        if stored is None or not self.options["restore"]:
            return None
        return stored.state.priorities_of(piece_count)

    # -- The store

    def open(self, info: Info) -> AnyStore:
        """The store of a torrent, of which `info` is known now."""
        if self.whole is not None:
            self.store = OriginalStore(info, self.whole, self._facilities.originals)
        elif self.place is not None:
            self.store = self._file_store(info, self.place, self.place.have)
        elif self.glimpse is not None:
            self.store = self._shared_store(info, self.glimpse)
        elif self.options["storage"] == "page":
            self.store = self._page_store(info)
        else:
            self.store = MemoryStore(info, self._facilities.memory)
        return self.store

    async def look_through(self, info: Info) -> Bitfield:
        """The pieces that the page's store has."""
        store = self._page_store(info)
        if self.options["skipVerify"]:
            return Bitfield.full(info.piece_count)
        digests = self._facilities.digests
        claimed = claimed_pieces(info, bytes(self.options.get("bitfield", b"")))
        if claimed is None:
            return await store.found(digests, range(info.piece_count))
        return await believed(info, claimed, lambda pieces: store.found(digests, pieces))

    def shared(self) -> SharedStore | None:
        """The store, if another tab has its files."""
        return self.store if isinstance(self.store, SharedStore) else None

    def store_answer(self, job: int, data: Any, error: str | None) -> None:
        """The page's store called back; see `PageStore.answer`."""
        if isinstance(self.store, PageStore):
            self.store.answer(job, data, error)

    def lost(self, index: int) -> None:
        """The piece is not what it was."""
        assert self.store is not None
        if not isinstance(self.store, OriginalStore):
            self.store.lost(index)

    def _file_store(self, info: Info, place: Place, have: Bitfield | None) -> FileStore:
        if place.have is None:
            have = Bitfield(info.piece_count)
            place.shelf.open(info, have)
        assert have is not None
        assert self._repair is not None
        fs, digests = self._facilities.library.fs, self._facilities.digests
        self._files = FileStore(info, place.shelf, fs, digests, have, self._repair.broken)
        return self._files

    def _shared_store(self, info: Info, glimpse: Glimpse) -> SharedStore:
        there = Bitfield(info.piece_count) if glimpse.have is None else glimpse.have.copy()
        about = self._facilities
        fs = about.library.fs
        return SharedStore(
            info, fs, glimpse.folder, about.memory, about.digests, there, lambda *piece: self.offer(*piece)
        )

    def _torrent(self) -> Torrent | None:
        return self._mirror.swarm.torrent if self._mirror.swarm is not None else None

    def _page_store(self, info: Info) -> PageStore:
        if not isinstance(self.store, PageStore):

            def ask(request: dict[str, Any]) -> None:
                self._mirror.tell({}, ["store", request])
                self._facilities.arm()

            slots = self.options["storeCacheSlots"]
            self.store = PageStore(info, self._facilities.timers, ask, blob_of, self._broken, slots)
        return self.store

    # -- The record

    def paused(self, paused: bool) -> None:
        """Who pauses and then reloads finds it paused."""
        if self.place is not None:
            self.place.shelf.state.paused = paused
            self.save()

    def limited(self, limits: dict[str, float]) -> None:
        """The torrent's limits: see Limits in protocol.ts."""
        if self.place is not None:
            state = self.place.shelf.state
            state.down, state.up = int(limits["down"]), int(limits["up"])
            self.place.shelf.chosen()

    def selected(self, priorities: bytes) -> None:
        """The priority of each piece."""
        if self.place is not None:
            self.place.shelf.state.priorities = priorities
            self.place.shelf.chosen()

    def save(self) -> None:
        """Record how things stand, without waiting for the next flush."""
        if self.place is not None:
            self._count(self.place)
            self.place.shelf.save()

    def count(self, *, due: bool) -> None:
        """Take what was sent and received into what is recorded next; `due`: have it recorded soon, if only
        that moved."""
        if self.place is None:
            return
        self._statistics_moved |= self._count(self.place)
        if self._statistics_moved and due:
            self._statistics_moved = False
            self.place.shelf.changed()

    def _count(self, place: Place) -> bool:
        """Take the totals into what is recorded next. Gives whether they moved."""
        received, uploaded = self._mirror.totals()
        totals, state = (
            (received + self._others_totals[0], uploaded + self._others_totals[1]),
            place.shelf.state,
        )
        moved = totals != (state.received, state.uploaded)
        state.received, state.uploaded = totals
        return moved

    # -- The end

    def end(self) -> None:
        """The torrent is about to be closed."""
        if self._repair is not None:
            self._repair.close()
        if isinstance(self.store, PageStore):
            self.store.close()
        if self.place is not None:
            self._count(self.place)

    def leave(self) -> None:
        """Others may have the place."""
        if self.place is not None:
            self._facilities.library.leave(self.place)

    async def remove(self) -> int:
        """Remove what is stored; gives the bytes that this frees."""
        return await self._facilities.library.remove(self.place) if self.place is not None else 0
