"""Peers as those who deliver urgent blocks: how fast each is, and how long it takes to what it is asked next.

Owns these estimates. It asks nobody for anything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from torrentide.engine.peer import Peer
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.partial import BLOCK_LENGTH
from torrentide.pieces.picker import Block

# libtorrent: a peer whose queue is as long as this (seconds) is asked for no more.
MAX_WAIT = 2.0
# Bytes a second of one that has given nothing yet, and at least of any.
UNKNOWN_RATE = 128 * 1024.0
SLOWEST_RATE = 1024.0
# What a peer sends next can't be taken back: it is in its channel (`peer.WATER_SECONDS`) or on the way.
WAY_SECONDS = 0.25
MIN_ON_THEIR_WAY = 2
MAX_ON_THEIR_WAY = 64
# A peer with requests that has delivered nothing for so long, and for as long as so many blocks should take,
# is quiet: it may have gone without a word, of which WebRTC tells after 5 to 30 s. Blocks come up to 8 in a
# message.
QUIET_SECONDS = 1.0
QUIET_BLOCKS = 8


class Crew(Protocol):
    """Those who fetch, as the deadlines see them."""

    def peers(self) -> Iterable[Peer]:
        """All peers."""

    def usable(self, peer: Peer) -> bool:
        """Whether any piece that the peer has may be asked of it."""

    def allowed(self, now: float) -> int:
        """Blocks that may be asked for now."""

    def changed(self, peer: Peer, now: float) -> None:
        """The peer has room for more requests than before."""


@dataclass(slots=True)
class Worker:
    """A peer that may be asked, at `pace` bytes a second; in `wait` seconds it has delivered what it was
    asked for so far."""

    peer: Peer
    pieces: Bitfield
    pace: float
    wait: float
    # What it is going to be asked for.
    given: list[Block] = field(default_factory=list)

    def take(self, block: Block) -> None:
        """It will be asked for this, too."""
        self.given.append(block)
        self.wait = self.next

    @property
    def coming(self) -> int:
        """How many of its oldest requests can't be taken back, for their blocks are on their way."""
        count = int(WAY_SECONDS * self.pace / BLOCK_LENGTH)
        return min(max(count, MIN_ON_THEIR_WAY), MAX_ON_THEIR_WAY)

    @property
    def next(self) -> float:
        """Seconds until it would have delivered one block more."""
        return self.wait + BLOCK_LENGTH / self.pace


def estimate(peer: Peer, theirs: Bitfield, usual: float, now: float) -> Worker:
    """The peer at work on pieces `theirs`; `usual` is the pace of one that has given nothing yet."""
    rate = peer.down.rate(now)
    if not peer.requests or now - peer.asked_since < QUIET_SECONDS:
        # It had nothing to do: what it showed when it had counts.
        rate = max(rate, float(peer.speed_mark[1])) if peer.down.total else usual
    rate = max(rate, SLOWEST_RATE)
    return Worker(peer, theirs, rate, len(peer.requests) * BLOCK_LENGTH / rate)


def keeps_waiting(peer: Peer, now: float) -> bool:
    """Whether it has fallen quiet with requests to answer."""
    patience = QUIET_BLOCKS * BLOCK_LENGTH / max(peer.down.rate(now), SLOWEST_RATE)
    return bool(peer.requests) and now - peer.last_block >= max(QUIET_SECONDS, patience)


def best(workers: Iterable[Worker], index: int, but: Sequence[Peer] = ()) -> Worker | None:
    """Who delivers a block of the piece first, but for some; None when nobody does for long."""
    able = (worker for worker in workers if index in worker.pieces and worker.peer not in but)
    first = min(able, key=lambda worker: worker.next, default=None)
    return first if first is not None and first.wait <= MAX_WAIT else None
