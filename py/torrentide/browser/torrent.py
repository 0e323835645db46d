"""A torrent as the page sees it: what the page asks of it, and what it is told, in few messages.

Owns its life from being added to its end, and when the page is told: counters a few times a second, never per
block; events at once, with the state that they speak of. It takes no decision about pieces or peers.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import js

from torrentide.browser.claims import believed, claimed_pieces
from torrentide.browser.description import info_state, outer_state, priorities_of, selected_files
from torrentide.browser.files import FilesHere
from torrentide.browser.library import Library, Place
from torrentide.browser.mirror import Mirror
from torrentide.browser.originals import Originals, OriginalStore
from torrentide.browser.page import Page, error_fields
from torrentide.browser.page_store import PageStore
from torrentide.browser.reads import Reads
from torrentide.browser.rescan import Rescans
from torrentide.browser.shim import JsBlob
from torrentide.browser.standing import client_of
from torrentide.browser.stores import FileStore, Memory, MemoryStore, blob_of
from torrentide.browser.wanted import Wanted
from torrentide.browser.wires import PageWires
from torrentide.discovery.signalling import AnnounceReply
from torrentide.engine.limits import Limits
from torrentide.engine.peer import Peer
from torrentide.engine.session import Session
from torrentide.engine.swarm import Swarm
from torrentide.engine.torrent import Torrent
from torrentide.errors import DuplicateTorrent, LocalError, StorageError, TorrentideError
from torrentide.metainfo.info import Info
from torrentide.metainfo.magnet import Magnet, magnet_of
from torrentide.metainfo.metainfo import Metainfo
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.picker import Picker
from torrentide.ports import Digest
from torrentide.reading import Readings
from torrentide.timers import Timer, Timers

# Often enough for a moving progress bar; a message costs about as much as three blocks.
REFRESH_SECONDS = 0.2

# Peers, trackers and begun pieces are for people to look at: once in so many refreshes.
STANDING_REFRESHES = 5
# What was sent and received is stored with all else, and each minute if only it moved.
STATISTICS_REFRESHES = 300


class PageTorrent:
    """The torrent that the page calls `number`. Made before anything is known of it; `join` brings it into
    its swarm."""

    def __init__(
        self,
        number: int,
        session: Session,
        page: Page,
        timers: Timers,
        originals: Originals,
        digest: Digest,
        library: Library,
        memory: Memory,
        arm: Callable[[], None],
        gone: Callable[[], None],
    ) -> None:
        self.session = session
        self.swarm: Swarm | None = None
        # The task that prepares it: reads a URL, or hashes files.
        self.preparing: asyncio.Task[None] | None = None
        self._page = page
        self._mirror = Mirror(number, page)
        self._timers = timers
        self._originals = originals
        self._digest = digest
        self._library = library
        self._memory = memory
        self._arm = arm
        self._gone = gone
        self.closed = self._removing = False
        self._options: dict[str, Any] = {}
        self._private: bool | None = None
        self.paused = False
        self._limits: dict[str, float] = {"down": -1, "up": -1}
        self._outer: Metainfo | Magnet | None = None
        self._whole: JsBlob | None = None
        # Where it is stored; None: in memory, or in the files that it was made of.
        self._place: Place | None = None
        self._store: FileStore | MemoryStore | OriginalStore | PageStore | None = None
        # Looks through the page's store.
        self._looking: asyncio.Task[None] | None = None
        self._info: Info | None = None
        self._seeding = False
        # None until the metadata is here.
        self._files: FilesHere | None = None
        self._reads: Reads | None = None
        self._rescans: Rescans | None = None
        self._wanted: Wanted | None = None
        self._wires = PageWires(lambda event: self._mirror.tell({}, event))
        self._is_ready = self._is_done = False
        self._refreshing: Timer | None = None
        self._refreshes = 0
        self._statistics_moved = False

    # -- What the page asks

    def configure(self, options: dict[str, Any], private: bool | None) -> None:
        """Take the page's TorrentOptions; once, before `join`. `private` overrides what the torrent says."""
        self._options = options
        self._private = private
        self.paused = options["paused"]
        self._limits = options["limits"]

    def join(
        self,
        outer: Metainfo | Magnet,
        own: list[str],
        foreign: list[str],
        *,
        web_seeds: Sequence[str] = (),
        whole: JsBlob | None = None,
        place: Place | None = None,
        have: Bitfield | None = None,
    ) -> None:
        """Join the swarm of a .torrent or a magnet link; with `whole`, the bytes of all files one after the
        other, as a seed. `own` and `foreign` are trackers that it names and does not name, `web_seeds` are
        used beside its own; `place` is where it is stored, `have` what the page's store has."""
        now = time.monotonic()
        info_hash = info_hash_of(outer)
        if place is not None:
            self._take_place(place, outer, web_seeds)
        known = place.metainfo if place is not None and isinstance(outer, Magnet) else outer
        info = known.info if isinstance(known, Metainfo) else None
        own, foreign = self._trackers_used(own, foreign, info)
        trackers = list(dict.fromkeys([*own, *foreign]))
        magnet = outer if isinstance(outer, Magnet) else magnet_of(outer)
        self._mirror.announce = trackers
        web_seeds = list(dict.fromkeys([*outer.web_seeds, *web_seeds]))
        self._outer = outer
        self._whole = whole
        self._seeding = whole is not None
        state: dict[str, Any] = {
            "infoHash": info_hash.hex(),
            "announce": trackers,
            "urlList": web_seeds,
            "magnetURI": str(replace(magnet, trackers=tuple(trackers))),
        }
        if _name(outer):
            state["name"] = _name(outer)
        if isinstance(outer, Magnet):
            state["peerAddresses"] = [f"{host}:{port}" for host, port in outer.peers]
            if outer.exact_sources:
                state["xs"] = list(outer.exact_sources)
        self._mirror.tell(state, ["infoHash"])
        if place is not None and place.faults:
            self.warning(StorageError(f"{'; '.join(place.faults)}: what is lost is fetched again"))
        self.swarm = self._mirror.swarm = self.session.add(
            info_hash,
            own,
            foreign=foreign,
            observer=self,
            open_store=self._open_store,
            now=now,
            info=info,
            seeding=self._seeding,
            super_seeding=self._options["superSeeding"],
            no_peers_seconds=self._options["noPeersSeconds"],
            have=place.have.copy() if place is not None and place.have is not None else have,
        )
        self._prepare(now)
        if self._options["webSeeds"]:
            self.swarm.torrent.add_web_seeds(web_seeds, now)
            if isinstance(outer, Metainfo):
                self.swarm.torrent.add_web_seeds(outer.http_seeds, now, pieces=True)
        if self._seeding:
            self._mirror.tell({}, ["seed"])
        self._refreshing = self._timers.at(now + REFRESH_SECONDS, self._refresh)
        if place is not None:
            place.shelf.keep()

    def _take_place(self, place: Place, outer: Metainfo | Magnet, web_seeds: Sequence[str]) -> None:
        """Store the torrent there, and how it is used."""
        self._place = place
        state, options = place.shelf.state, self._options
        if self.swarm is None:
            self._mirror.before = (state.received, state.uploaded)
        state.magnet = str(outer) if isinstance(outer, Magnet) else ""
        state.trackers, state.web_seeds = options["announce"], list(web_seeds)
        state.order = state.order or int(js.Date.now())
        state.down, state.up = int(self._limits["down"]), int(self._limits["up"])
        state.paused, state.sequential = self.paused, options["sequential"]
        state.session = options["persist"]
        if not options["restore"]:
            state.priorities = b""

    def _prepare(self, now: float) -> None:
        """What the page asked for before there was a torrent to ask it of."""
        self.set_limits(self._limits)
        self._torrent.slots.count = self._options["uploads"]
        self._torrent.slots.seeds = not self._options["alwaysChokeSeeders"]
        self.announce_with(self._options["announceKeys"])
        if self.paused:
            self._torrent.pause(now)

    @property
    def named(self) -> int:
        """How many trackers and peers the torrent names, those that a page can't use included."""
        return len(self._mirror.announce) + (len(self._outer.peers) if isinstance(self._outer, Magnet) else 0)

    def metainfo(self) -> Metainfo | None:
        """What is in the torrent, once it is known."""
        if self._info is None or self._outer is None:
            return None
        outer = self._outer
        return outer if isinstance(outer, Metainfo) else Metainfo(self._info, outer.tiers, outer.web_seeds)

    async def take_over(self, place: Place) -> None:
        """The tab that had the storage is gone: what is in memory goes there, and what it had is ours."""
        assert self._outer is not None
        self._take_place(place, self._outer, place.shelf.state.web_seeds)
        place.shelf.keep()
        have = place.have
        if self._info is None and place.metainfo is not None and have is not None:
            self._torrent.learn(place.metainfo.info, have.copy(), time.monotonic())
        elif self._info is not None and isinstance(self._store, MemoryStore):
            have = Bitfield(self._info.piece_count) if have is None else have
            found = have.copy()
            moved = await self._store.move(self._file_store(self._info, place, have), found)
            for index in found if moved else ():
                self._torrent.found(index, time.monotonic())
            place.keep_metadata(outer_state(self._info, self._outer)["torrentFile"])
        self._arm()

    async def look(self, info: Info) -> Bitfield:
        """The pieces that the page's store has."""
        store = self._page_store(info)
        if self._options["skipVerify"]:
            return Bitfield.full(info.piece_count)
        claimed = claimed_pieces(info, bytes(self._options.get("bitfield", b"")))
        if claimed is None:
            return await store.found(self._digest, range(info.piece_count))
        return await believed(info, claimed, lambda pieces: store.found(self._digest, pieces))

    def store_answer(self, job: int, data: Any, error: str | None) -> None:
        """The page's store called back; see `PageStore.answer`."""
        if isinstance(self._store, PageStore):
            self._store.answer(job, data, error)

    def pause(self) -> None:
        """Send and take no data."""
        self._set_paused(True)
        if self.swarm is not None:
            self.swarm.torrent.pause(time.monotonic())

    def resume(self) -> None:
        """Go on; who is alone looks for peers at once."""
        self._set_paused(False)
        if self.swarm is not None:
            now = time.monotonic()
            self.swarm.torrent.resume(now)
            if not self.swarm.torrent.peers:
                self.swarm.online(now)

    def _set_paused(self, paused: bool) -> None:
        self.paused = paused
        if self._place is not None:
            self._place.shelf.state.paused = paused
            # Who pauses and then reloads finds it paused.
            self._save()

    def set_limits(self, limits: dict[str, float]) -> None:
        """Keep to these speeds; see Limits in protocol.ts."""
        self._limits = limits
        if self._place is not None:
            state = self._place.shelf.state
            state.down, state.up = int(limits["down"]), int(limits["up"])
            self._place.shelf.changed()
        if self.swarm is not None:
            set_limits(self.swarm.torrent.limits, limits)

    def select(self, priorities: bytes, critical: list[int]) -> None:
        """Fetch what the page wants; see `Wanted.select`."""
        if self._wanted is None:
            raise LocalError("there are no pieces to select yet: the metadata is not here")
        self._wanted.select(priorities, critical, time.monotonic())
        if self._place is not None:
            self._place.shelf.state.priorities = priorities
            self._place.shelf.changed()

    def add_web_seed(self, url: str) -> None:
        """Fetch from this web server, too."""
        if self.swarm is not None:
            self.swarm.torrent.add_web_seeds([url], time.monotonic())

    def announce_with(self, keys: dict[str, Any]) -> None:
        """Send these further keys with each announce from now on."""
        self._options["announceKeys"] = keys
        if self.swarm is None:
            return
        try:
            self.swarm.announce_with(keys)
        except (LocalError, ValueError) as error:
            self.warning(LocalError(f"announces go out as before: {error}"))

    def add_peer(self, link: int) -> bool:
        """Whether a connection that the page made can be link number `link`."""
        if self.swarm is None:
            return False
        taken = self.session.adopt(self.swarm.torrent.info_hash, link, time.monotonic())
        if not taken:
            self.warning(LocalError("a peer can't be added: the page has as many connections as it may have"))
        return taken

    def remove_peer(self, link: int) -> None:
        """Close the connection to a peer; nothing happens when it is gone already."""
        if self.swarm is not None:
            self.session.link_failed(link, "the page removed the peer", time.monotonic())

    def use_extensions(self, link: int, names: list[str], others: bytes) -> None:
        """The page speaks these extensions on a wire; see `PageWires.use`."""
        if self.swarm is not None:
            self._wires.use(self.swarm.torrent, link, names, others, time.monotonic())

    def send_extended(self, link: int, number: int, payload: bytes) -> None:
        """Send a message of an extension; see `PageWires.send`."""
        if self.swarm is not None:
            self._wires.send(self.swarm.torrent, link, number, payload, time.monotonic())

    def took_extended(self, link: int, size: int) -> None:
        """The page has dealt with a message of an extension."""
        self._wires.took(link, size)

    def hashing(self, done: float) -> None:
        """The files of a seed are being hashed: 0 to 1."""
        self._mirror.tell({"hashing": done})

    def read(self, call: int, file: int, start: int, end: int) -> None:
        """Reply to `call` with bytes `start` to `end` (exclusive) of file number `file` as a Blob, once
        they are here."""
        if self._reads is None:
            raise LocalError(f"there is no file number {file} yet: the metadata is not here")
        self._reads.read(call, file, start, end)

    def pull(self, call: int, reader: int, file: int, start: int, end: int, rate: float) -> None:
        """Reply to `call` with the next bytes of a reader of the page; see `Reads.pull`."""
        if self._reads is None:
            raise LocalError(f"there is no file number {file} yet: the metadata is not here")
        self._reads.pull(call, reader, file, start, end, rate)

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

    def cancel(self, call: int) -> None:
        """Nobody waits for the reply to `call` any more."""
        if self._reads is not None and self._rescans is not None:
            self._reads.cancel(call)
            self._rescans.cancel(call)

    def close(self) -> None:
        """Leave the swarm; whatever waits is refused."""
        if self.closed:
            return
        self.closed = True
        if self.preparing is not None:
            self.preparing.cancel()
        if self._looking is not None:
            self._looking.cancel()
        if isinstance(self._store, PageStore):
            self._store.close()
        if self._refreshing is not None:
            self._refreshing.cancel()
        if self._reads is not None and self._rescans is not None:
            self._reads.close()
            self._rescans.close()
        if self.swarm is not None:
            if self._place is not None:
                self._count_statistics(self._place)
            self.session.remove(self.swarm.torrent.info_hash, time.monotonic())
        if self._place is not None and not self._removing:
            self._library.leave(self._place)

    async def remove(self) -> int:
        """Close it, and remove what is stored of it; gives the bytes that this frees."""
        self._removing = True
        self.close()
        return await self._library.remove(self._place) if self._place is not None else 0

    def failed(self, error: Exception) -> None:
        """The torrent can't go on: the page is told, and it is closed."""
        if self.closed:
            return
        event: list[Any] = ["error", error_fields(error)]
        if isinstance(error, DuplicateTorrent):
            event.append(str(error).rpartition(" ")[2])
        self._mirror.tell({}, event)
        self.close()
        self._gone()

    # -- Observer of the swarm

    def metadata(self, now: float) -> None:
        """See `SwarmObserver`: what is in the torrent is known."""
        info = self._info
        assert info is not None
        # What is known from the start gets here before `join` has the swarm.
        self.swarm = self._mirror.swarm = self.session.swarms[info.info_hash]
        self._prepare(now)
        assert self._outer is not None
        selected = selected_files(info, self._outer)
        priorities = self._first_priorities(info, selected)
        files = self._files = self._mirror.files = FilesHere(info, self._picker.have)
        wanted = self._wanted = Wanted(self._torrent)
        self._open_calls(info, files)
        self._tell_metadata(info, files, selected)
        self._picker.sequential = self._options["sequential"]
        if priorities is not None:
            wanted.select(priorities, [], now)
        self._is_ready = True
        self._mirror.tell({"ready": True}, ["ready"], *(["file-done", file] for file in files.done()))
        if self._torrent.wants_nothing and not self._torrent.complete:
            self.done(now)
        if isinstance(self._store, PageStore) and isinstance(self._outer, Magnet):
            self._looking = asyncio.get_event_loop().create_task(self._look_late(info))

    def verified(self, index: int, now: float) -> None:
        """See `SwarmObserver`: a piece is here."""
        assert self._files is not None
        assert self._reads is not None
        done = [["file-done", file] for file in self._files.verified(index)]
        self._mirror.tell(self._mirror.progress(now) if done else {}, ["verified", index], *done)
        self._reads.verified(index)

    def unverified(self, index: int, now: float) -> None:
        """See `SwarmObserver`: a piece is lost."""
        assert self._files is not None
        lacking = [["file-lost", file] for file in self._files.lost(index)]
        state = self._mirror.progress(now)
        if self._is_done:
            self._is_done = state["done"] = False
        self._mirror.tell(state, ["unverified", index], *lacking)
        assert self._store is not None
        if not isinstance(self._store, OriginalStore):
            self._store.lost(index)

    def full(self, error: StorageError, now: float) -> None:
        """See `SwarmObserver`: the download waits for room."""
        self._mirror.tell({"storageFull": True}, ["storageFull", error_fields(error)])

    def room(self, now: float) -> None:
        """See `SwarmObserver`: the download goes on."""
        self._mirror.tell({"storageFull": False}, ["storageRoom"])

    def done(self, now: float) -> None:
        """See `SwarmObserver`: everything that is wanted is here."""
        if not self._is_ready:
            return
        self._save()
        events = self._mirror.moved()
        state = {**self._mirror.progress(now), **self._mirror.standing(now)}
        if self._torrent.complete and not self._is_done:
            self._is_done = state["done"] = True
            events.append(["done"])
        self._mirror.tell(state, *events, ["idle"])

    def peer_joined(self, peer: Peer, now: float) -> None:
        """See `SwarmObserver`."""
        wire = {
            "link": peer.link,
            "peerId": (peer.peer_id or b"").hex(),
            "client": client_of(peer),
            **self._wires.joined(peer),
        }
        self._mirror.tell({}, ["wire", wire])

    def peer_left(self, peer: Peer, reason: str, now: float) -> None:
        """See `SwarmObserver`."""
        self._mirror.forget(peer.link)
        self._wires.left(peer)
        self._mirror.tell({}, ["wire-closed", peer.link])

    def announced(self, reply: AnnounceReply) -> None:
        """See `SwarmObserver`."""
        self._mirror.tell(self._mirror.trackers(), ["trackerAnnounce"])

    def no_peers(self, now: float) -> None:
        """See `SwarmObserver`."""
        self._mirror.tell({}, ["noPeers", "tracker"])

    def warning(self, error: TorrentideError) -> None:
        """See `SwarmObserver`."""
        self._mirror.tell(self._mirror.trackers(), ["warning", error_fields(error)])

    # -- The mirror

    @property
    def _torrent(self) -> Torrent:
        assert self.swarm is not None
        return self.swarm.torrent

    @property
    def _picker(self) -> Picker:
        assert self._torrent.picker is not None
        return self._torrent.picker

    def _trackers_used(
        self, own: list[str], foreign: list[str], info: Info | None
    ) -> tuple[list[str], list[str]]:
        """A private torrent uses no foreign trackers, whatever makes it one."""
        if self._private is False:
            return list(dict.fromkeys([*own, *foreign])), []
        return own, [] if self._private or (info is not None and info.private) else foreign

    def _open_calls(self, info: Info, files: FilesHere) -> None:
        """From now on the page can read and check files."""
        assert self._store is not None
        readings = Readings(self._torrent, time.monotonic, self._arm)
        self._reads = Reads(info, files, readings, self._store, self._page)
        bad = None if self._seeding else self._found_bad
        have = self._picker.have
        self._rescans = Rescans(info, have, self._store, self._digest, self._page, self._checked, bad)

    def _checked(self, index: int) -> None:
        self._mirror.tell({}, ["verified", index])

    def _found_bad(self, pieces: list[int]) -> None:
        self.warning(StorageError(f"{len(pieces)} stored pieces are damaged or gone: they are fetched again"))
        for index in pieces:
            self._lost(index)

    def _lost(self, index: int) -> None:
        self._torrent.lost(index, time.monotonic())

    def _first_priorities(self, info: Info, selected: list[int] | None) -> bytes | None:
        """What is wanted at first; None: everything."""
        if self._options["restore"] and self._place is not None:
            return self._place.shelf.state.priorities_of(info.piece_count)
        if self._options["deselect"]:
            return bytes(info.piece_count)
        return priorities_of(info, selected) if selected is not None else None

    def _tell_metadata(self, info: Info, files: FilesHere, selected: list[int] | None) -> None:
        assert self._outer is not None
        around = outer_state(info, (self._place and self._place.metainfo) or self._outer)
        restored = None
        if self._place is not None:
            self._place.keep_metadata(around["torrentFile"])
            if self._options["restore"]:
                restored = self._place.shelf.state.priorities_of(info.piece_count)
        state = {
            **info_state(info),
            **around,
            "private": info.private if self._private is None else self._private,
            "have": self._picker.have.to_wire(),
            "fileProgress": files.progress(),
            "downloaded": self._torrent.downloaded,
            "received": self._mirror.before[0],
            "uploaded": self._mirror.before[1],
        }
        if selected is not None:
            state["so"] = selected
        if restored is not None:
            state["priorities"] = restored
        self._mirror.tell(state, ["metadata"])

    def _page_store(self, info: Info) -> PageStore:
        if not isinstance(self._store, PageStore):

            def ask(request: dict[str, Any]) -> None:
                self._mirror.tell({}, ["store", request])
                self._arm()

            slots = self._options["storeCacheSlots"]
            self._store = PageStore(info, self._timers, ask, blob_of, self.failed, slots)
        return self._store

    async def _look_late(self, info: Info) -> None:
        """What is in the page's store of a magnet link, whose pieces were not known before."""
        for index in await self.look(info):
            if index not in self._picker.have:
                self._torrent.found(index, time.monotonic())
        self._arm()

    def _open_store(self, info: Info) -> FileStore | MemoryStore | OriginalStore | PageStore:
        self._info = info
        if self._whole is not None:
            self._store = OriginalStore(info, self._whole, self._originals)
        elif self._place is not None:
            self._store = self._file_store(info, self._place, self._place.have)
        elif self._options["storage"] == "page":
            self._store = self._page_store(info)
        else:
            self._store = MemoryStore(info, self._memory)
        return self._store

    def _file_store(self, info: Info, place: Place, have: Bitfield | None) -> FileStore:
        if place.have is None:
            have = Bitfield(info.piece_count)
            place.shelf.open(info, have)
        assert have is not None
        return FileStore(info, place.shelf, self._library.fs, self._digest, have)

    def _save(self) -> None:
        """Record how things stand, without waiting for the next flush."""
        if self._place is not None:
            self._count_statistics(self._place)
            self._place.shelf.save()

    def _count_statistics(self, place: Place) -> bool:
        """Take the totals into what is recorded next. Gives whether they moved."""
        totals, state = self._mirror.totals(), place.shelf.state
        moved = totals != (state.received, state.uploaded)
        state.received, state.uploaded = totals
        return moved

    def _refresh(self, now: float) -> None:
        if self.closed:
            return
        events = self._mirror.moved()
        state = self._mirror.progress(now)
        self._refreshes += 1
        if self._place is not None:
            self._statistics_moved |= self._count_statistics(self._place)
            if self._statistics_moved and self._refreshes % STATISTICS_REFRESHES == 0:
                self._statistics_moved = False
                self._place.shelf.changed()
        if self._refreshes % STANDING_REFRESHES == 0:
            state |= {**self._mirror.trackers(), **self._mirror.standing(now)}
        if state:
            self._mirror.tell(state, *events)
        self._refreshing = self._timers.at(now + REFRESH_SECONDS, self._refresh)


def info_hash_of(outer: Metainfo | Magnet) -> bytes:
    """The info-hash of a .torrent or a magnet link."""
    return outer.info_hash if isinstance(outer, Magnet) else outer.info.info_hash


def set_limits(limits: Limits, given: dict[str, float]) -> None:
    """Set them as the page gave them: see Limits in protocol.ts."""
    now = time.monotonic()
    for bucket, rate in ((limits.down, given["down"]), (limits.up, given["up"])):
        bucket.set_rate(None if rate < 0 else rate, now)


def _name(outer: Metainfo | Magnet) -> str:
    return outer.info.name if isinstance(outer, Metainfo) else outer.safe_name
