"""The way of a piece from its last block to the store: SHA-1, then the write.

Owns the pieces that are being checked or written, and the bound on their bytes. What a good or a bad piece
means to peers is decided elsewhere.
"""

from collections.abc import Callable

from torrentide.metainfo.info import Info
from torrentide.pieces.partial import PartialPiece
from torrentide.pieces.picker import Picker
from torrentide.ports import Digest, Store

# anacrolix keeps at most 64 MiB that are not verified; more would mean that the store can't keep up.
MAX_WAITING = 64 * 1024 * 1024

Told = Callable[[PartialPiece, float], None]


class Verifier:
    """Checks whole pieces of `picker`. `verified` is told when a piece is checked and stored, `bad` when its
    SHA-1 is wrong, `failed(piece, error, now)` when it can't be stored."""

    def __init__(
        self,
        info: Info,
        picker: Picker,
        store: Store,
        digest: Digest,
        verified: Told,
        bad: Told,
        failed: Callable[[PartialPiece, Exception, float], None],
    ) -> None:
        self.closed = False
        self._waiting = 0
        self._info = info
        self._picker = picker
        self._store = store
        self._digest = digest
        self._verified = verified
        self._bad = bad
        self._failed = failed

    @property
    def full(self) -> bool:
        """Whether so much waits that nothing more should be fetched."""
        return self._waiting > MAX_WAITING

    def verify(self, piece: PartialPiece) -> None:
        """Check a piece of which every block is here, and store it."""
        self._waiting += piece.length

        def digested(digest: bytes, now: float) -> None:
            if self.closed:
                return
            if digest == self._info.piece_hash(piece.index):
                self._store.write(piece.index, piece.buffer, stored)
                return
            self._waiting -= piece.length
            self._picker.failed(piece.index)
            self._bad(piece, now)

        def stored(error: Exception | None, now: float) -> None:
            if self.closed:
                return
            self._waiting -= piece.length
            if error is not None:
                self._picker.failed(piece.index)
                self._failed(piece, error, now)
                return
            self._picker.verified(piece.index)
            self._verified(piece, now)

        self._digest.sha1(piece.buffer, digested)
