"""Who may ask us for blocks.

Owns the choice of unchoked peers. While we download, slots go to those who give us most; as a seed, to those
who take fastest. One slot in five is optimistic: it goes to the interested peer that has waited longest, so
that newcomers get a first piece (BEP 3; libtorrent's `unchoke_sort`). It never sends anything.
"""

from collections.abc import Iterable

from torrentide.engine.peer import Peer

# WebTorrent: 10 upload slots, decided anew every 10 s; libtorrent keeps an optimistic one for 30 s.
UPLOAD_SLOTS = 10
RECHOKE_SECONDS = 10.0
OPTIMISTIC_SLOTS = UPLOAD_SLOTS // 5
OPTIMISTIC_SECONDS = 30.0


def choose(peers: Iterable[Peer], seeding: bool, now: float) -> set[Peer]:
    """The peers to unchoke of all that are connected, at `now` in seconds."""
    waiting = [peer for peer in peers if peer.peer_interested]
    waiting.sort(key=lambda peer: _merit(peer, seeding, now), reverse=True)
    regular = UPLOAD_SLOTS - OPTIMISTIC_SLOTS
    chosen = set(waiting[:regular])
    rest = waiting[regular:]
    # Those in the middle of their optimistic turn go first, then who waits longest.
    rest.sort(key=lambda peer: (not _in_turn(peer, now), peer.unchoked_at))
    chosen.update(rest[:OPTIMISTIC_SLOTS])
    return chosen


def _merit(peer: Peer, seeding: bool, now: float) -> tuple[float, bool]:
    rate = peer.up.rate(now) if seeding else peer.down.rate(now)
    return rate, not peer.am_choking


def _in_turn(peer: Peer, now: float) -> bool:
    return not peer.am_choking and now - peer.unchoked_at < OPTIMISTIC_SECONDS
