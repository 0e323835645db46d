"""What each peer is asked for, and what becomes of blocks: on time, late, false, unasked."""

import random

import pytest

from simulation.world import make_torrent
from torrentide.engine.download import (
    MAX_REFUSED,
    MIN_DUPLICATES,
    MIN_QUEUE,
    QUEUE_SECONDS,
    SNUB_SECONDS,
    Downloader,
)
from torrentide.engine.limits import Limits
from torrentide.engine.peer import Peer
from torrentide.engine.rate import RateMeter
from torrentide.engine.requests import MAX_CANCELLED, MAX_QUEUE, MAX_UNASKED
from torrentide.engine.verify import MAX_WAITING, Verifier
from torrentide.errors import PeerError, StorageError
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.partial import BLOCK_LENGTH, PartialPiece
from torrentide.pieces.picker import Picker
from torrentide.timers import Timers
from torrentide.wire import messages
from torrentide.wire.extensions.handshake import ExtendedHandshake
from unit.recorders import HeldDigest, HeldStore, RecordedTransport

B = BLOCK_LENGTH


class Fixture:
    """A downloader for `blocks` blocks in pieces of two, and peers that have everything and unchoked us."""

    def __init__(self, blocks: int = 4, short: int = 0) -> None:
        self.info, self.data = make_torrent(random.Random(1), blocks * B - short, 2 * B)
        self.picker = Picker(self.info.piece_count, 2 * B, self.info.length, random.Random(1))
        self.store, self.digest = HeldStore(self.info), HeldDigest()
        self.peers: dict[int, Peer] = {}
        self.verified: list[tuple[int, float]] = []
        self.bad: list[tuple[int, set[int]]] = []
        self.failed: list[Exception] = []
        self.limit, self.timers = Limits(), Timers()
        self.verifier = Verifier(
            self.info,
            self.picker,
            self.store,
            self.digest,
            self.on_verified,
            self.on_bad,
            self.on_failed,
            lambda error, now: None,
        )
        limit = self.limit.down_with(Limits())
        self.downloader = Downloader(
            self.picker, self.verifier, self.peers.values, limit, self.timers, RateMeter()
        )

    def on_verified(self, piece: PartialPiece, now: float) -> None:
        self.downloader.settled(piece, now, good=True)
        self.verified.append((piece.index, now))

    def on_bad(self, piece: PartialPiece, now: float) -> None:
        self.downloader.settled(piece, now, good=False)
        self.bad.append((piece.index, set(piece.sources)))

    def on_failed(self, piece: PartialPiece, error: Exception, now: float) -> None:
        self.downloader.settled(piece, now, good=False)
        self.failed.append(error)

    def peer(self, queue: int = 2) -> Peer:
        link = len(self.peers) + 1
        peer = self.peers[link] = Peer(link, None, RecordedTransport(), 0.0)
        peer.pieces = Bitfield.full(self.info.piece_count)
        peer.am_interested, peer.peer_choking, peer.queue = True, False, queue
        return peer

    def fill(self, peer: Peer, now: float = 0.0) -> list[tuple[int, int]]:
        """Ask a peer; the blocks that it was asked for now."""
        self.downloader.changed(peer, now)
        return [(each.index, each.begin) for each in sent(peer) if isinstance(each, messages.Request)]

    def deliver(
        self, peer: Peer, block: tuple[int, int], now: float = 0.0, data: bytes | None = None
    ) -> None:
        index, begin = block
        start = index * 2 * B + begin
        true = self.data[start : start + B]
        self.downloader.receive(
            peer, messages.Piece(index, begin, memoryview(true if data is None else data)), now
        )

    @property
    def free(self) -> int:
        """Blocks that nobody was asked for."""
        return len(self.picker.pick(Bitfield.full(self.info.piece_count), 1000, 99))


def sent(peer: Peer) -> list[messages.Message]:
    assert isinstance(peer.transport, RecordedTransport)
    return peer.transport.messages()


# -- Asking


