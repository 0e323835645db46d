"""A torrent of the Python API: what is known of it, its files, and waiting for it.

Owns its life, and the translation of what the engine tells into events and into the end of waits. What is
asked of it while it lives is in Controls; how it comes is the engine's.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from torrentide.controls import STRATEGIES, Controls
from torrentide.counters import wire_of
from torrentide.diagnosis import TorrentDiagnosis, connected, of_torrent
from torrentide.discovery.signalling import AnnounceReply
from torrentide.engine.peer import Peer
from torrentide.engine.session import Session
from torrentide.errors import DuplicateTorrent, StorageError, TorrentideError
from torrentide.file import File
from torrentide.host import Host
from torrentide.metainfo.info import Info
from torrentide.metainfo.magnet import Magnet, magnet_of
from torrentide.metainfo.metainfo import Metainfo
from torrentide.ports import Store
from torrentide.reading import Reading, Readings

# As often as the JavaScript API.
REFRESH_SECONDS = 0.2


class Torrent(Controls):
    """A torrent of a client, made by `Client.add` and `Client.seed`.

    `info_hash`      40 hex digits; '' until it is known, as the texts that follow
    `name`, `magnet_uri`, `comment`, `created_by`
    `created`        when it was made (UTC), or None
    `announce`       URLs of its trackers; `url_list`: of its web seeds
    `private`        whether it uses its own trackers alone (BEP 27)
    `files`          its `File` objects; empty until the metadata is here
    `length`, `piece_length`, `last_piece_length`   bytes; 0 until the metadata is here
    `piece_count`    number of pieces
    `storage_full`   whether the download waits for room
    `strategy`       `rarest` or `sequential`: in which order comes what is not urgent

    Events, for `on`: `info_hash`, `metadata`, `ready`, `done`, `close` and `tracker_announce` without an
    argument, `download` and `upload` with a count of bytes, `verified` with a piece's number, `wire` with a
    `Wire`, `no_peers` with the name of where they were sought, `storage_full` with the exception when memory
    has no room for more (the download waits), `storage_room` when it goes on, `warning` and `error` with the
    exception.
    """

    def __init__(
        self, host: Host, session: Session, gone: Callable[["Torrent"], None], strategy: str = STRATEGIES[0]
    ) -> None:
        super().__init__(host, session, strategy)
        self.info_hash = self.name = self.magnet_uri = self.comment = self.created_by = ""
        self.created: datetime | None = None
        self.announce: tuple[str, ...] = ()
        self.private = self.storage_full = False
        self.files: tuple[File, ...] = ()
        self.piece_length = self.last_piece_length = self.piece_count = 0
        self._gone = gone
        self._outer: Metainfo | Magnet | None = None
        self._info: Info | None = None
        self._readings: Readings | None = None
        self._whole: Store | None = None
        self._deselect = False
        self._told = (0, 0)
        self._waiting: set[asyncio.Future[None]] = set()

    def __repr__(self) -> str:
        return f"<Torrent {self.name or self.info_hash!r}, {self.progress:.1%}>"

    @property
    def ready(self) -> bool:
        """Whether the metadata is here."""
        return bool(self.files)

    @property
    def torrent_file(self) -> bytes | None:
        """The bytes of the .torrent file; None until the metadata is here."""
        outer, info = self._outer, self._info
        if outer is None or info is None:
            return None
        whole = outer if isinstance(outer, Metainfo) else Metainfo(info, outer.tiers, outer.web_seeds)
        return whole.to_bytes()

    # -- What is asked

    async def when_ready(self) -> None:
        """Wait for the metadata. Raises what the torrent failed with, Closed if it is destroyed."""
        await self._until(lambda: self.ready)

    async def when_done(self) -> None:
        """Wait until everything that is selected is here. Raises as `when_ready`."""
        await self._until(lambda: self.done)

    async def save(self, folder: str | os.PathLike[str] = ".") -> Path:
        """Write every selected file below `folder`, which is made if need be, each to its `path`; waits until
        they are here. Gives the path of the torrent's own file or folder, which `open` and others find.
        Raises as `File.save`."""
        await self.when_ready()
        for file in self.files:
            if file.selected:
                await file.save(Path(folder, file.path))
        return Path(folder, self.files[0].path.partition("/")[0])

    async def destroy(self) -> None:
        """Leave the swarm and let go of the data. Whatever waits for it raises Closed. Files that were saved
        stay. Nothing happens the second time."""
        self._end(None)

    # -- For the client

    def _join(
        self,
        outer: Metainfo | Magnet,
        own: list[str],
        foreign: list[str],
        url_list: list[str],
        *,
        whole: Store | None = None,
        deselect: bool = False,
        super_seeding: bool = False,
    ) -> None:
        """Join the swarm; with `whole`, which has every byte, as a seed. `own` and `foreign` are trackers
        that the torrent names and does not name. DuplicateTorrent if the client has it."""
        self._check_open()
        info = outer.info if isinstance(outer, Metainfo) else None
        info_hash = outer.info_hash if isinstance(outer, Magnet) else outer.info.info_hash
        private = info is not None and info.private
        self._outer, self._whole, self._deselect = outer, whole, deselect
        self.url_list = tuple(dict.fromkeys([*outer.web_seeds, *url_list]))
        self.announce = tuple(dict.fromkeys([*own, *([] if private else foreign)]))
        if info_hash in self._session.swarms:
            raise DuplicateTorrent(f"Cannot add duplicate torrent {info_hash.hex()}")
        self.info_hash = info_hash.hex()
        magnet = outer if isinstance(outer, Magnet) else magnet_of(outer)
        self.magnet_uri = str(replace(magnet, trackers=self.announce))
        self.name = magnet.name
        self._emit("info_hash")
        now = self._host.now()
        self._swarm = self._session.add(
            info_hash,
            own,
            foreign=foreign,
            observer=_Observer(self),
            open_store=self._open_store,
            now=now,
            info=info,
            seeding=whole is not None,
            super_seeding=super_seeding,
        )
        self._swarm.torrent.add_web_seeds(self.url_list, now)
        if isinstance(outer, Metainfo):
            self._swarm.torrent.add_web_seeds(outer.http_seeds, now, pieces=True)
        self._host.timers.at(now + REFRESH_SECONDS, self._refresh)
        self._host.arm()

    def _end(self, error: TorrentideError | None) -> None:
        """The end, in the JavaScript API's order: out of the client's list, error, close."""
        if self.destroyed:
            return
        self.destroyed = True
        self._error = error or self._error
        swarm, self._swarm = self._swarm, None
        if swarm is not None:
            self._session.remove(swarm.torrent.info_hash, self._host.now())
        self._gone(self)
        self._wake()
        if self._readings is not None:
            self._readings.end(self._error)
        if error is not None:
            self._emit("error", error)
        self._emit("close")
        self._host.arm()

    def _diagnose(self, trackers_used: bool, attempted: bool) -> TorrentDiagnosis:
        named = len(self.announce) + (len(self._outer.peers) if isinstance(self._outer, Magnet) else 0)
        findings = of_torrent(
            self._swarm, named, paused=self.paused, trackers_used=trackers_used, attempted=attempted
        )
        return TorrentDiagnosis(self.info_hash, self.name, connected(self._swarm), tuple(findings))

    # -- For its files

    def reading(self, start: int, end: int, rate: float | None) -> Reading:
        """See `file.Pieces`."""
        self._check_open()
        assert self._readings is not None
        return self._readings.open(start, end, rate)

    # -- Inside

    async def _until(self, condition: Callable[[], bool]) -> None:
        self._check_open()
        while not condition():
            turn = asyncio.get_running_loop().create_future()
            self._waiting.add(turn)
            try:
                await turn
            finally:
                self._waiting.discard(turn)
            self._check_open()

    def _wake(self) -> None:
        for turn in self._waiting:
            if not turn.done():
                turn.set_result(None)

    def _open_store(self, info: Info) -> Store:
        self._info = info
        return self._whole or self._host.open_store(info)

    def _known(self) -> None:
        """The metadata is here."""
        info, outer = self._info, self._outer
        assert info is not None
        self._swarm = self._session.swarms[info.info_hash]
        self.name, self.private, self.length = info.name, info.private, info.length
        self.piece_length, self.piece_count = info.piece_length, info.piece_count
        self.last_piece_length = info.piece_size(info.piece_count - 1)
        if isinstance(outer, Metainfo):
            self.comment, self.created_by = outer.comment, outer.created_by
            if outer.creation_date is not None:
                self.created = _date(outer.creation_date)
        self._readings = Readings(self._swarm.torrent, self._host.now, self._host.arm)
        self.files = tuple(File(place, entry, info, self) for place, entry in enumerate(info.files))
        self._select_files(info)
        if self._whole is not None:
            for file in self.files:
                file.came(file.length)
        self._emit("metadata")
        self._emit("ready")
        self._wake()

    def _select_files(self, info: Info) -> None:
        chosen = self._outer.select if isinstance(self._outer, Magnet) else ()
        places = set(range(len(self.files)))
        left_out = places if self._deselect else places.difference(info.numbered(chosen)) if chosen else set()
        self._begin_selecting(info, left_out)
        for place in left_out:
            self.files[place].selected = False

    def _verified(self, index: int) -> None:
        info = self._info
        assert info is not None
        parts = info.files_in(index * info.piece_length, info.piece_size(index))
        done = [self.files[place] for place, _, count in parts if self.files[place].came(count)]
        if self._readings is not None:
            self._readings.verified(index)
        if self._selections is not None:
            self._selections.critical.discard(index)
        self._emit("verified", index)
        for file in done:
            file.finish()
        self._wake()

    def _unverified(self, index: int) -> None:
        info = self._info
        assert info is not None
        for place, _, count in info.files_in(index * info.piece_length, info.piece_size(index)):
            self.files[place].came(-count)

    def _done(self) -> None:
        self._tell_moved()
        if self.done:
            self._emit("done")
        self._wake()

    def _refresh(self, now: float) -> None:
        if not self.destroyed:
            self._tell_moved()
            self._host.timers.at(now + REFRESH_SECONDS, self._refresh)

    def _tell_moved(self) -> None:
        before, self._told = self._told, (self.received, self.uploaded)
        for name, old, new in zip(("download", "upload"), before, self._told, strict=True):
            if new > old:
                self._emit(name, new - old)


class _Observer:
    """Hears of a torrent's swarm. See `SwarmObserver`."""

    def __init__(self, torrent: Torrent) -> None:
        self._torrent = torrent

    def metadata(self, now: float) -> None:
        self._torrent._known()

    def verified(self, index: int, now: float) -> None:
        self._torrent._verified(index)

    def unverified(self, index: int, now: float) -> None:
        self._torrent._unverified(index)

    def full(self, error: StorageError, now: float) -> None:
        self._torrent.storage_full = True
        self._torrent._emit("storage_full", error)

    def room(self, now: float) -> None:
        self._torrent.storage_full = False
        self._torrent._emit("storage_room")

    def done(self, now: float) -> None:
        self._torrent._done()

    def peer_joined(self, peer: Peer, now: float) -> None:
        self._torrent._emit("wire", wire_of(peer, now))

    def peer_left(self, peer: Peer, reason: str, now: float) -> None:
        pass

    def announced(self, reply: AnnounceReply) -> None:
        self._torrent._emit("tracker_announce")

    def no_peers(self, now: float) -> None:
        self._torrent._emit("no_peers", "tracker")

    def warning(self, error: TorrentideError) -> None:
        self._torrent._emit("warning", error)

    def failed(self, error: TorrentideError) -> None:
        self._torrent._end(error)


def _date(seconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None  # A stranger wrote it, and Python's years end at 9999.
