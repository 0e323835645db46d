"""One torrent among peers of every kind: each rule of the protocol, spoken byte for byte."""

import random
from collections.abc import Callable

import pytest

from torrentide.discovery.glare import LinkKey
from torrentide.engine import choker
from torrentide.engine.download import SNUB_SECONDS
from torrentide.engine.peer import HIGH_WATER, MAX_UNSENT
from torrentide.engine.serving import REQUEST_QUEUE
from torrentide.engine.torrent import (
    CHECK_SECONDS,
    CLIENT,
    CROSSING_SECONDS,
    HANDSHAKE_SECONDS,
    IDLE_SECONDS,
    KEEP_ALIVE_SECONDS,
    MAX_TOLD,
    TALKING_SECONDS,
    Torrent,
)
from torrentide.engine.upload import MAX_REQUEST
from torrentide.errors import StorageError, TorrentideError
from torrentide.metainfo.create import build_info
from torrentide.wire import messages
from torrentide.wire.extensions.handshake import ExtendedHandshake, parse_extended_handshake
from torrentide.wire.extensions.metadata import MetadataMessage, parse_metadata_message
from torrentide.wire.handshake import Handshake
from unit.engine.remote import OURS, B, Fixture, Remote
from unit.recorders import HeldDigest

UT_METADATA = 3


# -- The handshake


def test_we_greet_at_once_with_both_extensions() -> None:
    it = Fixture()
    assert it.remote().greeting == Handshake(it.info.info_hash, OURS, extended=True, fast=True)
    assert it.heard.events == ["metadata"]


@pytest.mark.parametrize(
    ("seeding", "fast", "expected"),
    [
        (False, True, [messages.HaveNone()]),
        (True, True, [messages.HaveAll()]),
        (False, False, []),
        (True, False, [messages.Bits(b"\xe0")]),
    ],
)
@pytest.mark.parametrize("extended", [True, False])
def test_what_we_have_follows_the_handshake(
    seeding: bool, fast: bool, expected: list[messages.Message], extended: bool
) -> None:
    it = Fixture(seeding=seeding)
    heard = it.remote().hello(fast=fast, extended=extended).heard()
    if extended:
        first = heard.pop(0)
        assert isinstance(first, messages.Extended)
        assert first.id == 0
        assert parse_extended_handshake(first.payload) == ExtendedHandshake(
            {"ut_metadata": 1, "upload_only": 2, "lt_donthave": 3},
            CLIENT,
            REQUEST_QUEUE,
            len(it.info.raw),
            upload_only=True if seeding else None,
        )
    assert heard == expected


def test_a_part_of_the_pieces_is_told_as_a_bitfield() -> None:
    it = Fixture()
    it.remote().hello().say(messages.bitfield(b"\x40"), messages.UNCHOKE).give()
    assert it.remote().hello().heard()[-1] == messages.Bits(b"\x40")


def test_the_handshake_may_come_in_parts_with_messages_behind_it() -> None:
    it = Fixture()
    remote = it.remote()
    stream = Handshake(it.info.info_hash, remote.peer_id).to_bytes() + messages.HAVE_ALL
    for byte in stream[:-1]:
        remote.say(bytes([byte]))
    assert messages.Interested() not in remote.heard()
    remote.say(stream[-1:])
    assert remote.heard() == [messages.Interested()]
    assert it.heard.events == ["metadata", "joined 1"]


@pytest.mark.parametrize(
    "opening",
    [
        lambda it: b"GET / HTTP/1.1\r\n\r\n",
        lambda it: bytes(68),
        lambda it: Handshake(b"x" * 20, b"p" * 20).to_bytes(),
        lambda it: Handshake(it.info.info_hash, OURS).to_bytes(),
    ],
    ids=["another protocol", "zeros", "another torrent", "ourselves"],
)
def test_who_opens_wrongly_is_dropped_and_never_joins(opening: Callable[[Fixture], bytes]) -> None:
    it = Fixture()
    remote = it.remote().say(opening(it))
    assert remote.dropped
    assert it.heard.events == ["metadata"]
    assert it.torrent.peers == {}
    assert not it.torrent.knows(OURS)


def test_who_does_not_shake_hands_in_time_is_dropped() -> None:
    it = Fixture()
    silent = it.remote()
    half = it.remote().say(b"\x13BitTorrent protocol")
    it.run(HANDSHAKE_SECONDS - 0.1)
    assert not silent.dropped
    it.run(0.1)
    assert silent.dropped
    assert half.dropped


