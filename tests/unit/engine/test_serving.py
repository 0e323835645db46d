"""Which requests are taken, and which pieces are offered."""

import random

import pytest

from simulation.world import make_torrent
from torrentide.engine import choker
from torrentide.engine.choker import Slots
from torrentide.engine.limits import Limits
from torrentide.engine.peer import Peer
from torrentide.engine.serving import (
    ALLOWED_FAST,
    GRACE_SECONDS,
    MAX_REFUSALS,
    MAX_SERVED_FAST,
    SUGGESTIONS,
    Serving,
    allowed_fast_set,
)
from torrentide.engine.upload import Uploader
from torrentide.errors import PeerError
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.picker import Picker
from torrentide.timers import Timers
from torrentide.wire import messages
from unit.recorders import HeldStore, RecordedTransport

B = 16 * 1024
PIECES = 40


class Fixture:
    """A seed of 40 pieces of one block each."""

    def __init__(
        self, *, super_seeding: bool = False, have: int = PIECES, slots: Slots | None = None
    ) -> None:
        self.info, data = make_torrent(random.Random(1), PIECES * B, B)
        self.picker = Picker(PIECES, B, PIECES * B, random.Random(1))
        for index in range(have):
            self.picker.verified(index)
        self.peers: dict[int, Peer] = {}
        uploader = Uploader(
            HeldStore(self.info, data),
            self.info.piece_size,
            lambda peer, count, now: None,
            lambda index, error, now: None,
            Limits().up_with(Limits()),
            Timers(),
        )
        self.serving = Serving(
            self.info,
            self.picker,
            uploader,
            self.peers.values,
            random.Random(1),
            slots=slots,
            super_seeding=super_seeding,
        )

    def peer(self, *, fast: bool = True, greeted: bool = True) -> Peer:
        link = len(self.peers) + 1
        peer = self.peers[link] = Peer(link, None, RecordedTransport(), 0.0)
        peer.peer_id, peer.fast = b"-XX0001-%012d" % link, fast
        peer.pieces = Bitfield(PIECES)
        if greeted:
            self.serving.greet(peer, 0.0)
            heard(peer)
        return peer

    def interested(self, peer: Peer, now: float) -> None:
        """The peer says that it wants something."""
        peer.peer_interested = True
        self.serving.fill_slots(now)

    def gets(self, peer: Peer, index: int) -> list[messages.Message]:
        """The peer has a piece now; what it is told to that."""
        assert peer.pieces is not None
        peer.pieces.add(index)
        self.serving.told(peer, index, 1.0)
        return heard(peer)

    def ask(self, peer: Peer, index: int, now: float = 100.0) -> bool:
        """Ask for a piece; whether it is served."""
        self.serving.request(peer, messages.Request(index, 0, B), now)
        self.serving.serve(peer, now)
        answers = heard(peer)
        return any(isinstance(each, messages.Piece) for each in answers)


def heard(peer: Peer) -> list[messages.Message]:
    assert isinstance(peer.transport, RecordedTransport)
    return peer.transport.messages()


# -- Pieces for the choked (BEP 6)


def test_a_choked_newcomer_may_have_some_pieces() -> None:
    it = Fixture()
    peer = it.peer(greeted=False)
    it.serving.greet(peer, 0.0)
    first, *rest = heard(peer)
    assert first == messages.HaveAll()
    allowed = [each.index for each in rest if isinstance(each, messages.AllowedFast)]
    assert len(allowed) == len(rest) == PIECES // 10
    assert it.ask(peer, allowed[0])
    assert not it.ask(peer, next(index for index in range(PIECES) if index not in allowed))


def test_no_more_often_than_three_times() -> None:
    it = Fixture()
    peer = it.peer()
    index = next(iter(peer.granted))
    assert [it.ask(peer, index) for _ in range(MAX_SERVED_FAST + 2)] == [True] * MAX_SERVED_FAST + [False] * 2


