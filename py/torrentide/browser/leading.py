"""The part of the tab that has a torrent's files: it tells the others what is there and what it fetches, and
stores what they bring.

Owns what they were told, and the pieces that wait to be checked. Whatever comes from another tab is compared
with its hash before it is stored.
"""

import time
from collections.abc import Callable

from torrentide.browser.company import Line, learn
from torrentide.browser.shim import JsBuffer
from torrentide.browser.wanted import Wanted
from torrentide.engine.torrent import Torrent
from torrentide.metainfo.metainfo import MAX_TORRENT_BYTES
from torrentide.ports import Digest

# Pieces of others that are being checked or stored; they keep what is dropped and offer it anew.
MAX_OFFERED_BYTES = 64 * 1024 * 1024
# Who gets nothing for so long leaves the rest to the others.
PATIENCE_SECONDS = 5.0


class Leading:
    """Of `torrent`. `metadata` gives the .torrent file once it is known. `listened`: others may hear us,
    before they said so."""

    def __init__(
        self,
        line: Line,
        torrent: Torrent,
        digest: Digest,
        metadata: Callable[[], bytes | None],
        wanted: Wanted | None,
        *,
        listened: bool,
    ) -> None:
        self._wanted = wanted
        self._line = line
        self._torrent = torrent
        self._digest = digest
        self._metadata = metadata
        self._listened = listened
        self._moved_at = time.monotonic()
        self._wants = b""
        self._offered = 0
        self._tell_all()

    def heard(self, kind: str, index: int, data: JsBuffer | None) -> None:
        """Another tab says something."""
        if kind == "hello":
            self._listened = True
            self._tell_all()
        elif kind == "piece" and data is not None:
            self._take(index, data)
        elif kind == "torrent" and data is not None and data.byteLength <= MAX_TORRENT_BYTES:
            learn(self._torrent, data.to_bytes())

    def known(self, wanted: Wanted) -> None:
        """The metadata is here."""
        self._wanted = wanted
        if self._listened:
            self._tell_all()

    def stop(self) -> None:
        """Nobody is before it."""

    def close(self) -> None:
        """There is nothing to end."""

    def verified(self, index: int) -> None:
        """A piece is here."""
        if self._listened:
            self._line.tell("have", index)

    def lost(self, index: int) -> None:
        """A piece is not here any more."""
        if self._listened:
            self._line.tell("lost", index)

    def refresh(self, now: float) -> None:
        """Once a second: say whether we fetch."""
        torrent = self._torrent
        if torrent.down.rate(now) > 0:
            self._moved_at = now
        if self._listened:
            if torrent.info is None:
                self._line.tell("lacks")
            fetching = not (torrent.paused or torrent.wants_nothing)
            self._tell_wants()
            self._line.tell("here", int(fetching and now - self._moved_at < PATIENCE_SECONDS))

    def _tell_all(self) -> None:
        metadata, picker = self._metadata(), self._torrent.picker
        if metadata is not None and picker is not None:
            self._line.tell_bytes("torrent", metadata)
            self._line.tell_bytes("all", picker.have.to_wire())
            self._wants = b""
            self._tell_wants()
        else:
            self._line.tell("lacks")

    def _tell_wants(self) -> None:
        if self._wanted is not None and self._wanted.priorities != self._wants:
            self._wants = self._wanted.priorities
            self._line.tell_bytes("wants", self._wants)

    def _take(self, index: int, data: JsBuffer) -> None:
        """A piece that another tab has fetched. One that is here, too, says that it may not be any more."""
        info, store = self._torrent.info, self._torrent.store
        size = data.byteLength
        if info is None or store is None or not 0 <= index < info.piece_count:
            return
        if size != info.piece_size(index) or self._offered + size > MAX_OFFERED_BYTES:
            return
        self._offered += size
        piece = data.to_bytes()

        def digested(digest: bytes, now: float) -> None:
            if digest == info.piece_hash(index) and not self._torrent.closed:
                store.write(index, piece, stored)
            else:
                self._offered -= size

        def stored(error: Exception | None, now: float) -> None:
            self._offered -= size
            picker = self._torrent.picker
            if error is None and not self._torrent.closed and picker is not None:
                if index in picker.have:
                    self._line.tell("have", index)
                else:
                    self._torrent.found(index, now)

        self._digest.sha1(piece, digested)
