"""Serving blocks: what is read, how it is packed, and when it waits."""

import random
from collections.abc import Callable

import pytest

from simulation.world import make_torrent
from torrentide.engine.limits import Limits
from torrentide.engine.peer import HIGH_WATER, MIN_HIGH_WATER, Peer
from torrentide.engine.upload import CACHED_STRETCHES, MAX_REQUEST, PACK_BYTES, STRETCH, Uploader
from torrentide.errors import StorageError
from torrentide.timers import Timers
from torrentide.wire import messages
from unit.recorders import HeldStore, RecordedTransport

B = 16 * 1024


class Fixture:
    """An uploader of `length` random bytes, and peers that read whatever is sent."""

    def __init__(self, length: int = 4 * STRETCH, piece_length: int = STRETCH) -> None:
        self.info, self.data = make_torrent(random.Random(1), length, piece_length)
        self.store = HeldStore(self.info, self.data)
        self.counts: list[tuple[Peer, int, float]] = []
        self.failures: list[Exception] = []
        self.limit, self.timers = Limits(), Timers()
        self.uploader = self.make(lambda index, error, now: self.failures.append(error))

    def make(self, failed: Callable[[int, Exception, float], None]) -> Uploader:
        limit = self.limit.up_with(Limits())
        return Uploader(self.store, self.info.piece_size, self.count, failed, limit, self.timers)

    def count(self, peer: Peer, count: int, now: float) -> None:
        self.counts.append((peer, count, now))

    def peer(self, *blocks: tuple[int, int, int]) -> Peer:
        """A peer that asked for these blocks."""
        peer = Peer(1, None, RecordedTransport(), 0.0)
        peer.uploads.extend(blocks)
        return peer

    def fast_peer(self, *blocks: tuple[int, int, int]) -> Peer:
        """One of which the channel may be filled to the brim."""
        peer = self.peer(*blocks)
        peer.up.add(4 * HIGH_WATER, 0.0)
        return peer

    def serve(self, peer: Peer, now: float = 0.0) -> list[tuple[int, int, int]]:
        """Serve a peer; the blocks that it got, of which the bytes are true."""
        self.uploader.serve(peer, now)
        return self.got(peer)

    def got(self, peer: Peer) -> list[tuple[int, int, int]]:
        blocks = []
        for message in transport(peer).messages():
            assert isinstance(message, messages.Piece)
            start = message.index * self.info.piece_length + message.begin
            assert message.data == self.data[start : start + len(message.data)]
            blocks.append((message.index, message.begin, len(message.data)))
        return blocks


def transport(peer: Peer) -> RecordedTransport:
    assert isinstance(peer.transport, RecordedTransport)
    return peer.transport


@pytest.mark.parametrize(
    "blocks",
    [
        [(0, 0, B)],
        [(0, 0, 1), (3, STRETCH - 1, 1)],
        [(2, 5, 77), (0, B, B), (2, 5, 77), (1, 0, MAX_REQUEST)],
        [(0, begin, B) for begin in range(0, STRETCH, B)],
        [(index, 0, MAX_REQUEST) for index in range(4)],
    ],
)
def test_blocks_are_served_in_order_and_true(blocks: list[tuple[int, int, int]]) -> None:
    it = Fixture()
    peer = it.peer(*blocks)
    assert it.serve(peer, 5.0) == blocks
    assert not peer.uploads
    assert sum(count for _, count, _ in it.counts) == sum(length for _, _, length in blocks)
    assert all(each is peer and now == 5.0 for each, _, now in it.counts)