def test_only_pieces_that_are_here_are_allowed() -> None:
    it = Fixture(have=0)
    peer = it.peer(greeted=False)
    it.serving.greet(peer, 0.0)
    assert heard(peer) == [messages.HaveNone()]


def test_who_does_not_speak_the_fast_extension_hears_nothing_of_it() -> None:
    it = Fixture()
    peer = it.peer(fast=False, greeted=False)
    it.serving.greet(peer, 0.0)
    it.interested(peer, 0.0)
    assert heard(peer) == [messages.Bits(b"\xff" * 5), messages.Unchoke()]


@pytest.mark.parametrize(
    ("count", "size"), [(5, 0), (10, 1), (99, 9), (100, ALLOWED_FAST), (10**6, ALLOWED_FAST)]
)
def test_the_set_is_fixed_by_the_peer_and_leaves_most_of_a_small_torrent(count: int, size: int) -> None:
    first = allowed_fast_set(b"p" * 20, b"i" * 20, count)
    assert len(first) == len(set(first)) == size
    assert all(0 <= index < count for index in first)
    assert allowed_fast_set(b"p" * 20, b"i" * 20, count) == first
    assert count < 100 or allowed_fast_set(b"q" * 20, b"i" * 20, count) != first


# -- Abuse


def test_who_asks_for_what_it_can_not_have_is_given_up() -> None:
    it = Fixture()
    peer = it.peer()
    peer.granted.clear()
    for _ in range(MAX_REFUSALS):
        assert not it.ask(peer, 0)
    with pytest.raises(PeerError, match="had to be refused"):
        it.ask(peer, 0)


def test_requests_that_crossed_a_choke_are_no_abuse() -> None:
    it = Fixture()
    peer = it.peer()
    peer.granted.clear()
    it.interested(peer, 0.0)
    peer.peer_interested = False
    it.serving.rechoke(100.0)
    assert peer.am_choking
    for _ in range(2 * MAX_REFUSALS):
        assert not it.ask(peer, 0, 100.0 + GRACE_SECONDS)
    assert peer.refusals == 0


def test_a_request_that_is_served_makes_good() -> None:
    it = Fixture()
    peer = it.peer()
    peer.granted.clear()
    for _ in range(3):
        for _ in range(MAX_REFUSALS):
            it.ask(peer, 0)
        it.interested(peer, 100.0)
        assert it.ask(peer, 0)
        peer.am_choking = True


# -- A seed suggests


def suggested(answers: list[messages.Message]) -> list[int]:
    return [each.index for each in answers if isinstance(each, messages.Suggest)]


def test_a_seed_suggests_each_piece_to_one_peer() -> None:
    it = Fixture()
    out: list[int] = []
    for _ in range(8):
        peer = it.peer()
        it.interested(peer, 0.0)
        out += suggested(heard(peer))
    assert len(out) == len(set(out)) == 8 * SUGGESTIONS
    out += suggested(it.gets(peer, out[-1]))
    assert len(out) == len(set(out)) == 8 * SUGGESTIONS + 1, "and the next when one has come"


def test_who_is_choked_or_who_has_everything_hears_no_suggestion() -> None:
    it = Fixture(slots=Slots(seeds=True))
    choked, seed = it.peer(), it.peer()
    seed.pieces = Bitfield.full(PIECES)
    it.interested(seed, 0.0)
    assert heard(seed) == [messages.Unchoke()]
    assert it.gets(choked, 3) == []


def test_who_has_not_everything_suggests_nothing() -> None:
    it = Fixture(have=PIECES - 1)
    peer = it.peer()
    it.interested(peer, 0.0)
    assert heard(peer) == [messages.Unchoke()]
    assert it.gets(peer, 3) == []


# -- Super-seeding (BEP 16)


def shown(answers: list[messages.Message]) -> list[int]:
    return [each.index for each in answers if isinstance(each, messages.Have)]


