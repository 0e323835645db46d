"""Fetching the info dict of a magnet link from the peers (BEP 9).

Owns which peer is asked for which 16 KiB piece, the time-outs, and the check against the info-hash. Many
peers share the work; when the result is wrong, one peer at a time must deliver the whole, so that a liar is
found. It never knows what is in the info dict.
"""

import hashlib
import itertools

from torrentide.wire.extensions.metadata import MAX_METADATA, METADATA_PIECE

# libtorrent: at most 2 requests in flight to a peer; asks another after 5 s or so.
MAX_ASKED = 2
ASK_TIMEOUT = 6.0


class MetadataFetch:
    """The info dict whose SHA-1 is `info_hash`. Peers are named by link numbers."""

    def __init__(self, info_hash: bytes) -> None:
        self._info_hash = info_hash
        self._sizes: dict[int, int] = {}
        self._asked: dict[tuple[int, int], float] = {}
        self._rejected: set[tuple[int, int]] = set()
        self._parts: dict[int, bytes] = {}
        self._sources: set[int] = set()
        self._size = 0
        # Set after a bad result: the one peer that is trusted with the whole.
        self._alone = False

    def peer_has(self, link: int, size: int) -> None:
        """A peer announced the size; one beyond 4 MiB is ignored."""
        if 0 < size <= MAX_METADATA:
            self._sizes[link] = size

    def peer_gone(self, link: int) -> None:
        """A peer left: what it was asked is to be asked of others."""
        self._sizes.pop(link, None)
        self._asked = {key: due for key, due in self._asked.items() if key[0] != link}
        self._rejected = {key for key in self._rejected if key[0] != link}
        if self._alone and link in self._sources:
            self._restart()

    def requests(self, now: float, *, again: bool = False) -> list[tuple[int, int]]:
        """(link, piece) to ask now, at `now` in seconds. `again`: when every peer has refused, all are
        asked once more; only a timer may say so, or asking and refusing would never end."""
        self._expire(now)
        if again and self._sizes.keys() <= self._refused:
            self._rejected.clear()
        asks = self._ask(now)
        if not asks and not self._asked and self._doubts_size():
            self._restart()
            asks = self._ask(now)
        return asks

    def received(self, link: int, piece: int, data: bytes, total_size: int) -> bytes | set[int] | None:
        """A piece came. Gives the whole info dict when it is complete and true; the links of those who made
        it wrong when it is complete and false; None when more is to come."""
        if self._asked.pop((link, piece), None) is None:
            return None
        if total_size != self._size:
            self._rejected.add((link, piece))
            return None
        if len(data) != min(METADATA_PIECE, self._size - piece * METADATA_PIECE):
            return {link}
        self._parts.setdefault(piece, data)
        self._sources.add(link)
        if len(self._parts) < self._count:
            return None
        whole = b"".join(self._parts[piece] for piece in range(self._count))
        if hashlib.sha1(whole, usedforsecurity=False).digest() == self._info_hash:
            return whole
        self._rejected.update((link, 0) for link in self._sources)
        blamed = self._sources if len(self._sources) == 1 else set[int]()
        self._alone = True
        self._restart()
        return blamed

    def rejected(self, link: int, piece: int) -> None:
        """The peer will not give this piece."""
        if self._asked.pop((link, piece), None) is not None:
            self._rejected.add((link, piece))
            if self._alone:
                self._restart()

    def _expire(self, now: float) -> None:
        late = [key for key, due in self._asked.items() if due <= now]
        for key in late:
            del self._asked[key]
            self._rejected.add(key)
        if late and self._alone:
            self._restart()

    def _ask(self, now: float) -> list[tuple[int, int]]:
        if not self._parts and not self._asked:
            self._settle_size()
        asks: list[tuple[int, int]] = []
        for link in self._askable():
            asks += self._requests_of(link, now)
        return asks

    def _askable(self) -> list[int]:
        """The peers to ask: all that name the size that we believe in, or the one that must deliver alone."""
        links = [link for link, size in self._sizes.items() if size == self._size]
        if not self._alone:
            return links
        if not self._sources:
            self._sources = set([link for link in links if link not in self._refused][:1])
        return [link for link in links if link in self._sources]

    @property
    def _count(self) -> int:
        return -(-self._size // METADATA_PIECE)

    @property
    def _refused(self) -> set[int]:
        """The peers that refused a piece, or did not answer."""
        return {link for link, _ in self._rejected}

    def _doubts_size(self) -> bool:
        """Whether somebody who has not refused yet names another size than the one believed in."""
        return any(self._sizes[link] != self._size for link in self._sizes.keys() - self._refused)

    def _settle_size(self) -> None:
        """Take the size that most peers name, of those who have not refused."""
        sizes = [self._sizes[link] for link in self._sizes.keys() - self._refused]
        self._size = max(sizes, key=lambda size: (sizes.count(size), -size), default=0)

    def _requests_of(self, link: int, now: float) -> list[tuple[int, int]]:
        busy = {piece for _, piece in self._asked}
        room = MAX_ASKED - sum(1 for asked, _ in self._asked if asked == link)
        lacking = (
            piece
            for piece in range(self._count)
            if piece not in self._parts and piece not in busy and (link, piece) not in self._rejected
        )
        asks = [(link, piece) for piece in itertools.islice(lacking, max(0, room))]
        self._asked.update(dict.fromkeys(asks, now + ASK_TIMEOUT))
        return asks

    def _restart(self) -> None:
        self._parts.clear()
        self._asked.clear()
        self._sources = set()
        self._size = 0