@pytest.mark.parametrize("first_wins", [True, False])
def test_of_two_connections_to_a_peer_one_is_kept(first_wins: bool) -> None:
    it = Fixture()
    keys = [LinkKey(b"B" * 20, b"1" * 20), LinkKey(b"A" * 20, b"2" * 20)]
    first, second = (it.remote(b"p" * 20, key) for key in (keys if first_wins else keys[::-1]))
    first.hello()
    second.hello()
    kept, lost = (first, second) if first_wins else (second, first)
    assert lost.dropped
    assert not kept.dropped
    assert list(it.torrent.peers) == [kept.link]
    assert it.torrent.knows(b"p" * 20)
    joined = ["joined 1"] if first_wins else ["joined 1", "left 1", "joined 2"]
    assert it.heard.events == ["metadata", *joined]
    it.torrent.disconnected(kept.link, "lost", 1.0)
    assert not it.torrent.knows(b"p" * 20)


@pytest.mark.parametrize(("silent", "taken"), [(TALKING_SECONDS / 2, False), (TALKING_SECONDS * 2, True)])
def test_who_is_here_and_talks_is_not_put_out_by_who_takes_its_id(silent: float, taken: bool) -> None:
    it = Fixture()
    first = it.remote(b"p" * 20, LinkKey(b"A" * 20, b"2" * 20)).hello()
    it.run(CROSSING_SECONDS)
    first.say(messages.KEEP_ALIVE)
    it.run(silent)
    second = it.remote(b"p" * 20, LinkKey(b"B" * 20, b"1" * 20)).hello()
    assert (first.dropped, second.dropped) == (taken, not taken)


def test_a_connection_that_lost_does_not_take_the_peers_place_with_it() -> None:
    it = Fixture()
    kept, lost = it.remote(b"p" * 20), it.remote(b"p" * 20)
    kept.hello()
    lost.hello()
    it.torrent.disconnected(lost.link, "closed", 1.0)
    assert it.torrent.knows(b"p" * 20)


# -- Garbage


GARBAGE = {
    "a message too long": b"\xff\xff\xff\xff",
    "a choke with a body": b"\0\0\0\2\0x",
    "a have of nothing": b"\0\0\0\1\4",
    "a have beyond the last piece": messages.have(3),
    "a have far beyond": messages.have(2**32 - 1),
    "a bitfield too short": messages.bitfield(b""),
    "a bitfield too long": messages.bitfield(b"\0\0"),
    "a bitfield with spare bits": messages.bitfield(b"\xf0"),
    "an extended handshake of garbage": messages.extended(0, b"garbage"),
    "an extension never agreed on": messages.extended(77, b"de"),
    "ut_metadata of garbage": messages.extended(1, b"garbage"),
    "an extended message without a number": b"\0\0\0\1\x14",
    "a request of no piece": messages.request(3, 0, B),
    "a request far beyond": messages.request(2**32 - 1, 0, B),
    "a request beyond its piece": messages.request(0, 2 * B, 1),
    "a request over the end of its piece": messages.request(0, 2 * B - 1, 2),
    "a request over the end of the last piece": messages.request(2, B, B),
    "a request far into its piece": messages.request(0, 2**32 - 1, 2**32 - 1),
    "a request of no bytes": messages.request(0, 0, 0),
    "a second handshake": Handshake(b"h" * 20, b"p" * 20).to_bytes(),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=list(GARBAGE))
@pytest.mark.parametrize("split", [False, True])
def test_who_sends_garbage_is_dropped_and_the_download_goes_on(garbage: bytes, split: bool) -> None:
    it = Fixture()
    bad, good = it.seed(), it.seed()
    asked = bad.requests()
    assert asked
    for part in [garbage[:3], garbage[3:]] if split else [garbage]:
        bad.say(part)
    assert bad.dropped
    assert it.heard.left[0][0] == bad.link
    assert len(it.heard.left[0][1]) > 10, "the reason is told"
    bad.say(messages.HAVE_ALL)
    good.give()
    assert it.torrent.complete
    assert not good.dropped
    assert b"".join(it.store.pieces[index] for index in range(3)) == it.data


def test_a_request_too_long_is_garbage_even_where_the_piece_is_longer() -> None:
    it = Fixture(seeding=True)
    it.info = build_info("big", [(("big",), 2 * MAX_REQUEST)], 2 * MAX_REQUEST, bytes(20))
    it.torrent = Torrent(
        it.info.info_hash, OURS, observer=it.heard, open_store=it.open_store, digest=it.digest,
        timers=it.timers, rng=random.Random(1),
    )  # fmt: skip
    it.torrent.start(0.0, it.info, seeding=True)
    remote = it.leech().say(messages.request(0, 0, MAX_REQUEST + 1))
    assert remote.dropped


