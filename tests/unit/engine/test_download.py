"""What each peer is asked for, and what becomes of blocks: on time, late, false, unasked."""

import random

import pytest

from simulation.world import make_torrent
from torrentide.engine.download import (
    MAX_QUEUE,
    MAX_REFUSED,
    MIN_QUEUE,
    QUEUE_SECONDS,
    SNUB_SECONDS,
    Downloader,
)
from torrentide.engine.peer import Peer
from torrentide.errors import PeerError, StorageError
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.partial import BLOCK_LENGTH
from torrentide.pieces.picker import Picker
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
        self.downloader = Downloader(
            self.info,
            self.picker,
            self.store,
            self.digest,
            peers=self.peers.values,
            verified=lambda index, now: self.verified.append((index, now)),
            bad_piece=lambda index, links, now: self.bad.append((index, links)),
            failed=self.failed.append,
        )

    def peer(self, queue: int = 2) -> Peer:
        link = len(self.peers) + 1
        peer = self.peers[link] = Peer(link, None, RecordedTransport(), 0.0)
        peer.pieces = Bitfield.full(self.info.piece_count)
        peer.am_interested, peer.peer_choking, peer.queue = True, False, queue
        return peer

    def fill(self, peer: Peer, now: float = 0.0) -> list[tuple[int, int]]:
        """Ask a peer; the blocks that it was asked for now."""
        self.downloader.fill(peer, now)
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
        return len(self.picker.pick(Bitfield.full(self.info.piece_count), 1000))


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
    it.downloader.forget(gone)
    assert gone.requests == {}
    assert it.fill(other) == asked


def test_a_refused_block_is_asked_of_another() -> None:
    it = Fixture()
    peer, other = it.peer(), it.peer()
    first, second = it.fill(peer)
    it.downloader.rejected(peer, *second)
    it.downloader.rejected(peer, *second)
    it.downloader.rejected(peer, 999, 5)
    assert list(peer.requests) == [first]
    assert it.fill(other)[0] == second


def test_who_only_refuses_is_given_up() -> None:
    it = Fixture()
    peer = it.peer(queue=1)

    def refuse() -> None:
        (block,) = it.fill(peer)
        it.downloader.rejected(peer, *block)

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
        it.downloader.rejected(peer, *block)
    assert (peer.requests, it.free) == ({}, 200)


def test_a_snubbing_peers_requests_are_taken_back() -> None:
    it = Fixture(blocks=3, short=7)
    peer, other = it.peer(queue=3), it.peer(queue=3)
    asked = it.fill(peer, 10.0)
    assert not it.downloader.check(peer, 10.0 + SNUB_SECONDS - 0.1)
    assert it.downloader.check(peer, 10.0 + SNUB_SECONDS)
    sizes = {(0, 0): B, (0, B): B, (1, 0): B - 7}
    assert sent(peer) == [messages.Cancel(*block, sizes[block]) for block in asked]
    assert (peer.snubbed, peer.queue, peer.requests) == (True, 1, {})
    assert sorted(it.fill(other)) == sorted(asked)


def test_who_delivers_is_no_snubber() -> None:
    it = Fixture()
    peer = it.peer()
    first, _ = it.fill(peer, 0.0)
    it.deliver(peer, first, SNUB_SECONDS - 1)
    assert not it.downloader.check(peer, 2 * SNUB_SECONDS - 2)
    assert it.downloader.check(peer, 2 * SNUB_SECONDS)
    late = it.fill(peer, 100.0)
    assert len(late) == 1, "it is tried with one block at a time"
    it.deliver(peer, late[0], 101.0)
    assert not peer.snubbed


def test_who_was_asked_nothing_snubs_nobody() -> None:
    it = Fixture()
    peer = it.peer()
    assert not it.downloader.check(peer, 1000.0)
    assert len(it.fill(peer, 1000.0)) == 2
    assert not it.downloader.check(peer, 1000.0 + SNUB_SECONDS - 1)


# -- The end-game


def test_the_last_blocks_are_asked_of_two_and_cancelled_with_the_slower() -> None:
    it = Fixture(blocks=2)
    slow, fast = it.peer(), it.peer()
    first, second = it.fill(slow)
    assert it.fill(fast) == [first]
    it.deliver(fast, first)
    assert sent(slow) == [messages.Cancel(*first, B)]
    assert list(slow.requests) == [second]
    it.deliver(slow, first, data=bytes(B))
    assert it.downloader.unverified == B, "what crossed the cancel is dropped"
    assert it.fill(fast) == [second]
    it.deliver(slow, second)
    assert sent(fast) == [messages.Cancel(*second, B)]
    assert len(it.verified) == 1


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
    first, second, third = it.peer(), it.peer(), it.peer()
    (block,) = it.fill(first)
    assert it.fill(second) == [block]
    it.downloader.forget(first)
    assert it.free == 0
    it.downloader.rejected(second, *block)
    assert it.fill(third) == [block]
    it.deliver(third, block)
    assert len(it.verified) == 1


@pytest.mark.parametrize("finisher", [0, 1])
def test_a_shared_block_of_a_wrong_length_stays_with_the_other(finisher: int) -> None:
    it = Fixture(blocks=1)
    pair = it.peer(), it.peer()
    (block,) = it.fill(pair[0])
    it.fill(pair[1])
    with pytest.raises(PeerError):
        it.deliver(pair[1 - finisher], block, data=b"short")
    assert it.free == 0
    it.deliver(pair[finisher], block)
    assert len(it.verified) == 1


# -- How many


def test_the_queue_grows_with_each_block_while_it_gets_faster() -> None:
    it = Fixture(blocks=40)
    peer = it.peer()
    for number in range(30):
        it.fill(peer, 0.01 * number)
        it.deliver(peer, next(iter(peer.requests)), 0.01 * number)
        assert peer.queue == 3 + number


def test_then_it_holds_three_seconds_worth() -> None:
    it = Fixture(blocks=400)
    peer = it.peer()
    now = 0.0
    while peer.slow_start or now < 5.0:
        it.fill(peer, now)
        for block in list(peer.requests)[:1]:
            peer.down.add(B, now)
            it.deliver(peer, block, now)
        now += 0.1
    assert peer.queue == pytest.approx(10 * QUEUE_SECONDS, abs=3), "ten blocks a second came"


@pytest.mark.parametrize(
    ("told", "rate", "queue"),
    [
        (None, 0, MIN_QUEUE),
        (None, 20 * B, 60),
        (None, 200 * B, 250),
        (2000, 200 * B, MAX_QUEUE),
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
    peer.down.add(rate, 0.6)
    it.deliver(peer, block, 1.0 - 1e-9)
    assert peer.queue == 2, "it is measured once a second"
    it.deliver(peer, next(iter(peer.requests)), 1.2)
    assert peer.queue == queue
