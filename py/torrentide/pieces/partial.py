"""One piece on its way in: its bytes so far and the state of each block.

Owns the buffer that blocks are written into, and who delivered which block. It never knows the wire or the
clock.
"""

from array import array
from collections.abc import Iterable, Iterator

# What every client asks for: BEP 3's "all current implementations use 2^14".
BLOCK_LENGTH = 16 * 1024

_FREE, _ASKED, _HERE = 0, 1, 2


class PartialPiece:
    """Piece `index` of `length` bytes. `sources` holds who delivered each block: the number of a link, 0
    for nobody. `worker`, if it is not 0, fetches the piece by itself; while the piece is `closed`, nobody
    else may help."""

    __slots__ = (
        "_cursor", "_short", "_states", "buffer", "closed", "free", "index", "length", "missing", "received",
        "sources", "worker",
    )  # fmt: skip

    def __init__(self, index: int, length: int, pads: Iterable[tuple[int, int]] = ()) -> None:
        blocks = -(-length // BLOCK_LENGTH)
        self.index = index
        self.length = length
        self.buffer = bytearray(length)
        self._states = bytearray(blocks)
        self._cursor = 0
        self.free = blocks
        self.missing = blocks
        self.received = 0
        self.sources = array("i", bytes(4 * blocks))
        self.worker = 0
        self.closed = False
        # What is asked of a block that ends in padding.
        self._short: dict[int, int] = {}
        for begin, count in pads:
            self._pad(begin, begin + count)

    def take(self, most: int) -> Iterator[tuple[int, int]]:
        """Mark up to `most` free blocks as asked for and give (begin, length) of each, in bytes."""
        while most and self.free:
            block = self._states.find(_FREE, self._cursor)
            if block < 0:
                self._cursor = 0
                continue
            self._cursor = block + 1
            self._states[block] = _ASKED
            self.free -= 1
            most -= 1
            yield self._span(block)

    def release(self, begin: int) -> None:
        """A block that was asked for will not come: make it free again."""
        block = begin // BLOCK_LENGTH
        if self._states[block] == _ASKED:
            self._states[block] = _FREE
            self.free += 1
            self._cursor = min(self._cursor, block)

    def receive(self, begin: int, data: bytes | memoryview, source: int) -> bool:
        """Write a block that matches a block of ours in place and length; False when it is here already."""
        block = begin // BLOCK_LENGTH
        state = self._states[block]
        if state == _HERE:
            return False
        if state == _FREE:
            self.free -= 1
        self._states[block] = _HERE
        self.missing -= 1
        self.buffer[begin : begin + len(data)] = data
        self.sources[block] = source
        self.received += len(data)
        return True

    def lacking(self) -> Iterator[tuple[int, int]]:
        """(begin, length) of the blocks that are not here, asked for or not."""
        for block, state in enumerate(self._states):
            if state != _HERE:
                yield self._span(block)

    def _pad(self, begin: int, end: int) -> None:
        """Take what lies in padding, which is all zero (BEP 47), as here."""
        for block in range(begin // BLOCK_LENGTH, -(-end // BLOCK_LENGTH)):
            start, length = self._span(block)
            if begin <= start and start + length <= end:
                if self._states[block] == _FREE:
                    self._states[block] = _HERE
                    self.free -= 1
                    self.missing -= 1
            elif start < begin and start + length <= end:
                self._short[block] = begin - start

    def length_of(self, begin: int) -> int:
        """Bytes to ask for at the block of `begin`."""
        return self._span(begin // BLOCK_LENGTH)[1]

    def blocks(self) -> Iterator[tuple[int, memoryview]]:
        """Who delivered each block, and its bytes; of a piece of which every block is here. Padding came
        from nobody."""
        view = memoryview(self.buffer)
        for block, source in enumerate(self.sources):
            if source:
                begin, length = self._span(block)
                yield source, view[begin : begin + length]

    def _span(self, block: int) -> tuple[int, int]:
        begin = block * BLOCK_LENGTH
        return begin, self._short.get(block) or min(BLOCK_LENGTH, self.length - begin)