@pytest.mark.parametrize(
    "harmless",
    [
        messages.KEEP_ALIVE,
        b"\0\0\0\x03\x09\x1a\xe1",
        b"\0\0\0\x05\x0d\0\0\0\x01",
        b"\0\0\0\x05\x11\0\0\0\x01",
        b"\0\0\0\x04\x63abc",
        messages.cancel(0, 0, B),
        messages.cancel(2**32 - 1, 0, 0),
        messages.reject(2**32 - 1, 0, B),
        messages.piece_header(2**32 - 1, 5, 3) + b"abc",
        messages.extended(0, b"de"),
        messages.extended(1, b"d8:msg_typei9e5:piecei0ee"),
        messages.extended(1, b"d8:msg_typei1e5:piecei0e10:total_sizei5eehello"),
        messages.extended(1, b"d8:msg_typei2e5:piecei0ee"),
        messages.CHOKE,
        messages.UNCHOKE + messages.UNCHOKE,
        messages.NOT_INTERESTED,
    ],
)
@pytest.mark.parametrize("magnet", [False, True])
def test_what_asks_nothing_of_us_is_ignored(harmless: bytes, magnet: bool) -> None:
    it = Fixture(magnet=magnet)
    remote = it.remote().hello()
    remote.heard()
    assert remote.say(harmless).heard() == []
    assert not remote.dropped


def test_bytes_for_a_link_that_is_gone_do_nothing() -> None:
    it = Fixture()
    it.torrent.received(99, messages.HAVE_ALL, 0.0)
    it.torrent.drained(99, 0.0)
    it.torrent.disconnected(99, "gone", 0.0)
    assert it.heard.events == ["metadata"]


# -- Interest


def test_interest_follows_what_is_lacking() -> None:
    it = Fixture()
    first, second = it.remote().hello(), it.remote().hello()
    first.heard(), second.heard()
    first.say(messages.have(0))
    assert first.heard() == [messages.Interested()]
    first.say(messages.have(0), messages.have(1))
    assert first.heard() == []
    second.say(messages.bitfield(b"\x80"))
    assert second.heard() == [messages.Interested()]
    second.say(messages.UNCHOKE).give()
    assert it.heard.events[-1] == "verified 0"
    assert first.heard() == [messages.Have(0)], "it still has piece 1"
    assert not second.peer.am_interested
    second.heard()
    second.say(messages.HAVE_NONE)
    assert second.heard() == []
    second.say(messages.HAVE_ALL)
    assert second.heard()[0] == messages.Interested()


@pytest.mark.parametrize("leaves", [False, True])
def test_who_wants_nothing_more_makes_room_for_who_waits(leaves: bool) -> None:
    it = Fixture(seeding=True)
    *having, waiting = [it.remote().hello() for _ in range(choker.UPLOAD_SLOTS + 1)]
    for remote in (*having, waiting):
        remote.say(messages.INTERESTED)
    assert messages.Unchoke() not in waiting.heard()
    if leaves:
        it.torrent.disconnected(having[0].peer.link, "gone", 1.0)
    else:
        having[0].say(messages.NOT_INTERESTED)
    assert messages.Unchoke() in waiting.heard()


def test_a_seed_of_ours_wants_nothing() -> None:
    it = Fixture(seeding=True)
    assert it.heard.events == ["metadata", "done"]
    remote = it.seed()
    assert messages.Interested() not in remote.heard()


def test_have_is_told_to_those_who_lack_the_piece() -> None:
    it = Fixture()
    silent, empty, seed = it.remote().hello(), it.remote().hello().say(messages.HAVE_NONE), it.seed()
    stranger = it.remote()
    silent.heard(), empty.heard()
    seed.give()
    told = [messages.Have(index) for index in range(3)]
    assert sorted(map(str, silent.heard())) == sorted(map(str, empty.heard())) == sorted(map(str, told))
    assert stranger.heard() == []
    assert seed.heard() == []


