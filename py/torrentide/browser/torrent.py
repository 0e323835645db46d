"""A torrent as the page sees it: what changes in the engine is mirrored, in few messages.

Owns which fields the page knows of one torrent, and when it is told. Counters go out a few times a second,
never per block; events go out at once, with the state that they speak of. It takes no decision about the
torrent.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from torrentide.browser.page import Page, error_fields
from torrentide.browser.rescan import is_good
from torrentide.browser.shim import JsBlob, JsReader
from torrentide.browser.standing import client_of, partial_pieces, tracker_states, wire_row
from torrentide.browser.stores import BlobStore, MemoryStore
from torrentide.browser.wanted import Wanted
from torrentide.browser.wires import PageWires
from torrentide.discovery.signalling import AnnounceReply
from torrentide.engine.limits import Limits
from torrentide.engine.peer import Peer
from torrentide.engine.session import Session
from torrentide.engine.swarm import Swarm
from torrentide.engine.torrent import Torrent
from torrentide.errors import Closed, DuplicateTorrent, LocalError, StorageError, TorrentideError
from torrentide.metainfo.info import Info
from torrentide.metainfo.magnet import Magnet, magnet_of
from torrentide.metainfo.metainfo import Metainfo
from torrentide.pieces.availability import DEFAULT_PRIORITY
from torrentide.pieces.picker import Picker
from torrentide.ports import Digest
from torrentide.timers import Timer, Timers

# Often enough for a moving progress bar; a message costs about as much as three blocks.
REFRESH_SECONDS = 0.2

# Peers, trackers and begun pieces are for people to look at: once in so many refreshes.
STANDING_REFRESHES = 5

_COUNTERS = ("downloaded", "received", "uploaded", "downloadSpeed", "uploadSpeed")


class PageTorrent:
    """The torrent that the page calls `number`. Made before anything is known of it; `join` brings it into
    its swarm."""

    def __init__(
        self,
        number: int,
        session: Session,
        page: Page,
        timers: Timers,
        reader: JsReader,
        digest: Digest,
        gone: Callable[[], None],
    ) -> None:
        self.session = session
        self.swarm: Swarm | None = None
        # The task that prepares it: reads a URL, or hashes files.
        self.preparing: asyncio.Task[None] | None = None
        self._number = number
        self._page = page
        self._timers = timers
        self._reader = reader
        self._digest = digest
        self._gone = gone
        self._closed = False
        self._options: dict[str, Any] = {}
        self._private: bool | None = None
        self._paused = False
        self._limits: dict[str, float] = {"down": -1, "up": -1}
        self._outer: Metainfo | Magnet | None = None
        self._whole: JsBlob | None = None
        self._store: MemoryStore | BlobStore | None = None
        self._info: Info | None = None
        self._seeding = False
        # Bytes that lack of each file.
        self._lacking: list[int] = []
        self._files_moved = False
        self._sent: dict[str, int | float] = dict.fromkeys(_COUNTERS, 0)
        self._reads: list[tuple[int, int, int, int]] = []
        self._scans: dict[int, asyncio.Task[None]] = {}
        self._wanted: Wanted | None = None
        self._wires = PageWires(lambda event: self._tell({}, event))
        self._is_ready = self._is_done = False
        # The files that the magnet link selects.
        self._selected: list[int] | None = None
        self._announce: list[str] = []
        self._refreshing: Timer | None = None
        self._refreshes = 0
        self._rows: dict[int, list[int | float | str]] = {}
        self._partial: list[int] = []
        self._trackers: list[dict[str, Any]] = []

    # -- What the page asks

    def configure(self, options: dict[str, Any], private: bool | None) -> None:
        """Take the page's TorrentOptions; once, before `join`. `private` overrides what the torrent says."""
        self._options = options
        self._private = private
        self._paused = options["paused"]
        self._limits = options["limits"]

    def join(
        self,
        outer: Metainfo | Magnet,
        own: list[str],
        foreign: list[str],
        *,
        web_seeds: Sequence[str] = (),
        whole: JsBlob | None = None,
    ) -> None:
        """Join the swarm of a .torrent or a magnet link; with `whole`, the bytes of all files one after the
        other, as a seed. `own` and `foreign` are trackers that it names and does not name, `web_seeds` are
        used beside its own."""
        now = time.monotonic()
        info = outer.info if isinstance(outer, Metainfo) else None
        info_hash = info.info_hash if info is not None else outer.info_hash  # type: ignore[union-attr]
        if info_hash in self.session.swarms:
            raise DuplicateTorrent(f"Cannot add duplicate torrent {info_hash.hex()}")
        own, foreign = self._trackers_used(own, foreign, info)
        trackers = list(dict.fromkeys([*own, *foreign]))
        magnet = outer if isinstance(outer, Magnet) else magnet_of(outer)
        self._announce = trackers
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
        self._tell(state, ["infoHash"])
        self.swarm = self.session.add(
            info_hash,
            own,
            foreign=foreign,
            observer=self,
            open_store=self._open_store,
            now=now,
            info=info,
            seeding=self._seeding,
        )
        self._prepare(now)
        if self._options["webSeeds"]:
            self.swarm.torrent.add_web_seeds(web_seeds, now)
            if isinstance(outer, Metainfo):
                self.swarm.torrent.add_web_seeds(outer.http_seeds, now, pieces=True)
        if self._seeding:
            self._tell({}, ["seed"])
        self._refreshing = self._timers.at(now + REFRESH_SECONDS, self._refresh)

    def _prepare(self, now: float) -> None:
        """What the page asked for before there was a torrent to ask it of."""
        self.set_limits(self._limits)
        if self._paused:
            self._torrent.pause(now)

    def pause(self) -> None:
        """Send and take no data."""
        self._paused = True
        if self.swarm is not None:
            self.swarm.torrent.pause(time.monotonic())

    def resume(self) -> None:
        """Go on; who is alone looks for peers at once."""
        self._paused = False
        if self.swarm is not None:
            now = time.monotonic()
            self.swarm.torrent.resume(now)
            if not self.swarm.torrent.peers:
                self.swarm.online(now)

    def set_limits(self, limits: dict[str, float]) -> None:
        """Keep to these speeds; see Limits in protocol.ts."""
        self._limits = limits
        if self.swarm is not None:
            set_limits(self.swarm.torrent.limits, limits)

    def select(self, priorities: bytes, critical: list[int]) -> None:
        """Fetch what the page wants; see `Wanted.select`."""
        if self._wanted is None:
            raise LocalError("there are no pieces to select yet: the metadata is not here")
        self._wanted.select(priorities, critical, time.monotonic())

    def add_web_seed(self, url: str) -> None:
        """Fetch from this web server, too."""
        if self.swarm is not None:
            self.swarm.torrent.add_web_seeds([url], time.monotonic())

    def remove_peer(self, link: int) -> None:
        """Close the connection to a peer; nothing happens when it is gone already."""
        if self.swarm is not None and link in self.swarm.torrent.peers:
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
        self._tell({"hashing": done})

    def read(self, call: int, file: int, start: int, end: int) -> None:
        """Reply to `call` with bytes `start` to `end` (exclusive) of file number `file` as a Blob, once
        they are here."""
        info = self._info
        if info is None or not 0 <= file < len(info.files):
            raise LocalError(
                f"there is no file number {file}" + ("" if info else " yet: the metadata is not here")
            )
        length = info.files[file].length
        if not 0 <= start <= end <= length:
            raise LocalError(f"bytes {start} to {end} of a file of {length} bytes do not exist")
        self._reads.append((call, file, start, end))
        self._serve_reads()

    def rescan(self, call: int) -> None:
        """Check every stored piece again. Replies to `call`, with StorageError where one is bad."""

        async def run() -> None:
            try:
                await self._check_stored()
            except Exception as error:
                self._page.refuse(call, error)
            else:
                self._page.reply(call)
            self._scans.pop(call, None)

        self._scans[call] = asyncio.get_event_loop().create_task(run())

    def cancel(self, call: int) -> None:
        """Nobody waits for the reply to `call` any more."""
        self._reads = [read for read in self._reads if read[0] != call]
        self._want_reads()
        scan = self._scans.pop(call, None)
        if scan is not None:
            scan.cancel()

    def close(self) -> None:
        """Leave the swarm; whatever waits is refused."""
        if self._closed:
            return
        self._closed = True
        if self.preparing is not None:
            self.preparing.cancel()
        if self._refreshing is not None:
            self._refreshing.cancel()
        for scan in self._scans.values():
            scan.cancel()
        for call in [*self._scans, *(call for call, *_ in self._reads)]:
            self._page.refuse(call, Closed("the torrent was removed"))
        self._reads.clear()
        self._scans.clear()
        if self.swarm is not None:
            self.session.remove(self.swarm.torrent.info_hash, time.monotonic())

    def failed(self, error: Exception) -> None:
        """The torrent can't go on: the page is told, and it is closed."""
        if self._closed:
            return
        event: list[Any] = ["error", error_fields(error)]
        if isinstance(error, DuplicateTorrent):
            event.append(str(error).rpartition(" ")[2])
        self._tell({}, event)
        self.close()
        self._gone()

    # -- Observer of the swarm

    def metadata(self, now: float) -> None:
        """See `SwarmObserver`: what is in the torrent is known."""
        info = self._info
        assert info is not None
        # What is known from the start gets here before `join` has the swarm.
        self.swarm = self.session.swarms[info.info_hash]
        self._prepare(now)
        self._selected = self._selected_files()
        self._lacking = [0 if self._seeding else file.length for file in info.files]
        self._tell(
            {
                **self._outer_state(info),
                "name": info.name,
                "private": info.private if self._private is None else self._private,
                "length": info.length,
                "pieceLength": info.piece_length,
                "lastPieceLength": info.piece_size(info.piece_count - 1),
                "pieceCount": info.piece_count,
                "have": self._picker.have.to_wire(),
                "files": [
                    {
                        "path": "/".join(file.path),
                        "name": file.name,
                        "length": file.length,
                        "offset": file.offset,
                    }
                    for file in info.files
                ],
                "fileProgress": self._file_progress(),
                "downloaded": info.length if self._seeding else 0,
            },
            ["metadata"],
        )
        self._wanted = Wanted(self._torrent)
        self._picker.sequential = self._options["sequential"]
        if self._options["deselect"]:
            self._wanted.select(bytes(info.piece_count), [], now)
        elif self._selected is not None:
            self._wanted.select(self._only(self._selected), [], now)
        self._is_ready = True
        self._tell({"ready": True}, ["ready"], *self._done_files(range(len(info.files))))
        if self._torrent.wants_nothing and not self._seeding:
            self.done(now)

    def verified(self, index: int, now: float) -> None:
        """See `SwarmObserver`: a piece is here."""
        info = self._info
        assert info is not None
        touched = []
        for file, _, count in info.files_in(index * info.piece_length, info.piece_size(index)):
            self._lacking[file] -= count
            touched.append(file)
        self._files_moved = True
        done = self._done_files(touched)
        if done:
            self._tell(self._progress(now), ["verified", index], *done)
        else:
            self._tell({}, ["verified", index])
        self._serve_reads()

    def done(self, now: float) -> None:
        """See `SwarmObserver`: everything that is wanted is here."""
        if not self._is_ready:
            return
        events = self._moved()
        state = {**self._progress(now), **self._standing(now)}
        if self._torrent.complete and not self._is_done:
            self._is_done = state["done"] = True
            events.append(["done"])
        self._tell(state, *events, ["idle"])

    def peer_joined(self, peer: Peer, now: float) -> None:
        """See `SwarmObserver`."""
        wire = {
            "link": peer.link,
            "peerId": (peer.peer_id or b"").hex(),
            "client": client_of(peer),
            **self._wires.joined(peer),
        }
        self._tell({}, ["wire", wire])

    def peer_left(self, peer: Peer, reason: str, now: float) -> None:
        """See `SwarmObserver`."""
        self._rows.pop(peer.link, None)
        self._wires.left(peer)
        self._tell({}, ["wire-closed", peer.link])

    def announced(self, reply: AnnounceReply) -> None:
        """See `SwarmObserver`."""
        self._tell(self._tracker_states(), ["trackerAnnounce"])

    def no_peers(self, now: float) -> None:
        """See `SwarmObserver`."""
        self._tell({}, ["noPeers", "tracker"])

    def warning(self, error: TorrentideError) -> None:
        """See `SwarmObserver`."""
        self._tell(self._tracker_states(), ["warning", error_fields(error)])

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

    def _selected_files(self) -> list[int] | None:
        """BEP 53; None where the torrent's link selects nothing."""
        assert self._info is not None
        if not isinstance(self._outer, Magnet) or not self._outer.select:
            return None
        count = len(self._info.files)
        return [file for first, last in self._outer.select for file in range(first, min(last + 1, count))]

    def _only(self, files: list[int]) -> bytes:
        """Priorities with which these files are wanted."""
        assert self._info is not None
        priorities = bytearray(self._info.piece_count)
        for file in files:
            for index in self._info.pieces_of(self._info.files[file]):
                priorities[index] = DEFAULT_PRIORITY
        return bytes(priorities)

    def _open_store(self, info: Info) -> MemoryStore | BlobStore:
        self._info = info
        if self._whole is not None:
            self._store = BlobStore(info, self._whole, self._reader)
        else:
            self._store = MemoryStore(info)
        return self._store

    def _outer_state(self, info: Info) -> dict[str, Any]:
        """The .torrent file, and what is written around its info."""
        outer = self._outer
        assert outer is not None
        if isinstance(outer, Magnet):
            outer = Metainfo(info, outer.tiers, outer.web_seeds)
        data = outer.to_bytes()
        begin = data.index(info.raw)
        state: dict[str, Any] = {"torrentFile": data, "infoSpan": [begin, begin + len(info.raw)]}
        if self._selected is not None:
            state["so"] = self._selected
        if outer.comment:
            state["comment"] = outer.comment
        if outer.created_by:
            state["createdBy"] = outer.created_by
        if outer.creation_date is not None:
            state["created"] = outer.creation_date
        return state

    def _refresh(self, now: float) -> None:
        if self._closed:
            return
        events = self._moved()
        state = self._progress(now)
        self._refreshes += 1
        if self._refreshes % STANDING_REFRESHES == 0:
            state |= {**self._tracker_states(), **self._standing(now)}
        if state:
            self._tell(state, *events)
        self._refreshing = self._timers.at(now + REFRESH_SECONDS, self._refresh)

    def _progress(self, now: float) -> dict[str, Any]:
        """The counters that changed since they were told."""
        if self.swarm is None:
            return {}
        torrent = self.swarm.torrent
        values: dict[str, int | float] = {
            "downloaded": torrent.downloaded,
            "received": torrent.down.total,
            "uploaded": torrent.up.total,
            "downloadSpeed": torrent.down.rate(now),
            "uploadSpeed": torrent.up.rate(now),
        }
        state: dict[str, Any] = {name: value for name, value in values.items() if value != self._sent[name]}
        if self._files_moved:
            self._files_moved = False
            state["fileProgress"] = self._file_progress()
        return state

    def _moved(self) -> list[list[Any]]:
        """The bytes that came and went since the last message that said so."""
        if self.swarm is None:
            return []
        torrent = self.swarm.torrent
        came = torrent.down.total - self._sent["received"]
        went = torrent.up.total - self._sent["uploaded"]
        return [[name, count] for name, count in (("download", came), ("upload", went)) if count]

    def _file_progress(self) -> list[int]:
        assert self._info is not None
        return [file.length - lacking for file, lacking in zip(self._info.files, self._lacking, strict=True)]

    def _done_files(self, files: list[int] | range) -> list[list[Any]]:
        return [["file-done", file] for file in files if not self._lacking[file]]

    def _standing(self, now: float) -> dict[str, Any]:
        """The wires and begun pieces that changed since they were told."""
        state: dict[str, Any] = {}
        peers = [peer for peer in self._torrent.peers.values() if peer.peer_id is not None]
        rows = {peer.link: wire_row(peer, now) for peer in peers}
        changed = [row for link, row in rows.items() if row != self._rows.get(link)]
        if changed:
            self._rows = rows
            state["wires"] = changed
        partial = partial_pieces(self._picker) if self._is_ready else []
        if partial != self._partial:
            self._partial = state["partial"] = partial
        return state

    def _tracker_states(self) -> dict[str, Any]:
        """All trackers, if one changed since they were told."""
        # While the torrent is being joined it is not known to us yet.
        trackers = tracker_states(self.swarm, self._announce) if self.swarm is not None else []
        if trackers == self._trackers:
            return {}
        self._trackers = trackers
        return {"trackers": trackers}

    def _tell(self, state: dict[str, Any], *events: list[Any]) -> None:
        for name in _COUNTERS:
            if name in state:
                self._sent[name] = state[name]
        self._page.post({"type": "torrent", "torrent": self._number, "state": state, "events": list(events)})

    # -- Reading

    def _serve_reads(self) -> None:
        waiting, self._reads = self._reads, []
        for call, file, start, end in waiting:
            have = self._picker.have
            if not self._lacking[file] or all(index in have for index in self._pieces(file, start, end)):
                self._reply(call, file, start, end)
            else:
                self._reads.append((call, file, start, end))
        if waiting:
            self._want_reads()

    def _want_reads(self) -> None:
        """Have what is waited for fetched before the rest."""
        if self._wanted is not None:
            pieces = (index for _, *span in self._reads for index in self._pieces(*span))
            self._wanted.read(pieces, time.monotonic())

    def _pieces(self, file: int, start: int, end: int) -> range:
        assert self._info is not None
        if start == end:
            return range(0)
        offset, size = self._info.files[file].offset, self._info.piece_length
        return range((offset + start) // size, (offset + end - 1) // size + 1)

    async def _check_stored(self) -> None:
        info, store = self._info, self._store
        if info is None or store is None:
            raise LocalError("there is nothing to check yet: the metadata is not here")
        here = list(self._picker.have)
        bad = []
        for index in here:
            if await is_good(index, info, store, self._digest):
                self._tell({}, ["verified", index])
            else:
                bad.append(index)
        if bad:
            raise StorageError(
                f"{len(bad)} of {len(here)} stored pieces are not what they were, the first is {bad[0]}"
            )

    def _reply(self, call: int, file: int, start: int, end: int) -> None:
        assert self._info is not None
        assert self._store is not None
        offset = self._info.files[file].offset
        try:
            blob = self._store.blob(offset + start, offset + end)
        except TorrentideError as error:
            self._page.refuse(call, error)
        else:
            self._page.reply(call, blob)


def set_limits(limits: Limits, given: dict[str, float]) -> None:
    """Set them as the page gave them: see Limits in protocol.ts."""
    now = time.monotonic()
    for bucket, rate in ((limits.down, given["down"]), (limits.up, given["up"])):
        bucket.set_rate(None if rate < 0 else rate, now)


def _name(outer: Metainfo | Magnet) -> str:
    return outer.info.name if isinstance(outer, Metainfo) else outer.safe_name
