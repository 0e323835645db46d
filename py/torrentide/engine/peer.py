"""What is known of one connected peer, and the bytes on their way to and from it.

Owns the per-peer state of the protocol: choking and interest both ways, the pieces it has, requests in
flight, requests to be served. It takes no decision: the torrent and its parts do.
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
# What waits in a channel can't be taken back, so it is these seconds' worth, as libtorrent's; with less,
# swarms of slow uplinks end later (simulated). More is given when half of it is left, which a worker with
# much to do hears of in time. Above the larger mark nothing more is read for a peer: a tenth of a second of
# what a page sends at best; a lower one costs Chromium four fifths of its throughput (measured).
HIGH_WATER = 1024 * 1024
MIN_HIGH_WATER = 16 * 1024
WATER_SECONDS = 0.5
# BEP 10: libtorrent takes 250 when a peer does not tell its `reqq`.
DEFAULT_REQUEST_QUEUE = 250


class Peer:
    """A connection of which the channel is open. `link` names it; `key` orders it against others with the
    same peer id."""

    __slots__ = (
        "allowed_fast", "am_choking", "am_interested", "asked_since", "cancelled", "choked_at", "connection",
        "counted_as_seed", "down", "extensions", "fast", "granted", "high_water", "hinted", "key",
        "last_block", "last_heard", "last_sent", "link", "on_parole", "opened_at", "peer_choking", "peer_id",
        "peer_interested", "pieces", "queue", "refusals", "refused", "requests", "served", "slow_start",
        "snubbed", "speed_mark", "suggested", "told", "told_whole", "transport", "unasked", "unchoked_at",
        "unsent", "up", "upload_only", "uploads", "wanted",
    )  # fmt: skip

    def __init__(self, link: int, key: LinkKey | None, transport: Transport, now: float) -> None:
        self.link = link
        self.key = key
        self.transport = transport
        self.opened_at = now
        self.connection = Connection()
        self.extensions = Extensions()
        # None until the handshake came.
        self.peer_id: bytes | None = None
        self.fast = False

        self.am_choking = True
        self.am_interested = False
        self.peer_choking = True
        self.peer_interested = False
        # It wants nothing from anybody (BEP 21).
        self.upload_only = False
        self.unchoked_at = now
        self.choked_at = now

        # None until both the torrent's metadata and the peer's pieces are known; `told` holds what came
        # before that.
        self.pieces: Bitfield | None = None
        self.told: list[messages.Message] = []
        # How often it told all its pieces at once.
        self.told_whole = 0
        # Seeds are counted apart by the availability; a peer that becomes one stays counted piece by piece.
        self.counted_as_seed = False
        # How many pieces it has that we need: interest without a scan.
        self.wanted = 0

        # Requests in flight with the time that each was sent, oldest first; `queue` is how many there should
        # be. Blocks of those that were taken back may still come.
        self.requests: dict[tuple[int, int], float] = {}
        self.cancelled: dict[tuple[int, int], None] = {}
        self.queue = 2
        self.slow_start = True
        self.speed_mark = (now, 0)
        self.snubbed = False
        # It had a part in a bad piece and must show its honesty.
        self.on_parole = False
        # Requests that it refused since its last block, and blocks that it sent unasked.
        self.refused = 0
        self.unasked = 0
        self.last_block = now
        self.asked_since = now
        # Pieces that it would serve while it chokes us, and those that it would like to be asked for (BEP 6),
        # as ordered sets.
        self.allowed_fast: dict[int, None] = {}
        self.suggested: dict[int, None] = {}

        # Requests to be served; `served` are the bytes since it was unchoked, `refusals` the requests in a
        # row that it must have known would be refused, `granted` the bytes taken to be served of each piece
        # that it may have while it is choked.
        self.uploads: deque[tuple[int, int, int]] = deque()
        self.served = 0
        self.refusals = 0
        self.granted: dict[int, int] = {}
        # Pieces that we suggested and that it has not asked for yet.
        self.hinted: set[int] = set()
        self.unsent = 0
        self.high_water = HIGH_WATER
        self.down = RateMeter()
        self.up = RateMeter()
        self.last_heard = now
        self.last_sent = now

    def send(self, data: Buffer, now: float) -> None:
        """Send bytes; closes nothing, but `unsent` tells when the peer does not read."""
        self.unsent = self.transport.send(data)
        self.last_sent = now

    @property
    def room(self) -> int:
        """Bytes of data that should still be given to the channel."""
        return self.high_water - self.unsent

    @property
    def writable(self) -> bool:
        """Whether more data should be given to the channel."""
        if self.unsent >= self.high_water:
            # Much may have gone out since the last send, of which an event tells at the low mark alone.
            self.unsent = self.transport.unsent()
        return self.unsent < self.high_water

    def set_high_water(self, now: float) -> None:
        """Let no more wait in the channel than it sends in WATER_SECONDS, in steps of powers of two."""
        wanted = min(HIGH_WATER, self.up.rate(now) * WATER_SECONDS)
        mark = MIN_HIGH_WATER
        while mark < wanted:
            mark *= 2
        if mark != self.high_water:
            self.high_water = mark
            self.transport.set_low_water(mark // 2)

    @property
    def request_queue(self) -> int:
        """How many requests the peer keeps."""
        return self.extensions.peer.request_queue or DEFAULT_REQUEST_QUEUE

    @property
    def is_seed(self) -> bool:
        """Whether it has every piece."""
        return self.pieces is not None and self.pieces.complete
