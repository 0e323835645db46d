"""Tiers of trackers (BEP 12), brought into the order in which they are dialled.

It never knows what becomes of a tracker, nor which URLs are usable.
"""

import random
from collections.abc import Iterable


def in_order(tiers: Iterable[Iterable[str]], rng: random.Random) -> list[str]:
    """The trackers of all tiers, each once: a tier before the next one, and each shuffled within.

    BEP 12 has a client use the first tracker that replies and leave the rest alone. For peers that meet
    through offers this would tear swarms apart: WebTorrent uses every tracker at once, and whoever sits at
    another one than we do is never met. So all are used, as WebTorrent does, and the order decides who gets
    the offers that a torrent may have out. The shuffle spreads the load, as BEP 12 wants it.
    """
    ordered: dict[str, None] = {}
    for tier in tiers:
        members = list(tier)
        rng.shuffle(members)
        ordered.update(dict.fromkeys(members))
    return list(ordered)
