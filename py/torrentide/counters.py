"""The numbers of a torrent of the Python API: bytes, speeds, peers. Each is read from the engine when asked.

It never changes anything.
"""

from dataclasses import dataclass

from torrentide.discovery.announcer import Status
from torrentide.engine.peer import Peer
from torrentide.engine.swarm import Swarm
from torrentide.host import Host
from torrentide.listeners import Listeners
from torrentide.wire.clients import client_name


@dataclass(frozen=True, slots=True)
class Wire:
    """A connected peer at one moment: its id as 40 hex digits; the name and version of its program as it
    tells them, or ''; bytes of blocks that came from it and went to it, and bytes per second; how much of
    the torrent it has, 0 to 1; `is_snubbed`: it was asked for blocks and has sent none for long."""

    peer_id: str
    client: str
    downloaded: int
    uploaded: int
    download_speed: float
    upload_speed: float
    progress: float
    am_choking: bool
    am_interested: bool
    peer_choking: bool
    peer_interested: bool
    is_seeder: bool
    is_snubbed: bool
    type: str = "webrtc"


@dataclass(frozen=True, slots=True)
class Tracker:
    """How a torrent stands with a tracker: `state` is `connecting` (between two tries, too), `open`, or
    `working`, when it has taken an announce; `last_error` is what went wrong since it last worked, or None;
    `next_announce` is in seconds from now, `interval` in seconds; `seeds` and `peers` count ourselves. None
    is unknown."""

    url: str
    state: str
    last_error: str | None
    next_announce: float | None
    interval: float | None
    seeds: int | None
    peers: int | None


def wire_of(peer: Peer, now: float) -> Wire:
    """A peer that has shaken hands, as the API shows it."""
    pieces = peer.pieces
    return Wire(
        (peer.peer_id or b"").hex(),
        peer.extensions.peer.client or str(client_name(peer.peer_id or b"")),
        peer.down.total,
        peer.up.total,
        peer.down.rate(now),
        peer.up.rate(now),
        pieces.held / pieces.count if pieces is not None else 0.0,
        peer.am_choking,
        peer.am_interested,
        peer.peer_choking,
        peer.peer_interested,
        peer.is_seed,
        peer.snubbed,
    )


def _tracker_of(status: Status, now: float) -> Tracker:
    counted = status.seeds is not None and status.leechers is not None
    return Tracker(
        status.url,
        status.state,
        status.trouble or None,
        max(0.0, status.next_announce - now) if status.next_announce is not None else None,
        status.interval,
        status.seeds,
        (status.seeds or 0) + (status.leechers or 0) if counted else None,
    )


class Counters(Listeners):
    """The numbers of a torrent of `host`, all 0 until it has joined its swarm."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.length = 0
        self._host = host
        self._swarm: Swarm | None = None

    @property
    def done(self) -> bool:
        """Whether everything that is selected is here."""
        return self._swarm is not None and self._swarm.torrent.wants_nothing

    @property
    def paused(self) -> bool:
        """Whether it was paused."""
        return self._swarm is not None and self._swarm.torrent.paused

    @property
    def downloaded(self) -> int:
        """Bytes of verified pieces and of blocks that wait for the rest of theirs."""
        return self._swarm.torrent.downloaded if self._swarm is not None else 0

    @property
    def received(self) -> int:
        """Bytes of blocks that came, useful or not."""
        return self._swarm.torrent.down.total if self._swarm is not None else 0

    @property
    def uploaded(self) -> int:
        """Bytes of blocks sent to peers."""
        return self._swarm.torrent.up.total if self._swarm is not None else 0

    @property
    def download_speed(self) -> float:
        """Bytes per second."""
        return self._swarm.torrent.down.rate(self._host.now()) if self._swarm is not None else 0.0

    @property
    def upload_speed(self) -> float:
        """Bytes per second."""
        return self._swarm.torrent.up.rate(self._host.now()) if self._swarm is not None else 0.0

    @property
    def progress(self) -> float:
        """0 to 1, of all files."""
        return self.downloaded / self.length if self.length else 0.0

    @property
    def time_remaining(self) -> float:
        """Seconds (the JavaScript API gives milliseconds); infinite while nothing comes."""
        if self.done:
            return 0.0
        speed = self.download_speed
        return (self.length - self.downloaded) / speed if speed else float("inf")

    @property
    def ratio(self) -> float:
        """Uploaded to received; for a seed, which received nothing, to its length."""
        return self.uploaded / (self.received or self.length or 1)

    @property
    def wires(self) -> list[Wire]:
        """The connected peers, as they are now."""
        if self._swarm is None:
            return []
        now, peers = self._host.now(), self._swarm.torrent.peers.values()
        return [wire_of(peer, now) for peer in peers if peer.peer_id is not None]

    @property
    def peers(self) -> list[Wire]:
        """As `wires`."""
        return self.wires

    @property
    def num_peers(self) -> int:
        """How many peers are connected."""
        return len(self._swarm.torrent.peers) if self._swarm is not None else 0

    @property
    def trackers(self) -> list[Tracker]:
        """The trackers that the torrent is announced at."""
        if self._swarm is None:
            return []
        now = self._host.now()
        return [_tracker_of(status, now) for status in self._swarm.trackers()]
