"""Speed limits: how many bytes may flow now.

Owns token buckets that may go into debt: who takes more than there is waits until the debt is paid, so a
block larger than the limit of a second still passes and the mean holds. It never knows what flows.
"""

from math import inf

# A bucket holds this many seconds' worth: what was not used for long is not made up for in one burst.
BURST_SECONDS = 0.5
# How often those are looked at that a limit holds back: often enough that a full bucket never runs over.
LIMIT_SECONDS = 0.1


class Bucket:
    """`rate` bytes a second; None is no limit, 0 lets nothing through."""

    __slots__ = ("_level", "_rate", "_when")

    def __init__(self, rate: float | None = None) -> None:
        self._rate = rate
        self._level = 0.0
        self._when = 0.0

    @property
    def rate(self) -> float | None:
        """Bytes a second; None is no limit."""
        return self._rate

    def set_rate(self, rate: float | None, now: float) -> None:
        """Change the limit. A debt made under the old one is forgiven."""
        self._rate = rate
        self._level = 0.0
        self._when = now

    def level(self, now: float) -> float:
        """Bytes that may flow now; zero or less when somebody has to wait."""
        if self._rate is None:
            return inf
        self._level = min(self._level + (now - self._when) * self._rate, max(1.0, self._rate * BURST_SECONDS))
        if not self._rate:
            self._level = min(0.0, self._level)
        self._when = now
        return self._level

    def take(self, count: int, now: float) -> None:
        """`count` bytes flow; fewer than none were taken in vain before."""
        if self._rate is not None:
            self.level(now)
            self._level -= count


class Limit:
    """Several buckets that all have to agree: the client's and the torrent's."""

    __slots__ = ("_buckets",)

    def __init__(self, *buckets: Bucket) -> None:
        self._buckets = buckets

    def level(self, now: float) -> float:
        """Bytes that may flow now; zero or less when somebody has to wait."""
        return min(bucket.level(now) for bucket in self._buckets)

    def take(self, count: int, now: float) -> None:
        """`count` bytes flow."""
        for bucket in self._buckets:
            bucket.take(count, now)


class Limits:
    """The speed limits of a client or of a torrent, one for each direction."""

    __slots__ = ("down", "up")

    def __init__(self) -> None:
        self.down = Bucket()
        self.up = Bucket()

    def down_with(self, other: "Limits") -> Limit:
        """The limit of downloads that both agree to."""
        return Limit(self.down, other.down)

    def up_with(self, other: "Limits") -> Limit:
        """The limit of uploads that both agree to."""
        return Limit(self.up, other.up)