def test_small_blocks_travel_together() -> None:
    it = Fixture()
    peer = it.fast_peer(*((0, begin, B) for begin in range(0, STRETCH, B)))
    it.uploader.serve(peer, 0.0)
    sizes = [len(data) for data in transport(peer).sends]
    assert sizes == [8 * (B + 13)] * (STRETCH // B // 8)
    assert all(size <= PACK_BYTES + 64 * 13 for size in sizes)


def test_a_large_block_and_a_small_one_do_not_fit_together() -> None:
    it = Fixture()
    peer = it.fast_peer((0, 0, MAX_REQUEST), (0, 0, B), (0, 0, 100))
    it.uploader.serve(peer, 0.0)
    assert [len(data) for data in transport(peer).sends] == [MAX_REQUEST + 13, B + 13 + 100 + 13]


def test_one_read_serves_many_blocks_and_peers() -> None:
    it = Fixture()
    for _ in range(3):
        it.serve(it.peer(*((1, begin, B) for begin in range(0, STRETCH, B))))
    assert it.store.reads == [(1, 0, STRETCH)]


def test_a_long_piece_is_read_in_stretches() -> None:
    it = Fixture(length=2 * STRETCH + 3 * B, piece_length=4 * STRETCH)
    edge = (0, STRETCH - B // 2, B)
    last = (0, 2 * STRETCH + 3 * B - 5, 5)
    assert it.serve(it.peer(edge, last)) == [edge, last]
    assert it.store.reads == [(0, 0, STRETCH), (0, STRETCH, STRETCH), (0, 2 * STRETCH, 3 * B)]


def test_the_cache_has_a_bound_and_forgets_the_oldest() -> None:
    it = Fixture(length=(CACHED_STRETCHES + 1) * B, piece_length=B)
    blocks = [(index, 0, B) for index in range(CACHED_STRETCHES + 1)]
    it.serve(it.peer(*blocks))
    assert len(it.store.reads) == CACHED_STRETCHES + 1
    it.serve(it.peer(*blocks[1:]))
    assert len(it.store.reads) == CACHED_STRETCHES + 1
    it.serve(it.peer(blocks[0]))
    assert it.store.reads[CACHED_STRETCHES + 1 :] == [(0, 0, B)]


# -- A store that takes its time


def test_a_slow_read_is_awaited_and_asked_once() -> None:
    it = Fixture()
    it.store.hold = True
    first, second = it.peer((0, 0, B), (1, 0, B)), it.peer((0, B, B))
    assert it.serve(first) == it.serve(second) == it.serve(first) == []
    assert it.store.reads == [(0, 0, STRETCH)]
    it.store.finish(3.0)
    assert it.got(first) == [(0, 0, B)]
    assert it.got(second) == [(0, B, B)]
    assert [now for _, _, now in it.counts] == [3.0, 3.0]
    assert it.store.reads == [(0, 0, STRETCH), (1, 0, STRETCH)]
    it.store.finish(4.0)
    assert it.got(first) == [(1, 0, B)]


def test_a_block_over_two_stretches_waits_for_both() -> None:
    it = Fixture(length=2 * STRETCH, piece_length=2 * STRETCH)
    it.store.hold = True
    edge = (0, STRETCH - 1, 2)
    peer = it.peer(edge)
    assert it.serve(peer) == []
    it.store.finish(1.0)
    assert it.got(peer) == []
    it.store.finish(2.0)
    assert it.got(peer) == [edge]


def test_what_was_cancelled_during_a_read_is_not_sent() -> None:
    it = Fixture()
    it.store.hold = True
    peer = it.peer((0, 0, B), (0, B, B))
    it.serve(peer)
    peer.uploads.popleft()
    it.store.finish(1.0)
    assert it.got(peer) == [(0, B, B)]


# -- A channel that is full


def test_a_full_channel_is_left_alone_until_it_drains() -> None:
    it = Fixture()
    peer = it.fast_peer(*((index, begin, B) for index in range(4) for begin in range(0, STRETCH, B)))
    transport(peer).waiting = HIGH_WATER
    assert len(it.serve(peer)) == 8
    assert it.serve(peer) == []
    peer.unsent = 0
    transport(peer).waiting = HIGH_WATER - 1
    assert len(it.serve(peer)) == 4 * STRETCH // B - 8


def test_what_has_gone_out_meanwhile_is_seen_without_an_event() -> None:
    """The mark may fall below what waited when nothing more was to send: no event comes then."""
    it = Fixture()
    peer = it.peer((0, 0, B))
    peer.unsent = MIN_HIGH_WATER
    assert it.serve(peer) == [(0, 0, B)]


def test_little_waits_in_a_slow_channel() -> None:
    """What is in a channel can't be taken back by a cancel, a choke or a pause."""
    it = Fixture()
    peer = it.peer(*((0, begin, B) for begin in range(0, STRETCH, B)))
    assert len(it.serve(peer)) == STRETCH // B, "it takes all that it is given"
    slow = it.peer(*((0, begin, B) for begin in range(0, STRETCH, B)))
    transport(slow).waiting = MIN_HIGH_WATER
    assert len(it.serve(slow)) == MIN_HIGH_WATER // B
    assert transport(slow).low_water == MIN_HIGH_WATER // 2


# -- A limit


def test_a_limit_holds_and_each_peer_has_its_turn() -> None:
    it = Fixture()
    it.limit.up.set_rate(100_000, 0.0)
    peers = [it.peer(*((0, begin, B) for begin in range(0, STRETCH, B))) for _ in range(3)]
    for link, peer in enumerate(peers):
        peer.link = link
        it.uploader.serve(peer, 0.0)
    now = 0.0
    while now < 10.0:
        due = it.timers.next_due
        assert due is not None
        now = due
        it.timers.run(now)
    counts = [sum(length for _, _, length in it.got(peer)) for peer in peers]
    assert sum(counts) == pytest.approx(1_000_000, rel=0.1)
    assert max(counts) - min(counts) <= 4 * B
    it.limit.up.set_rate(None, now)
    it.timers.run(now + 0.1)
    assert not any(peer.uploads for peer in peers)
    assert it.timers.next_due is None


def test_nothing_is_read_for_a_full_channel() -> None:
    it = Fixture()
    peer = it.peer((0, 0, B))
    peer.unsent = transport(peer).waiting = HIGH_WATER
    assert it.serve(peer) == []
    assert it.store.reads == []


# -- Trouble


@pytest.mark.parametrize("hold", [False, True])
def test_data_that_can_not_be_read_is_told(hold: bool) -> None:
    it = Fixture()
    it.store.error, it.store.hold = StorageError("changed"), hold
    peer = it.peer((0, 0, B))
    assert it.serve(peer) == []
    it.store.finish(1.0)
    assert it.failures == [it.store.error]
    assert it.got(peer) == []
    assert it.counts == []


def test_nothing_is_served_after_the_end() -> None:
    it = Fixture()
    it.store.hold = True
    waiting = it.peer((0, 0, B))
    it.serve(waiting)
    it.uploader.close()
    it.store.finish(1.0)
    assert it.got(waiting) == []
    assert it.serve(it.peer((0, 0, B))) == []
    assert it.store.reads == [(0, 0, STRETCH)]


def test_what_was_packed_is_not_sent_when_the_next_read_ends_everything() -> None:
    """The shell may close the torrent, and with it the channel, as soon as it hears of the failure."""
    it = Fixture()
    peer = it.fast_peer((0, 0, B), (1, 0, B))

    def close(index: int, error: Exception, now: float) -> None:
        it.failures.append(error)
        it.uploader.close()
        peer.transport.close()

    it.uploader = it.make(close)
    assert it.serve(it.peer((0, 0, B))) == [(0, 0, B)]
    it.store.error = StorageError("removed")
    it.uploader.serve(peer, 1.0)
    assert it.failures == [it.store.error]
    assert transport(peer).sends == []
