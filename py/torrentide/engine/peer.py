"""What is known of one connected peer, and the bytes on their way to and from it.

Owns the per-peer state of the protocol: choking and interest both ways, the pieces it has, requests in
flight, requests to be served. It takes no decision: the torrent does.
"""

from collections import deque

from torrentide.discovery.glare import LinkKey
from torrentide.engine.rate import RateMeter
from torrentide.pieces.bitfield import Bitfield
from torrentide.ports import Buffer, Transport
from torrentide.wire import messages
from torrentide.wire.connection import Connection
from torrentide.wire.extensions.registry import Extensions

# A peer that lets this much pile up does not read. Chromium closes the channel at 16 MiB.
MAX_UNSENT = 8 * 1024 * 1024
# Above it nothing more is read for a peer; smaller marks cost Chromium four fifths of its throughput
# (measured).
HIGH_WATER = 1024 * 1024
# BEP 10: libtorrent takes 250 when a peer does not tell its `reqq`.
DEFAULT_REQUEST_QUEUE = 250


class Peer:
    """A connection of which the channel is open. `link` names it; `key` orders it against others with the
    same peer id."""

    __slots__ = (
        "am_choking", "am_interested", "connection", "counted_as_seed", "down", "extensions",
        "fast", "key", "last_block", "last_heard", "last_sent", "link", "peer_choking", "peer_id",
        "peer_interested", "pieces", "queue", "refused", "requests", "slow_start", "snubbed",
        "speed_mark", "told", "transport", "unchoked_at", "unsent", "up", "uploads", "wanted",
    )  # fmt: skip

    def __init__(self, link: int, key: LinkKey | None, transport: Transport, now: float) -> None:
        self.link = link
        self.key = key
        self.transport = transport
        self.connection = Connection()
        self.extensions = Extensions()
        # None until the handshake came.
        self.peer_id: bytes | None = None
        self.fast = False

        self.am_choking = True
        self.am_interested = False
        self.peer_choking = True
        self.peer_interested = False
        self.unchoked_at = now

        # None until both the torrent's metadata and the peer's pieces are known; `told` holds what came
        # before that.
        self.pieces: Bitfield | None = None
        self.told: list[messages.Message] = []
        # Seeds are counted apart by the availability; a peer that becomes one stays counted piece by piece.
        self.counted_as_seed = False
        # How many pieces it has that we lack: interest without a scan.
        self.wanted = 0

        # Requests in flight with the time that each was sent, oldest first; `queue` is how many there should
        # be.
        self.requests: dict[tuple[int, int], float] = {}
        self.queue = 2
        self.slow_start = True
        self.speed_mark = (now, 0)
        self.snubbed = False
        # Requests that it refused since its last block.
        self.refused = 0
        self.last_block = now

        self.uploads: deque[tuple[int, int, int]] = deque()
        self.unsent = 0
        self.down = RateMeter()
        self.up = RateMeter()
        self.last_heard = now
        self.last_sent = now

    def send(self, data: Buffer, now: float) -> None:
        """Send bytes; closes nothing, but `unsent` tells when the peer does not read."""
        self.unsent = self.transport.send(data)
        self.last_sent = now

    @property
    def writable(self) -> bool:
        """Whether more data should be given to the channel."""
        return self.unsent < HIGH_WATER

    @property
    def request_queue(self) -> int:
        """How many requests the peer keeps."""
        return self.extensions.peer.request_queue or DEFAULT_REQUEST_QUEUE

    @property
    def is_seed(self) -> bool:
        """Whether it has every piece."""
        return self.pieces is not None and self.pieces.complete
