"""What a seed gives out next, so that each piece is uploaded once before any is uploaded twice.

Owns the count of copies of each piece in the swarm, those included that were handed out and are on their way.
A seed suggests such pieces (BEP 6), or in super-seeding shows nothing else (BEP 16). It never sends anything.
"""

import random

from torrentide.pieces.availability import Availability
from torrentide.pieces.bitfield import Bitfield


class Spread:
    """Counts for `count` pieces."""

    def __init__(self, count: int, rng: random.Random) -> None:
        self._copies = Availability(count, rng)
        # Which pieces were handed out to whom and were not seen at another peer yet, by link.
        self._out: dict[int, set[int]] = {}

    def has(self, index: int) -> None:
        """One more peer has the piece, and not because it was handed out to it."""
        self._copies.increase(index)

    def hand_out(self, link: int, theirs: Bitfield | None) -> int | None:
        """The piece of fewest copies that the peer lacks and was not given before; None when there is
        none."""
        out = self._out.setdefault(link, set())
        for index in self._copies.rarest_first():
            if index not in out and (theirs is None or index not in theirs):
                self.takes(link, index)
                return index
        return None

    def seen(self, link: int, index: int) -> list[int]:
        """The peer of `link` has the piece now. Gives the peers that have passed it on: it was handed out to
        them."""
        if index not in self._out.get(link, ()):
            self._copies.increase(index)
        return [other for other, out in self._out.items() if other != link and index in out]

    def withdraw(self, link: int, index: int) -> None:
        """The peer will not fetch the piece now."""
        if index in self._out.get(link, ()):
            self._out[link].discard(index)
            self._copies.decrease(index)

    def takes(self, link: int, index: int) -> None:
        """The peer fetches a piece, handed out to it or not."""
        out = self._out.setdefault(link, set())
        if index not in out:
            out.add(index)
            self._copies.increase(index)

    def done(self, link: int, index: int) -> None:
        """The peer has passed the piece on, or nobody is left to pass it to."""
        self._out.get(link, set()).discard(index)

    def left(self, link: int) -> None:
        """The peer is gone, and what it was given may be gone with it."""
        for index in self._out.pop(link, ()):
            self._copies.decrease(index)
