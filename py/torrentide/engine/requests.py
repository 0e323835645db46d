"""The requests in flight: which peer was asked for which block, and what is taken back.

Owns the book-keeping of each request from the message that asks to the block, the cancel or the refusal, with
its part of the speed limit, and which blocks several peers were asked for. It takes no decision about who is
asked for what.
"""

from collections.abc import Callable, Iterable

from torrentide.engine.limits import Limit
from torrentide.engine.peer import Peer
from torrentide.errors import PeerError
from torrentide.pieces.picker import Block, Picker
from torrentide.wire import messages

Key = tuple[int, int]
"""A block by its piece and begin."""

MAX_QUEUE = 500
# Requests that were taken back, whose blocks may still come; and blocks that nobody asked for, as many as
# libtorrent suffers wrong requests.
MAX_CANCELLED = 2 * MAX_QUEUE
MAX_UNASKED = 300


class Requests:
    """Requests for blocks of `picker` to `peers()`, each of which pays `limit` when it is sent and is paid
    back when it comes to nothing."""

    def __init__(self, picker: Picker, peers: Callable[[], Iterable[Peer]], limit: Limit) -> None:
        # Blocks that several peers were asked for, and how many.
        self.shared: dict[Key, int] = {}
        # When blocks of each piece on its way were asked for first.
        self.since: dict[int, float] = {}
        self._picker = picker
        self._peers = peers
        self._limit = limit

    def ask(self, peer: Peer, blocks: list[Block], now: float) -> None:
        """Send requests for blocks that count as asked for."""
        if not peer.requests:
            peer.last_block = peer.asked_since = now
        for index, begin, _ in blocks:
            peer.requests[index, begin] = now
            self.since.setdefault(index, now)
        self._limit.take(sum(length for _, _, length in blocks), now)
        peer.send(b"".join([messages.request(*block) for block in blocks]), now)

    def share(self, key: Key) -> Block:
        """One peer more is going to be asked for a block."""
        self.shared[key] = self.shared.get(key, 1) + 1
        return self.block(key)

    def block(self, key: Key) -> Block:
        """The block, with the bytes that are asked for at it."""
        return (*key, self._picker.length_of(*key))

    def cancel(self, peer: Peer, keys: Iterable[Key], now: float) -> None:
        """Take requests back, but not the blocks: others are asked for them. They may still come, and are
        welcome."""
        cancels: list[bytes] = []
        for key in keys:
            del peer.requests[key]
            self._expect_late(peer, key)
            block = self.block(key)
            self._limit.take(-block[2], now)
            cancels.append(messages.cancel(*block))
        peer.send(b"".join(cancels), now)

    def cancel_others(self, key: Key, now: float) -> None:
        """A block is here: nobody else is to send it."""
        self.shared.pop(key, None)
        for other in self._peers():
            if key in other.requests:
                self.cancel(other, [key], now)

    def cancel_piece(self, index: int, now: float) -> None:
        """A piece is here: nobody is to send more of it."""
        for key in [key for key in self.shared if key[0] == index]:
            del self.shared[key]
        for peer in self._peers():
            keys = [key for key in peer.requests if key[0] == index]
            if keys:
                self.cancel(peer, keys, now)

    def take_back(self, peer: Peer, keys: list[Key], now: float) -> None:
        """Take requests back; their blocks are free."""
        self.cancel(peer, keys, now)
        for key in keys:
            self.release(peer, key)

    def give_up(self, peer: Peer, now: float) -> None:
        """The peer will answer none of its requests."""
        keys = list(peer.requests)
        peer.requests.clear()
        for key in keys:
            self._expect_late(peer, key)
            self._limit.take(-self._picker.length_of(*key), now)
            self.release(peer, key)

    def refused(self, peer: Peer, key: Key, now: float) -> bool:
        """The peer will not answer a request. Gives whether there was one. One that was taken back is refused
        first (BEP 6), though the same block may have been asked for anew since."""
        if key in peer.cancelled:
            del peer.cancelled[key]
            return False
        if peer.requests.pop(key, None) is None:
            return False
        self._limit.take(-self._picker.length_of(*key), now)
        self.release(peer, key)
        return True

    def came_late(self, peer: Peer, key: Key, size: int, now: float) -> bool:
        """Whether a block that the peer is not asked for was asked for before. PeerError when too many came
        that nobody asked for."""
        if key in peer.cancelled:
            del peer.cancelled[key]
            self._limit.take(size, now)
            return True
        peer.unasked += 1
        if peer.unasked > MAX_UNASKED:
            raise PeerError(f"more than {MAX_UNASKED} blocks that nobody asked for")
        return False

    def release(self, peer: Peer, key: Key) -> None:
        """A block is free, if nobody else was asked for it."""
        if key in self.shared:
            others = sum(key in other.requests for other in self._peers() if other is not peer)
            piece = self._picker.partial.get(key[0])
            if others or (piece is not None and piece.worker < 0):
                self.shared[key] = others
                return
            del self.shared[key]
        self._picker.release(*key)

    @staticmethod
    def _expect_late(peer: Peer, key: Key) -> None:
        peer.cancelled[key] = None
        if len(peer.cancelled) > MAX_CANCELLED:
            del peer.cancelled[next(iter(peer.cancelled))]
