"""How fast bytes flow: a mean over the last few seconds."""

# WebTorrent's speed window is 5 s; half seconds are fine enough to follow a change.
_SLOTS = 10
_SLOTS_PER_SECOND = 2


class RateMeter:
    """Counts bytes against times that its caller gives. `total` is all of them."""

    __slots__ = ("_counts", "_first", "_slot", "_sum", "total")

    def __init__(self) -> None:
        self.total = 0
        self._counts = [0] * _SLOTS
        self._sum = 0
        self._slot = 0
        self._first: int | None = None

    def add(self, count: int, now: float) -> None:
        """`count` bytes flowed at `now`."""
        self._advance(int(now * _SLOTS_PER_SECOND))
        self._counts[self._slot % _SLOTS] += count
        self._sum += count
        self.total += count

    def rate(self, now: float) -> float:
        """Bytes per second over the last 5 s, or since the first byte if that is less."""
        if self._first is None:
            return 0.0
        self._advance(int(now * _SLOTS_PER_SECOND))
        slots = min(_SLOTS, self._slot - self._first + 1)
        return self._sum * _SLOTS_PER_SECOND / slots

    def _advance(self, slot: int) -> None:
        if self._first is None:
            self._first = self._slot = slot
        if slot <= self._slot:
            return
        for passed in range(self._slot + 1, min(slot, self._slot + _SLOTS) + 1):
            self._sum -= self._counts[passed % _SLOTS]
            self._counts[passed % _SLOTS] = 0
        self._slot = slot
        if not self._sum:
            self._first = slot
