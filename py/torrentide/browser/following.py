"""The part of a tab that uses the files that another one has: it hears what is there and what is fetched, and
brings what it fetched itself.

Owns what is being checked of that. Nothing that another tab says is believed: a piece counts when it was read
and compared with its hash.
"""

import time
from collections.abc import Callable

from torrentide.browser.company import Line, Shared, learn
from torrentide.browser.shim import JsBuffer
from torrentide.browser.wanted import Wanted
from torrentide.engine.torrent import Torrent
from torrentide.errors import PeerError, StorageError
from torrentide.metainfo.metainfo import MAX_TORRENT_BYTES
from torrentide.pieces.bitfield import Bitfield

# Who has the files says each second whether it fetches. After so long without a word it is asked for one, and
# then it is taken to fetch nothing.
ASK_SECONDS = 2.0
SILENCE_SECONDS = 5.0
# As many as the library checks at once.
CHECKED_AT_ONCE = 8


class Following:
    """Of `torrent`. `store` gives its store, `metadata` the .torrent file, once that is known."""

    def __init__(
        self,
        line: Line,
        torrent: Torrent,
        store: Callable[[], Shared | None],
        metadata: Callable[[], bytes | None],
    ) -> None:
        self._wanted: Wanted | None = None
        self._line = line
        self._torrent = torrent
        self._store = store
        self._metadata = metadata
        self._asked_at = time.monotonic()
        self._busy_until = self._asked_at + SILENCE_SECONDS
        # What the other tab wants: a priority for each piece.
        self._wants = b""
        self._told = b""
        # Whether it fetched when we last looked at what to leave to it.
        self._busy = True
        self._checking: set[int] = set()
        self._to_check: dict[int, None] = {}
        self._closed = False
        line.tell("hello")

    def stop(self) -> None:
        """The other tab is gone: nothing that is heard counts any more."""
        self._closed = True
        self._to_check.clear()

    def close(self) -> None:
        """The files are this tab's now, and so is the fetching."""
        self.stop()
        if self._wanted is not None:
            self._wanted.leave(None, time.monotonic())

    def known(self, wanted: Wanted) -> None:
        """The metadata is here."""
        self._wanted = wanted
        now = time.monotonic()
        self._apply(now)
        self._compare(self._told, now)

    def offer(self, index: int, data: JsBuffer) -> None:
        """Bring a piece to the tab that has the files."""
        self._line.tell_piece("piece", index, data)

    def verified(self, index: int) -> None:
        """A piece is here: `offer` brings it to the others, where they do not have it."""

    def lost(self, index: int) -> None:
        """A piece is not here any more, which concerns nobody else."""

    def refresh(self, now: float) -> None:
        """Once a second."""
        if self._busy and now >= self._busy_until:
            self._apply(now)
        if now - self._asked_at >= ASK_SECONDS:
            self._asked_at = now
            self._line.tell("hello")

    def heard(self, kind: str, index: int, data: JsBuffer | None) -> None:
        """Another tab says something."""
        now = time.monotonic()
        if self._closed:
            return
        if kind == "here":
            self._asked_at = now
            self._busy_until = now + SILENCE_SECONDS if index else now
            if self._busy != bool(index):
                self._apply(now)
        elif kind in ("have", "lost"):
            self._check([index], now)
        elif kind == "lacks":
            metadata = self._metadata()
            if metadata is not None:
                self._line.tell_bytes("torrent", metadata)
        elif data is not None and data.byteLength <= MAX_TORRENT_BYTES:
            self._heard_bytes(kind, data.to_bytes(), now)

    def _heard_bytes(self, kind: str, data: bytes, now: float) -> None:
        if kind == "torrent":
            learn(self._torrent, data)
        elif kind == "all":
            self._told = data
            self._compare(data, now)
        elif kind == "wants":
            self._wants = data
            self._apply(now)

    def _apply(self, now: float) -> None:
        """Leave to the other tab what it fetches; and what it says that it has, until that was looked at."""
        self._busy = now < self._busy_until
        if self._wanted is None:
            return
        count = len(self._wanted.priorities)
        if not self._busy:
            self._wanted.leave(self._in_doubt(count), now)
            return
        elsewhere = Bitfield.full(count)
        if len(self._wants) == count:
            for index, priority in enumerate(self._wants):
                if not priority:
                    elsewhere.remove(index)
        self._wanted.leave(elsewhere, now)

    def _in_doubt(self, count: int) -> Bitfield | None:
        """The pieces that are to be checked."""
        if not self._to_check and not self._checking:
            return None
        doubtful = Bitfield(count)
        for index in (*self._to_check, *self._checking):
            doubtful.add(index)
        return doubtful

    # -- What is there

    def _compare(self, told: bytes, now: float) -> None:
        """The other tab has told all that it has: look at what differs from what we have."""
        picker, store = self._torrent.picker, self._store()
        if picker is None or store is None:
            return
        try:
            there = Bitfield.from_wire(picker.have.count, told)
        except PeerError:
            return
        store.offer_all()
        have = picker.have
        self._check(
            [index for index in there if index not in have or store.holds(index)]
            + [index for index in have if index not in there and not store.holds(index)],
            now,
        )

    def _check(self, indexes: list[int], now: float) -> None:
        info = self._torrent.info
        if info is not None:
            self._to_check.update(dict.fromkeys(index for index in indexes if 0 <= index < info.piece_count))
            self._check_next()
            if not self._busy:
                self._apply(now)

    def _check_next(self) -> None:
        store = self._store()
        while len(self._checking) < CHECKED_AT_ONCE and store is not None:
            index = next((index for index in self._to_check if index not in self._checking), None)
            if index is None:
                return
            del self._to_check[index]
            self._checking.add(index)
            store.check(index, self._checked(store, index))

    def _checked(self, store: Shared, index: int) -> Callable[[StorageError | None, float], None]:
        def checked(error: StorageError | None, now: float) -> None:
            self._checking.discard(index)
            if self._closed or self._torrent.closed:
                return
            if error is None:
                store.stored(index)
                self._torrent.found(index, now)
            elif not store.holds(index):
                self._torrent.lost(index, now)
            self._check_next()
            if not self._busy and (error is not None or not self._checking):
                self._apply(now)

        return checked
