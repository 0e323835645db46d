"""Who may ask us for blocks.

Owns the choice of unchoked peers. While we download, slots go to those who give us most, and to none who has
stopped giving (anti-snub); as a seed, everybody has a turn. One slot in five is optimistic: it goes to the
interested peer that has waited longest, so that newcomers get a first piece (BEP 3; libtorrent's
`unchoke_sort`). It never sends anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from torrentide.engine.peer import Peer

# WebTorrent: 10 upload slots, decided anew every 10 s; libtorrent keeps an optimistic one for 30 s, and as a
# seed parts with a peer after 20 pieces and a minute.
UPLOAD_SLOTS = 10
RECHOKE_SECONDS = 10.0
SLOTS_PER_OPTIMISTIC = 5
OPTIMISTIC_SECONDS = 30.0
TURN_PIECES = 20
TURN_SECONDS = 60.0


@dataclass(slots=True)
class Slots:
    """How many peers are unchoked at a time: 0 serves nobody. `seeds`: also those that have every piece, and
    say that they want some."""

    count: int = UPLOAD_SLOTS
    seeds: bool = False

    @property
    def optimistic(self) -> int:
        """How many of them are optimistic."""
        return self.count // SLOTS_PER_OPTIMISTIC

    def wants(self, peer: Peer) -> bool:
        """Whether a peer waits for a slot."""
        return peer.peer_interested and (self.seeds or not peer.is_seed)


def choose(
    peers: Iterable[Peer], seeding: bool, piece_length: int, now: float, slots: Slots | None = None
) -> set[Peer]:
    """The peers to unchoke of all that are connected, at `now` in seconds."""
    slots = slots or Slots()
    waiting = [peer for peer in peers if slots.wants(peer)]
    if seeding:
        waiting.sort(key=lambda peer: _turn(peer, piece_length, now))
    else:
        waiting.sort(key=lambda peer: _merit(peer, now), reverse=True)
    regular = [peer for peer in waiting if seeding or not peer.snubbed][: slots.count - slots.optimistic]
    chosen = set(regular)
    rest = [peer for peer in waiting if peer not in chosen]
    # Those in the middle of their optimistic turn go first, then who waits longest, then who had a slot.
    rest.sort(key=lambda peer: (not _in_turn(peer, now), not peer.am_choking, peer.unchoked_at))
    chosen.update(rest[: slots.count - len(regular)])
    return chosen


def _merit(peer: Peer, now: float) -> tuple[float, bool]:
    return peer.down.rate(now), not peer.am_choking


def _turn(peer: Peer, piece_length: int, now: float) -> tuple[bool, int, float]:
    """Who has a slot keeps it until it had its share, the one who took most of it first; then who was
    unchoked longest ago."""
    if peer.am_choking:
        return False, 0, peer.unchoked_at
    had = peer.served >= TURN_PIECES * piece_length and now - peer.unchoked_at >= TURN_SECONDS
    return had, -peer.served, peer.unchoked_at


def _in_turn(peer: Peer, now: float) -> bool:
    return not peer.am_choking and now - peer.unchoked_at < OPTIMISTIC_SECONDS
