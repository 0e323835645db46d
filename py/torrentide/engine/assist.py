"""What web seeds are asked for while somebody reads: the first seconds, and what peers would bring too late.

A web server is somebody's bill. A page that plays a video from peers and a web server together wants of the
server what keeps the video going, and the rest from peers. Who downloads without reading takes all it can
get. Owns that choice. It never knows how a web seed is asked, nor who reads.
"""

from collections.abc import Callable, Iterable, Mapping

from torrentide.engine.peer import Peer
from torrentide.engine.readers import Readers
from torrentide.pieces.bitfield import Bitfield

# What a reader comes to within so many seconds is fetched whoever else could bring it: a read of a web seed
# takes about a second (`webseed.RUN_SECONDS`).
LATE_SECONDS = 5.0
# Peers are found and connected within that time, or there are none. Until then they may be expected to bring
# what is not late.
ALONE_SECONDS = 10.0


def allowed(
    readers: Readers,
    turns: Mapping[int, float],
    peers: Callable[[], Iterable[Peer]],
    count: int,
    now: float,
) -> Bitfield:
    """The pieces, of `count`, that a web seed may be asked for. Of those in `turns`, others fetch what is not
    late."""
    since = readers.reading_since(now)
    if since is None:
        return Bitfield.full(count)
    company = [peer for peer in peers() if peer.pieces is not None and peer.pieces.held]
    if not company and now - since > ALONE_SECONDS:
        return Bitfield.full(count)
    held = [peer.pieces for peer in company if peer.pieces is not None and not peer.peer_choking]
    wanted = Bitfield(count)
    for index, due in readers.near.items():
        others = not company or index in turns or any(index in theirs for theirs in held)
        if due - now < LATE_SECONDS or not others:
            wanted.add(index)
    return wanted
