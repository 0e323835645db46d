"""How long to wait before an announce that comes before its time.

A tracker's interval, two minutes as a rule, is long for a peer that has just lost its company or that has not
found any. Owns the waits and their doubling for one torrent at one tracker. It never knows who is connected,
nor what is announced.
"""

import random

# Seconds before the first announce behind a lost connection: soon enough for somebody who watches, and not
# the whole swarm at once when it was one peer that left.
LOST_SECONDS = (2.0, 5.0)
# Seconds before the first announce of a peer whose offers nobody answered: an answer takes 5 s to gather and
# a connection some more to open.
ALONE_SECONDS = (15.0, 20.0)
# Doublings beyond which every wait is longer than the longest interval, a day.
_MAX_DOUBLINGS = 16


class Healing:
    """The waits of one torrent at one tracker. Each try doubles the next wait."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._first = ALONE_SECONDS
        self._tries = 0

    def lost(self) -> None:
        """A connection was lost: the waits that follow are short ones."""
        self._first = LOST_SECONDS

    def wait(self, longest: float) -> float:
        """How many seconds to wait before the next try, `longest` at most."""
        return min(longest, self._rng.uniform(*self._first) * (1 << self._tries))

    def tried(self) -> None:
        """There was an announce before its time."""
        self._tries = min(self._tries + 1, _MAX_DOUBLINGS)

    def over(self) -> None:
        """Nothing is to be healed any more: begin anew the next time."""
        self._first = ALONE_SECONDS
        self._tries = 0
