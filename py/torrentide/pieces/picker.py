"""Which block to ask a peer for next.

Owns our bitfield, the pieces on their way in, and the rarest-first order of the rest. Pieces that were begun
come first, so that they can be verified and shared soon; then the rarest. When nothing is free any more,
blocks that others were asked for are given out once more (end-game). It never knows the wire, the clock or
rates.
"""

import random

from torrentide.pieces.availability import Availability
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.partial import PartialPiece

Block = tuple[int, int, int]
"""A block: piece number, begin and length in bytes."""


class Picker:
    """Picks for a torrent of `count` pieces of `piece_length` bytes, `length` bytes in all."""

    def __init__(self, count: int, piece_length: int, length: int, rng: random.Random) -> None:
        self.have = Bitfield(count)
        self.availability = Availability(count, rng)
        self.partial: dict[int, PartialPiece] = {}
        # Those of `partial` that have free blocks.
        self._open: dict[int, PartialPiece] = {}
        self._piece_length = piece_length
        self._length = length

    def pick(self, theirs: Bitfield, most: int) -> list[Block]:
        """Up to `most` blocks that a peer with the pieces `theirs` can deliver; they count as asked for."""
        picked: list[Block] = []
        while len(picked) < most:
            piece = self._choose(theirs)
            if piece is None:
                break
            picked.extend((piece.index, begin, length) for begin, length in piece.take(most - len(picked)))
            if not piece.free:
                del self._open[piece.index]
        return picked

    def pick_busy(self, theirs: Bitfield, asked: dict[tuple[int, int], float]) -> Block | None:
        """One block that somebody else was asked for and that is not in `asked`: the end-game."""
        for piece in self.partial.values():
            if piece.missing and piece.index in theirs:
                for begin, length in piece.lacking():
                    if (piece.index, begin) not in asked:
                        return piece.index, begin, length
        return None

    def release(self, index: int, begin: int) -> None:
        """A block that was asked for will not come."""
        piece = self.partial.get(index)
        if piece is not None:
            piece.release(begin)
            if piece.free:
                self._open[index] = piece

    def verified(self, index: int) -> None:
        """The piece is here and good."""
        self.partial.pop(index, None)
        self._open.pop(index, None)
        self.availability.remove(index)
        self.have.add(index)

    def failed(self, index: int) -> None:
        """The piece was bad, or is lost: fetch it again."""
        del self.partial[index]
        self._open.pop(index, None)
        self.availability.insert(index)

    def size_of(self, index: int) -> int:
        """Bytes of the piece; the last one may be short."""
        return min(self._piece_length, self._length - index * self._piece_length)

    def _choose(self, theirs: Bitfield) -> PartialPiece | None:
        for piece in self._open.values():
            if piece.index in theirs:
                return piece
        index = next((index for index in self.availability.rarest_first() if index in theirs), None)
        if index is None:
            return None
        self.availability.remove(index)
        piece = self.partial[index] = self._open[index] = PartialPiece(index, self.size_of(index))
        return piece
