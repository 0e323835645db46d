"""Where readers of a torrent are, and which pieces are near to them.

Owns each reader's place and pace, and what follows: the pieces that they come to within some seconds, and of
those the urgent ones with the time by which each has to be here. It asks nobody for anything.
"""

from collections.abc import Iterable
from itertools import islice

from torrentide.pieces.picker import Picker

# What lies ahead of a reader for so long goes before the rest of the torrent. p2p-media-loader hurries for
# 15 s ahead.
AHEAD_SECONDS = 20.0
# In bytes: at least as much as one long read of a web seed, at most as much as rqbit claims for a stream.
MIN_AHEAD = 1024 * 1024
MAX_AHEAD = 32 * 1024 * 1024
# Of a reader whose pace is not known yet; a video of middling quality, in bytes a second.
USUAL_RATE = 200_000.0
# Pieces that are fetched in order and by all together. More than that would leave nothing to be rare.
MAX_URGENT = 64
# So many readers are served at a time, the latest first: a seek goes before a hundred files that are saved.
MAX_READERS = 32
# A pace is known when a reader has read for so long. What was read as long ago as the second counts half as
# much as now, and a pause longer than the third counts as one: a player stops reading when it has enough.
PACE_SECONDS = 2.0
FORGET_SECONDS = 30.0
PAUSE_SECONDS = 5.0
# Who has all that is near and reads nothing for so long does not watch any more.
IDLE_SECONDS = 60.0
# What is near to a reader is seen anew whenever it has passed one in so many of the pieces.
PLANS = 16


class Reader:
    """Somebody who reads bytes from `position` on, up to `end`, in order. `rate` is how many a second, where
    it is known."""

    __slots__ = ("_bytes", "_given", "_needed", "_seconds", "end", "moved_at", "position")

    def __init__(self, position: int, end: int, now: float, rate: float | None = None) -> None:
        self.position = position
        self.end = end
        self._given = rate
        # At this place, by that time, if the reader told.
        self._needed: tuple[int, float] | None = None
        self._bytes = 0.0
        self._seconds = 0.0
        self.moved_at = now

    @property
    def has_told(self) -> bool:
        """Whether it is known when its bytes are needed."""
        return self._needed is not None

    def pace(self, rate: float | None, slack: float, now: float) -> None:
        """What is at `position` is needed in `slack` seconds, and from there on `rate` bytes a second, if
        that is known: a player has something in its buffer."""
        self._given = rate or self._given
        self._needed = self.position, now + slack

    def due(self, place: int, now: float) -> float:
        """When the byte at `place` is needed. Whoever has not told wants what comes next at once."""
        position, due = self._needed or (self.position, now)
        return due + (place - position) / self.rate

    def move(self, position: int, now: float) -> None:
        """All before `position` has been read."""
        passed = min(now - self.moved_at, PAUSE_SECONDS)
        keep = 0.5 ** (passed / FORGET_SECONDS)
        self._bytes = self._bytes * keep + position - self.position
        self._seconds = self._seconds * keep + passed
        self.moved_at = now
        self.position = position

    @property
    def measured(self) -> float | None:
        """Bytes a second by what it read; None before it has read for a while."""
        return self._bytes / self._seconds if self._seconds >= PACE_SECONDS else None

    @property
    def rate(self) -> float:
        """Bytes a second that it reads, or may be taken to read."""
        return max(self._given or self.measured or USUAL_RATE, 1.0)


