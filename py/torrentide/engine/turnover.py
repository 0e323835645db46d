"""Which peers make room for others when a torrent is full.

A torrent that keeps the first 55 peers it met never meets a faster one, and newcomers find everybody taken.
Owns the order of usefulness and how many go at a time. It never knows connections, nor who comes instead.
"""

from collections.abc import Iterable
from typing import NamedTuple

# libtorrent's peer turnover: every 5 minutes 4 % of the peers go, if 90 % of the places are taken. Of fewer
# than 25 none goes: a good one would.
TURNOVER_SECONDS = 300.0
TURNOVER_SHARE = 0.04
FULL_SHARE = 0.9
# Nobody is judged before its first blocks had their time: a round of unchoking takes 10 s, and an optimistic
# one 30 s.
PROTECTED_SECONDS = 60.0


class Standing(NamedTuple):
    """What is known of a peer's use: `wanted` when one of us is interested in the other, `rate` in bytes a
    second of both ways, `age` in seconds since it came."""

    link: int
    wanted: bool
    rate: float
    age: float


def leaving(standings: Iterable[Standing], places: int) -> list[int]:
    """The links of the least useful peers, who go in a turn; none while there is room among `places`."""
    peers = list(standings)
    if len(peers) < FULL_SHARE * places:
        return []
    candidates = sorted(filter(_judged, peers), key=_use)
    return [peer.link for peer in candidates[: int(TURNOVER_SHARE * len(peers))]]


def useless(standings: Iterable[Standing]) -> list[int]:
    """The links of peers that neither want nor have anything, the least useful first: each makes room for any
    newcomer."""
    return [peer.link for peer in sorted(standings, key=_use) if _judged(peer) and not peer.wanted]


def _judged(peer: Standing) -> bool:
    return peer.age >= PROTECTED_SECONDS


def _use(peer: Standing) -> tuple[bool, float, float]:
    # Among equals the older one has proved itself.
    return peer.wanted, peer.rate, peer.age