def test_the_availability_follows_who_comes_and_goes() -> None:
    it = Fixture()
    assert it.torrent.picker is not None
    availability = it.torrent.picker.availability

    def counts() -> list[int]:
        return [availability.peers(index) for index in range(3)]

    first = it.remote().hello().say(messages.bitfield(b"\xa0"))
    assert counts() == [1, 0, 1]
    first.say(messages.have(1), messages.have(1))
    assert counts() == [1, 1, 1]
    second = it.remote().hello().say(messages.HAVE_ALL)
    assert counts() == [2, 2, 2]
    second.say(messages.bitfield(b"\x20"))
    assert counts() == [1, 1, 2]
    it.torrent.disconnected(first.link, "gone", 0.0)
    assert counts() == [0, 0, 1]
    second.say(messages.have(9))
    assert counts() == [0, 0, 0]


# -- Fetching


def test_the_whole_download() -> None:
    it = Fixture()
    assert (it.torrent.left, it.torrent.downloaded, it.torrent.complete) == (len(it.data), 0, False)
    seed = it.seed()
    first, second = seed.requests()
    for block, left in ((first, len(it.data)), (second, len(it.data) - 2 * B)):
        start = block.index * 2 * B + block.begin
        data = it.data[start : start + block.length]
        seed.say(messages.piece_header(block.index, block.begin, len(data)), data)
        assert it.torrent.left in (left, left + 5), "only what is verified counts"
        assert it.torrent.downloaded == it.torrent.down.total
    seed.give()
    assert (it.torrent.left, it.torrent.downloaded, it.torrent.complete) == (0, len(it.data), True)
    assert it.torrent.down.total == len(it.data)
    assert it.heard.events[-1] == "done"
    assert it.heard.events.count("done") == 1
    assert sorted(it.heard.events[2:-1]) == [f"verified {index}" for index in range(3)]


def test_a_choke_frees_what_was_asked_and_with_fast_only_the_rejects_do() -> None:
    """BEP 6: a choke no longer cancels requests; each one is rejected by itself."""
    for fast in (False, True):
        it = Fixture()
        remote = it.remote().hello(fast=fast).say(messages.bitfield(b"\xe0"), messages.UNCHOKE)
        asked = remote.requests()
        remote.say(messages.CHOKE)
        assert len(remote.peer.requests) == (len(asked) if fast else 0)
        remote.say(*(messages.reject(block.index, block.begin, block.length) for block in asked if fast))
        assert remote.peer.requests == {}
        assert remote.requests() == []
        remote.say(messages.UNCHOKE)
        assert len(remote.requests()) == len(asked)


def test_what_a_lost_peer_was_asked_is_asked_of_others_at_once() -> None:
    it = Fixture(pieces=1)
    gone, other = it.seed(), it.seed()
    first, second = gone.requests()
    assert other.requests() == [], "it has had no time to show that it is slow"
    it.torrent.disconnected(gone.link, "lost", 0.1)
    assert other.requests() == [first, second]


def test_a_silent_peers_blocks_are_asked_of_others() -> None:
    it = Fixture(pieces=1)
    silent = it.seed()
    first, second = silent.requests()
    it.run(SNUB_SECONDS - 5)
    other = it.seed()
    assert other.requests() == [second], "it takes over what it can"
    assert silent.heard() == [messages.Cancel(0, B, second.length)]
    it.run(5)
    assert silent.heard() == [messages.Cancel(0, 0, B)]
    assert other.requests() == [first]
    assert not silent.dropped


def test_blocks_that_a_choke_freed_are_asked_of_an_idle_peer_at_once() -> None:
    it = Fixture(pieces=1)
    choking = it.remote().hello(fast=False).say(messages.bitfield(b"\x80"), messages.UNCHOKE)
    first, second = choking.requests()
    other = it.seed()
    assert other.requests() == []
    choking.say(messages.CHOKE)
    assert other.requests() == [first, second]


def test_a_false_piece_of_one_peer_drops_it() -> None:
    it = Fixture(pieces=1)
    liar = it.seed()
    liar.give(false=True)
    assert liar.dropped
    assert it.heard.left == [(liar.link, "it sent false data")]
    assert it.heard.warnings == ["piece 0 failed verification; it is fetched again"]
    it.seed().give()
    assert it.torrent.complete


def half_each(it: Fixture) -> tuple[Remote, Remote]:
    """Two peers, each of which was asked for one block of the one piece."""
    pair = it.remote().hello(), it.remote().hello()
    for remote in pair:
        remote.peer.queue = 1
        remote.say(messages.HAVE_ALL, messages.UNCHOKE)
    return pair


def answer(it: Fixture, remote: Remote, *, false: bool = False) -> None:
    """Deliver what was asked for since the last call."""
    for block in remote.requests():
        start = block.index * 2 * B + block.begin
        data = it.data[start : start + block.length]
        remote.say(
            messages.piece_header(block.index, block.begin, len(data)), bytes(len(data)) if false else data
        )


