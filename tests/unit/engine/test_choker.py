"""Who is unchoked."""

import pytest

from torrentide.engine.choker import (
    OPTIMISTIC_SECONDS,
    TURN_PIECES,
    TURN_SECONDS,
    UPLOAD_SLOTS,
    Slots,
    choose,
)
from torrentide.engine.peer import Peer
from unit.recorders import RecordedTransport

OPTIMISTIC_SLOTS = Slots().optimistic
REGULAR = UPLOAD_SLOTS - OPTIMISTIC_SLOTS
NOW = 1000.0
PIECE = 16 * 1024


def crowd(count: int, when: float = NOW) -> list[Peer]:
    """Interested peers; the first gave us most and took least at that time."""
    peers = []
    for number in range(count):
        peer = Peer(number, None, RecordedTransport(), 0.0)
        peer.peer_interested = True
        peer.down.add(1000 * (count - number), when)
        peer.up.add(1000 * (number + 1), when)
        peer.unchoked_at = when - 100.0
        peers.append(peer)
    return peers


def test_everybody_while_there_is_room() -> None:
    peers = crowd(UPLOAD_SLOTS)
    assert choose(peers, False, PIECE, NOW) == set(peers)
    assert choose([], False, PIECE, NOW) == set()


def test_only_those_who_are_interested() -> None:
    peers = crowd(4)
    peers[1].peer_interested = False
    assert choose(peers, False, PIECE, NOW) == {peers[0], peers[2], peers[3]}


def test_a_leecher_rewards_those_who_give() -> None:
    peers = crowd(30)
    chosen = choose(peers, False, PIECE, NOW)
    assert chosen > set(peers[:REGULAR])
    assert len(chosen) == UPLOAD_SLOTS


def test_a_leecher_gives_nothing_but_an_optimistic_slot_to_who_stopped_giving() -> None:
    peers = crowd(30)
    for peer in peers[:4]:
        peer.snubbed = True
    assert choose(peers, False, PIECE, NOW) >= set(peers[4 : 4 + REGULAR])
    peers[3].unchoked_at = NOW - 500.0
    assert peers[3] in choose(peers, False, PIECE, NOW)
    few = crowd(UPLOAD_SLOTS)
    for peer in few:
        peer.snubbed = True
    assert choose(few, False, PIECE, NOW) == set(few), "an empty slot is of use to nobody"


def turns(count: int, *, served: int = 0, since: float = 0.0) -> list[Peer]:
    """Interested peers, those with a slot for `since` seconds first, who had `served` bytes in it."""
    peers = crowd(count)
    for peer in peers[:UPLOAD_SLOTS]:
        peer.am_choking = False
        peer.served = served
        peer.unchoked_at = NOW - since
    return peers


@pytest.mark.parametrize(
    ("pieces", "since", "kept"),
    [
        (TURN_PIECES, TURN_SECONDS, False),
        (TURN_PIECES - 1, TURN_SECONDS, True),
        (TURN_PIECES, TURN_SECONDS - 1, True),
    ],
)
def test_a_seed_parts_with_who_had_its_share(pieces: int, since: float, kept: bool) -> None:
    peers = turns(30, served=pieces * PIECE, since=since)
    chosen = choose(peers, True, PIECE, NOW)
    assert len(chosen) == UPLOAD_SLOTS
    assert len(chosen & set(peers[:UPLOAD_SLOTS])) == (REGULAR if kept else 0)


def test_a_seed_takes_who_waits_longest_next() -> None:
    peers = turns(30, served=TURN_PIECES * PIECE, since=TURN_SECONDS)
    for number, peer in enumerate(peers):
        if peer.am_choking:
            peer.unchoked_at = NOW - number
    assert choose(peers, True, PIECE, NOW) == set(peers[-UPLOAD_SLOTS:])


def test_rates_of_long_ago_do_not_count() -> None:
    peers = crowd(30)
    peers[20].down.add(1, NOW + 60.0)
    assert peers[20] in choose(peers, False, PIECE, NOW + 60.0)


def test_optimistic_slots_go_to_who_waits_longest() -> None:
    peers = crowd(30)
    waiting = peers[20], peers[25]
    for peer in waiting:
        peer.unchoked_at = NOW - 500.0
    assert choose(peers, False, PIECE, NOW) == {*peers[:REGULAR], *waiting}


@pytest.mark.parametrize(("since", "kept"), [(OPTIMISTIC_SECONDS - 1, True), (OPTIMISTIC_SECONDS, False)])
def test_an_optimistic_turn_is_kept_to_its_end_and_then_goes_on(since: float, kept: bool) -> None:
    peers = crowd(30)
    waiting, lucky = {peers[20], peers[25]}, {peers[10], peers[15]}
    for peer in waiting:
        peer.unchoked_at = NOW - 500.0
    for peer in lucky:
        peer.am_choking = False
        peer.unchoked_at = NOW - since
    assert choose(peers, False, PIECE, NOW) - set(peers[:REGULAR]) == (lucky if kept else waiting)


def test_of_equals_those_with_a_slot_keep_it() -> None:
    peers = crowd(30)
    for peer in peers:
        peer.am_choking = peer.link < 22
    assert choose(peers, False, PIECE, NOW + 60.0) >= {peer for peer in peers if peer.link >= 22}
    assert sum(not peer.am_choking for peer in peers) == REGULAR
