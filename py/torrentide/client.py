"""The client of the Python API: a peer with its torrents.

Owns the list of torrents and the reading of what a caller gives; what a torrent is, it leaves to Torrent.
"""

import asyncio
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypedDict

from torrentide import __version__
from torrentide.controls import STRATEGIES, limit_of, rate_limit
from torrentide.diagnosis import Diagnosis, diagnosis, of_network
from torrentide.discovery.tiers import in_order
from torrentide.engine.session import MAX_CONNS
from torrentide.errors import Closed, InvalidTorrent, LocalError, TorrentideError
from torrentide.host import Host, local_host
from torrentide.listeners import Listeners
from torrentide.metainfo.create import MAX_CHOSEN_PIECE_LENGTH, Options
from torrentide.metainfo.magnet import Magnet
from torrentide.metainfo.metainfo import Metainfo
from torrentide.seeding import SeedInput, make_torrent
from torrentide.torrent import Torrent

TorrentId = str | bytes | os.PathLike[str]
"""A magnet link, an info-hash (40 hex digits or 32 of base32), an http(s) URL of a .torrent file, its bytes,
or its path in the file system (as a `pathlib.Path`)."""

# The JavaScript API's defaults.
DEFAULT_RTC_CONFIG = {
    "iceServers": [{"urls": ["stun:stun.l.google.com:19302", "stun:global.stun.twilio.com:3478"]}]
}
DEFAULT_TRACKERS = (
    "wss://tracker.btorrent.xyz",
    "wss://tracker.openwebtorrent.com",
    "wss://tracker.webtorrent.dev",
)
PEER_ID_BYTES = 20


class TrackerOptions(TypedDict, total=False):
    """`announce`: URLs of trackers for every torrent that is not private; `rtc_config`: an RTCConfiguration
    as JavaScript has it, for example `{"iceServers": [{"urls": "stun:stun.example"}]}`."""

    announce: Sequence[str]
    rtc_config: Mapping[str, Any]