def test_a_false_piece_of_two_peers_drops_nobody_and_one_fetches_it_alone() -> None:
    it = Fixture(pieces=1)
    first, second = half_each(it)
    answer(it, first)
    answer(it, second, false=True)
    assert not first.dropped
    assert not second.dropped
    assert len(it.heard.warnings) == 1
    assert first.peer.on_parole
    assert second.peer.on_parole
    it.run(1.0)
    counts = len(first.peer.requests), len(second.peer.requests)
    assert sorted(counts) in ([0, 1], [0, 2]), "asked again at once, of one of them"


@pytest.mark.parametrize("liar_is_first", [False, True])
def test_the_liar_of_two_is_banned_and_the_other_is_not(liar_is_first: bool) -> None:
    it = Fixture(pieces=1)
    pair = half_each(it)
    liar, honest = pair if liar_is_first else pair[::-1]
    for _ in range(10):
        answer(it, honest)
        if not liar.dropped:
            answer(it, liar, false=True)
        it.run(1.0)
    assert it.torrent.complete
    assert liar.dropped
    assert not honest.dropped
    assert it.heard.left == [(liar.link, "it sent false data")]
    assert it.torrent.knows(liar.peer_id), "no offer of it is taken"
    assert it.remote(liar.peer_id).hello().dropped


@pytest.mark.parametrize(
    ("error", "told"), [(StorageError("full"), StorageError), (OSError("broken"), StorageError)]
)
def test_data_that_can_not_be_stored_is_told(error: Exception, told: type[TorrentideError]) -> None:
    it = Fixture(pieces=1)
    it.store.error = error
    seed = it.seed()
    for block in seed.requests():
        data = it.data[block.begin : block.begin + block.length]
        seed.say(messages.piece_header(0, block.begin, len(data)), data)
    assert [type(each) for each in it.heard.errors] == [told]
    assert str(it.heard.errors[0]) == str(error)
    assert not it.torrent.complete


# -- Serving


def test_a_leecher_is_unchoked_and_served() -> None:
    it = Fixture(seeding=True)
    remote = it.remote().hello()
    remote.heard()
    *hints, unchoke = remote.say(messages.INTERESTED).heard()
    assert unchoke == messages.Unchoke()
    assert all(isinstance(hint, messages.Suggest) for hint in hints)
    remote.say(messages.request(2, B, B - 5), messages.request(0, 1, 2))
    assert remote.heard() == [
        messages.Piece(2, B, memoryview(it.data[-(B - 5) :])),
        messages.Piece(0, 1, memoryview(it.data[1:3])),
    ]
    assert (it.torrent.up.total, remote.peer.up.total) == (B - 3, B - 3)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("why", ["choked", "lacking", "too many"])
def test_what_is_not_served_is_rejected_if_the_peer_knows_rejects(fast: bool, why: str) -> None:
    it = Fixture(seeding=why != "lacking")
    remote = it.remote().hello(fast=fast)
    if why != "choked":
        remote.say(messages.INTERESTED)
    if why == "too many":
        remote.transport.waiting = HIGH_WATER
        remote.say(messages.KEEP_ALIVE, *[messages.request(0, 0, 1)] * (REQUEST_QUEUE + 64))
    remote.transport.take()
    remote.say(messages.request(0, 0, B))
    assert remote.heard() == ([messages.Reject(0, 0, B)] if fast else [])
    assert not remote.dropped


@pytest.mark.parametrize("fast", [True, False])
def test_a_cancelled_request_is_not_served(fast: bool) -> None:
    it = Fixture(seeding=True)
    it.store.hold = True
    remote = it.leech(fast=fast)
    remote.say(messages.request(0, 0, B), messages.request(0, B, B), messages.cancel(0, 0, B))
    assert remote.heard() == ([messages.Reject(0, 0, B)] if fast else [])
    it.store.finish(1.0)
    assert [each.begin for each in remote.heard() if isinstance(each, messages.Piece)] == [B]


def test_a_drained_channel_is_filled_again() -> None:
    it = Fixture(seeding=True)
    remote = it.leech()
    remote.transport.waiting = HIGH_WATER
    remote.say(*[messages.request(0, 0, B)] * 20)
    first = len(remote.heard())
    assert 0 < first < 20
    remote.transport.waiting = 0
    it.torrent.drained(remote.link, 1.0)
    assert len(remote.heard()) == 20 - first


