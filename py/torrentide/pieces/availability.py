"""How many peers have each piece, kept sorted so that the rarest wanted piece is found at once.

Owns one order of the pieces that are still to be picked: grouped by the number of peers who have them, random
inside a group. A have moves a piece by one group in constant time, however many pieces there are
(libtorrent's piece_picker does the same). Peers who have everything are counted apart. It never knows peers,
blocks or requests.
"""

import random
from array import array
from collections.abc import Iterable, Iterator


class Availability:
    """Counts for `count` pieces. A piece that is no longer wanted for picking is taken out by `remove`."""

    def __init__(self, count: int, rng: random.Random) -> None:
        order = list(range(count))
        rng.shuffle(order)
        self._rng = rng
        self._order = array("i", order)
        self._place = array("i", bytes(4 * count))
        for place, index in enumerate(order):
            self._place[index] = place
        self._peers = array("i", bytes(4 * count))
        # _ends[n] is the place behind the last piece that n peers have.
        self._ends = [count]
        self._present = bytearray(b"\x01" * count)
        self.seeds = 0

    def peers(self, index: int) -> int:
        """How many connected peers have the piece."""
        return self._peers[index] + self.seeds

    def __contains__(self, index: int) -> bool:
        return bool(self._present[index])

    def __len__(self) -> int:
        return len(self._order)

    def increase(self, index: int) -> None:
        """One more peer has the piece."""
        group = self._peers[index]
        self._peers[index] = group + 1
        if self._present[index]:
            self._ends[group] -= 1
            if group + 1 == len(self._ends):
                self._ends.append(len(self._order))
            self._swap(self._place[index], self._ends[group])
            self._mix(index, self._ends[group], self._ends[group + 1])

    def decrease(self, index: int) -> None:
        """One peer fewer has the piece."""
        group = self._peers[index]
        self._peers[index] = group - 1
        if self._present[index]:
            self._swap(self._place[index], self._ends[group - 1])
            self._ends[group - 1] += 1
            self._mix(index, self._ends[group - 2] if group > 1 else 0, self._ends[group - 1])

    def remove(self, index: int) -> None:
        """Take the piece out of the order: it is being fetched, or had."""
        if not self._present[index]:
            return
        self._present[index] = 0
        place = self._place[index]
        for group in range(self._peers[index], len(self._ends)):
            self._ends[group] -= 1
            self._swap(place, self._ends[group])
            place = self._ends[group]
        self._order.pop()

    def insert(self, index: int) -> None:
        """Put the piece back into the order."""
        if self._present[index]:
            return
        self._present[index] = 1
        group = self._peers[index]
        while len(self._ends) <= group:
            self._ends.append(len(self._order))
        place = len(self._order)
        self._order.append(index)
        self._place[index] = place
        for behind in range(len(self._ends) - 1, group, -1):
            self._swap(place, self._ends[behind - 1])
            place = self._ends[behind - 1]
            self._ends[behind] += 1
        self._ends[group] += 1

    def rarest_first(self) -> Iterator[int]:
        """The pieces in the order, rarest first. The order must not be changed while this is read."""
        return iter(self._order)

    def add_all(self, pieces: Iterable[int]) -> None:
        """A peer with these pieces came."""
        for index in pieces:
            self.increase(index)

    def remove_all(self, pieces: Iterable[int]) -> None:
        """A peer with these pieces left."""
        for index in pieces:
            self.decrease(index)

    def _mix(self, index: int, start: int, end: int) -> None:
        """Keep the group random: a piece that came to a group stands at its border."""
        self._swap(self._place[index], self._rng.randrange(start, end))

    def _swap(self, place: int, other: int) -> None:
        order = self._order
        first, second = order[place], order[other]
        order[place], order[other] = second, first
        self._place[first], self._place[second] = other, place
