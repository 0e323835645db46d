"""Which pieces the page selects, and which it calls critical.

Owns what was told last, so that only changes go on. It never knows files, readers or bytes.
"""

from collections.abc import Sequence

from torrentide.engine.torrent import Torrent
from torrentide.errors import LocalError
from torrentide.pieces.availability import DEFAULT_PRIORITY, MAX_PRIORITY


class Wanted:
    """The page's wishes for the pieces of `torrent`, whose info is known. All are wanted at first."""

    def __init__(self, torrent: Torrent) -> None:
        assert torrent.picker is not None
        self._torrent = torrent
        self._told = bytes([DEFAULT_PRIORITY]) * torrent.picker.have.count

    def select(self, priorities: bytes, critical: Sequence[int], now: float) -> None:
        """Take the page's priority of each piece, and those that come before all others. LocalError when
        they are not of this torrent."""
        count = len(self._told)
        if len(priorities) != count or max(priorities, default=0) > MAX_PRIORITY:
            raise LocalError(f"a selection needs {count} priorities of 0 to {MAX_PRIORITY}")
        if not all(0 <= index < count for index in critical):
            raise LocalError(f"there are only {count} pieces")
        changes = {}
        if priorities != self._told:
            pairs = enumerate(zip(priorities, self._told, strict=True))
            changes = {index: new for index, (new, old) in pairs if new != old}
        self._told = bytes(priorities)
        self._torrent.set_critical(critical, now)
        self._torrent.set_priorities(changes, now)