def test_asks_for_as_many_as_the_queue_holds_in_one_send() -> None:
    it = Fixture(short=5)
    peer = it.peer(queue=3)
    it.downloader.fill(peer, 7.0)
    assert isinstance(peer.transport, RecordedTransport)
    assert len(peer.transport.sends) == 1
    asked = [each for each in sent(peer) if isinstance(each, messages.Request)]
    assert len(asked) == 3
    assert all(
        each.length == it.picker.size_of(each.index) - each.begin or each.length == B for each in asked
    )
    assert peer.requests == {(each.index, each.begin): 7.0 for each in asked}
    assert it.fill(peer) == []


@pytest.mark.parametrize("why", ["choking", "not interested", "pieces unknown", "closed"])
def test_asks_nothing_of_who_can_not_serve(why: str) -> None:
    it = Fixture()
    peer = it.peer()
    if why == "choking":
        peer.peer_choking = True
    elif why == "not interested":
        peer.am_interested = False
    elif why == "pieces unknown":
        peer.pieces = None
    else:
        it.downloader.close()
    assert it.fill(peer) == []


def test_asks_again_when_a_quarter_of_the_queue_is_free() -> None:
    """A send for each block would cost a channel message for each."""
    it = Fixture(blocks=40)
    peer = it.peer(queue=8)
    peer.slow_start = False
    asked = it.fill(peer)
    it.deliver(peer, asked[0], 0.1)
    assert it.fill(peer) == []
    it.deliver(peer, asked[1], 0.1)
    assert len(it.fill(peer)) == 2


def test_two_peers_are_asked_for_different_blocks() -> None:
    it = Fixture()
    first, second = it.fill(it.peer()), it.fill(it.peer())
    assert len({*first, *second}) == 4


# -- Blocks that come


def test_a_whole_piece_is_checked_and_stored() -> None:
    it = Fixture(short=5)
    peer = it.peer(queue=4)
    asked = it.fill(peer)
    for number, block in enumerate(asked, 1):
        assert it.downloader.unverified == (number - 1) % 2 * B
        it.deliver(peer, block)
    assert sorted(index for index, _ in it.verified) == [0, 1]
    assert it.store.pieces == {0: it.data[: 2 * B], 1: it.data[2 * B :]}
    assert it.picker.have.complete
    assert (it.downloader.unverified, it.bad, it.failed, peer.requests) == (0, [], [], {})


def test_the_time_of_verification_is_that_of_the_store() -> None:
    it = Fixture(blocks=2)
    it.store.hold = it.digest.hold = True
    peer = it.peer()
    for block in it.fill(peer):
        it.deliver(peer, block, 1.0)
    assert it.downloader.unverified == 2 * B
    it.digest.finish(2.0)
    assert it.verified == []
    assert it.downloader.unverified == 2 * B
    it.store.finish(3.0)
    assert it.verified == [(0, 3.0)]
    assert it.downloader.unverified == 0


def test_an_unasked_block_is_dropped() -> None:
    it = Fixture()
    peer, stranger = it.peer(), it.peer()
    first, second = it.fill(peer)
    it.deliver(stranger, first, data=bytes(B))
    it.deliver(peer, (1 - first[0], 0))
    it.deliver(peer, (999, 12345))
    assert it.downloader.unverified == 0
    it.deliver(peer, first)
    it.deliver(peer, first, data=bytes(B))
    assert it.downloader.unverified == B
    it.deliver(peer, second)
    assert len(it.verified) == 1


@pytest.mark.parametrize("length", [0, 1, B - 1, B + 1])
def test_a_block_of_a_wrong_length_is_the_peers_fault_and_is_free_again(length: int) -> None:
    it = Fixture()
    liar, honest = it.peer(), it.peer(queue=3)
    first, second = it.fill(liar)
    others = it.fill(honest)
    it.deliver(liar, first)
    with pytest.raises(PeerError, match=f"has {length} bytes"):
        it.deliver(liar, second, data=bytes(length))
    assert it.downloader.unverified == B
    assert it.fill(honest) == [second]
    for block in (*others, second):
        it.deliver(honest, block)
    assert len(it.verified) == 2


