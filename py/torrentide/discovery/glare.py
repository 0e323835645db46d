"""Crossed connections: which of two connections between the same two peers survives.

Two peers that meet through several trackers, or that both make offers, end with several connections. Both
must keep the same one without asking each other. The rule: the connection whose offer came from the greater
peer id wins (libtorrent keeps the same one); of two offers by the same peer, the one with the smaller offer
id. Nothing is dropped before both connections have exchanged handshakes, so that a peer with another rule, or
none, is never left without a connection. A connection that has lasted and is in use stays whatever comes:
that is no crossing (`engine.torrent`).
"""

from typing import NamedTuple


class LinkKey(NamedTuple):
    """What both ends know of a connection: who made the offer, and the offer's id. Both are 20 bytes."""

    offerer: bytes
    offer_id: bytes


def survivor(first: LinkKey, second: LinkKey) -> LinkKey:
    """The one of two connections between the same peers that is kept."""
    if first.offerer != second.offerer:
        return first if first.offerer > second.offerer else second
    return min(first, second)
