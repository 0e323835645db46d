"""Viewers in company: which of them fetches what only seeds have.

If all who watch together ask the seeds for what comes next, the seeds send everything as many times as there
are viewers, and nobody has anything to give. So each piece is one viewer's share, by a hash that all of them
reckon alike (rendezvous hashing), and the others get it from that one. Owns that reckoning. It never knows
readers or requests.
"""

from collections.abc import Iterable, Mapping

from torrentide.engine.peer import Peer

# A piece that is another's share is asked of seeds when it is so late; later still if more are before us.
# Simulated viewers stall least with 2 s.
GRACE_SECONDS = 2.0
MAX_TURNS = 3
# A viewer that has got nothing new for so long fetches nothing for anybody.
ACTIVE_SECONDS = 10.0
_MASK = (1 << 64) - 1


class Fellows:
    """Who else downloads beside the peer `own_id`."""

    def __init__(self, own_id: bytes) -> None:
        self._own = _number(own_id)
        # The pieces that each had, by link, and since when.
        self._held: dict[int, tuple[int, float]] = {}

    def look(self, peers: Iterable[Peer], near: Mapping[int, float], now: float) -> list[Peer]:
        """Those who lack pieces as we do, get some, and have some of what is `near` to our readers, or just
        before it."""
        if not near:
            return []
        around = range(max(0, min(near) - len(near)), max(near) + 1)
        fellows, held = [], {}
        for peer in peers:
            if peer.pieces is not None and peer.peer_id is not None and not peer.is_seed:
                count, since = self._held.get(peer.link, (-1, now))
                if peer.pieces.held != count:
                    count, since = peer.pieces.held, now
                held[peer.link] = count, since
                if now - since < ACTIVE_SECONDS and any(index in peer.pieces for index in around):
                    fellows.append(peer)
        self._held = held
        return fellows

    def turns(self, fellows: Iterable[Peer], near: Mapping[int, float]) -> dict[int, float]:
        """Of the pieces `near`, by when each is due, those that are not our share: from when on they may be
        asked of seeds."""
        numbers = [(_number(peer.peer_id), peer.pieces) for peer in fellows if peer.peer_id and peer.pieces]
        turns = {}
        for index, due in near.items():
            own = _weight(self._own, index)
            before = sum(
                MAX_TURNS if index in pieces else _weight(number, index) > own for number, pieces in numbers
            )
            if before:
                turns[index] = due + GRACE_SECONDS * min(before, MAX_TURNS)
        return turns


def _number(peer_id: bytes) -> int:
    return int.from_bytes(peer_id[-8:], "big")


def _weight(number: int, index: int) -> int:
    """A number that looks random and is the same everywhere (the mixing step of SplitMix64)."""
    mixed = (number ^ index * 0x9E3779B97F4A7C15) & _MASK
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _MASK
    return mixed ^ mixed >> 31
