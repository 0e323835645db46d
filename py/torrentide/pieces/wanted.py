"""Which pieces are wanted, and how much: because they were chosen, or because somebody reads.

Owns the chosen priority of each piece, the stretches that readers will come to, and what both make of the
order in which pieces are picked. It never knows why a piece is near to a reader, nor blocks and peers.
"""

from collections.abc import Collection, Container, Iterable, Sequence

from torrentide.pieces.availability import DEFAULT_PRIORITY, READ_AHEAD, Availability
from torrentide.pieces.bitfield import Bitfield


class Wanted:
    """Wishes for the pieces that `have` lacks. All are chosen at first. Pieces among `begun` are on their way
    and out of the order of `availability`.

    `needed`  the pieces that lack and are wanted by anybody
    `urgent`  those to be fetched before all others, most urgent first
    `ahead`   those that readers come to soon; they go before those that were only chosen
    """

    def __init__(self, have: Bitfield, availability: Availability, begun: Container[int]) -> None:
        self.needed = have.inverse()
        self.urgent: Sequence[int] = ()
        self.ahead: Collection[int] = frozenset[int]()
        self._have = have
        self._availability = availability
        self._begun = begun
        self._chosen = bytearray([DEFAULT_PRIORITY]) * have.count
        # What readers have before them, by reader.
        self._stretches: dict[object, range] = {}

    def choose(self, index: int, priority: int) -> None:
        """0 is not wanted, 7 comes first; higher ones before lower ones. A piece on its way in goes on."""
        self._chosen[index] = priority
        if index not in self._have:
            if priority or self._is_read(index):
                self.needed.add(index)
            else:
                self.needed.remove(index)
        if index not in self.ahead:
            self._place(index, priority)

    def lost(self, index: int) -> None:
        """A piece that was here is not any more."""
        if self._chosen[index] or self._is_read(index):
            self.needed.add(index)
        self._availability.insert(index)

    def begin_reading(self, key: object, stretch: range) -> bool:
        """The reader `key` will come to all of these. Gives whether some were not needed before."""
        self._stretches[key] = stretch
        before = self.needed.held
        for index in self._not_chosen(stretch):
            if index not in self._have:
                self.needed.add(index)
        return self.needed.held != before

    def end_reading(self, key: object) -> bool:
        """The reader goes. Gives whether some are needed no more."""
        stretch = self._stretches.pop(key)
        before = self.needed.held
        for index in self._not_chosen(stretch):
            if not self._is_read(index):
                self.needed.remove(index)
        return self.needed.held != before

    def read_ahead(self, urgent: Sequence[int], ahead: Collection[int]) -> None:
        """Put these before all others; see above. Both are of pieces that lack."""
        before, self.ahead, self.urgent = self.ahead, ahead, urgent
        for index in before:
            if index not in ahead:
                self._place(index, self._chosen[index])
        for index in ahead:
            if index not in before:
                self._place(index, READ_AHEAD)

    def _place(self, index: int, priority: int) -> None:
        self._availability.set_priority(index, priority)
        if index not in self._begun and index not in self._have:
            self._availability.insert(index)

    def _is_read(self, index: int) -> bool:
        return any(index in stretch for stretch in self._stretches.values())

    def _not_chosen(self, stretch: range) -> Iterable[int]:
        index = self._chosen.find(0, stretch.start, stretch.stop)
        while index >= 0:
            yield index
            index = self._chosen.find(0, index + 1, stretch.stop)
