"""Fetching pieces: what each peer is asked for, what becomes of blocks that come, and the check of whole
pieces.

Owns the requests in flight, their number per peer, their time-outs, the end-game, and verification by SHA-1.
Blocks are written straight into the piece's buffer; nothing here makes an object per block beyond the
request's entry in a dict. It never knows how bytes travel or where they are kept.
"""

from collections.abc import Callable, Iterable

from torrentide.engine.peer import Peer
from torrentide.errors import PeerError
from torrentide.metainfo.info import Info
from torrentide.pieces.partial import BLOCK_LENGTH, PartialPiece
from torrentide.pieces.picker import Picker
from torrentide.ports import Digest, Store
from torrentide.wire import messages

# libtorrent 2.1: `request_queue_time` 3 s, `max_out_request_queue` 500, a minimum of 2; slow start ends when
# a second brings less than 5,000 bytes more than the one before.
QUEUE_SECONDS = 3
MIN_QUEUE = 2
MAX_QUEUE = 500
SLOW_START_GAIN = 5000
# WebTorrent drops a peer that delivers nothing for 30 s; we only take its requests back.
SNUB_SECONDS = 30.0
# libtorrent 2.1 disconnects after 50 rejects: asking again and being refused again would never end
# (webtorrent#2258).
MAX_REFUSED = 50


class Downloader:
    """Downloads what `picker` lacks from `peers()`. `verified(index, now)` is told when a piece is checked
    and stored, `bad_piece(index, links, now)` when its SHA-1 is wrong, `failed(error)` when it can't be
    stored."""

    def __init__(
        self,
        info: Info,
        picker: Picker,
        store: Store,
        digest: Digest,
        peers: Callable[[], Iterable[Peer]],
        verified: Callable[[int, float], None],
        bad_piece: Callable[[int, set[int], float], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self.picker = picker
        # Bytes of blocks in pieces that are not verified yet.
        self.unverified = 0
        self.closed = False
        self._info = info
        self._store = store
        self._digest = digest
        self._verified = verified
        self._bad_piece = bad_piece
        self._failed = failed
        self._peers = peers
        # Blocks that more than one peer was asked for, in the end-game.
        self._shared: set[tuple[int, int]] = set()

    def fill(self, peer: Peer, now: float) -> None:
        """Ask a peer that unchoked us for as many blocks as its queue should hold."""
        if peer.peer_choking or not peer.am_interested or peer.pieces is None or self.closed:
            return
        room = peer.queue - len(peer.requests)
        # Asking in batches: a quarter of the queue at a time.
        if room <= 0 or (peer.requests and room * 4 < peer.queue):
            return
        blocks = self.picker.pick(peer.pieces, room)
        if not blocks and not peer.requests:
            busy = self.picker.pick_busy(peer.pieces, peer.requests)
            if busy is not None:
                blocks = [busy]
                self._shared.add(busy[:2])
        if not blocks:
            return
        if not peer.requests:
            peer.last_block = now
        for index, begin, _ in blocks:
            peer.requests[index, begin] = now
        peer.send(b"".join([messages.request(*block) for block in blocks]), now)

    def receive(self, peer: Peer, piece: messages.Piece, now: float) -> None:
        """A block came. One that was not asked for is dropped; a wrong length is the peer's fault."""
        index, begin, data = piece.index, piece.begin, piece.data
        if peer.requests.pop((index, begin), None) is None:
            return
        partial = self.picker.partial.get(index)
        peer.last_block = now
        peer.snubbed = False
        peer.refused = 0
        self._resize_queue(peer, now)
        if partial is None:
            return
        if len(data) != min(BLOCK_LENGTH, partial.length - begin):
            self._release(peer, index, begin)
            raise PeerError(
                f"block {index}:{begin} has {len(data)} bytes, which was not what it was asked for"
            )
        if (index, begin) in self._shared:
            self._cancel_others(index, begin, len(data), now)
        if partial.receive(begin, data, peer.link):
            self.unverified += len(data)
            if not partial.missing:
                self._verify(partial)

    def forget(self, peer: Peer) -> None:
        """The peer left, choked or snubbed us: what it was asked for is free again."""
        for index, begin in peer.requests:
            self._release(peer, index, begin)
        peer.requests.clear()

    def rejected(self, peer: Peer, index: int, begin: int) -> None:
        """The peer will not serve a request (BEP 6). PeerError when it unchoked us only to refuse."""
        if peer.requests.pop((index, begin), None) is None:
            return
        self._release(peer, index, begin)
        if not peer.peer_choking:
            peer.refused += 1
            if peer.refused > MAX_REFUSED:
                raise PeerError(f"{MAX_REFUSED} requests refused in a row though it unchoked us")

    def check(self, peer: Peer, now: float) -> bool:
        """Take requests back from a peer that has delivered nothing for too long. True when there were
        any."""
        if not peer.requests or now - peer.last_block < SNUB_SECONDS:
            return False
        cancels = [
            messages.cancel(index, begin, min(BLOCK_LENGTH, self.picker.size_of(index) - begin))
            for index, begin in peer.requests
        ]
        self.forget(peer)
        peer.send(b"".join(cancels), now)
        peer.snubbed = True
        peer.slow_start = False
        peer.queue = 1
        return True

    def close(self) -> None:
        """Verify and store nothing more."""
        self.closed = True

    def _release(self, peer: Peer, index: int, begin: int) -> None:
        key = (index, begin)
        if key in self._shared and any(key in other.requests for other in self._peers() if other is not peer):
            return
        self.picker.release(index, begin)

    def _cancel_others(self, index: int, begin: int, length: int, now: float) -> None:
        self._shared.discard((index, begin))
        for other in self._peers():
            if other.requests.pop((index, begin), None) is not None:
                other.send(messages.cancel(index, begin, length), now)

    @staticmethod
    def _resize_queue(peer: Peer, now: float) -> None:
        """Algorithm of libtorrent's `peer_connection`: one more for each block while it gets faster, then
        3 s worth."""
        if peer.slow_start:
            peer.queue = min(peer.queue + 1, MAX_QUEUE, peer.request_queue)
        since, before = peer.speed_mark
        if now - since < 1.0:
            return
        rate = peer.down.rate(now)
        if rate < before + SLOW_START_GAIN:
            peer.slow_start = False
        peer.speed_mark = (now, int(rate))
        if not peer.slow_start:
            wanted = int(QUEUE_SECONDS * rate / BLOCK_LENGTH)
            peer.queue = max(MIN_QUEUE, min(wanted, MAX_QUEUE, peer.request_queue))

    def _verify(self, partial: PartialPiece) -> None:
        index = partial.index

        def digested(digest: bytes, now: float) -> None:
            if self.closed:
                return
            if digest == self._info.piece_hash(index):
                self._store.write(index, partial.buffer, stored)
                return
            self.unverified -= partial.length
            self.picker.failed(index)
            self._bad_piece(index, partial.sources, now)

        def stored(error: Exception | None, now: float) -> None:
            if self.closed:
                return
            self.unverified -= partial.length
            if error is not None:
                self.picker.failed(index)
                self._failed(error)
                return
            self.picker.verified(index)
            self._verified(index, now)

        self._digest.sha1(partial.buffer, digested)
