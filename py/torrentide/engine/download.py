"""Fetching blocks: what each peer and each web seed is asked for, and what becomes of blocks that come.

Owns how many requests each peer has and for which blocks, their time-outs, the peers that wait for something
to do, and the end of a download. Blocks are written straight into the piece's buffer; nothing here makes an
object per block beyond the request's entry in a dict. It never knows how bytes travel or what a whole piece
is worth.
"""

from collections.abc import Callable, Iterable
from math import inf

from torrentide.engine import assist, takeover
from torrentide.engine.deadlines import Deadlines
from torrentide.engine.limits import LIMIT_SECONDS, Limit
from torrentide.engine.peer import Peer
from torrentide.engine.rate import RateMeter
from torrentide.engine.readers import Readers
from torrentide.engine.requests import MAX_QUEUE, Key, Requests
from torrentide.engine.turns import Turns
from torrentide.engine.verify import Verifier
from torrentide.errors import PeerError
from torrentide.pieces.partial import BLOCK_LENGTH, PartialPiece
from torrentide.pieces.picker import Block, Picker
from torrentide.timers import Timers
from torrentide.wire import messages

# libtorrent 2.1: `max_out_request_queue` 500, a minimum of 2; slow start ends when a second brings less than
# 5,000 bytes more than the one before; who can deliver a piece within 20 s gets whole pieces. Its
# `request_queue_time` is 3 s: with 2 s simulated swarms end 5 % earlier, for less waits at slow peers.
QUEUE_SECONDS = 2
MIN_QUEUE = 2
SLOW_START_GAIN = 5000
WHOLE_PIECE_SECONDS = 20
# WebTorrent drops a peer that delivers nothing for 30 s; we only take its requests back.
SNUB_SECONDS = 30.0
# libtorrent 2.1 disconnects after 50 rejects: asking again and being refused again would never end
# (webtorrent#2258).
MAX_REFUSED = 50
# How often the peers that wait are looked at when no event does it, unless only a speed limit holds them.
WAIT_SECONDS = 0.5
# A block may be asked of so many peers, one of which gives something; and so many blocks are asked twice in
# all, or one in so many, and not before as few are left: what is asked twice comes twice as a rule.
MAX_SOURCES = 3
MIN_DUPLICATES = 2
DUPLICATES_PART = 128


