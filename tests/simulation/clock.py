"""Virtual time: the clock of a world, what is to happen when, and the generators behind every choice.

One seed decides all of a run. `trace` names what happened: two runs of a seed have the same, so a difference
is a leak of the machine's own time, chance or addresses into the engine. It knows nothing of nodes and links.
"""

import hashlib
import itertools
import random
import struct
from collections.abc import Callable

from torrentide.timers import Timers

_EVENT = struct.Struct(">dqq")


class Clock:
    """Time in seconds since the world's beginning. `rng` is for plans, `noise` for what befalls the wires."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self.noise = random.Random(f"noise of {seed}")
        self.now = 0.0
        self.timers = Timers()
        self.numbers = itertools.count(1)
        self.events = 0
        self._trace = hashlib.blake2b(digest_size=8)

    def later(self, delay: float, call: Callable[[], None]) -> None:
        """Call after `delay` seconds of virtual time."""
        self.timers.at(self.now + delay, lambda now: call())

    def at(self, due: float, call: Callable[[], None]) -> None:
        """Call at `due`, behind what was set for the same moment before."""
        self.timers.at(due, lambda now: call())

    def run(self, until: Callable[[], bool], limit: float) -> bool:
        """Let time pass until the condition holds; False when it does not within `limit` seconds."""
        end = self.now + limit
        while not until():
            due = self.timers.next_due
            if due is None or due > end:
                self.now = end
                return until()
            self.now = max(self.now, due)
            self.timers.run(self.now)
        return True

    def note(self, number: int, data: bytes) -> None:
        """Make an arrival part of the trace: when, where, how long and how it begins."""
        self.events += 1
        self._trace.update(_EVENT.pack(self.now, number, len(data)) + data[:32])

    @property
    def trace(self) -> str:
        """16 hex digits that name all that has arrived so far."""
        return self._trace.hexdigest()