class Readers:
    """The readers of the pieces of `picker`. `deadlines` has the time by which each urgent piece is needed,
    the most urgent first, `near` that of all that readers come to soon. A piece that is late stays as late as
    it is while its reader waits."""

    def __init__(self, picker: Picker) -> None:
        self.deadlines: dict[int, float] = {}
        self.near: dict[int, float] = {}
        self._picker = picker
        self._size = picker.piece_length
        self._readers: dict[Reader, tuple[int, int]] = {}
        # What the page holds to be urgent, whoever reads.
        self._critical: list[int] = []
        # When the first of those who read now began.
        self._since = 0.0
        # The end of what was read last, and how fast: a seek ends one reader and begins another.
        self._known: tuple[int, float] | None = None

    def open(self, start: int, end: int, now: float, rate: float | None) -> tuple[Reader, bool]:
        """Somebody begins to read bytes `start` to `end` (exclusive) of the torrent. Gives the reader, and
        whether more pieces are needed than before."""
        if rate is None and self._known is not None and self._known[0] == end:
            rate = self._known[1]
        if self.reading_since(now) is None:
            self._since = now
        reader = Reader(start, end, now, rate)
        more = self._picker.wanted.begin_reading(reader, self._pieces(start, end))
        self._readers[reader] = (-1, -1)
        return reader, more

    def close(self, reader: Reader) -> bool:
        """It reads no more. Gives whether fewer pieces are needed than before."""
        del self._readers[reader]
        if reader.measured is not None:
            self._known = (reader.end, reader.measured)
        return self._picker.wanted.end_reading(reader)

    @property
    def any_open(self) -> bool:
        """Whether there is a reader, though it may rest."""
        return bool(self._readers)

    def reading_since(self, now: float) -> float | None:
        """When somebody began to read, if anybody does: waits, or has read on not long ago."""
        reads = bool(self.near) or any(now - reader.moved_at < IDLE_SECONDS for reader in self._readers)
        return self._since if self._readers and reads else None

    def set_critical(self, indexes: Iterable[int]) -> None:
        """Pieces that are urgent though no reader is near, but less than those that are near to one."""
        self._critical = list(indexes)

    def has_passed(self, reader: Reader) -> bool:
        """Whether the reader has come so far since `plan` that another one is due, or waits for a piece that
        is not urgent yet."""
        first, behind = self._readers[reader]
        at = reader.position // self._size
        late = self.waits(reader) and at not in self.deadlines
        return late or (at - first) * PLANS >= behind - first

    def waits(self, reader: Reader) -> bool:
        """Whether what it reads next is not here."""
        return reader.position < reader.end and reader.position // self._size not in self._picker.have

    def plan(self, horizon: float, now: float) -> float | None:
        """Order anew what is near to readers; what is needed within `horizon` seconds is urgent. Gives when
        more will be, if nobody moves."""
        near: dict[int, float] = {}
        urgent: dict[int, float] = {}
        later: list[float] = []
        have = self._picker.have
        for reader in islice(reversed(self._readers), MAX_READERS):
            first, behind = self._readers[reader] = self._stretch(reader)
            lacking = [index for index in range(first, behind) if index not in have]
            for place, index in enumerate(lacking):
                due = reader.due(max(index * self._size, reader.position), now)
                before = due if reader.has_told else self.near.get(index, due)
                near[index] = min(due, before, near.get(index, due))
                if (not place and not reader.has_told) or due <= now + horizon:
                    urgent[index] = near[index]
                elif reader.has_told:
                    later.append(due - horizon)
        self.near = near
        in_order = sorted(urgent, key=lambda index: (urgent[index], index))[:MAX_URGENT]
        self.deadlines = {index: urgent[index] for index in in_order}
        critical = [index for index in self._critical if index not in have and index not in self.deadlines]
        self._picker.read_ahead([*in_order, *critical], near)
        return min(later, default=None)

    def _stretch(self, reader: Reader) -> tuple[int, int]:
        """The first piece that is near to the reader, and the one behind the last."""
        ahead = int(min(max(AHEAD_SECONDS * reader.rate, MIN_AHEAD), MAX_AHEAD))
        # At least the next piece beside the one that is being read.
        end = reader.position + max(ahead, 2 * self._size)
        pieces = self._pieces(reader.position, min(end, reader.end))
        return pieces.start, pieces.stop

    def _pieces(self, start: int, end: int) -> range:
        return range(start // self._size, (end - 1) // self._size + 1) if start < end else range(0)