class Downloader:
    """Asks `peers()` for what `picker` needs, within `limit`, and gives whole pieces to `verifier`.
    `down` counts what comes; `own_id` is our peer id."""

    def __init__(
        self,
        picker: Picker,
        verifier: Verifier,
        peers: Callable[[], Iterable[Peer]],
        limit: Limit,
        timers: Timers,
        down: RateMeter,
        own_id: bytes = b"",
    ) -> None:
        # Bytes of blocks in pieces that are not verified yet, and of blocks that came in vain.
        self.unverified = 0
        self.wasted = 0
        self.closed = False
        self.paused = False
        self._picker = picker
        self._verifier = verifier
        self.peers = peers
        self._limit = limit
        self._down = down
        self._requests = Requests(picker, peers, limit)
        self.readers = Readers(picker)
        self.deadlines = Deadlines(picker, self.readers, self._requests, self, timers, own_id)
        # Blocks that were asked of a second peer at the end.
        self._duplicates = 0
        self._most_duplicates = MIN_DUPLICATES + picker.blocks // DUPLICATES_PART
        # Peers with room in their queue for which there was nothing.
        self._turns = Turns(timers, self._fill, lambda now: self.allowed(now) > 0, self._delay)

    # -- Asking

    def fill(self, peer: Peer, now: float) -> None:
        """Ask a peer for as many blocks as its queue should hold. One for which there was nothing is asked
        again when something changes, not with each block."""
        if peer not in self._turns or not peer.requests:
            self._fill(peer, now)

    def changed(self, peer: Peer, now: float) -> None:
        """The peer can give more than before."""
        self._turns.leave(peer)
        self._fill(peer, now)

    def refill(self, now: float) -> None:
        """Blocks are free, or wanted, that were not before: whoever waits is asked."""
        self._turns.go_round(now)

    def _fill(self, peer: Peer, now: float) -> None:
        most = self.deadlines.most(peer, now)
        room = most - len(peer.requests)
        # Asking in batches: a quarter of the queue at a time.
        if not self._can_ask(peer) or room <= 0 or (peer.requests and room * 4 < most):
            return
        blocks = self._choose(peer, room, now)
        if blocks:
            self._requests.ask(peer, blocks, now)
        if len(blocks) < room:
            self._turns.wait(peer, now)

    def _can_ask(self, peer: Peer) -> bool:
        return (
            peer.am_interested
            and peer.pieces is not None
            and not (self.closed or self.paused)
            and (not peer.peer_choking or bool(peer.allowed_fast))
        )

    def usable(self, peer: Peer) -> bool:
        """See `workers.Crew`."""
        return self._can_ask(peer) and not peer.peer_choking

    def _choose(self, peer: Peer, room: int, now: float) -> list[Block]:
        room = min(room, self.allowed(now))
        if room <= 0:
            return []
        picker, theirs = self._picker, peer.pieces
        assert theirs is not None
        if peer.peer_choking:
            return picker.pick_among(
                [index for index in peer.allowed_fast if index in theirs], room, peer.link
            )
        whole = peer.down.rate(now) * WHOLE_PIECE_SECONDS >= picker.size_of(0)
        theirs = self.deadlines.trusted(peer, theirs, now)
        blocks = picker.pick(theirs, room, peer.link, whole=whole, alone=peer.on_parole, hints=peer.suggested)
        if blocks or peer.on_parole or peer.snubbed or not picker.exhausted:
            return blocks
        return self._take_over(peer, now)

    def allowed(self, now: float) -> int:
        """Blocks that may be asked for now."""
        level = self._limit.level(now)
        if level <= 0 or self._verifier.full:
            return 0
        return MAX_QUEUE if level == inf else max(1, int(level) // BLOCK_LENGTH)

    def _delay(self, now: float) -> float:
        return LIMIT_SECONDS if self._limit.level(now) <= 0 else WAIT_SECONDS

    # -- The end of a download

    def _take_over(self, peer: Peer, now: float) -> list[Block]:
        assert peer.pieces is not None
        fixed = set(self._fixed(peer, now))
        last = sum(len(other.requests) for other in self.peers()) <= self._most_duplicates
        for victim in takeover.slowest(self.peers(), peer, now):
            keys = takeover.tail(peer, peer.pieces, victim, now, fixed)
            if keys:
                self._requests.cancel(victim, keys, now)
                return [self._requests.block(key) for key in keys]
            silent = takeover.is_silent(victim, now)
            if not peer.requests and (silent or (last and self._duplicates < self._most_duplicates)):
                key = takeover.duplicate(peer, peer.pieces, victim, now, fixed)
                if key is not None:
                    self._duplicates += not silent
                    return [self._requests.share(key)]
        return [] if peer.requests else self._beside_web_seeds(peer)

    def _fixed(self, peer: Peer, now: float) -> Iterable[Key]:
        """Requests of others that this peer can't take over: it was asked for them, enough others were, or
        the piece is fetched alone. The last place is for one that gives something."""
        yield from peer.requests
        most = MAX_SOURCES if peer.down.rate(now) else MAX_SOURCES - 1
        yield from (key for key, count in self._requests.shared.items() if count >= most)
        for piece in self._picker.partial.values():
            if piece.closed:
                yield from ((piece.index, begin) for begin, _ in piece.lacking())

    def _beside_web_seeds(self, peer: Peer) -> list[Block]:
        """One block of a piece that a web seed is fetching."""
        assert peer.pieces is not None
        for piece in self._picker.partial.values():
            if piece.worker < 0 and piece.index in peer.pieces:
                for begin, _ in piece.lacking():
                    if (piece.index, begin) not in self._requests.shared:
                        return [self._requests.share((piece.index, begin))]
        return []

    # -- Blocks that come

    def receive(self, peer: Peer, piece: messages.Piece, now: float) -> None:
        """A block came. PeerError when its length is wrong, or when too many came that nobody asked for."""
        key = index, begin = piece.index, piece.begin
        data = piece.data
        peer.down.add(len(data), now)
        self._down.add(len(data), now)
        asked = peer.requests.pop(key, None) is not None
        if asked:
            peer.last_block = now
            peer.snubbed = False
            peer.refused = 0
            self._resize_queue(peer, now)
        elif not self._requests.came_late(peer, key, len(data), now):
            self.wasted += len(data)
            return
        partial = self._picker.partial.get(index)
        if partial is None:
            self.wasted += len(data)
            return
        if len(data) != self._picker.length_of(index, begin):
            if asked:
                self._requests.release(peer, key)
            raise PeerError(
                f"block {index}:{begin} has {len(data)} bytes, which was not what it was asked for"
            )
        self._store(partial, begin, data, peer.link)
        if not asked or key in self._requests.shared:
            self._requests.cancel_others(key, now)

    def _store(self, partial: PartialPiece, begin: int, data: memoryview, source: int) -> None:
        if not partial.receive(begin, data, source):
            self.wasted += len(data)
            return
        self.unverified += len(data)
        if not partial.missing:
            self._verifier.verify(partial)

    @staticmethod
    def _resize_queue(peer: Peer, now: float) -> None:
        """Algorithm of libtorrent's `peer_connection`: one more for each block while it gets faster, then
        what comes in QUEUE_SECONDS."""
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

    # -- Blocks that do not come

    def rejected(self, peer: Peer, index: int, begin: int, now: float) -> None:
        """The peer will not serve a request (BEP 6): the block is free for whoever is looked at next.
        PeerError when it unchoked us only to refuse."""
        if not self._requests.refused(peer, (index, begin), now):
            return
        if peer.peer_choking:
            peer.allowed_fast.pop(index, None)
            return
        peer.refused += 1
        if peer.refused > MAX_REFUSED:
            raise PeerError(f"{MAX_REFUSED} requests refused in a row though it unchoked us")

    def choked(self, peer: Peer, now: float) -> None:
        """The peer serves nothing now. Without BEP 6 that takes back every request; with it each is
        rejected by itself."""
        if not peer.fast:
            self._requests.give_up(peer, now)
        self._picker.leave(peer.link)
        self.refill(now)

    def gone(self, peer: Peer, now: float) -> None:
        """The peer left: what it was asked for is free again."""
        self._turns.leave(peer)
        self.deadlines.gone(peer)
        self._requests.give_up(peer, now)
        self._picker.leave(peer.link)
        self.refill(now)

    def check(self, peer: Peer, now: float) -> None:
        """Every few seconds: take requests back from a peer that has delivered nothing for too long."""
        if peer.requests and now - peer.last_block >= SNUB_SECONDS:
            self._snub(peer, now)
        else:
            self.fill(peer, now)

    def _snub(self, peer: Peer, now: float) -> None:
        self._requests.take_back(peer, list(peer.requests), now)
        peer.snubbed = True
        peer.slow_start = False
        peer.queue = 1
        self._picker.leave(peer.link)
        self._turns.leave(peer)
        self.refill(now)
        self._fill(peer, now)

    # -- Web seeds, each with a negative number

    def reserve(self, source: int, most: int, now: float) -> list[Block]:
        """Blocks for a web seed to fetch: whole pieces next to each other, about `most` blocks. They count
        as asked for. None while paused or held back by the limit."""
        if self.closed or self.paused or not self.allowed(now):
            return []
        blocks = self.deadlines.take_late(most, now)
        if not blocks:
            pieces = self._picker.have.count
            theirs = assist.allowed(self.readers, self.deadlines.turns, self.peers, pieces, now)
            blocks = self._picker.pick_run(most, source, theirs)
        self._limit.take(sum(length for _, _, length in blocks), now)
        return blocks

    def deliver(self, source: int, index: int, begin: int, data: memoryview, now: float) -> None:
        """A block that a web seed reserved."""
        self._down.add(len(data), now)
        partial = self._picker.partial.get(index)
        if partial is None or len(data) != self._picker.length_of(index, begin):
            self.wasted += len(data)
            return
        self._store(partial, begin, data, source)
        if (index, begin) in self._requests.shared:
            self._requests.cancel_others((index, begin), now)

    def release(self, source: int, index: int, begin: int, now: float) -> None:
        """A block that a web seed reserved will not come."""
        self._limit.take(-self._picker.length_of(index, begin), now)
        if not any((index, begin) in peer.requests for peer in self.peers()):
            self._picker.release(index, begin)

    def leave(self, source: int, now: float) -> None:
        """A web seed is given up, or rests: others may go on with its pieces."""
        self._picker.leave(source)
        self.refill(now)

    # -- Whole pieces

    def settled(self, piece: PartialPiece, now: float, *, good: bool) -> None:
        """A piece is checked and stored, or has to be fetched again."""
        self.unverified -= piece.received
        self.deadlines.settled(piece.index, now, good=good)

    def needless(self, piece: PartialPiece, now: float) -> None:
        """A piece has come from elsewhere: nobody is to send the rest of it."""
        self._requests.cancel_piece(piece.index, now)
        self.settled(piece, now, good=True)

    # -- The torrent

    def pause(self, now: float) -> None:
        """Ask for nothing, and take back what was asked."""
        self.paused = True
        for peer in list(self.peers()):
            if peer.requests:
                self._requests.take_back(peer, list(peer.requests), now)

    def resume(self, now: float) -> None:
        """Go on."""
        self.paused = False
        for peer in list(self.peers()):
            self.changed(peer, now)

    def close(self) -> None:
        """Ask for nothing more."""
        self.closed = True
        self._turns.close()
