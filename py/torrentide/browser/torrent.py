"""A torrent as the page sees it: what the page asks of it, from being added to its end.

Owns its life: what happens in which order when it joins its swarm and when its metadata is here. Where its
bytes are is keeping.py's, what the page is told telling.py's. It takes no decision about pieces or peers.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from torrentide.browser.calls import Calls
from torrentide.browser.description import (
    info_hash_of,
    info_state,
    link_state,
    outer_state,
    priorities_of,
    selected_files,
)
from torrentide.browser.facilities import Facilities
from torrentide.browser.files import FilesHere
from torrentide.browser.keeping import AnyStore, Keeping
from torrentide.browser.library import Glimpse, Place
from torrentide.browser.limits import set_limits
from torrentide.browser.mirror import Mirror
from torrentide.browser.page import error_fields
from torrentide.browser.page_store import PageStore
from torrentide.browser.peers import PagePeers
from torrentide.browser.sharing import Sharing
from torrentide.browser.shim import JsBlob
from torrentide.browser.telling import Telling
from torrentide.browser.wanted import Wanted
from torrentide.diagnosis import Finding, of_torrent
from torrentide.engine.session import Session
from torrentide.engine.swarm import Swarm
from torrentide.engine.torrent import Torrent
from torrentide.errors import DuplicateTorrent, LocalError, StorageError
from torrentide.metainfo.info import Info
from torrentide.metainfo.magnet import Magnet
from torrentide.metainfo.metainfo import Metainfo
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.picker import Picker


class PageTorrent:
    """The torrent that the page calls `number`. Made before anything is known of it; `join` brings it into
    its swarm. `gone` is called when it ends by itself."""

    def __init__(
        self, number: int, session: Session, facilities: Facilities, gone: Callable[[], None]
    ) -> None:
        self.session = session
        self.swarm: Swarm | None = None
        # The task that prepares it: reads a URL, or hashes files.
        self.preparing: asyncio.Task[None] | None = None
        self.closed = self._removing = False
        self._arm = facilities.arm
        self._gone = gone
        self._mirror = Mirror(number, facilities.page)
        self._keeping = Keeping(facilities, self._mirror, self.failed, lambda error: self.warning(error))
        self.calls = Calls(facilities)
        self._sharing = Sharing(facilities, self._keeping, self.metainfo)
        self._telling = Telling(
            facilities, self._mirror, self._keeping, self._sharing, self.calls, self._opened, self.failed
        )
        self.peers = PagePeers(session, self._mirror, self._telling.wires, self._telling.warning)
        self.warning = self._telling.warning
        self.store_answer = self._keeping.store_answer
        self.not_kept = self._keeping.failed
        self._options: dict[str, Any] = {}
        self._private: bool | None = None
        self.paused = False
        self._limits: dict[str, float] = {"down": -1, "up": -1}
        self._outer: Metainfo | Magnet | None = None
        self._info: Info | None = None
        self._wanted: Wanted | None = None
        # Looks through the page's store.
        self._looking: asyncio.Task[None] | None = None

    # -- What the page asks

    def configure(self, options: dict[str, Any], private: bool | None) -> None:
        """Take the page's TorrentOptions; once, before `join`. `private` overrides what the torrent says."""
        self._options = self._keeping.options = options
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
        glimpse: Glimpse | None = None,
        have: Bitfield | None = None,
    ) -> None:
        """Join the swarm of a .torrent or a magnet link; with `whole`, the bytes of all files one after the
        other, as a seed. `own` and `foreign` are trackers that it names and does not name, `web_seeds` are
        used beside its own; `place` is where it is stored, `glimpse` what another tab has stored of it,
        `have` what the page's store has."""
        now = time.monotonic()
        if place is not None:
            self._take(place, outer, web_seeds)
        found = place or glimpse
        if found is not None:
            have = found.have.copy() if found.have is not None else None
        known = found.metainfo if found is not None and isinstance(outer, Magnet) else outer
        info = known.info if isinstance(known, Metainfo) else None
        own, foreign = self._trackers_used(own, foreign, info)
        trackers = list(dict.fromkeys([*own, *foreign]))
        web_seeds = list(dict.fromkeys([*outer.web_seeds, *web_seeds]))
        self._mirror.announce = trackers
        self._outer = outer
        self._keeping.whole, self._keeping.glimpse = whole, glimpse
        self._mirror.tell(link_state(outer, trackers, web_seeds), ["infoHash"])
        if place is not None and place.faults:
            self.warning(StorageError(f"{'; '.join(place.faults)}: what is lost is fetched again"))
        self.swarm = self._mirror.swarm = self.session.add(
            info_hash_of(outer),
            own,
            foreign=foreign,
            observer=self._telling,
            open_store=self._open_store,
            now=now,
            info=info,
            seeding=whole is not None,
            super_seeding=self._options["superSeeding"],
            no_peers_seconds=self._options["noPeersSeconds"],
            have=have,
        )
        self._prepare(now)
        if self._options["webSeeds"]:
            self.swarm.torrent.add_web_seeds(web_seeds, now)
            if isinstance(outer, Metainfo):
                self.swarm.torrent.add_web_seeds(outer.http_seeds, now, pieces=True)
        if whole is not None:
            self._mirror.tell({}, ["seed"])
        self._telling.start(now)
        if place is not None:
            place.shelf.keep()
            self._sharing.lead(self._torrent)
        elif glimpse is not None:
            self._sharing.follow(self._torrent)

    def _take(self, place: Place, outer: Metainfo | Magnet, web_seeds: Sequence[str]) -> None:
        self._keeping.take(place, outer, web_seeds, self._limits, paused=self.paused)

    def _prepare(self, now: float) -> None:
        """What the page asked for before there was a torrent to ask it of."""
        self.set_limits(self._limits)
        self._torrent.slots.count = self._options["uploads"]
        self._torrent.slots.seeds = not self._options["alwaysChokeSeeders"]
        self.announce_with(self._options["announceKeys"])
        if self.paused:
            self._torrent.pause(now)

    def diagnose(self, *, trackers_used: bool, attempted: bool) -> Iterator[Finding]:
        """Why it has no peer; see `diagnosis.of_torrent`."""
        named = len(self._mirror.announce) + (
            len(self._outer.peers) if isinstance(self._outer, Magnet) else 0
        )
        return of_torrent(
            self.swarm, named, paused=self.paused, trackers_used=trackers_used, attempted=attempted
        )

    def metainfo(self) -> Metainfo | None:
        """What is in the torrent, once it is known."""
        if self._info is None or self._outer is None:
            return None
        outer = self._outer
        return outer if isinstance(outer, Metainfo) else Metainfo(self._info, outer.tiers, outer.web_seeds)

    async def take_over(self, place: Place) -> None:
        """The tab that had the storage is gone: it is ours, with what we fetched."""
        assert self._outer is not None
        self._sharing.stop()
        self._take(place, self._outer, place.shelf.state.web_seeds)
        if self._wanted is not None:
            self._keeping.selected(self._wanted.priorities)
        place.shelf.keep()
        if self._info is not None:
            found, lost = await self._keeping.move(self._info, place, self._picker.have)
            for index in found:
                self._torrent.found(index, time.monotonic())
            for index in lost:
                self._torrent.lost(index, time.monotonic())
            place.keep_metadata(outer_state(self._info, self._outer)["torrentFile"])
        elif place.metainfo is not None and place.have is not None:
            self._torrent.learn(place.metainfo.info, place.have.copy(), time.monotonic())
        self._sharing.lead(self._torrent)
        self._arm()

    async def look(self, info: Info) -> Bitfield:
        """The pieces that the page's store has."""
        return await self._keeping.look_through(info)

    def pause(self) -> None:
        """Send and take no data."""
        self.paused = True
        self._keeping.paused(True)
        if self.swarm is not None:
            self.swarm.torrent.pause(time.monotonic())

    def resume(self) -> None:
        """Go on; who is alone looks for peers at once."""
        self.paused = False
        self._keeping.paused(False)
        if self.swarm is not None:
            now = time.monotonic()
            self.swarm.torrent.resume(now)
            if not self.swarm.torrent.peers:
                self.swarm.online(now)

    def set_limits(self, limits: dict[str, float]) -> None:
        """Keep to these speeds; see Limits in protocol.ts."""
        self._limits = limits
        self._keeping.limited(limits)
        if self.swarm is not None:
            set_limits(self.swarm.torrent.limits, limits)

    def select(self, priorities: bytes, critical: list[int]) -> None:
        """Fetch what the page wants; see `Wanted.select`."""
        if self._wanted is None:
            raise LocalError("there are no pieces to select yet: the metadata is not here")
        self._wanted.select(priorities, critical, time.monotonic())
        self._keeping.selected(priorities)

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

    def hashing(self, done: float) -> None:
        """The files of a seed are being hashed: 0 to 1."""
        self._mirror.tell({"hashing": done})

    def close(self) -> None:
        """Leave the swarm; whatever waits is refused."""
        if self.closed:
            return
        self.closed = True
        if self.preparing is not None:
            self.preparing.cancel()
        if self._looking is not None:
            self._looking.cancel()
        self._sharing.close()
        self._telling.close()
        self.calls.close()
        self._keeping.end()
        if self.swarm is not None:
            self.session.remove(self.swarm.torrent.info_hash, time.monotonic())
        if not self._removing:
            self._keeping.leave()

    async def remove(self) -> int:
        """Close it, and remove what is stored of it; gives the bytes that this frees."""
        self._removing = True
        self.close()
        return await self._keeping.remove()

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

    # -- When the metadata is here

    def _opened(self, now: float) -> None:
        info, store = self._info, self._keeping.store
        assert info is not None
        assert store is not None
        assert self._outer is not None
        # What is known from the start gets here before `join` has the swarm.
        self.swarm = self._mirror.swarm = self.session.swarms[info.info_hash]
        self._prepare(now)
        selected = selected_files(info, self._outer)
        priorities = self._first_priorities(info, selected)
        files = self._mirror.files = FilesHere(info, self._picker.have)
        wanted = self._wanted = Wanted(self._torrent)
        bad = None if self._keeping.whole is not None else self._found_bad
        self.calls.open(info, files, self._torrent, store, self._checked, bad)
        self._tell_metadata(info, files, selected)
        self._picker.sequential = self._options["sequential"]
        if priorities is not None:
            wanted.select(priorities, [], now)
        self._telling.ready(files, wanted, now)
        self._sharing.known(wanted)
        if isinstance(store, PageStore) and isinstance(self._outer, Magnet):
            self._looking = asyncio.get_event_loop().create_task(self._look_late(info))

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

    def _checked(self, index: int) -> None:
        self._mirror.tell({}, ["verified", index])

    def _found_bad(self, pieces: list[int]) -> None:
        self.warning(StorageError(f"{len(pieces)} stored pieces are damaged or gone: they are fetched again"))
        for index in pieces:
            self._torrent.lost(index, time.monotonic())

    def _first_priorities(self, info: Info, selected: list[int] | None) -> bytes | None:
        """What is wanted at first; None: everything."""
        if self._options["restore"] and (self._keeping.place or self._keeping.glimpse):
            return self._keeping.priorities(info.piece_count)
        if self._options["deselect"]:
            return bytes(info.piece_count)
        return priorities_of(info, selected) if selected is not None else None

    def _tell_metadata(self, info: Info, files: FilesHere, selected: list[int] | None) -> None:
        assert self._outer is not None
        place = self._keeping.place
        found = place or self._keeping.glimpse
        around = outer_state(info, (found and found.metainfo) or self._outer)
        if place is not None:
            place.keep_metadata(around["torrentFile"])
        restored = self._keeping.priorities(info.piece_count)
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

    async def _look_late(self, info: Info) -> None:
        """What is in the page's store of a magnet link, whose pieces were not known before."""
        for index in await self.look(info):
            if index not in self._picker.have:
                self._torrent.found(index, time.monotonic())
        self._arm()

    def _open_store(self, info: Info) -> AnyStore:
        self._info = info
        return self._keeping.open(info)