class Client(Listeners):
    """A BitTorrent client. Use it as `async with Client() as client:`, or call `await client.destroy()` when
    done with it.

    `peer_id`         its name on the network: 40 hex digits or 20 bytes; by default a random one
    `tracker`         False: no tracker is used; else options, see `TrackerOptions`
    `max_conns`       most connections of one torrent
    `blocklist`       addresses that no connection is made to: the URL of a list, its text or bytes, or its
                      lines; no torrent joins its swarm before it is read
    `download_limit`, `upload_limit`   bytes per second over all torrents; -1 is no limit

    LocalError for an option that makes no sense, UnsupportedError where there is no browser.

    Events, for `on`: `add`, `torrent` (it is ready), `seed` and `remove`, each with the torrent.
    """

    def __init__(
        self,
        *,
        peer_id: str | bytes | None = None,
        tracker: bool | TrackerOptions = True,
        max_conns: int = MAX_CONNS,
        blocklist: str | bytes | Iterable[str] | None = None,
        download_limit: float = -1,
        upload_limit: float = -1,
        host: Host | None = None,
    ) -> None:
        super().__init__()
        options: TrackerOptions = tracker if isinstance(tracker, dict) else {}
        self.torrents: list[Torrent] = []
        self.max_conns = max_conns
        self.destroyed = False
        self._announce = list(options.get("announce", ()))
        self._use_trackers = tracker is not False
        self._host = host or local_host()
        self._session = self._host.session(
            peer_id=None if peer_id is None else _peer_id(peer_id),
            max_conns=max_conns,
            rtc_config=options.get("rtc_config", DEFAULT_RTC_CONFIG),
        )
        self.download_limit = download_limit
        self.upload_limit = upload_limit
        self._blocklist = blocklist
        self._prepared: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.when_ready()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.destroy()

    @property
    def peer_id(self) -> str:
        """40 hex digits."""
        return self._session.peer_id.hex()

    @property
    def ready(self) -> bool:
        """Whether connections can be made. Calls made before wait for it."""
        prepared = self._prepared
        return (
            prepared is not None and prepared.done() and not prepared.cancelled() and not prepared.exception()
        )

    @property
    def download_speed(self) -> float:
        """Bytes per second, over all torrents."""
        return sum(torrent.download_speed for torrent in self.torrents)

    @property
    def upload_speed(self) -> float:
        """Bytes per second, over all torrents."""
        return sum(torrent.upload_speed for torrent in self.torrents)

    @property
    def progress(self) -> float:
        """0 to 1, of the torrents that are not complete."""
        active = [torrent for torrent in self.torrents if torrent.progress != 1]
        return sum(torrent.downloaded for torrent in active) / (
            sum(torrent.length for torrent in active) or 1
        )

    @property
    def ratio(self) -> float:
        """Bytes uploaded to bytes received."""
        received = sum(torrent.received for torrent in self.torrents)
        return sum(torrent.uploaded for torrent in self.torrents) / (received or 1)

    async def when_ready(self) -> None:
        """Wait until connections can be made and the block list is read. UnsupportedError where they never
        can be, LocalError for a block list that can't be read, Closed if the client is destroyed."""
        self._check_open()
        if self._prepared is None:
            self._prepared = asyncio.get_running_loop().create_task(self._prepare())
        try:
            await asyncio.shield(self._prepared)
        except asyncio.CancelledError:
            self._check_open()
            raise
        self._check_open()

    async def add(
        self,
        torrent_id: TorrentId,
        *,
        announce: Iterable[str] = (),
        url_list: Iterable[str] = (),
        deselect: bool = False,
        paused: bool = False,
        strategy: str = STRATEGIES[0],
        download_limit: float = -1,
        upload_limit: float = -1,
    ) -> Torrent:
        """Start a download; gives the torrent when its metadata is here, so that `files` is filled.

        `announce` and `url_list` are trackers and web seeds besides those that it names; with `deselect` no
        file is downloaded but what is selected or read; `paused` begins as `Torrent.pause` leaves it;
        `strategy` is `rarest` (it keeps a swarm alive) or `sequential`; the limits are those of this torrent,
        in bytes per second. A magnet link without peers waits for ever: wrap the
        call in `asyncio.timeout`. When the call is cancelled, the torrent is removed.

        InvalidTorrent for what is no torrent, LocalError for options that make no sense, DuplicateTorrent
        where the client has it (see `get`), Closed if the client is destroyed.
        """
        for limit in (download_limit, upload_limit):
            rate_limit(limit)
        torrent = self._new_torrent(strategy)
        try:
            await self.when_ready()
            outer = await self._host.find(_read_id(torrent_id))
            own, foreign = self._trackers(outer, list(announce))
            torrent._join(outer, own, foreign, list(url_list), deselect=deselect)
            torrent.download_limit, torrent.upload_limit = download_limit, upload_limit
            if paused:
                torrent.pause()
            await torrent.when_ready()
        except BaseException as error:
            torrent._end(error if isinstance(error, TorrentideError) else None)
            raise
        self._emit("torrent", torrent)
        return torrent

    async def seed(
        self,
        given: SeedInput,
        *,
        name: str = "",
        announce: Iterable[str] | None = None,
        announce_list: Iterable[Iterable[str]] | None = None,
        url_list: Iterable[str] = (),
        comment: str = "",
        created_by: str = f"Torrentide/{__version__}",
        creation_date: int | None = None,
        private: bool | int | None = None,
        piece_length: int | None = None,
        max_piece_length: int = MAX_CHOSEN_PIECE_LENGTH,
        info: Mapping[str, Any] | None = None,
        filter_junk_files: bool = True,
        super_seeding: bool = False,
    ) -> Torrent:
        """Make a torrent and share it; gives it when it is there for others.

        `given` is the path of a file or a folder, or several, or a mapping of paths in the torrent to bytes.
        Files are read in place as long as they are seeded. `announce` are its trackers and `announce_list`
        tiers of them (BEP 12); three public ones by default. `creation_date` is in seconds since 1970, now by
        default; `piece_length` in bytes, by default a power of two that makes about a thousand pieces;
        `info` holds further keys of the info dictionary. `super_seeding` shows each peer one piece at a time
        until others have them all (BEP 16).

        InvalidTorrent for what can't be shared, LocalError for files that are not there, StorageError for
        those that can't be read, DuplicateTorrent, Closed as `add`.
        """
        tiers = [list(tier) for tier in announce_list] if announce_list is not None else []
        own = list(announce) if announce is not None else ([] if tiers else list(DEFAULT_TRACKERS))
        options = Options(
            name=name,
            piece_length=piece_length,
            max_piece_length=max_piece_length,
            private=None if private is None else int(private),
            filter_junk=filter_junk_files,
            info=info or {},
            tiers=[*tiers, *([url] for url in own)],
            web_seeds=list(url_list),
            comment=comment,
            created_by=created_by,
            creation_date=int(time.time()) if creation_date is None else creation_date,
        )
        torrent = self._new_torrent()
        try:
            await self.when_ready()
            unnamed = f"Unnamed Torrent {int(time.time() * 1000)}"
            outer, store = await make_torrent(given, options, unnamed, self._host)
            torrent._join(outer, *self._trackers(outer, []), [], whole=store, super_seeding=super_seeding)
        except BaseException as error:
            torrent._end(error if isinstance(error, TorrentideError) else None)
            raise
        self._emit("torrent", torrent)
        self._emit("seed", torrent)
        return torrent

    async def get(self, torrent_id: TorrentId | Torrent) -> Torrent | None:
        """The torrent of that id, or None. InvalidTorrent for what is no id, Closed if the client is
        destroyed."""
        self._check_open()
        if isinstance(torrent_id, Torrent):
            return torrent_id if torrent_id in self.torrents else None
        outer = await self._host.find(_read_id(torrent_id))
        info_hash = outer.info_hash if isinstance(outer, Magnet) else outer.info.info_hash
        return next((torrent for torrent in self.torrents if torrent.info_hash == info_hash.hex()), None)

    async def remove(self, torrent_id: TorrentId | Torrent) -> None:
        """Destroy a torrent and forget it. LocalError if the client does not have it, else as `get`."""
        torrent = await self.get(torrent_id)
        if torrent is None:
            raise LocalError(f"No torrent with id {torrent_id!r}")
        await torrent.destroy()

    @property
    def download_limit(self) -> float:
        """Bytes per second that all torrents together download at most; -1 is no limit, 0 stops it.
        LocalError for what is no limit."""
        return limit_of(self._session.limits.down)

    @download_limit.setter
    def download_limit(self, rate: float) -> None:
        self._session.limits.down.set_rate(rate_limit(rate), self._host.now())

    @property
    def upload_limit(self) -> float:
        """Bytes per second that all torrents together upload at most, as `download_limit`."""
        return limit_of(self._session.limits.up)

    @upload_limit.setter
    def upload_limit(self, rate: float) -> None:
        self._session.limits.up.set_rate(rate_limit(rate), self._host.now())

    def throttle_download(self, rate: float) -> None:
        """Set `download_limit`."""
        self.download_limit = rate

    def throttle_upload(self, rate: float) -> None:
        """Set `upload_limit`."""
        self.upload_limit = rate

    async def diagnose(self) -> Diagnosis:
        """Why there is no peer, in plain words: `print((await client.diagnose()).summary)`. Raises as
        `when_ready`."""
        await self.when_ready()
        around = self._host.surroundings()
        findings = of_network(around, len(self.torrents))
        torrents = [torrent._diagnose(self._use_trackers, bool(around.attempts)) for torrent in self.torrents]
        return diagnosis(list(findings), torrents, around.attempts)

    async def destroy(self) -> None:
        """End the client and all its torrents; whatever waits for them raises Closed. Nothing happens the
        second time."""
        if self.destroyed:
            return
        self.destroyed = True
        if self._prepared is not None:
            self._prepared.cancel()
        for torrent in list(self.torrents):
            torrent._end(None)
        self._host.end(self._session)

    # -- Inside

    async def _prepare(self) -> None:
        await self._host.ready()
        given = self._blocklist
        if given is not None:
            lines = given if isinstance(given, str | bytes) else "\n".join(given)
            self._session.blocklist = await self._host.read_blocklist(lines)

    def _check_open(self) -> None:
        if self.destroyed:
            raise Closed("the client was destroyed")

    def _new_torrent(self, strategy: str = STRATEGIES[0]) -> Torrent:
        self._check_open()
        torrent = Torrent(self._host, self._session, self._removed, strategy)
        self.torrents.append(torrent)
        self._emit("add", torrent)
        return torrent

    def _removed(self, torrent: Torrent) -> None:
        self.torrents.remove(torrent)
        self._emit("remove", torrent)

    def _trackers(self, outer: Metainfo | Magnet, given: list[str]) -> tuple[list[str], list[str]]:
        """The trackers that a torrent names itself, and the foreign ones."""
        if not self._use_trackers:
            return [], []
        return in_order(outer.tiers, self._host.rng), [*given, *self._announce]


def _read_id(given: TorrentId) -> str | bytes:
    if isinstance(given, str | bytes):
        return given
    try:
        return Path(given).read_bytes()
    except OSError as error:
        raise InvalidTorrent(f"{given} can't be read: {error}") from error


def _peer_id(given: str | bytes) -> bytes:
    try:
        peer_id = bytes.fromhex(given) if isinstance(given, str) else given
    except ValueError:
        peer_id = b""
    if len(peer_id) != PEER_ID_BYTES:
        raise LocalError("peer_id must be 40 hex digits or 20 bytes")
    return peer_id
