"""How many peers have each piece, kept sorted so that the next wanted piece is found at once.

Owns one order of the pieces that are still to be picked: by priority, then by the number of peers who have
them, random among equals. A have moves a piece from one bucket to the next in constant time, however many
pieces and peers there are (libtorrent's piece_picker does the same). Peers who have everything are counted
apart. It never knows peers, blocks or requests.
"""

import random
from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator

from torrentide.pieces.bitfield import Bitfield

# libtorrent's priorities: 0 is not wanted, 4 is usual, 7 comes first.
MAX_PRIORITY = 7
DEFAULT_PRIORITY = 4
# Above them: what a reader comes to soon.
READ_AHEAD = MAX_PRIORITY + 1
# Buckets of one priority: more peers than a page can connect to count as this many.
_COUNTS = 1024
# So many of the best pieces are tried one by one: most peers have one of them. For the others bitfields are
# compared from a random place on, and the best of so many that both have is taken.
_TRIES = 32
_SAMPLE = 12
# The bucket of pieces that nobody has, of the usual priority.
DEFAULT_KEY = (READ_AHEAD - DEFAULT_PRIORITY) * _COUNTS


class Availability:
    """Counts and priorities of `count` pieces, of which `have` are not to be picked. One that is no longer to
    be picked is taken out by `remove`."""

    def __init__(self, count: int, rng: random.Random, have: Bitfield | None = None) -> None:
        self.seeds = 0
        self._rng = rng
        self._peers = array("i", bytes(4 * count))
        self._priorities = bytearray([DEFAULT_PRIORITY]) * count
        order = list(range(count))
        rng.shuffle(order)
        if have is not None:
            order = [index for index in order if index not in have]
        # The pieces of each bucket, the keys of buckets that are not empty in order, and where each piece is.
        self._buckets = {DEFAULT_KEY: array("i", order)} if order else {}
        self._keys = list(self._buckets)
        self._place = array("i", bytes(4 * count))
        for place, index in enumerate(order):
            self._place[index] = place
        # The same as one bitfield for each priority.
        self._masks = [Bitfield(count) for _ in range(READ_AHEAD + 1)]
        self._masks[DEFAULT_PRIORITY] = Bitfield.full(count) if have is None else have.inverse()

    def peers(self, index: int) -> int:
        """How many connected peers have the piece."""
        return self._peers[index] + self.seeds

    def priority(self, index: int) -> int:
        """0 to 7, or READ_AHEAD."""
        return self._priorities[index]

    def __contains__(self, index: int) -> bool:
        return index in self._masks[self._priorities[index]]

    def has(self, priority: int) -> bool:
        """Whether pieces of that priority are to be picked."""
        return self._masks[priority].held > 0

    def __len__(self) -> int:
        return sum(mask.held for mask in self._masks)

    def increase(self, index: int) -> None:
        """One more peer has the piece."""
        self._move(index, self._peers[index] + 1)

    def decrease(self, index: int) -> None:
        """One peer fewer has the piece."""
        self._move(index, self._peers[index] - 1)

    def set_priority(self, index: int, priority: int) -> None:
        """Change the priority of a piece. At 0 it is out of the order, and has to be inserted anew."""
        present = index in self
        self.remove(index)
        self._priorities[index] = priority
        if present:
            self.insert(index)

    def remove(self, index: int) -> None:
        """Take the piece out of the order: it is being fetched, had, or not wanted."""
        if self._masks[self._priorities[index]].remove(index):
            self._take_out(index)

    def insert(self, index: int) -> None:
        """Put a piece back into the order. One of priority 0 stays out."""
        if self._priorities[index] and self._masks[self._priorities[index]].add(index):
            self._put_in(index)

    def rarest_first(self) -> Iterator[int]:
        """The pieces in the order, best first. The order must not be changed while this is read."""
        for key in self._keys:
            yield from self._buckets[key]

    def choose(self, theirs: Bitfield) -> int | None:
        """The best piece that a peer with these pieces has, or nearly the best where it has few."""
        for tries, index in enumerate(self.rarest_first()):
            if index in theirs:
                return index
            if tries == _TRIES:
                break
        else:
            return None
        return min(self._sample(theirs, _SAMPLE), key=self._key, default=None)

    def choose_random(self, theirs: Bitfield) -> int | None:
        """Any piece of the highest priority that the peer has."""
        return next(iter(self._sample(theirs, 1)), None)

    def choose_first(self, theirs: Bitfield) -> int | None:
        """The first piece of the highest priority that the peer has: sequential download."""
        return next(iter(self._common(theirs, 0, 1)), None)

    def add_all(self, pieces: Iterable[int]) -> None:
        """A peer with these pieces came."""
        for index in pieces:
            self.increase(index)

    def remove_all(self, pieces: Iterable[int]) -> None:
        """A peer with these pieces left."""
        for index in pieces:
            self.decrease(index)

    def _sample(self, theirs: Bitfield, most: int) -> list[int]:
        return self._common(theirs, self._rng.randrange(theirs.count), most)

    def _common(self, theirs: Bitfield, start: int, most: int) -> list[int]:
        """Some pieces to be picked that the peer has, of the highest priority that has any: the first ones
        from `start` on, or from the beginning when there are none."""
        for mask in reversed(self._masks):
            found = mask.some_common(theirs, start, most) if mask.held else None
            if not found and start and mask.held:
                found = mask.some_common(theirs, 0, most)
            if found:
                return found
        return []

    def _key(self, index: int) -> int:
        return (READ_AHEAD - self._priorities[index]) * _COUNTS + min(self._peers[index], _COUNTS - 1)

    def _move(self, index: int, peers: int) -> None:
        if index in self:
            self._take_out(index)
            self._peers[index] = peers
            self._put_in(index)
        else:
            self._peers[index] = peers

    def _take_out(self, index: int) -> None:
        key = self._key(index)
        bucket = self._buckets[key]
        self._set(bucket, self._place[index], bucket[-1])
        bucket.pop()
        if not bucket:
            del self._buckets[key]
            del self._keys[bisect_left(self._keys, key)]

    def _put_in(self, index: int) -> None:
        """Put a piece at a random place of its bucket: no order may arise among equals."""
        key = self._key(index)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = array("i")
            insort(self._keys, key)
        bucket.append(index)
        place = self._rng.randrange(len(bucket))
        self._set(bucket, len(bucket) - 1, bucket[place])
        self._set(bucket, place, index)

    def _set(self, bucket: "array[int]", place: int, index: int) -> None:
        bucket[place] = index
        self._place[index] = place