def test_a_false_piece_is_fetched_again() -> None:
    it = Fixture(blocks=2)
    first, second = it.peer(queue=1), it.peer(queue=1)
    (ours,), (theirs,) = it.fill(first), it.fill(second)
    it.deliver(first, ours)
    it.deliver(second, theirs, data=bytes(B))
    assert it.bad == [(0, {1, 2})]
    assert it.store.pieces == {}
    assert it.downloader.unverified == 0
    first.queue = 2
    for block in it.fill(first):
        it.deliver(first, block)
    assert len(it.verified) == 1


def test_a_piece_that_can_not_be_stored_is_told() -> None:
    it = Fixture(blocks=2)
    it.store.error = StorageError("full")
    peer = it.peer()
    for block in it.fill(peer):
        it.deliver(peer, block)
    assert it.failed == [it.store.error]
    assert (it.verified, it.downloader.unverified, it.picker.have.held) == ([], 0, 0)
    assert it.free == 2


@pytest.mark.parametrize("during", ["digest", "write"])
def test_nothing_is_told_after_the_end(during: str) -> None:
    it = Fixture(blocks=2)
    it.digest.hold = during == "digest"
    it.store.hold = True
    peer = it.peer()
    for block in it.fill(peer):
        it.deliver(peer, block)
    it.verifier.closed = True
    it.downloader.close()
    it.digest.finish(1.0)
    it.store.finish(1.0)
    assert (it.verified, it.bad, it.failed) == ([], [], [])
    assert (0 in it.store.pieces) == (during == "write")


# -- Blocks that do not come


def test_what_a_peer_leaves_behind_is_asked_of_another() -> None:
    it = Fixture()
    gone, other = it.peer(), it.peer()
    asked = it.fill(gone)
    del it.peers[gone.link]
    it.downloader.gone(gone, 0.0)
    assert gone.requests == {}
    assert it.fill(other) == asked


def test_a_refused_block_is_asked_of_another() -> None:
    it = Fixture()
    peer, other = it.peer(), it.peer()
    first, second = it.fill(peer)
    it.downloader.rejected(peer, *second, 0.0)
    it.downloader.rejected(peer, *second, 0.0)
    it.downloader.rejected(peer, 999, 5, 0.0)
    assert list(peer.requests) == [first]
    assert it.fill(other)[0] == second


def test_who_only_refuses_is_given_up() -> None:
    it = Fixture()
    peer = it.peer(queue=1)

    def refuse() -> None:
        (block,) = it.fill(peer)
        it.downloader.rejected(peer, *block, 0.0)

    for _ in range(MAX_REFUSED):
        refuse()
    (block,) = it.fill(peer)
    it.deliver(peer, block)
    peer.queue = 1
    for _ in range(MAX_REFUSED):
        refuse()
    with pytest.raises(PeerError, match="refused in a row"):
        refuse()


def test_who_chokes_may_refuse_all() -> None:
    """BEP 6: a peer that chokes rejects every request that is out."""
    it = Fixture(blocks=200)
    peer = it.peer(queue=2 * MAX_REFUSED)
    asked = it.fill(peer)
    peer.peer_choking = True
    for block in asked:
        it.downloader.rejected(peer, *block, 0.0)
    assert (peer.requests, it.free) == ({}, 200)


def test_a_snubbing_peers_requests_are_taken_back() -> None:
    it = Fixture(blocks=3, short=7)
    peer, other = it.peer(queue=3), it.peer(queue=3)
    asked = it.fill(peer, 10.0)
    it.downloader.check(peer, 10.0 + SNUB_SECONDS - 0.1)
    assert list(peer.requests) == asked
    it.downloader.check(peer, 10.0 + SNUB_SECONDS)
    sizes = {(0, 0): B, (0, B): B, (1, 0): B - 7}
    assert sent(peer)[:3] == [messages.Cancel(*block, sizes[block]) for block in asked]
    assert (peer.snubbed, peer.queue) == (True, 1)
    assert list(peer.requests) == asked[:1], "it is tried with one block at a time"
    assert sorted(it.fill(other, 10.0 + SNUB_SECONDS)) == sorted(asked[1:])


