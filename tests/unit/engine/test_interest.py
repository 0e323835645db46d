"""What peers have, and whether we want it."""

import random

import pytest

from torrentide.engine.interest import MAX_TOLD_WHOLE, Interest
from torrentide.engine.peer import Peer
from torrentide.errors import PeerError
from torrentide.pieces.picker import Picker
from torrentide.wire import messages
from unit.recorders import RecordedTransport

COUNT = 10


class Fixture:
    """A torrent of ten pieces, of which we have the first two and don't want the third."""

    def __init__(self) -> None:
        self.picker = Picker(COUNT, 16384, COUNT * 16384, random.Random(1))
        for index in range(2):
            self.picker.verified(index)
        self.picker.wanted.choose(2, 0)
        self.interest = Interest(self.picker)

    def peer(self) -> Peer:
        return Peer(1, None, RecordedTransport(), 0.0)

    @property
    def counts(self) -> list[int]:
        return [self.picker.availability.peers(index) for index in range(COUNT)]


def heard(peer: Peer) -> list[messages.Message]:
    assert isinstance(peer.transport, RecordedTransport)
    return peer.transport.messages()


@pytest.mark.parametrize(
    ("message", "wanted", "held"),
    [
        (messages.Have(5), 1, 1),
        (messages.Have(1), 0, 1),
        (messages.Have(2), 0, 1),
        (messages.Bits(b"\xff\xc0"), 7, 10),
        (messages.Bits(b"\xe0\x00"), 0, 3),
        (messages.HaveAll(), 7, 10),
        (messages.HaveNone(), 0, 0),
    ],
)
def test_interest_is_in_what_is_wanted_and_lacks(message: messages.Message, wanted: int, held: int) -> None:
    it = Fixture()
    peer = it.peer()
    assert it.interest.told(peer, message, 1.0) is (wanted > 0)
    assert (peer.wanted, peer.am_interested) == (wanted, wanted > 0)
    assert heard(peer) == ([messages.Interested()] if wanted else [])
    assert peer.pieces is not None
    assert (peer.pieces.held, sum(it.counts)) == (held, held)
    it.interest.uncount(peer)
    assert sum(it.counts) == 0


def test_what_is_told_anew_replaces_what_was() -> None:
    it = Fixture()
    peer = it.peer()
    for message in (messages.HaveAll(), messages.Bits(b"\x00\x40"), messages.Have(9), messages.Have(3)):
        it.interest.told(peer, message, 1.0)
    assert it.counts == [0, 0, 0, 1, 0, 0, 0, 0, 0, 1]
    assert not it.interest.told(peer, messages.Have(3), 1.0), "it has no more than before"


@pytest.mark.parametrize("message", [messages.HaveAll(), messages.HaveNone(), messages.Bits(b"\x1f\xc0")])
def test_who_tells_all_its_pieces_again_and_again(message: messages.Message) -> None:
    it = Fixture()
    peer = it.peer()
    for _ in range(MAX_TOLD_WHOLE):
        it.interest.told(peer, message, 1.0)
        it.interest.told(peer, messages.Have(9), 1.0)
    with pytest.raises(PeerError, match="told more than 8 times"):
        it.interest.told(peer, message, 1.0)
    it.interest.uncount(peer)
    assert sum(it.counts) == 0


@pytest.mark.parametrize("index", [COUNT, 2**32 - 1])
def test_pieces_that_do_not_exist(index: int) -> None:
    it = Fixture()
    peer = it.peer()
    with pytest.raises(PeerError, match=f"a have for piece {index} of {COUNT}"):
        it.interest.told(peer, messages.Have(index), 1.0)
    with pytest.raises(PeerError, match=f"an lt_donthave for piece {index} of {COUNT}"):
        it.interest.lost(peer, index, 1.0)


@pytest.mark.parametrize("opening", [messages.HaveAll(), messages.Bits(b"\x1f\xc0")])
def test_a_piece_that_a_peer_lost(opening: messages.Message) -> None:
    it = Fixture()
    peer = it.peer()
    it.interest.told(peer, opening, 1.0)
    before = it.counts
    it.interest.lost(peer, 5, 1.0)
    it.interest.lost(peer, 5, 1.0)
    before[5] -= 1
    assert it.counts == before
    assert peer.wanted == 6
    for index in (3, 4, 6, 7, 8, 9):
        it.interest.lost(peer, index, 1.0)
    assert heard(peer) == [messages.Interested(), messages.NotInterested()]
    it.interest.uncount(peer)
    assert sum(it.counts) == 0


def test_who_told_nothing_can_lose_nothing() -> None:
    it = Fixture()
    peer = it.peer()
    it.interest.lost(peer, 5, 1.0)
    it.interest.recount(peer, 1.0)
    it.interest.uncount(peer)
    assert heard(peer) == []


def test_interest_follows_what_we_want() -> None:
    it = Fixture()
    peer = it.peer()
    it.interest.told(peer, messages.Have(2), 1.0)
    it.picker.wanted.choose(2, 4)
    it.interest.recount(peer, 1.0)
    assert heard(peer) == [messages.Interested()]
    it.picker.verified(2)
    it.interest.verified(peer, 2, 1.0)
    assert heard(peer) == [messages.NotInterested()]
