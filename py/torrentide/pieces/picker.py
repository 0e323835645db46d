"""Which block to ask a peer for next.

Owns our bitfield, what we still want, the pieces on their way in, and the order of the rest. Urgent pieces
come first, then pieces that were begun, so that they can be verified and shared soon; then the next by
priority and rarity. A fast peer gets a piece to itself (its worker), so that few pieces are half done and a
bad one has one culprit. It never knows the wire, the clock or rates.
"""

import random
from collections.abc import Callable, Iterable
from itertools import islice

from torrentide.pieces.availability import Availability
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.partial import BLOCK_LENGTH, PartialPiece

Block = tuple[int, int, int]
"""A block: piece number, begin and length in bytes."""

# libtorrent: the first 4 pieces are drawn at random, for a rare one is slow to come and we have nothing to
# trade.
RANDOM_PIECES = 4
# So many begun pieces are looked at before a new one is begun.
_LOOKS = 32


class Picker:
    """Picks for a torrent of `count` pieces of `piece_length` bytes, `length` bytes in all, of which
    `pads_in(begin, length)` gives the padding. `have` are here from the start. `sequential`: in order instead
    of rarest first. `urgent` names pieces to be fetched before all others, most urgent first."""

    def __init__(
        self,
        count: int,
        piece_length: int,
        length: int,
        rng: random.Random,
        pads_in: Callable[[int, int], Iterable[tuple[int, int]]] = lambda begin, length: (),
        have: Bitfield | None = None,
    ) -> None:
        self.have = have or Bitfield(count)
        # The pieces that lack and have a priority above 0.
        self.needed = self.have.inverse()
        self.availability = Availability(count, rng, have)
        self.partial: dict[int, PartialPiece] = {}
        self.sequential = False
        self.urgent: list[int] = []
        # Those of `partial` that have free blocks, by worker; 0 stands for those without one.
        self._open: dict[int, dict[int, PartialPiece]] = {0: {}}
        self._piece_length = piece_length
        self._length = length
        self._pads_in = pads_in

    # -- Picking

    def pick(
        self,
        theirs: Bitfield,
        most: int,
        who: int,
        *,
        whole: bool = False,
        alone: bool = False,
        hints: Iterable[int] = (),
    ) -> list[Block]:
        """Up to `most` blocks that the peer `who` with the pieces `theirs` can deliver; they count as asked
        for. `whole`: new pieces are begun for this peer, and others help only when nothing else is left.
        `alone`: it gets no piece that others had a part in, and nobody helps it. `hints` are tried before
        the order."""
        picked: list[Block] = []
        while len(picked) < most:
            piece = self._choose(theirs, who, alone, hints)
            if piece is None:
                piece = self._begin(theirs, who, whole or alone, alone, hints)
            if piece is None and not alone:
                piece = self._help(theirs)
            if piece is None:
                break
            self._take(piece, most, picked)
        return picked

    def pick_among(self, indexes: Iterable[int], most: int, who: int) -> list[Block]:
        """Up to `most` blocks of the pieces named, for the peer `who`."""
        picked: list[Block] = []
        for index in indexes:
            if len(picked) >= most:
                break
            piece = self.partial.get(index)
            if piece is None and index in self.availability:
                piece = self._start(index, 0)
            if piece is not None and piece.free and piece.worker in (0, who):
                self._take(piece, most, picked)
        return picked

    def pick_run(self, most: int, who: int) -> list[Block]:
        """Whole pieces next to each other for a source that has them all and likes long reads: at least one
        if any is left, and no more than `most` blocks beyond it. What lacks of pieces that it gave back
        comes before them, and what lacks of others' when there are none."""
        picked: list[Block] = []
        self._take_begun(who, most, picked)
        if picked:
            return picked
        index = self._next(Bitfield.full(self.have.count), ())
        while index is not None and index in self.availability:
            self._take(self._start(index, who), self._piece_length, picked)
            index = index + 1 if index + 1 < self.have.count and len(picked) < most else None
        if not picked:
            self._take_begun(0, most, picked)
        return picked

    def _take_begun(self, who: int, most: int, picked: list[Block]) -> None:
        for piece in list(self._open.get(who, {}).values()):
            if len(picked) < most:
                self._take(piece, most, picked)

    def _take(self, piece: PartialPiece, most: int, picked: list[Block]) -> None:
        picked.extend((piece.index, begin, length) for begin, length in piece.take(most - len(picked)))
        if not piece.free:
            self._shut(piece)

    def _choose(self, theirs: Bitfield, who: int, alone: bool, hints: Iterable[int]) -> PartialPiece | None:
        """A begun piece for this peer: an urgent one, its own, one that is suggested, or one without a
        worker."""
        if not alone:
            for index in self.urgent:
                piece = self.partial.get(index)
                if piece is not None and piece.free and not piece.closed and index in theirs:
                    return piece
        for piece in self._open.get(who, {}).values():
            if piece.index in theirs:
                return piece
        if alone:
            return None
        shared = self._open[0]
        for index in hints:
            if index in shared and index in theirs:
                return shared[index]
        for piece in islice(shared.values(), _LOOKS):
            if piece.index in theirs:
                return piece
        return None

    def _begin(
        self, theirs: Bitfield, who: int, own: bool, closed: bool, hints: Iterable[int]
    ) -> PartialPiece | None:
        index = self._next(theirs, hints)
        if index is None:
            return None
        piece = self._start(index, who if own else 0)
        piece.closed = closed
        return piece

    def _next(self, theirs: Bitfield, hints: Iterable[int]) -> int | None:
        order = self.availability
        for index in self.urgent:
            if index in order and index in theirs:
                return index
        for index in hints:
            if index in order and index in theirs:
                return index
        if self.sequential:
            return order.choose_first(theirs)
        if self.have.held < RANDOM_PIECES:
            return order.choose_random(theirs)
        return order.choose(theirs)

    def _help(self, theirs: Bitfield) -> PartialPiece | None:
        """Any piece with free blocks that is not closed, whoever works on it."""
        for pieces in self._open.values():
            for piece in pieces.values():
                if not piece.closed and piece.index in theirs:
                    return piece
        return None

    def _start(self, index: int, worker: int) -> PartialPiece:
        self.availability.remove(index)
        start = index * self._piece_length
        pads = ((begin - start, length) for begin, length in self._pads_in(start, self.size_of(index)))
        piece = self.partial[index] = PartialPiece(index, self.size_of(index), pads)
        piece.worker = worker
        self._open.setdefault(worker, {})[index] = piece
        return piece

    def _shut(self, piece: PartialPiece) -> None:
        """The piece has no free blocks any more, or is gone."""
        pieces = self._open.get(piece.worker)
        if pieces is not None and pieces.pop(piece.index, None) is not None and not pieces and piece.worker:
            del self._open[piece.worker]

    def begin_padding(self) -> list[PartialPiece]:
        """Begin the pieces that are nothing but padding. They lack nothing."""
        whole = set[int]()
        for begin, length in self._pads_in(0, self._length):
            whole.update(range(-(-begin // self._piece_length), (begin + length) // self._piece_length))
            if begin + length == self._length and begin % self._piece_length == 0:
                whole.add(self.have.count - 1)
        pieces = [self._start(index, 0) for index in sorted(whole) if index in self.availability]
        for piece in pieces:
            self._shut(piece)
        return pieces

    # -- What becomes of blocks and pieces

    def release(self, index: int, begin: int) -> None:
        """A block that was asked for will not come."""
        piece = self.partial.get(index)
        if piece is None:
            return
        piece.release(begin)
        if piece.free:
            self._open.setdefault(piece.worker, {})[index] = piece

    def leave(self, who: int) -> None:
        """A peer will work on its pieces no more: they are everybody's. A piece that was begun alone has
        mixed origins from now on."""
        for piece in [piece for piece in self.partial.values() if piece.worker == who]:
            self._shut(piece)
            piece.worker, piece.closed = 0, False
            if piece.free:
                self._open[0][piece.index] = piece

    def verified(self, index: int) -> None:
        """The piece is here and good."""
        self._end(index)
        self.availability.remove(index)
        self.needed.remove(index)
        self.have.add(index)

    def failed(self, index: int) -> None:
        """The piece was bad, or is lost: fetch it again."""
        self._end(index)
        self.availability.insert(index)

    def lost(self, index: int) -> None:
        """The piece was here, and is not any more."""
        self.have.remove(index)
        if self.availability.priority(index):
            self.needed.add(index)
            self.availability.insert(index)

    def _end(self, index: int) -> None:
        piece = self.partial.pop(index, None)
        if piece is not None:
            self._shut(piece)

    # -- What is wanted

    def set_priority(self, index: int, priority: int) -> None:
        """0 is not wanted, 7 comes first; higher ones before lower ones. A piece on its way in goes on."""
        if index in self.have:
            self.availability.set_priority(index, priority)
            return
        if priority:
            self.needed.add(index)
        else:
            self.needed.remove(index)
        self.availability.set_priority(index, priority)
        if index not in self.partial:
            self.availability.insert(index)

    def is_free(self, index: int) -> bool:
        """Whether blocks of the piece can be asked for."""
        piece = self.partial.get(index)
        return index in self.availability if piece is None else piece.free > 0

    @property
    def exhausted(self) -> bool:
        """Whether every block that is wanted was asked for: the end of the download."""
        return not any(self._open.values()) and not len(self.availability)

    @property
    def finished(self) -> bool:
        """Whether everything that is wanted is here."""
        return not self.needed.held

    @property
    def blocks(self) -> int:
        """How many blocks the torrent has."""
        return -(-self._length // BLOCK_LENGTH)

    def length_of(self, index: int, begin: int) -> int:
        """Bytes that are asked for at a block."""
        piece = self.partial.get(index)
        return piece.length_of(begin) if piece else min(BLOCK_LENGTH, self.size_of(index) - begin)

    def size_of(self, index: int) -> int:
        """Bytes of the piece; the last one may be short."""
        return min(self._piece_length, self._length - index * self._piece_length)
