"""What a shell asks of a running torrent, and the extensions that tell peers of it."""

import pytest

from torrentide.engine import choker
from torrentide.engine.exchange import MAX_HINTS
from torrentide.wire import messages
from torrentide.wire.extensions import donthave, upload_only
from torrentide.wire.extensions.handshake import ExtendedHandshake, parse_extended_handshake
from unit.engine.remote import B, Fixture, Remote


def speaker(it: Fixture, **told: bool) -> Remote:
    """A peer that speaks upload_only under the number 7."""
    handshake = ExtendedHandshake({"upload_only": 7}, upload_only=told.get("upload_only"))
    remote = it.remote().hello().say(messages.extended(0, handshake.to_bytes()))
    remote.heard()
    return remote


def told_upload_only(remote: Remote) -> list[bytes]:
    return [each.payload for each in remote.heard() if isinstance(each, messages.Extended) and each.id == 7]


# -- Priorities


def test_only_what_is_wanted_is_fetched() -> None:
    it = Fixture(pieces=3)
    it.torrent.set_priorities({0: 0, 2: 0}, 0.0)
    seed = it.seed()
    seed.give()
    assert list(it.store.pieces) == [1]
    assert (it.torrent.wants_nothing, it.torrent.complete) == (True, False)
    assert it.heard.events[-1] == "done"
    assert it.torrent.left == len(it.data) - 2 * B
    assert not seed.peer.am_interested
    it.torrent.set_priorities({2: 4}, 1.0)
    seed.give()
    assert sorted(it.store.pieces) == [1, 2]
    assert it.heard.events.count("done") == 2


def test_a_higher_priority_is_fetched_first() -> None:
    it = Fixture(pieces=6)
    it.torrent.set_priorities({4: 7, 1: 5}, 0.0)
    it.seed().give()
    order = [event for event in it.heard.events if event.startswith("verified")]
    assert order[:2] == ["verified 4", "verified 1"]


def test_to_want_nothing_is_to_be_finished() -> None:
    it = Fixture(pieces=2)
    remote = speaker(it)
    it.torrent.set_priorities({0: 0, 1: 0}, 0.0)
    assert it.torrent.wants_nothing
    assert told_upload_only(remote) == [b"\x01"]
    it.torrent.set_priorities({0: 1}, 0.0)
    assert told_upload_only(remote) == [b"\0"]
    it.torrent.set_priorities({0: 2}, 0.0)
    assert told_upload_only(remote) == [], "nothing has changed"


# -- A pause


def test_a_pause_stops_both_ways_and_keeps_the_peers() -> None:
    it = Fixture(pieces=3)
    seed, leech = it.seed(), it.leech()
    assert len(seed.requests()) > 0
    it.torrent.pause(1.0)
    assert {type(each) for each in seed.heard()} == {messages.Cancel}
    assert leech.heard() == [messages.Choke()]
    it.run(3 * choker.RECHOKE_SECONDS)
    assert seed.requests() == []
    assert leech.say(messages.INTERESTED).heard() == []
    assert not seed.dropped
    it.torrent.resume(it.now)
    assert leech.heard() == [messages.Unchoke()]
    seed.give()
    assert it.torrent.complete


def test_a_pause_before_the_metadata_is_known_holds() -> None:
    it = Fixture(magnet=True)
    it.torrent.pause(0.0)
    raw = it.info.raw
    handshake = ExtendedHandshake({"ut_metadata": 3}, metadata_size=len(raw))
    seed = it.seed().say(messages.extended(0, handshake.to_bytes()))
    message = b"d8:msg_typei1e5:piecei0e10:total_sizei%dee" % len(raw) + raw
    seed.heard()
    seed.say(messages.extended(1, message))
    assert it.torrent.info == it.info
    assert seed.requests() == []
    it.torrent.resume(1.0)
    seed.give()
    assert it.torrent.complete


# -- Speed limits


@pytest.mark.parametrize("whose", ["client", "torrent"])
def test_a_limit_of_downloads_holds(whose: str) -> None:
    it = Fixture(pieces=40)
    limits = it.client_limits if whose == "client" else it.torrent.limits
    limits.down.set_rate(4 * B, 0.0)
    seed = it.seed()
    count = 0
    for _ in range(100):
        it.run(0.1)
        before = it.torrent.down.total
        for block in seed.requests():
            start = block.index * 2 * B + block.begin
            data = it.data[start : start + block.length]
            seed.say(messages.piece_header(block.index, block.begin, len(data)), data)
        count += it.torrent.down.total - before
    assert count == pytest.approx(10 * 4 * B, rel=0.1)
    limits.down.set_rate(None, it.now)
    it.run(0.2)
    seed.give()
    assert it.torrent.complete