def test_each_peer_is_shown_one_piece_until_another_has_it() -> None:
    it = Fixture(super_seeding=True)
    peers = [it.peer(greeted=False) for _ in range(3)]
    pieces = []
    for peer in peers:
        it.serving.greet(peer, 0.0)
        none, have = heard(peer)
        assert none == messages.HaveNone()
        pieces += shown([have])
    assert len(set(pieces)) == 3
    assert it.gets(peers[0], pieces[0]) == [], "it has it itself"
    assert it.gets(peers[1], pieces[0]) == []
    (more,) = shown(heard(peers[0]))
    assert more not in pieces


def test_without_the_fast_extension_nothing_is_said_at_first() -> None:
    it = Fixture(super_seeding=True)
    peer = it.peer(fast=False, greeted=False)
    it.serving.greet(peer, 0.0)
    assert len(shown(heard(peer))) == 1


def test_a_peer_alone_is_shown_piece_after_piece() -> None:
    it = Fixture(super_seeding=True)
    peer = it.peer(greeted=False)
    it.serving.greet(peer, 0.0)
    seen: list[int] = []
    news = shown(heard(peer))
    while news:
        seen += news
        news = shown(it.gets(peer, news[0]))
    assert sorted(seen) == list(range(PIECES))


def test_an_end_shows_everything_to_everybody() -> None:
    it = Fixture(super_seeding=True)
    peer, stranger = it.peer(), it.peer(greeted=False)
    stranger.peer_id = None
    it.serving.stop_super_seeding(1.0)
    assert shown(heard(peer)) == list(range(PIECES))
    assert heard(stranger) == []
    newcomer = it.peer(greeted=False)
    it.serving.greet(newcomer, 1.0)
    assert heard(newcomer)[0] == messages.HaveAll()


# -- A pause


def test_a_slot_that_becomes_free_goes_to_who_has_waited_longest() -> None:
    it = Fixture()
    peers = [it.peer() for _ in range(choker.UPLOAD_SLOTS + 2)]
    for peer in peers:
        it.interested(peer, 0.0)
    late, early = peers[-2:]
    late.unchoked_at = 1.0
    assert late.am_choking
    assert early.am_choking
    peers[0].peer_interested = False
    it.serving.fill_slots(2.0)
    assert not early.am_choking
    assert late.am_choking, "there was one slot"


def test_a_pause_chokes_everybody_and_ends() -> None:
    it = Fixture()
    peers = [it.peer() for _ in range(3)]
    for peer in peers:
        it.interested(peer, 0.0)
    it.serving.pause(1.0)
    assert all(peer.am_choking for peer in peers)
    assert not it.ask(peers[0], next(iter(peers[0].granted)))
    it.interested(peers[0], 2.0)
    it.serving.rechoke(2.0 + choker.RECHOKE_SECONDS)
    assert all(peer.am_choking for peer in peers)
    it.serving.resume(20.0)
    assert not any(peer.am_choking for peer in peers)


def test_without_slots_nobody_is_served() -> None:
    it = Fixture(slots=Slots(0))
    peer = it.peer(greeted=False)
    it.serving.greet(peer, 0.0)
    assert heard(peer) == [messages.HaveAll()], "and nothing is allowed to the choked"
    it.interested(peer, 0.0)
    it.serving.rechoke(1.0)
    assert heard(peer) == []


def test_the_slots_can_change() -> None:
    slots = Slots(2)
    it = Fixture(slots=slots)
    peers = [it.peer() for _ in range(4)]
    for peer in peers:
        it.interested(peer, 0.0)
    assert [peer.am_choking for peer in peers] == [False, False, True, True]
    slots.count = 3
    it.serving.rechoke(1.0)
    assert sum(peer.am_choking for peer in peers) == 1


def test_who_has_everything_takes_no_slot() -> None:
    slots = Slots(1)
    it = Fixture(slots=slots)
    seed = it.peer()
    seed.pieces = Bitfield.full(PIECES)
    it.interested(seed, 0.0)
    it.serving.rechoke(1.0)
    assert seed.am_choking
    slots.seeds = True
    it.serving.rechoke(2.0)
    assert not seed.am_choking
