"""The numbers of a torrent of the Python API: bytes, speeds, peers. Each is read from the engine when asked.

It never changes anything.
"""

from dataclasses import dataclass

from torrentide.engine.peer import Peer
from torrentide.engine.swarm import Swarm
from torrentide.host import Host
from torrentide.listeners import Listeners


@dataclass(frozen=True, slots=True)
class Wire:
    """A connected peer: its id as 40 hex digits, its name and version as it tells them or '', and how it is
    connected."""

    peer_id: str
    client: str
    type: str = "webrtc"


def wire_of(peer: Peer) -> Wire:
    """A peer that has shaken hands, as the API shows it."""
    return Wire((peer.peer_id or b"").hex(), peer.extensions.peer.client)


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
        """The connected peers."""
        peers = self._swarm.torrent.peers.values() if self._swarm is not None else ()
        return [wire_of(peer) for peer in peers if peer.peer_id is not None]

    @property
    def num_peers(self) -> int:
        """How many peers are connected."""
        return len(self._swarm.torrent.peers) if self._swarm is not None else 0
