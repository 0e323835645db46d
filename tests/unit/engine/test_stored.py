"""Torrents of which the store holds something, loses something, or has no room for more."""

import random

from torrentide.engine.exchange import ROOM_SECONDS
from torrentide.engine.torrent import Torrent
from torrentide.errors import StorageError
from torrentide.pieces.bitfield import Bitfield
from torrentide.wire import messages
from unit.engine.remote import OURS, B, Fixture


def resumed(pieces: int, here: list[int]) -> Fixture:
    """A fixture of which the store holds some pieces."""
    it = Fixture(pieces, seeding=True)
    have = Bitfield(pieces)
    for index in here:
        have.add(index)
    it.heard.events.clear()
    it.torrent = Torrent(
        it.info.info_hash,
        OURS,
        observer=it.heard,
        open_store=it.open_store,
        digest=it.digest,
        timers=it.timers,
        rng=random.Random(1),
    )
    it.torrent.start(0.0, it.info, have=have)
    return it


def test_what_is_here_is_told_and_served_and_only_the_rest_fetched() -> None:
    it = resumed(4, [0, 2])
    assert it.torrent.left == it.info.piece_size(1) + it.info.piece_size(3)
    peer = it.remote().hello()
    assert messages.Bits(b"\xa0") in peer.heard()
    peer.say(messages.bitfield(b"\x50"), messages.UNCHOKE)
    assert peer.give() == 4
    assert {event for event in it.heard.events if "verified" in event} == {"verified 1", "verified 3"}
    leech = it.leech()
    leech.say(messages.request(2, 0, B))
    blocks = [message for message in leech.heard() if isinstance(message, messages.Piece)]
    assert [(block.index, bytes(block.data)) for block in blocks] == [(2, it.data[4 * B : 5 * B])]


def test_a_whole_one_is_done_at_once_and_wants_nothing() -> None:
    it = resumed(3, [0, 1, 2])
    assert it.heard.events == ["metadata", "done"]
    assert it.torrent.left == 0
    assert not it.seed().requests()


def test_a_lost_piece_is_told_to_who_understands_it_and_fetched_again() -> None:
    it = resumed(3, [0, 1, 2])
    seed = it.seed()
    seed.heard()
    it.torrent.lost(1, 0.0)
    it.torrent.lost(1, 0.0)
    assert it.heard.events.count("unverified 1") == 1
    assert it.torrent.left == it.info.piece_size(1)
    assert seed.give() == 2
    assert it.torrent.complete
    assert it.heard.events[-2:] == ["verified 1", "done"]


def test_an_unwanted_piece_that_is_lost_is_not_fetched() -> None:
    it = resumed(3, [0, 1, 2])
    it.torrent.set_priorities({1: 0}, 0.0)
    it.torrent.lost(1, 0.0)
    assert not it.seed().requests()
    assert it.torrent.wants_nothing
    it.torrent.set_priorities({1: 4}, 0.0)
    assert not it.torrent.wants_nothing


def test_a_piece_that_can_not_be_read_is_refused_to_peers_and_fetched_again() -> None:
    it = resumed(3, [0, 1, 2])
    leech = it.leech()
    it.store.error = StorageError("gone", kind="lost")
    leech.say(messages.request(1, 0, B), messages.request(1, B, B))
    refused = [message for message in leech.heard() if isinstance(message, messages.Reject)]
    assert [(reject.index, reject.begin) for reject in refused] == [(1, 0), (1, B)]
    it.store.error = None
    leech.say(messages.request(0, 0, B))
    assert any(isinstance(message, messages.Piece) for message in leech.heard())
    assert it.heard.warnings == ["gone"]
    assert it.heard.errors == []
    it.seed().give()
    assert it.torrent.complete


