"""Timers without a clock: what is to be called when, in the caller's own time.

Owns a heap of due times. A shell asks `next_due`, sleeps by whatever means it has, and calls `run`. The
simulator's virtual clock and the browser's setTimeout drive the same heap. It never reads a clock.
"""

import heapq
from collections.abc import Callable

Callback = Callable[[float], None]
"""Called with the time that it is (seconds)."""


class Timer:
    """A call that is to come; `cancel` takes it back."""

    __slots__ = ("callback", "due")

    def __init__(self, due: float, callback: Callback | None) -> None:
        self.due = due
        self.callback = callback

    def cancel(self) -> None:
        """Make it never be called. Harmless after the call."""
        self.callback = None


class Timers:
    """The heap. Times are in seconds on the caller's clock."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._count = 0

    def at(self, due: float, callback: Callback) -> Timer:
        """Have `callback(now)` called at `due` or soon after."""
        timer = Timer(due, callback)
        self._count += 1
        heapq.heappush(self._heap, (due, self._count, timer))
        return timer

    def __len__(self) -> int:
        """How many calls are to come."""
        return sum(1 for _, _, timer in self._heap if timer.callback is not None)

    @property
    def next_due(self) -> float | None:
        """When `run` has something to do; None when nothing is to come."""
        heap = self._heap
        while heap and heap[0][2].callback is None:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def run(self, now: float) -> None:
        """Call what is due. A callback may set new timers; those due by `now` run as well."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            timer = heapq.heappop(heap)[2]
            callback, timer.callback = timer.callback, None
            if callback is not None:
                callback(now)
