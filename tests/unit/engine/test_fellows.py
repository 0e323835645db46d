"""Who of those who watch together fetches what only seeds have."""

from torrentide.engine.fellows import ACTIVE_SECONDS, GRACE_SECONDS, Fellows
from torrentide.engine.peer import Peer
from torrentide.pieces.bitfield import Bitfield
from unit.recorders import RecordedTransport

COUNT = 200
IDS = [b"-XX0001-%012d" % number for number in range(5)]
NEAR = {index: float(index) for index in range(20, 120)}


def fellow(number: int, *pieces: int) -> Peer:
    peer = Peer(number, None, RecordedTransport(), 0.0)
    peer.peer_id, peer.pieces = IDS[number], Bitfield(COUNT)
    for index in pieces:
        peer.pieces.add(index)
    return peer


def test_each_piece_is_the_share_of_exactly_one() -> None:
    shares: list[int] = []
    for own in range(5):
        others = [fellow(number, 10) for number in range(5) if number != own]
        turns = Fellows(IDS[own]).turns(others, NEAR)
        mine = [index for index in NEAR if index not in turns]
        assert 5 < len(mine) < 40
        shares += mine
    assert sorted(shares) == sorted(NEAR)


def test_what_a_fellow_has_is_nobody_s_to_fetch_until_it_is_late() -> None:
    turns = Fellows(IDS[0]).turns([fellow(1, *NEAR)], NEAR)
    assert all(turns[index] >= due + GRACE_SECONDS for index, due in NEAR.items())


def test_only_those_who_are_near_and_get_something_count() -> None:
    fellows = Fellows(IDS[0])
    near, far, seed = fellow(1, 25), fellow(2, 190), fellow(3, *range(COUNT))
    assert fellows.look([near, far, seed], NEAR, 0.0) == [near]
    assert fellows.look([near], {}, 0.0) == []
    assert fellows.look([near], NEAR, ACTIVE_SECONDS + 1) == []
    assert near.pieces is not None
    near.pieces.add(26)
    assert fellows.look([near], NEAR, ACTIVE_SECONDS + 2) == [near]
