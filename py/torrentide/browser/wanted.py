"""Which pieces the page selects, and which it calls critical; and which of them another tab fetches.

Owns what was told last, so that only changes go on. It never knows files, readers or bytes.
"""

from collections.abc import Sequence

from torrentide.engine.torrent import Torrent
from torrentide.errors import LocalError
from torrentide.pieces.availability import DEFAULT_PRIORITY, MAX_PRIORITY
from torrentide.pieces.bitfield import Bitfield


class Wanted:
    """The page's wishes for the pieces of `torrent`, whose info is known. All are wanted at first."""

    def __init__(self, torrent: Torrent) -> None:
        assert torrent.picker is not None
        self._torrent = torrent
        self._have = torrent.picker.have
        self.priorities = bytes([DEFAULT_PRIORITY]) * self._have.count
        # What the engine was told: the same, but for what another tab fetches.
        self._told = self.priorities
        self._elsewhere: Bitfield | None = None
        self._lacking = self._count()

    @property
    def satisfied(self) -> bool:
        """Whether all that the page selects is here."""
        return not self._lacking

    @property
    def elsewhere(self) -> bool:
        """Whether another tab fetches some of it."""
        return self._elsewhere is not None

    def select(self, priorities: bytes, critical: Sequence[int], now: float) -> None:
        """Take the page's priority of each piece, and those that come before all others. LocalError when
        they are not of this torrent."""
        count = len(self._told)
        if len(priorities) != count or max(priorities, default=0) > MAX_PRIORITY:
            raise LocalError(f"a selection needs {count} priorities of 0 to {MAX_PRIORITY}")
        if not all(0 <= index < count for index in critical):
            raise LocalError(f"there are only {count} pieces")
        if priorities != self.priorities:
            self.priorities = bytes(priorities)
            self._lacking = self._count()
        self._torrent.set_critical(critical, now)
        self._tell(now)

    def leave(self, elsewhere: Bitfield | None, now: float) -> None:
        """Another tab fetches these: here they are fetched only where somebody reads."""
        self._elsewhere = elsewhere
        self._tell(now)

    def verified(self, index: int) -> None:
        """A piece is here."""
        self._lacking -= bool(self.priorities[index])

    def lost(self, index: int) -> None:
        """A piece is not here any more."""
        self._lacking += bool(self.priorities[index])

    def _count(self) -> int:
        pairs = enumerate(self.priorities)
        return sum(1 for index, priority in pairs if priority and index not in self._have)

    def _tell(self, now: float) -> None:
        priorities = self.priorities
        if self._elsewhere is not None:
            left = bytearray(priorities)
            for index in self._elsewhere:
                left[index] = 0
            priorities = bytes(left)
        pairs = enumerate(zip(priorities, self._told, strict=True))
        changes = (
            {index: new for index, (new, old) in pairs if new != old} if priorities != self._told else {}
        )
        self._told = priorities
        self._torrent.set_priorities(changes, now)