def test_who_delivers_is_no_snubber() -> None:
    it = Fixture()
    peer = it.peer()
    first, _ = it.fill(peer, 0.0)
    it.deliver(peer, first, SNUB_SECONDS - 1)
    it.downloader.check(peer, 2 * SNUB_SECONDS - 2)
    assert not peer.snubbed
    it.downloader.check(peer, 2 * SNUB_SECONDS)
    assert peer.snubbed
    (late,) = peer.requests
    it.deliver(peer, late, 101.0)
    assert not peer.snubbed


def test_a_block_that_crosses_a_cancel_is_welcome() -> None:
    it = Fixture(blocks=2)
    peer = it.peer()
    first, second = it.fill(peer, 0.0)
    it.downloader.check(peer, SNUB_SECONDS)
    it.deliver(peer, first, SNUB_SECONDS)
    it.deliver(peer, second, SNUB_SECONDS)
    assert it.verified == [(0, 0.0)]
    assert (it.downloader.wasted, peer.unasked) == (0, 0)
    it.deliver(peer, second, SNUB_SECONDS)
    assert (it.downloader.wasted, peer.unasked) == (B, 1)


def test_what_may_come_late_has_a_bound() -> None:
    it = Fixture(blocks=2 * MAX_CANCELLED)
    peer = it.peer(queue=MAX_QUEUE)
    for number in range(3):
        it.fill(peer, 100.0 * number)
        it.downloader.check(peer, 100.0 * number + SNUB_SECONDS)
        peer.queue = MAX_QUEUE
    assert len(peer.cancelled) <= MAX_CANCELLED


def test_who_floods_us_is_given_up() -> None:
    it = Fixture()
    peer = it.peer()
    for _ in range(MAX_UNASKED):
        it.deliver(peer, (1, 0))
    assert it.downloader.unverified == 0
    with pytest.raises(PeerError, match="nobody asked for"):
        it.deliver(peer, (1, 0))


def test_who_was_asked_nothing_snubs_nobody() -> None:
    it = Fixture()
    peer = it.peer()
    it.downloader.check(peer, 1000.0)
    assert not peer.snubbed
    assert len(peer.requests) == 2
    it.downloader.check(peer, 1000.0 + SNUB_SECONDS - 1)
    assert not peer.snubbed


# -- The end of a download