def test_a_peer_that_does_not_read_is_dropped() -> None:
    it = Fixture(seeding=True)
    remote = it.remote().hello()
    remote.transport.waiting = MAX_UNSENT
    remote.say(messages.request(0, 0, B))
    assert not remote.dropped
    remote.transport.waiting = MAX_UNSENT + 1
    remote.say(messages.request(0, 0, B))
    assert remote.dropped


@pytest.mark.parametrize("end", ["dropped", "disconnected", "closed"])
def test_a_peer_that_left_during_a_read_is_sent_nothing(end: str) -> None:
    it = Fixture(seeding=True)
    it.store.hold = True
    remote = it.leech().say(messages.request(0, 0, B))
    if end == "dropped":
        remote.say(b"\xff\xff\xff\xff")
    elif end == "disconnected":
        remote.transport.closed = True
        it.torrent.disconnected(remote.link, "lost", 1.0)
    else:
        it.torrent.close(1.0)
    it.store.finish(2.0)
    assert remote.heard() == []
    assert it.torrent.up.total == 0


def test_data_that_can_not_be_read_is_told() -> None:
    it = Fixture(seeding=True)
    it.store.error = StorageError("changed")
    it.leech().say(messages.request(0, 0, B))
    assert it.heard.errors == [it.store.error]


# -- Choking


def test_newcomers_are_unchoked_while_there_is_room_and_later_in_turn() -> None:
    it = Fixture(seeding=True)
    leeches = [it.leech() for _ in range(choker.UPLOAD_SLOTS + 2)]
    choked = [remote for remote in leeches if remote.peer.am_choking]
    assert choked == leeches[choker.UPLOAD_SLOTS :]
    leeches[0].say(messages.NOT_INTERESTED)
    it.run(choker.RECHOKE_SECONDS)
    assert leeches[0].peer.am_choking
    assert sum(not remote.peer.am_choking for remote in leeches) == choker.UPLOAD_SLOTS
    for _ in range(20):
        for remote in leeches:
            remote.say(messages.KEEP_ALIVE)
        it.run(choker.RECHOKE_SECONDS)
        choked = [remote for remote in choked if remote.peer.am_choking]
    assert choked == [], "each had its optimistic turn"


@pytest.mark.parametrize("fast", [True, False])
def test_a_choke_rejects_what_waits(fast: bool) -> None:
    it = Fixture(seeding=True)
    it.store.hold = True
    remote = it.leech(fast=fast)
    remote.say(messages.request(0, 0, B), messages.request(1, 0, B), messages.NOT_INTERESTED)
    it.run(choker.RECHOKE_SECONDS)
    rejects = [messages.Reject(0, 0, B), messages.Reject(1, 0, B)]
    assert remote.heard() == [messages.Choke(), *(rejects if fast else [])]
    it.store.finish(it.now)
    assert remote.heard() == []


# -- Time


def test_silence_is_filled_with_keep_alives_and_has_an_end() -> None:
    it = Fixture()
    remote = it.remote().hello()
    remote.heard()
    it.run(KEEP_ALIVE_SECONDS - 1)
    assert remote.heard() == []
    it.run(2 * CHECK_SECONDS)
    assert remote.heard() == [messages.KeepAlive()]
    it.run(IDLE_SECONDS - KEEP_ALIVE_SECONDS - 2 * CHECK_SECONDS)
    assert not remote.dropped
    it.run(2 * CHECK_SECONDS)
    assert remote.dropped


def test_who_speaks_is_kept() -> None:
    it = Fixture()
    remote = it.remote().hello()
    for _ in range(10):
        it.run(IDLE_SECONDS - CHECK_SECONDS)
        remote.say(messages.KEEP_ALIVE)
    assert not remote.dropped


# -- Metadata


def metadata(message: MetadataMessage) -> bytes:
    """A ut_metadata message under the number that we gave it."""
    return messages.extended(1, message.to_bytes())


def speaker(it: Fixture, size: int | None = None) -> Remote:
    """A peer that speaks ut_metadata."""
    remote = it.remote().hello()
    remote.heard()
    return remote.say(
        messages.extended(0, ExtendedHandshake({"ut_metadata": UT_METADATA}, metadata_size=size).to_bytes())
    )


def asked_metadata(remote: Remote) -> list[MetadataMessage | None]:
    return [
        parse_metadata_message(each.payload)
        for each in remote.heard()
        if isinstance(each, messages.Extended) and each.id == UT_METADATA
    ]