def test_requests_behind_one_that_can_not_be_read_are_served() -> None:
    it = resumed(3, [0, 1, 2])
    leech = it.leech()
    it.store.hold = True
    leech.say(messages.request(1, 0, B), messages.request(0, 0, B))
    del it.store.pieces[1]
    it.store._answers[0] = lambda now: None
    reads = list(it.store.reads)
    assert reads == [(1, 0, 2 * B)]
    it.store.hold = False
    it.torrent.lost(1, 0.0)
    leech.say(messages.KEEP_ALIVE)
    assert any(isinstance(message, messages.Piece) and message.index == 0 for message in leech.heard())


def test_without_room_the_download_waits_and_loses_nothing() -> None:
    it = Fixture(4)
    it.store.error = StorageError("the disk is full", kind="full")
    seed = it.seed()
    seed.give()
    assert it.heard.events.count("full") == 1
    assert it.heard.errors == []
    assert not seed.requests()
    it.run(3 * ROOM_SECONDS)
    assert not seed.requests()
    assert it.heard.events.count("full") == 1
    it.store.error = None
    it.run(ROOM_SECONDS)
    assert it.heard.events.count("room") == 1
    seed.give()
    assert it.torrent.complete
    assert it.torrent.wasted == 0
    assert b"".join(it.store.pieces[index] for index in range(4)) == it.data


def test_room_does_not_end_a_pause_of_the_user() -> None:
    it = Fixture(4)
    it.store.error = StorageError("the disk is full", kind="full")
    seed = it.seed()
    seed.give()
    it.torrent.pause(it.now)
    it.torrent.resume(it.now)
    assert not seed.requests()
    it.torrent.pause(it.now)
    it.store.error = None
    it.run(ROOM_SECONDS)
    assert not seed.requests()
    it.torrent.resume(it.now)
    seed.say(messages.UNCHOKE)
    seed.give()
    assert it.torrent.complete


def test_nothing_is_tried_after_the_end() -> None:
    it = Fixture(4)
    it.store.error = StorageError("the disk is full", kind="full")
    it.seed().give()
    it.torrent.close(it.now)
    it.store.error = None
    it.run(3 * ROOM_SECONDS)
    assert it.store.pieces == {}


def test_pieces_that_are_found_later_are_here_and_told() -> None:
    it = Fixture(3)
    leech = it.leech()
    it.torrent.found(1, 0.0)
    it.torrent.found(1, 0.0)
    assert messages.Have(1) in leech.heard()
    assert it.heard.events.count("verified 1") == 1
    assert it.torrent.left == it.info.length - it.info.piece_size(1)
    it.seed().give()
    assert it.torrent.complete
    assert it.torrent.wasted == 0


def test_an_info_that_is_found_ends_the_wait_for_it() -> None:
    it = Fixture(3, magnet=True)
    have = Bitfield.full(3)
    it.torrent.learn(it.info, have, 0.0)
    it.torrent.learn(it.info, Bitfield(3), 0.0)
    assert it.heard.events == ["metadata", "done"]
    assert it.torrent.complete


def test_a_piece_that_is_found_on_its_way_is_asked_for_no_more() -> None:
    it = Fixture(3)
    seed = it.seed()
    asked = seed.requests()
    (first, second) = [block for block in asked if block.index == asked[0].index]
    start = first.index * it.info.piece_length + first.begin
    data = it.data[start : start + first.length]
    seed.say(messages.piece_header(first.index, first.begin, len(data)), data)
    it.torrent.found(first.index, it.now)
    assert messages.Cancel(second.index, second.begin, second.length) in seed.heard()
    assert it.heard.events.count(f"verified {first.index}") == 1
    assert it.torrent.downloaded == it.info.piece_size(first.index)
    assert it.torrent.picker is not None
    assert first.index not in it.torrent.picker.partial
    it.torrent.disconnected(seed.link, "gone", it.now)
    it.seed().give()
    assert it.torrent.complete


def test_a_piece_that_was_lost_as_it_was_written_is_fetched_again() -> None:
    it = Fixture(2)
    seed = it.seed()
    it.store.error = StorageError("cleared", kind="lost")
    it.store.hold = True
    seed.give()
    it.store.error = None
    it.store.finish(it.now)
    it.store.hold = False
    assert it.heard.errors == []
    seed.give()
    assert it.torrent.complete
