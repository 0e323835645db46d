"""What each peer has, and whether we want some of it.

Owns the peers' bitfields, their count in the availability, and our interest, which changes without a scan of
the pieces. It never knows who is asked for what.
"""

from torrentide.engine.peer import Peer
from torrentide.errors import PeerError
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.picker import Picker
from torrentide.wire import messages

# BEP 3 and BEP 6 have a peer tell all its pieces once, right behind the handshake. libtorrent takes it again
# without a bound, but a scan of all pieces for five bytes is no bargain.
MAX_TOLD_WHOLE = 8


class Interest:
    """Interest in the peers of a torrent of which `picker` knows the pieces."""

    def __init__(self, picker: Picker) -> None:
        self._picker = picker
        self._count = picker.have.count

    def told(self, peer: Peer, message: messages.Message, now: float) -> bool:
        """A have, bitfield, have-all or have-none came. Gives whether the peer has more of what we want than
        before; PeerError for pieces that don't exist, and for who tells all its pieces again and again."""
        before = peer.wanted
        match message:
            case messages.Have(index):
                self._have(peer, index)
            case messages.Bits(data):
                self._set(peer, Bitfield.from_wire(self._count, data))
            case messages.HaveAll():
                self._set(peer, Bitfield.full(self._count))
            case messages.HaveNone():
                self._set(peer, Bitfield(self._count))
            case _:
                return False
        self.show(peer, now)
        return peer.wanted > before

    def lost(self, peer: Peer, index: int, now: float) -> None:
        """The peer no longer has a piece (BEP 54)."""
        self._check(index, "an lt_donthave")
        if peer.pieces is None or index not in peer.pieces:
            return
        if peer.counted_as_seed:
            peer.counted_as_seed = False
            self._picker.availability.seeds -= 1
            self._picker.availability.add_all(peer.pieces)
        peer.pieces.remove(index)
        self._picker.availability.decrease(index)
        if index in self._picker.needed:
            peer.wanted -= 1
            self.show(peer, now)

    def verified(self, peer: Peer, index: int, now: float) -> None:
        """We have a piece that the peer has, too."""
        peer.wanted -= 1
        self.show(peer, now)

    def recount(self, peer: Peer, now: float) -> None:
        """What we want has changed."""
        if peer.pieces is not None:
            peer.wanted = peer.pieces.common(self._picker.needed)
            self.show(peer, now)

    def uncount(self, peer: Peer) -> None:
        """The peer leaves, or tells its pieces anew: take them out of the availability."""
        if peer.pieces is None:
            return
        if peer.counted_as_seed:
            self._picker.availability.seeds -= 1
        else:
            self._picker.availability.remove_all(peer.pieces)

    def show(self, peer: Peer, now: float) -> None:
        """Tell the peer, if our interest has changed."""
        interested = peer.wanted > 0
        if interested != peer.am_interested:
            peer.am_interested = interested
            peer.send(messages.INTERESTED if interested else messages.NOT_INTERESTED, now)

    def _have(self, peer: Peer, index: int) -> None:
        self._check(index, "a have")
        if peer.pieces is None:
            self._set(peer, Bitfield(self._count))
        pieces = peer.pieces
        assert pieces is not None
        if pieces.add(index):
            self._picker.availability.increase(index)
            if index in self._picker.needed:
                peer.wanted += 1

    def _check(self, index: int, what: str) -> None:
        if index >= self._count:
            raise PeerError(f"{what} for piece {index} of {self._count}")

    def _set(self, peer: Peer, pieces: Bitfield) -> None:
        peer.told_whole += 1
        if peer.told_whole > MAX_TOLD_WHOLE:
            raise PeerError(f"all its pieces were told more than {MAX_TOLD_WHOLE} times")
        self.uncount(peer)
        peer.pieces = pieces
        peer.wanted = pieces.common(self._picker.needed)
        peer.counted_as_seed = pieces.complete
        if pieces.complete:
            self._picker.availability.seeds += 1
        else:
            self._picker.availability.add_all(pieces)
