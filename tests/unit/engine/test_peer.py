"""What is known of a peer before it says anything, and what follows from what it says."""

from torrentide.engine.peer import DEFAULT_REQUEST_QUEUE, HIGH_WATER, Peer
from torrentide.pieces.bitfield import Bitfield
from torrentide.wire.extensions.handshake import ExtendedHandshake
from unit.recorders import RecordedTransport


def test_both_sides_choke_and_want_nothing_at_first() -> None:
    """BEP 3."""
    peer = Peer(1, None, RecordedTransport(), 0.0)
    assert (peer.am_choking, peer.am_interested, peer.peer_choking, peer.peer_interested) == (
        True, False, True, False,
    )  # fmt: skip
    assert peer.peer_id is None
    assert not peer.is_seed


def test_sending_tells_how_much_waits() -> None:
    transport = RecordedTransport()
    peer = Peer(1, None, transport, 0.0)
    transport.waiting = HIGH_WATER - 1
    peer.send(b"x", 5.0)
    assert (peer.unsent, peer.writable, peer.last_sent) == (HIGH_WATER - 1, True, 5.0)
    transport.waiting = HIGH_WATER
    peer.send(b"x", 6.0)
    assert not peer.writable


def test_the_peer_names_its_queue() -> None:
    peer = Peer(1, None, RecordedTransport(), 0.0)
    assert peer.request_queue == DEFAULT_REQUEST_QUEUE
    peer.extensions.receive_handshake(ExtendedHandshake(request_queue=7).to_bytes())
    assert peer.request_queue == 7


def test_a_seed_has_everything() -> None:
    peer = Peer(1, None, RecordedTransport(), 0.0)
    peer.pieces = Bitfield(2)
    peer.pieces.add(0)
    assert not peer.is_seed
    peer.pieces.add(1)
    assert peer.is_seed
