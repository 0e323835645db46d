"""Nothing is free any more: which blocks a peer takes over from slower ones.

Owns the arithmetic of the end of a download. A peer with nothing to do takes the last requests of the peer
that would finish last, so many that both finish together (rqbit steals whole pieces, WebTorrent swaps one
block at a time). The very last blocks are asked of two peers (end-game). It changes nothing itself.
"""

from collections.abc import Iterable, Set
from itertools import islice

from torrentide.engine.peer import Peer
from torrentide.engine.requests import Key
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.partial import BLOCK_LENGTH

# A peer is taken to give at least this many bytes a second.
_SLOWEST = 1024.0
# What can't be saved in this many seconds is not worth a cancel, which may cross the block.
_WORTH_SECONDS = 1.0
_SILENT_SECONDS = 10.0
# The oldest requests of a peer, whose blocks are on their way.
_STAY = 2
# So many of the slowest peers are looked at.
_VICTIMS = 4


def seconds_left(peer: Peer, now: float) -> float:
    """When it will have answered every request, at its rate of the last seconds."""
    return len(peer.requests) * BLOCK_LENGTH / max(peer.down.rate(now), _SLOWEST)


def is_silent(peer: Peer, now: float) -> bool:
    """Whether it has given nothing for so long that it may never."""
    return now - peer.last_block > _SILENT_SECONDS


def slowest(peers: Iterable[Peer], thief: Peer, now: float) -> list[Peer]:
    """Those who will finish last and have had time to show their rate, the slowest first."""
    busy = [
        (seconds_left(peer, now), peer.link, peer)
        for peer in peers
        if peer is not thief and peer.requests and now - peer.asked_since > _WORTH_SECONDS
    ]
    busy.sort(reverse=True)
    return [peer for _, _, peer in busy[:_VICTIMS]]


def tail(thief: Peer, theirs: Bitfield, victim: Peer, now: float, fixed: Set[Key]) -> list[Key]:
    """The requests that the thief should take over from a victim so that both finish together, but for those
    that are `fixed`; newest first, for the oldest are on their way."""
    slow = max(victim.down.rate(now), _SLOWEST)
    fast = max(thief.down.rate(now), slow)
    ours, theirs_count = len(thief.requests), len(victim.requests)
    count = int((theirs_count * fast - ours * slow) / (fast + slow))
    saved = count * BLOCK_LENGTH / slow
    if count < 1 or saved < _WORTH_SECONDS:
        return []
    # Of one that gives nothing no block is on its way.
    stay = 0 if is_silent(victim, now) else _STAY
    newest = reversed(list(victim.requests)[stay:])
    usable = (key for key in newest if key[0] in theirs and key not in fixed)
    return list(islice(usable, min(count, thief.queue - ours)))


def duplicate(thief: Peer, theirs: Bitfield, victim: Peer, now: float, fixed: Set[Key]) -> Key | None:
    """A request of the victim that the thief would answer much earlier, but for those that are `fixed`."""
    # One that has given nothing yet is taken to give a block a second.
    rate = thief.down.rate(now) or BLOCK_LENGTH
    if seconds_left(victim, now) < 2 * BLOCK_LENGTH / rate + _WORTH_SECONDS:
        return None
    usable = (key for key in reversed(victim.requests) if key[0] in theirs and key not in fixed)
    return next(usable, None)
