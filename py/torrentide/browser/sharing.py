"""What this tab is among those that have a torrent: the one that has its files, one that uses them, or alone.

Owns the line to the others and the part that is played there, which changes when a tab goes. It never knows
what is said.
"""

from collections.abc import Callable

from torrentide.browser.facilities import Facilities
from torrentide.browser.following import Following
from torrentide.browser.keeping import Keeping
from torrentide.browser.leading import Leading
from torrentide.browser.shim import JsBuffer
from torrentide.browser.tabs import TabLine
from torrentide.browser.wanted import Wanted
from torrentide.engine.torrent import Torrent
from torrentide.metainfo.metainfo import Metainfo


class Sharing:
    """Of a torrent that is kept by `keeping`; `metainfo` gives what is in it, once that is known."""

    def __init__(
        self, facilities: Facilities, keeping: Keeping, metainfo: Callable[[], Metainfo | None]
    ) -> None:
        self._facilities = facilities
        self._keeping = keeping
        self._metainfo = metainfo
        self._line: TabLine | None = None
        self._part: Leading | Following | None = None
        self._wanted: Wanted | None = None

    def lead(self, torrent: Torrent) -> None:
        """The files are ours: tell the others what is there."""
        listened = self._part is not None
        if self._part is not None:
            self._part.close()
        line, digests = self._opened(torrent), self._facilities.digests
        self._part = Leading(line, torrent, digests, self._torrent_file, self._wanted, listened=listened)

    def follow(self, torrent: Torrent) -> None:
        """Use the files that another tab has."""
        line, store = self._opened(torrent), self._keeping.shared
        following = self._part = Following(line, torrent, store, self._torrent_file)
        self._keeping.offer = following.offer
        if self._wanted is not None:
            following.known(self._wanted)

    def stop(self) -> None:
        """The tab that had the files is gone."""
        if self._part is not None:
            self._part.stop()

    def known(self, wanted: Wanted) -> None:
        """The metadata is here, and `wanted` is selected."""
        self._wanted = wanted
        if self._part is not None:
            self._part.known(wanted)

    def verified(self, index: int) -> None:
        """A piece is here."""
        if self._part is not None:
            self._part.verified(index)

    def lost(self, index: int) -> None:
        """A piece is not here any more."""
        if self._part is not None:
            self._part.lost(index)

    def refresh(self, now: float) -> None:
        """Once a second."""
        if self._part is not None:
            self._part.refresh(now)

    def close(self) -> None:
        """The torrent is closed."""
        self._part = None
        if self._line is not None:
            self._line.close()

    def _opened(self, torrent: Torrent) -> TabLine:
        if self._line is None:
            self._line = self._facilities.tabs.open(torrent.info_hash, self._heard)
        return self._line

    def _heard(self, kind: str, index: int, data: JsBuffer | None) -> None:
        if self._part is not None:
            self._part.heard(kind, index, data)

    def _torrent_file(self) -> bytes | None:
        metainfo = self._metainfo()
        return metainfo.to_bytes() if metainfo is not None else None