@pytest.mark.parametrize("whose", ["client", "torrent"])
def test_a_limit_of_uploads_holds(whose: str) -> None:
    it = Fixture(pieces=40, seeding=True)
    limits = it.client_limits if whose == "client" else it.torrent.limits
    limits.up.set_rate(4 * B, 0.0)
    leech = it.leech()
    leech.say(*[messages.request(index, 0, B) for index in range(40)] * 3)
    it.run(10.0)
    assert it.torrent.up.total == pytest.approx(10 * 4 * B, rel=0.1)


# -- Extensions


def test_a_piece_that_a_peer_lost_is_not_asked_of_it() -> None:
    it = Fixture(pieces=2)
    remote = it.remote().hello().say(messages.HAVE_ALL, messages.extended(3, donthave.to_bytes(0)))
    remote.heard()
    remote.say(messages.UNCHOKE)
    assert {block.index for block in remote.requests()} == {1}


def test_who_wants_nothing_is_known() -> None:
    it = Fixture(seeding=True)
    remote = speaker(it, upload_only=True)
    assert remote.peer.upload_only
    remote.say(messages.extended(2, upload_only.to_bytes(False)))
    assert not remote.peer.upload_only


def test_a_seed_says_so_in_its_handshake() -> None:
    for seeding in (True, False):
        it = Fixture(seeding=seeding)
        first = it.remote().hello().heard()[0]
        assert isinstance(first, messages.Extended)
        assert parse_extended_handshake(first.payload).upload_only is (True if seeding else None)


def test_the_end_of_a_download_is_told_to_who_understands_it() -> None:
    it = Fixture(pieces=1)
    remote, plain = speaker(it), it.remote().hello()
    plain.heard()
    it.seed().give()
    assert told_upload_only(remote) == [b"\x01"]
    assert plain.heard() == [messages.Have(0)]


# -- The fast extension obeyed (BEP 6)


def test_what_is_allowed_is_fetched_while_we_are_choked() -> None:
    it = Fixture(pieces=4)
    remote = it.remote().hello().say(messages.HAVE_ALL, messages.allowed_fast(2))
    remote.give()
    assert list(it.store.pieces) == [2]
    remote.say(messages.allowed_fast(2**32 - 1), messages.allowed_fast(3))
    remote.give()
    assert sorted(it.store.pieces) == [2, 3]


def test_what_is_suggested_comes_first() -> None:
    it = Fixture(pieces=30)
    remote = it.remote().hello().say(messages.HAVE_ALL, *map(messages.suggest, (20, 7, 2**32 - 1)))
    remote.say(messages.UNCHOKE)
    assert {block.index for block in remote.requests()} == {20}
    remote.peer.requests.clear()


def test_suggestions_have_a_bound() -> None:
    it = Fixture(pieces=300)
    remote = it.remote().hello().say(messages.HAVE_ALL, *map(messages.suggest, range(300)))
    assert len(remote.peer.suggested) == MAX_HINTS
    remote.say(*map(messages.allowed_fast, range(300)))
    assert len(remote.peer.allowed_fast) == MAX_HINTS


# -- Super-seeding


def test_super_seeding_shows_one_piece_until_it_is_ended() -> None:
    it = Fixture(pieces=4, seeding=True, super_seeding=True)
    remote = it.remote().hello()
    haves = [each for each in remote.heard() if not isinstance(each, messages.Extended)]
    assert haves[0] == messages.HaveNone()
    assert [type(each) for each in haves[1:]] == [messages.Have]
    it.torrent.stop_super_seeding(1.0)
    assert len(remote.heard()) == 4
    it.torrent.stop_super_seeding(2.0)
    assert remote.heard() == []


# -- Padding (BEP 47)


def test_padding_is_neither_asked_for_nor_lacking() -> None:
    """Two files of one and a half blocks, each behind padding to the end of its piece, and a piece of
    padding alone."""
    it = Fixture(padded=True)
    seed = it.seed()
    seed.give()
    assert it.torrent.complete
    assert it.torrent.left == 0
    assert it.torrent.down.total == sum(file.length for file in it.info.files) == 2 * (B + B // 2)
    assert b"".join(it.store.pieces[index] for index in sorted(it.store.pieces)) == it.data
    assert it.torrent.downloaded == len(it.data)
