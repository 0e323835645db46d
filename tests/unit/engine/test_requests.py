"""The book-keeping of requests: asked, taken back, refused, asked anew."""

import random

from torrentide.engine.limits import Limits
from torrentide.engine.peer import Peer
from torrentide.engine.requests import Requests
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.partial import BLOCK_LENGTH as B
from torrentide.pieces.picker import Picker
from unit.recorders import RecordedTransport


def test_the_refusal_of_what_was_taken_back_is_no_refusal_of_what_was_asked_anew() -> None:
    """A peer answers each cancel with a reject (BEP 6), which may cross another request for the block: 50
    such rejects parted us from a good peer after two seeks."""
    picker = Picker(1, 2 * B, 2 * B, random.Random(1))
    peer = Peer(1, None, RecordedTransport(), 0.0)
    requests = Requests(picker, lambda: [peer], Limits().down_with(Limits()))
    requests.ask(peer, picker.pick(Bitfield.full(1), 1, 1), 0.0)
    requests.take_back(peer, [(0, 0)], 0.0)
    requests.ask(peer, picker.pick(Bitfield.full(1), 1, 1), 0.0)
    assert list(peer.requests) == [(0, 0)]
    assert not requests.refused(peer, (0, 0), 0.1), "the answer to the cancel"
    assert list(peer.requests) == [(0, 0)]
    assert requests.refused(peer, (0, 0), 0.2), "the answer to the second request"
    assert not peer.requests
    assert picker.is_free(0)
