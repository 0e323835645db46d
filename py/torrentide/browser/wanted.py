"""Which pieces are fetched, and which first: what the page selects, and what its reads wait for.

Owns the join of both into the priorities of the picker. It never knows files or bytes.
"""

from collections.abc import Iterable, Sequence

from torrentide.engine.torrent import Torrent
from torrentide.errors import LocalError
from torrentide.pieces.availability import DEFAULT_PRIORITY, MAX_PRIORITY


class Wanted:
    """The wishes for the pieces of `torrent`, whose info is known. All are wanted at first."""

    def __init__(self, torrent: Torrent) -> None:
        assert torrent.picker is not None
        self._torrent = torrent
        self._picker = torrent.picker
        self._chosen = bytes([DEFAULT_PRIORITY]) * torrent.picker.have.count
        self._told = self._chosen
        self._critical: list[int] = []
        self._reading: list[int] = []

    def select(self, priorities: bytes, critical: Sequence[int], now: float) -> None:
        """Take the page's priority of each piece, and those that come before all others. LocalError when
        they are not of this torrent."""
        count = len(self._chosen)
        if len(priorities) != count or max(priorities, default=0) > MAX_PRIORITY:
            raise LocalError(f"a selection needs {count} priorities of 0 to {MAX_PRIORITY}")
        if not all(0 <= index < count for index in critical):
            raise LocalError(f"there are only {count} pieces")
        self._chosen = bytes(priorities)
        self._critical = list(critical)
        self._apply(now)

    def read(self, pieces: Iterable[int], now: float) -> None:
        """Have these fetched first, wanted or not; those of the call before that are not among them no
        longer are."""
        have = self._picker.have
        reading = [index for index in dict.fromkeys(pieces) if index not in have]
        if reading != self._reading:
            self._reading = reading
            self._apply(now)

    def _apply(self, now: float) -> None:
        wanted = bytearray(self._chosen)
        for index in self._reading:
            wanted[index] = MAX_PRIORITY
        self._picker.urgent = [*self._reading, *self._critical]
        changes = {}
        if wanted != self._told:
            pairs = enumerate(zip(wanted, self._told, strict=True))
            changes = {index: new for index, (new, old) in pairs if new != old}
        self._told = bytes(wanted)
        self._torrent.set_priorities(changes, now)
