"""Which block to ask a peer for next.

Owns our bitfield, the pieces on their way in, and the order of the rest. Urgent pieces come first, and what
else readers are near to; then pieces that were begun, so that they can be verified and shared soon; then the
next by priority and rarity. A fast peer gets a piece to itself (its worker), so that few pieces are half done
and a bad one has one culprit. It never knows the wire, the clock or rates.
"""

import random
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import islice

from torrentide.pieces.availability import READ_AHEAD, Availability
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.partial import BLOCK_LENGTH, PartialPiece
from torrentide.pieces.wanted import Wanted

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
    of rarest first."""

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
        self.availability = Availability(count, rng, have)
        self.partial: dict[int, PartialPiece] = {}
        self.wanted = Wanted(self.have, self.availability, self.partial)
        self.sequential = False
        # Those of `partial` that have free blocks, by worker; 0 stands for those without one. And those of
        # them that readers are near to.
        self._open: dict[int, dict[int, PartialPiece]] = {0: {}}
        self._near: dict[int, PartialPiece] = {}
        self.piece_length = piece_length
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
            piece = self._choose_near(theirs, who, whole, alone)
            if piece is None:
                piece = self._choose(theirs, who, whole, alone, hints)
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

    def pick_any(self, index: int) -> Block | None:
        """A block of this piece, whoever works on it; None when no block is free, or it is closed."""
        piece = self.partial.get(index)
        if piece is None and index in self.availability:
            piece = self._start(index, 0)
        if piece is None or not piece.free or piece.closed:
            return None
        picked: list[Block] = []
        self._take(piece, 1, picked)
        return picked[0]

    def pick_run(self, most: int, who: int, theirs: Bitfield) -> list[Block]:
        """Whole pieces next to each other, among `theirs`, for a source that likes long reads: at least one
        if any is left, and no more than `most` blocks beyond it. What lacks of pieces that it gave back
        comes before them, and what lacks of others' when there are none."""
        picked: list[Block] = []
        self._take_begun(who, theirs, most, picked)
        if picked:
            return picked
        free = (index for index in self.wanted.urgent if index in self.availability and index in theirs)
        index = next(free, None)
        if index is None:
            index = self._next(theirs, ())
        while index is not None and index in self.availability and index in theirs:
            self._take(self._start(index, who), self.piece_length, picked)
            index = index + 1 if index + 1 < self.have.count and len(picked) < most else None
        if not picked:
            self._take_begun(0, theirs, most, picked)
        return picked

    def _take_begun(self, who: int, theirs: Bitfield, most: int, picked: list[Block]) -> None:
        for piece in list(self._open.get(who, {}).values()):
            if len(picked) < most and piece.index in theirs:
                self._take(piece, most, picked)

    def _take(self, piece: PartialPiece, most: int, picked: list[Block]) -> None:
        picked.extend((piece.index, begin, length) for begin, length in piece.take(most - len(picked)))
        if not piece.free:
            self._shut(piece)

    def _choose_near(self, theirs: Bitfield, who: int, whole: bool, alone: bool) -> PartialPiece | None:
        """A piece that readers are near to, begun or not. At urgent ones all work together."""
        wanted = self.wanted
        for index in wanted.urgent:
            if index in theirs:
                piece = self.partial.get(index)
                if piece is None and index in self.availability:
                    return self._start_for(who, index, alone, alone)
                if piece is not None and piece.free and (piece.worker == who or not (alone or piece.closed)):
                    return piece
        if not wanted.ahead:
            return None
        for piece in islice(self._near.values(), _LOOKS):
            if piece.worker in ((who,) if alone else (0, who)) and piece.index in theirs:
                return piece
        if self.availability.has(READ_AHEAD):
            best = self._next(theirs, ())
            if best is not None and best in wanted.ahead:
                return self._start_for(who, best, whole or alone, alone)
        return None

    def _choose(
        self, theirs: Bitfield, who: int, own: bool, alone: bool, hints: Iterable[int]
    ) -> PartialPiece | None:
        """A piece for this peer: its own, one that is suggested, or one that is begun and without a worker.
        What a seed suggests comes before begun pieces: their first blocks came from others, who can give the
        rest, while the seed alone has what it suggests."""
        for piece in self._open.get(who, {}).values():
            if piece.index in theirs:
                return piece
        if alone:
            return None
        shared = self._open[0]
        for index in hints:
            if index in theirs and (index in shared or index in self.availability):
                return shared.get(index) or self._start(index, who if own else 0)
        for piece in islice(shared.values(), _LOOKS):
            if piece.index in theirs:
                return piece
        return None

    def _begin(
        self, theirs: Bitfield, who: int, own: bool, closed: bool, hints: Iterable[int]
    ) -> PartialPiece | None:
        index = self._next(theirs, hints)
        return None if index is None else self._start_for(who, index, own, closed)

    def _start_for(self, who: int, index: int, own: bool, closed: bool) -> PartialPiece:
        piece = self._start(index, who if own else 0)
        piece.closed = closed
        return piece

    def _next(self, theirs: Bitfield, hints: Iterable[int]) -> int | None:
        order = self.availability
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
        start = index * self.piece_length
        pads = ((begin - start, length) for begin, length in self._pads_in(start, self.size_of(index)))
        piece = self.partial[index] = PartialPiece(index, self.size_of(index), pads)
        piece.worker = worker
        self._unshut(piece)
        return piece

    def _unshut(self, piece: PartialPiece) -> None:
        """The piece has free blocks."""
        self._open.setdefault(piece.worker, {})[piece.index] = piece
        if piece.index in self.wanted.ahead:
            self._near[piece.index] = piece

    def _shut(self, piece: PartialPiece) -> None:
        """The piece has no free blocks any more, or is gone."""
        self._near.pop(piece.index, None)
        pieces = self._open.get(piece.worker)
        if pieces is not None and pieces.pop(piece.index, None) is not None and not pieces and piece.worker:
            del self._open[piece.worker]

    def begin_padding(self) -> list[PartialPiece]:
        """Begin the pieces that are nothing but padding. They lack nothing."""
        whole = set[int]()
        for begin, length in self._pads_in(0, self._length):
            whole.update(range(-(-begin // self.piece_length), (begin + length) // self.piece_length))
            if begin + length == self._length and begin % self.piece_length == 0:
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
            self._unshut(piece)

    def leave(self, who: int) -> None:
        """A peer will work on its pieces no more: they are everybody's. A piece that was begun alone has
        mixed origins from now on."""
        for piece in [piece for piece in self.partial.values() if piece.worker == who]:
            self._shut(piece)
            piece.worker, piece.closed = 0, False
            if piece.free:
                self._unshut(piece)

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
        self.wanted.lost(index)

    def _end(self, index: int) -> None:
        piece = self.partial.pop(index, None)
        if piece is not None:
            self._shut(piece)

    # -- What is wanted

    @property
    def needed(self) -> Bitfield:
        """The pieces that lack and are wanted."""
        return self.wanted.needed

    def read_ahead(self, urgent: Sequence[int], ahead: Collection[int]) -> None:
        """Readers come to these next: see `Wanted.read_ahead`."""
        self.wanted.read_ahead(urgent, ahead)
        begun = ((index, self.partial.get(index)) for index in ahead)
        self._near = {index: piece for index, piece in begun if piece is not None and piece.free}

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
        return min(self.piece_length, self._length - index * self.piece_length)