def test_a_magnet_becomes_a_download() -> None:
    it = Fixture(magnet=True)
    assert (it.torrent.left, it.torrent.store, it.torrent.complete) == (None, None, False)
    early = it.remote().hello().say(messages.have(0), messages.have(2), messages.UNCHOKE)
    raw = it.info.raw
    remote = speaker(it, len(raw)).say(messages.HAVE_ALL, messages.UNCHOKE)
    assert asked_metadata(remote) == [MetadataMessage("request", 0)]
    early.heard()
    remote.say(metadata(MetadataMessage("data", 0, raw, len(raw))))
    assert it.heard.events[-1] == "metadata"
    assert it.opened == [it.info]
    assert it.torrent.left == len(it.data)
    assert early.requests(), "what it told before is known now"
    assert early.peer.pieces is not None
    assert list(early.peer.pieces) == [0, 2]
    remote.give()
    it.run(2.0)
    remote.give()
    assert it.torrent.complete, "early was asked, and never gave"


def test_who_speaks_extensions_hears_that_we_have_the_metadata_now() -> None:
    it = Fixture(magnet=True)
    raw = it.info.raw
    remote, other, plain = speaker(it, len(raw)), speaker(it), it.remote().hello()
    for each in (remote, other, plain):
        each.heard()
    remote.say(metadata(MetadataMessage("data", 0, raw, len(raw))))
    for each, told in ((remote, 1), (other, 1), (plain, 0)):
        sizes = [
            parse_extended_handshake(message.payload).metadata_size
            for message in each.heard()
            if isinstance(message, messages.Extended) and message.id == 0
        ]
        assert sizes == [len(raw)] * told


def test_metadata_is_served_and_what_does_not_exist_is_rejected() -> None:
    it = Fixture()
    remote = speaker(it)
    for piece in (0, 1, 10**9):
        remote.say(metadata(MetadataMessage("request", piece)))
    raw = it.info.raw
    assert asked_metadata(remote) == [
        MetadataMessage("data", 0, raw, len(raw)),
        MetadataMessage("reject", 1),
        MetadataMessage("reject", 10**9),
    ]


def test_metadata_that_is_not_here_is_rejected() -> None:
    it = Fixture(magnet=True)
    remote = speaker(it).say(metadata(MetadataMessage("request", 0)))
    assert asked_metadata(remote) == [MetadataMessage("reject", 0)]


def test_metadata_for_who_does_not_speak_it_is_not_sent() -> None:
    it = Fixture()
    remote = it.remote().hello()
    remote.heard()
    assert remote.say(metadata(MetadataMessage("request", 0))).heard() == []


def test_metadata_for_a_full_channel_is_not_sent() -> None:
    it = Fixture()
    remote = speaker(it)
    remote.peer.unsent = remote.transport.waiting = HIGH_WATER
    assert asked_metadata(remote.say(metadata(MetadataMessage("request", 0)))) == []


def test_false_metadata_drops_its_peer_and_the_next_is_asked() -> None:
    it = Fixture(magnet=True)
    size = len(it.info.raw)
    liar, honest = speaker(it, size), speaker(it, size)
    liar.say(metadata(MetadataMessage("data", 0, bytes(size), size)))
    assert liar.dropped
    assert it.heard.left == [(liar.link, "metadata that does not match the info-hash")]
    assert asked_metadata(honest) == [MetadataMessage("request", 0)]
    honest.say(metadata(MetadataMessage("data", 0, it.info.raw, size)))
    assert it.torrent.info == it.info


def test_refused_metadata_is_asked_again_by_and_by() -> None:
    it = Fixture(magnet=True)
    size = len(it.info.raw)
    remote = speaker(it, size)
    remote.heard()
    remote.say(metadata(MetadataMessage("reject", 0)))
    assert asked_metadata(remote) == []
    it.run(1.1)
    assert asked_metadata(remote) == [MetadataMessage("request", 0)]


def test_metadata_that_a_peer_lost_to_us_is_asked_of_another() -> None:
    it = Fixture(magnet=True)
    size = len(it.info.raw)
    gone, other = speaker(it, size), speaker(it, size)
    assert asked_metadata(other) == []
    it.torrent.disconnected(gone.link, "lost", 0.5)
    it.run(1.0)
    assert asked_metadata(other) == [MetadataMessage("request", 0)]


def test_who_takes_ut_metadata_back_is_not_asked() -> None:
    it = Fixture(magnet=True)
    size = len(it.info.raw)
    off = ExtendedHandshake({"ut_metadata": 0}, metadata_size=size).to_bytes()
    quiet = it.remote().hello().say(messages.extended(0, off))
    other = speaker(it, size)
    assert [each for each in quiet.heard() if isinstance(each, messages.Extended) and each.id] == []
    assert asked_metadata(other) == [MetadataMessage("request", 0)], "and holds nobody up"


