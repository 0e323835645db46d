"""How a torrent stands with its peers and trackers, in the form that the page mirrors.

Owns the rows of web/src/protocol.ts: WireRow, TrackerState and the pieces on their way. It changes nothing.
"""

import time
from collections.abc import Iterable
from typing import Any

import js

from torrentide.discovery.tracker import tracker_url
from torrentide.engine.peer import Peer
from torrentide.engine.swarm import Swarm
from torrentide.errors import UnsupportedError
from torrentide.pieces.picker import Picker
from torrentide.wire.clients import client_name

# Milliseconds since 1970 at the zero of our clock.
_EPOCH = js.Date.now() - time.monotonic() * 1000


def client_of(peer: Peer) -> str:
    """The name and version of a peer's program, as it tells them, or empty."""
    return peer.extensions.peer.client or str(client_name(peer.peer_id or b""))


def wire_row(peer: Peer, now: float) -> list[int | float | str]:
    """A WireRow. The order of the flags is that of WIRE in protocol.ts."""
    flags = (
        peer.am_choking,
        peer.am_interested,
        peer.peer_choking,
        peer.peer_interested,
        peer.is_seed,
        peer.snubbed,
    )
    return [
        peer.link,
        peer.down.total,
        peer.up.total,
        peer.down.rate(now),
        peer.up.rate(now),
        peer.pieces.held if peer.pieces is not None else 0,
        sum(1 << place for place, flag in enumerate(flags) if flag),
        client_of(peer),
    ]


def partial_pieces(picker: Picker) -> list[int]:
    """Number and lacking bytes of each piece that is on its way in, one after the other."""
    flat = []
    for index, piece in picker.partial.items():
        flat += [index, sum(length for _, length in piece.lacking())]
    return flat


def tracker_states(swarm: Swarm, urls: Iterable[str]) -> list[dict[str, Any]]:
    """A TrackerState for each of `urls`, used or not, in order; None becomes null."""
    used = {status.url: status for status in swarm.trackers()}
    states: list[dict[str, Any]] = []
    for given in urls:
        state: dict[str, Any] = {"url": given}
        state |= {"nextAnnounce": None, "interval": None, "seeds": None, "leechers": None}
        try:
            status = used.get(tracker_url(given))
        except UnsupportedError as error:
            states.append({**state, "state": "unsupported", "error": str(error)})
            continue
        if status is None:
            # A private torrent has left it.
            continue
        if status.next_announce is not None:
            state["nextAnnounce"] = round(_EPOCH + status.next_announce * 1000)
        state |= {"state": status.state, "error": status.trouble, "interval": status.interval}
        states.append({**state, "seeds": status.seeds, "leechers": status.leechers})
    return states
