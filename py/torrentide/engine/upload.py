"""Serving blocks: what peers asked for is read in stretches, packed and sent as fast as each channel drains.

Owns the cache of what was read lately and the packing of several piece messages into one send. Who may ask is
decided elsewhere. It never knows where the bytes are kept.
"""

from collections import OrderedDict
from collections.abc import Callable

from torrentide.engine.limits import LIMIT_SECONDS, Limit
from torrentide.engine.peer import Peer
from torrentide.engine.turns import Turns
from torrentide.ports import Buffer, Store
from torrentide.timers import Timers
from torrentide.wire.messages import PIECE_HEADER, PIECE_ID

# WebTorrent serves requests of up to 128 KiB; libtorrent asks for 16 KiB.
MAX_REQUEST = 128 * 1024
# Data of eight blocks in one channel message was the fastest to Chromium and Firefox (measured).
PACK_BYTES = MAX_REQUEST
# One read serves this much: a block alone would cost a read for every 16 KiB.
STRETCH = 512 * 1024
CACHED_STRETCHES = 32

HEADER = PIECE_HEADER.size


class Uploader:
    """Serves one torrent from `store`, within `limit`. `piece_size` gives the bytes of a piece;
    `sent(peer, count, now)` is told of each send; `failed(index, error, now)` of a piece that can't be read,
    whose requests it takes out of every queue."""

    def __init__(
        self,
        store: Store,
        piece_size: Callable[[int], int],
        sent: Callable[[Peer, int, float], None],
        failed: Callable[[int, Exception, float], None],
        limit: Limit,
        timers: Timers,
    ) -> None:
        self._store = store
        self._piece_size = piece_size
        self._sent = sent
        self._failed = failed
        self._limit = limit
        # Those that the limit holds back.
        self._turns = Turns(timers, self.serve, lambda now: limit.level(now) > 0, lambda now: LIMIT_SECONDS)
        self._cache: OrderedDict[tuple[int, int], memoryview] = OrderedDict()
        self._reading: dict[tuple[int, int], list[Peer]] = {}
        self._pack = memoryview(bytearray(PACK_BYTES + 64 * HEADER))
        self.closed = False

    def serve(self, peer: Peer, now: float) -> None:
        """Send what the peer waits for until its channel is full, the limit is reached or a read is under
        way."""
        peer.set_high_water(now)
        while peer.uploads and peer.writable and not self.closed:
            level = self._limit.level(now)
            if level <= 0:
                self._turns.wait(peer, now)
                return
            first = peer.uploads[0]
            size, count = self._fill(peer, min(level, peer.room))
            # Who hears of a failed read may close everything at once.
            if self.closed:
                return
            if not size:
                if peer.uploads and peer.uploads[0] is not first:
                    continue
                return
            peer.send(self._pack[:size], now)
            self._limit.take(count, now)
            self._sent(peer, count, now)

    def _fill(self, peer: Peer, most: float) -> tuple[int, int]:
        """Put whole piece messages into the pack, `most` bytes of data or one block more: bytes used, and how
        many of them are data."""
        pack, used, count = self._pack, 0, 0
        while peer.uploads and count < most:
            index, begin, length = peer.uploads[0]
            if used + HEADER + length > len(pack):
                break
            if not self._copy(used + HEADER, index, begin, length, peer):
                break
            PIECE_HEADER.pack_into(pack, used, 9 + length, PIECE_ID, index, begin)
            peer.uploads.popleft()
            used += HEADER + length
            count += length
        return used, count

    def _copy(self, place: int, index: int, begin: int, length: int, peer: Peer) -> bool:
        """Copy a block from the cache into the pack; False when a read has to come first."""
        end = begin + length
        while begin < end:
            number = begin // STRETCH
            if (index, number) not in self._cache and not self._read(index, number, peer):
                return False
            stretch = self._cache[index, number]
            offset = begin - number * STRETCH
            part = min(end - begin, len(stretch) - offset)
            self._pack[place : place + part] = stretch[offset : offset + part]
            place += part
            begin += part
        return True

    def _read(self, index: int, number: int, peer: Peer) -> bool:
        """Have a stretch read. True when it is in the cache at once; else the peer is served when it
        comes."""
        key = (index, number)
        waiting = self._reading.get(key)
        if waiting is not None:
            if peer not in waiting:
                waiting.append(peer)
            return False
        self._reading[key] = []
        start = number * STRETCH
        length = min(STRETCH, self._piece_size(index) - start)

        def done(data: Buffer | Exception, now: float) -> None:
            waiting = self._reading.pop(key)
            if self.closed:
                return
            if isinstance(data, Exception):
                self._failed(index, data, now)
                for other in waiting:
                    self.serve(other, now)
                return
            self._cache[key] = memoryview(data)
            if len(self._cache) > CACHED_STRETCHES:
                self._cache.popitem(last=False)
            for other in waiting:
                self.serve(other, now)

        self._store.read(index, start, length, done)
        if key in self._cache:
            return True
        if key in self._reading:
            self._reading[key].append(peer)
        return False

    def forget(self, index: int) -> None:
        """What was read of a piece is not to be served any more."""
        for key in [key for key in self._cache if key[0] == index]:
            del self._cache[key]

    def close(self) -> None:
        """Serve nothing more."""
        self.closed = True
        self._cache.clear()
        self._turns.close()