def rated(peer: Peer, rate: int, now: float) -> Peer:
    """A peer that gives `rate` bytes a second."""
    for half in range(10):
        peer.down.add(rate // 2, now - half / 2)
    return peer


def test_an_idle_peer_takes_over_so_much_that_both_end_together() -> None:
    it = Fixture(blocks=40)
    slow, fast = it.peer(queue=40), it.peer(queue=40)
    asked = it.fill(slow, 0.0)
    rated(slow, 10_000, 2.0), rated(fast, 30_000, 2.0)
    taken = it.fill(fast, 2.0)
    assert taken == asked[:-31:-1], "three quarters, the newest first"
    assert [(each.index, each.begin) for each in sent(slow) if isinstance(each, messages.Cancel)] == taken
    assert list(slow.requests) == asked[:10]
    for block in asked[:10]:
        it.deliver(slow, block)
    for block in taken:
        it.deliver(fast, block)
    assert it.picker.have.complete
    assert it.downloader.wasted == 0


def test_nothing_is_taken_over_from_who_is_nearly_done() -> None:
    it = Fixture(blocks=2)
    first, second = it.peer(), it.peer()
    it.fill(first, 0.0)
    rated(first, 10 * B, 2.0), rated(second, 10 * B, 2.0)
    assert it.fill(second, 2.0) == []


def test_who_was_just_asked_has_time_to_answer() -> None:
    it = Fixture(blocks=4)
    first, second = it.peer(queue=4), it.peer(queue=4)
    it.fill(first, 0.0)
    assert it.fill(second, 0.5) == []
    assert it.fill(second, 1.5) != []


def test_who_waits_is_looked_at_again_though_nothing_happens() -> None:
    it = Fixture(blocks=4)
    first, second = it.peer(queue=4), it.peer(queue=4)
    it.fill(first, 0.0)
    assert it.fill(second, 0.0) == []
    while not second.requests and it.timers.next_due is not None:
        now = it.timers.next_due
        it.timers.run(now)
    assert len(second.requests) == 2
    assert now < 2.0


def shared_block(it: Fixture) -> tuple[Peer, Peer, tuple[int, int]]:
    """A slow peer, a fast one, and the last block, of which both were asked."""
    slow, fast = it.peer(queue=1), it.peer(queue=1)
    (block,) = it.fill(slow, 0.0)
    rated(fast, 100 * B, 2.0)
    assert it.fill(fast, 2.0) == [block], "the end-game"
    return slow, fast, block


def test_the_last_block_is_asked_of_two_and_cancelled_with_the_slower() -> None:
    it = Fixture(blocks=1)
    slow, fast, block = shared_block(it)
    it.deliver(fast, block)
    assert sent(slow) == [messages.Cancel(*block, B)]
    assert slow.requests == {}
    assert len(it.verified) == 1
    it.deliver(slow, block)
    assert (it.downloader.wasted, slow.unasked) == (B, 0)


def test_a_block_is_asked_of_two_that_have_given_nothing_and_one_that_gives() -> None:
    it = Fixture(blocks=1)
    first, second, third = (it.peer(queue=1) for _ in range(3))
    giving, late = (rated(it.peer(queue=1), 100 * B, 2.0) for _ in range(2))
    (block,) = it.fill(first, 0.0)
    assert it.fill(second, 2.0) == [block]
    assert it.fill(third, 2.0) == []
    assert it.fill(giving, 2.0) == [block]
    assert it.fill(late, 2.0) == []


def test_of_those_who_give_little_is_asked_twice() -> None:
    it = Fixture(blocks=40)
    slow, fast = it.peer(queue=40), it.peer(queue=1)
    it.fill(slow, 0.0)
    rated(slow, B // 8, 2.0), rated(fast, 100 * B, 2.0)
    slow.requests = dict(list(slow.requests.items())[:2])
    keys = list(slow.requests)
    slow.queue = 1
    for number in range(MIN_DUPLICATES + 1):
        asked = it.fill(fast, 2.0)
        assert len(asked) == (number < MIN_DUPLICATES), "the oldest two are not taken over, but asked twice"
        fast.requests.clear()
        it.downloader._requests.shared.clear()
    assert list(slow.requests) == keys


def test_nothing_is_asked_twice_while_much_is_on_its_way() -> None:
    """The few blocks that may be are those that everything waits for."""
    it = Fixture(blocks=40)
    fast = rated(it.peer(queue=1), 100 * B, 2.0)
    others = [rated(it.peer(queue=2), B // 8, 2.0) for _ in range(20)]
    assert sum(len(it.fill(peer, 0.0)) for peer in others) == 40
    assert it.fill(fast, 2.0) == []
    for peer in others[1:]:
        for block in list(peer.requests):
            it.deliver(peer, block, now=2.0)
    assert len(it.fill(fast, 2.0)) == 1


def test_a_piece_that_is_fetched_alone_is_left_alone() -> None:
    it = Fixture(blocks=2)
    alone, fast = it.peer(), it.peer()
    alone.on_parole = True
    assert len(it.fill(alone, 0.0)) == 2
    rated(fast, 100 * B, 5.0)
    assert it.fill(fast, 5.0) == []
    it.downloader.check(alone, SNUB_SECONDS)
    assert len(fast.requests) == 2, "but not for ever"


def test_no_cancel_where_there_was_no_end_game() -> None:
    it = Fixture()
    first, second = it.peer(), it.peer()
    for peer in (first, second):
        for block in it.fill(peer):
            it.deliver(peer, block)
    assert sent(first) == sent(second) == []
    assert len(it.verified) == 2


def test_a_shared_block_is_free_only_when_both_gave_it_up() -> None:
    it = Fixture(blocks=1)
    slow, fast, block = shared_block(it)
    third = it.peer()
    it.downloader.gone(slow, 2.0)
    assert it.free == 0
    it.downloader.rejected(fast, *block, 2.0)
    assert it.fill(third, 2.0) == [block]
    it.deliver(third, block)
    assert len(it.verified) == 1


@pytest.mark.parametrize("finisher", [0, 1])
def test_a_shared_block_of_a_wrong_length_stays_with_the_other(finisher: int) -> None:
    it = Fixture(blocks=1)
    *pair, block = shared_block(it)
    with pytest.raises(PeerError):
        it.deliver(pair[1 - finisher], block, data=b"short")
    assert it.free == 0
    it.deliver(pair[finisher], block)
    assert len(it.verified) == 1


# -- Choked, paused, limited, and a store that is slow


def test_while_choked_only_what_is_allowed_is_asked() -> None:
    it = Fixture(blocks=8)
    peer = it.peer(queue=8)
    peer.peer_choking = True
    peer.pieces = Bitfield(4)
    peer.pieces.add(2)
    peer.allowed_fast = {1: None, 2: None}
    assert it.fill(peer) == [(2, 0), (2, B)], "it lacks piece 1"
    it.downloader.rejected(peer, 2, 0, 0.0)
    assert it.fill(peer) == [], "it has changed its mind"


def test_a_pause_takes_everything_back_and_ends() -> None:
    it = Fixture(blocks=8)
    peer, late = it.peer(queue=4), it.peer(queue=4)
    asked = it.fill(peer)
    it.downloader.pause(1.0)
    assert [type(each) for each in sent(peer)] == [messages.Cancel] * 4
    assert peer.requests == {}
    assert it.fill(late, 1.0) == []
    it.deliver(peer, asked[0], 1.1)
    assert it.downloader.unverified == B, "what was under way is kept"
    it.downloader.resume(2.0)
    assert len(peer.requests) == 4
    assert len(late.requests) == 3


def test_a_limit_holds_for_all_peers_together() -> None:
    it = Fixture(blocks=2000)
    it.limit.down.set_rate(20 * B, 0.0)
    peers = [it.peer(queue=500) for _ in range(3)]
    for peer in peers:
        it.downloader.fill(peer, 0.0)
    now = 0.0
    while now < 20.0:
        assert it.timers.next_due is not None
        now = it.timers.next_due
        it.timers.run(now)
    counts = [len(peer.requests) for peer in peers]
    assert sum(counts) == pytest.approx(20 * 20, rel=0.1)
    assert max(counts) - min(counts) < 40, "each has its turn"


def test_requests_that_came_to_nothing_do_not_count_for_the_limit() -> None:
    it = Fixture(blocks=2000)
    it.limit.down.set_rate(20 * B, 0.0)
    peer = it.peer(queue=500)
    it.fill(peer, 10.0)
    before = len(peer.requests)
    for block in list(peer.requests):
        it.downloader.rejected(peer, *block, 10.0)
        peer.refused = 0
    assert len(it.fill(peer, 10.0)) == before > 5


def test_nothing_more_is_fetched_while_the_store_can_not_keep_up() -> None:
    blocks = MAX_WAITING // B + 2 * MAX_QUEUE
    it = Fixture(blocks=blocks)
    it.digest.hold = True
    peer = it.peer(queue=MAX_QUEUE)
    peer.extensions.receive_handshake(ExtendedHandshake(request_queue=MAX_QUEUE).to_bytes())
    while keys := list(peer.requests) or it.fill(peer):
        for key in keys:
            it.deliver(peer, key)
    assert MAX_WAITING < it.downloader.unverified <= MAX_WAITING + MAX_QUEUE * B
    it.digest.finish(1.0)
    assert it.fill(peer, 2.0) != []


# -- Web seeds


def test_a_web_seed_reserves_whole_pieces_and_delivers_them() -> None:
    it = Fixture(blocks=8)
    it.picker.sequential = True
    blocks = it.downloader.reserve(-1, 3, 0.0)
    assert blocks == [(0, 0, B), (0, B, B), (1, 0, B), (1, B, B)]
    for index, begin, length in blocks:
        start = index * 2 * B + begin
        it.downloader.deliver(-1, index, begin, memoryview(it.data)[start : start + length], 1.0)
    assert [index for index, _ in it.verified] == [0, 1]
    assert it.downloader.unverified == 0


def test_what_a_web_seed_can_not_deliver_is_asked_of_peers() -> None:
    it = Fixture(blocks=2)
    peer = it.peer()
    first, second = it.downloader.reserve(-1, 2, 0.0)
    it.downloader.release(-1, *second[:2], 1.0)
    it.downloader.deliver(-1, 0, 0, memoryview(b"short"), 1.0)
    it.downloader.release(-1, *first[:2], 1.0)
    it.downloader.leave(-1, 1.0)
    assert it.fill(peer, 1.0) == [first[:2], second[:2]]


def test_at_the_end_peers_fetch_what_a_web_seed_is_slow_with() -> None:
    it = Fixture(blocks=2)
    peer = it.peer()
    blocks = it.downloader.reserve(-1, 2, 0.0)
    for _ in blocks:
        (block,) = it.fill(peer, 5.0)
        it.deliver(peer, block, 5.0)
    assert len(it.verified) == 1
    it.downloader.deliver(-1, 0, 0, memoryview(it.data)[:B], 6.0)
    assert it.downloader.wasted == B


def test_web_seeds_rest_while_we_are_paused() -> None:
    it = Fixture(blocks=8)
    it.downloader.pause(0.0)
    assert it.downloader.reserve(-1, 3, 0.0) == []
    it.downloader.resume(0.0)
    it.limit.down.set_rate(0, 0.0)
    assert it.downloader.reserve(-1, 3, 0.0) == []


# -- How many


def test_the_queue_grows_with_each_block_while_it_gets_faster() -> None:
    it = Fixture(blocks=40)
    peer = it.peer()
    for number in range(30):
        it.fill(peer, 0.01 * number)
        it.deliver(peer, next(iter(peer.requests)), 0.01 * number)
        assert peer.queue == 3 + number


def test_then_it_holds_two_seconds_worth() -> None:
    it = Fixture(blocks=400)
    peer = it.peer()
    now = 0.0
    while peer.slow_start or now < 5.0:
        it.fill(peer, now)
        for block in list(peer.requests)[:1]:
            it.deliver(peer, block, now)
        now += 0.1
    assert peer.queue == pytest.approx(10 * QUEUE_SECONDS, abs=3), "ten blocks a second came"


@pytest.mark.parametrize(
    ("told", "rate", "queue"),
    [
        (None, 0, MIN_QUEUE),
        (None, 30 * B, 60),
        (None, 200 * B, 250),
        (2000, 300 * B, MAX_QUEUE),
        (17, 200 * B, 17),
        (1, 200 * B, MIN_QUEUE),
    ],
)
def test_the_queue_has_bounds(told: int | None, rate: int, queue: int) -> None:
    it = Fixture()
    peer = it.peer()
    peer.slow_start = False
    peer.extensions.receive_handshake(ExtendedHandshake(request_queue=told).to_bytes())
    block, _ = it.fill(peer, 0.0)
    peer.down.add(rate - 2 * B, 0.6)
    it.deliver(peer, block, 1.0 - 1e-9)
    assert peer.queue == 2, "it is measured once a second"
    it.deliver(peer, next(iter(peer.requests)), 1.2)
    assert peer.queue == queue