@pytest.mark.parametrize("raw", [b"le", b"d4:name1:xe", b"d12:meta versioni2e4:name1:xe"])
def test_metadata_that_is_true_and_no_torrent_is_told(raw: bytes) -> None:
    it = Fixture(magnet=True)
    info_hash = HeldDigest()
    hashes: list[bytes] = []
    info_hash.sha1(raw, lambda digest, now: hashes.append(digest))
    it.torrent = Torrent(
        hashes[0], OURS, observer=it.heard, open_store=it.open_store, digest=it.digest,
        timers=it.timers, rng=random.Random(1),
    )  # fmt: skip
    it.torrent.start(0.0)
    remote = it.remote().hello(info_hash=hashes[0])
    remote.say(
        messages.extended(0, ExtendedHandshake({"ut_metadata": 1}, metadata_size=len(raw)).to_bytes()),
        metadata(MetadataMessage("data", 0, raw, len(raw))),
    )
    assert len(it.heard.errors) == 1
    assert it.heard.events == ["joined 1"]
    it.run(5.0)
    assert it.torrent.info is None


def test_what_is_told_before_the_metadata_has_a_bound() -> None:
    it = Fixture(magnet=True)
    remote = it.remote().hello()
    remote.say(messages.have(0) * MAX_TOLD)
    assert not remote.dropped
    remote.say(messages.have(1))
    assert remote.dropped


def test_only_the_last_bitfield_is_remembered() -> None:
    """One of 1 MiB for each of ten thousand messages would be 10 GiB."""
    it = Fixture(magnet=True)
    remote = it.remote().hello()
    for _ in range(50):
        remote.say(messages.have(0), messages.HAVE_ALL, messages.bitfield(bytes(1000)), messages.HAVE_NONE)
    remote.say(messages.bitfield(b"\x80"), messages.have(2))
    assert remote.peer.told == [messages.Bits(b"\x80"), messages.Have(2)]
    other = speaker(it, len(it.info.raw))
    other.say(metadata(MetadataMessage("data", 0, it.info.raw, len(it.info.raw))))
    assert remote.peer.pieces is not None
    assert list(remote.peer.pieces) == [0, 2]


def test_who_told_nonsense_before_the_metadata_is_dropped_with_it() -> None:
    it = Fixture(magnet=True)
    liar = it.remote().hello().say(messages.have(3))
    other = speaker(it, len(it.info.raw)).say(messages.HAVE_ALL, messages.UNCHOKE)
    assert not liar.dropped
    other.say(metadata(MetadataMessage("data", 0, it.info.raw, len(it.info.raw))))
    assert liar.dropped
    other.give()
    assert it.torrent.complete


@pytest.mark.parametrize("magnet", [False, True])
def test_a_private_torrent_is_like_any_other_between_peers(magnet: bool) -> None:
    """BEP 27 is about where peers come from; those from the tracker are served, metadata included."""
    it = Fixture(magnet=magnet, private=True)
    raw = it.info.raw
    assert it.info.private
    remote = speaker(it, len(raw)).say(messages.HAVE_ALL, messages.UNCHOKE)
    if magnet:
        remote.say(metadata(MetadataMessage("data", 0, raw, len(raw))))
    assert it.torrent.info is not None
    assert it.torrent.info.private
    remote.give()
    assert it.torrent.complete


# -- The end


def test_closing_parts_with_everything() -> None:
    it = Fixture()
    it.digest.hold = True
    remotes = [it.seed(), it.remote()]
    block = remotes[0].requests()[0]
    it.torrent.close(1.0)
    assert all(remote.dropped for remote in remotes)
    assert it.heard.closed == [1, 2]
    assert it.heard.left == [(1, "the torrent was removed")]
    assert it.store.closed
    remotes[0].say(messages.piece_header(block.index, block.begin, 1) + b"x")
    it.digest.finish(2.0)
    it.run(1000.0)
    assert it.timers.next_due is None, "no timer goes on"
    assert it.heard.events[-1] == "left 1"


def test_closing_a_magnet_that_knows_nothing_yet() -> None:
    it = Fixture(magnet=True)
    remote = speaker(it, 100)
    it.torrent.close(1.0)
    assert remote.dropped
    it.run(1000.0)
    assert it.timers.next_due is None
