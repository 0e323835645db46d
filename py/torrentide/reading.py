"""Which pieces are fetched before others, because somebody reads.

Owns the places where readers of one torrent are. It never knows files, nor what becomes of the bytes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torrentide.engine.torrent import Torrent
from torrentide.host import Host
from torrentide.metainfo.info import Info
from torrentide.pieces.availability import MAX_PRIORITY

# How far ahead of a reader pieces are urgent: a few seconds of video, and enough for several peers at once.
AHEAD_BYTES = 4 * 1024 * 1024
AHEAD_PIECES = 4


class Readers:
    """The readers of `torrent`, whose info must be known."""

    def __init__(self, info: Info, torrent: Torrent, host: Host) -> None:
        self._info = info
        self._torrent = torrent
        self._host = host
        self._windows: dict[object, range] = {}

    @contextmanager
    def reading(self, start: int, end: int) -> Iterator[Callable[[int], None]]:
        """Somebody reads bytes `start` to `end` (exclusive) of the torrent, as long as the context is held;
        what it gives is called with every new start."""
        key = object()

        def move(at: int) -> None:
            window = self._window(at, end)
            if self._windows.get(key) != window:
                self._windows[key] = window
                self._reorder()

        try:
            move(start)
            yield move
        finally:
            del self._windows[key]
            self._reorder()

    def _window(self, start: int, end: int) -> range:
        size = self._info.piece_length
        if start >= end:
            return range(0)
        ahead = max(AHEAD_BYTES, AHEAD_PIECES * size)
        return range(start // size, (min(start + ahead, end) - 1) // size + 1)

    def _reorder(self) -> None:
        """All readers are served alike: the next piece of each, then the ones behind."""
        picker = self._torrent.picker
        if picker is None or self._torrent.closed:
            return
        wanted = [(ahead, index) for window in self._windows.values() for ahead, index in enumerate(window)]
        picker.urgent = list(dict.fromkeys(index for _, index in sorted(wanted) if index not in picker.have))
        unwanted = [index for index in picker.urgent if index not in picker.needed]
        self._torrent.set_priorities(dict.fromkeys(unwanted, MAX_PRIORITY), self._host.now())
        self._host.arm()
