"""The way of a piece from its last block to the store: SHA-1, then the write.

Owns the pieces that are being checked or written, those for which there is no room, and the bound on their
bytes. What a good or a bad piece means to peers is decided elsewhere.
"""

from collections import deque
from collections.abc import Callable

from torrentide.errors import StorageError
from torrentide.metainfo.info import Info
from torrentide.pieces.partial import PartialPiece
from torrentide.pieces.picker import Picker
from torrentide.ports import Digest, Store

# anacrolix keeps at most 64 MiB that are not verified; more would mean that the store can't keep up.
MAX_WAITING = 64 * 1024 * 1024

Told = Callable[[PartialPiece, float], None]


class Verifier:
    """Checks whole pieces of `picker`. `verified` is told when a piece is checked and stored, `bad` when its
    SHA-1 is wrong, `failed(piece, error, now)` when it can't be stored. For want of room it is held, and
    `full(error, now)` is told."""

    def __init__(
        self,
        info: Info,
        picker: Picker,
        store: Store,
        digest: Digest,
        verified: Told,
        bad: Told,
        failed: Callable[[PartialPiece, Exception, float], None],
        full: Callable[[StorageError, float], None],
    ) -> None:
        self.closed = False
        # Good pieces for which there was no room.
        self.held: deque[PartialPiece] = deque()
        # Good pieces that are not stored yet; `checked(index)` is told of each: opening a file takes longer
        # than whoever waits for its first bytes likes.
        self.fresh: dict[int, PartialPiece] = {}
        self.checked: Callable[[int], None] = lambda index: None
        self._waiting = 0
        self._info = info
        self._picker = picker
        self._store = store
        self._digest = digest
        self._verified = verified
        self._bad = bad
        self._failed = failed
        self._full = full

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
                self.fresh[piece.index] = piece
                self._write(piece)
                if piece.index in self.fresh:
                    self.checked(piece.index)
                return
            self._waiting -= piece.length
            self._picker.failed(piece.index)
            self._bad(piece, now)

        self._digest.sha1(piece.buffer, digested)

    def retry(self) -> None:
        """Try to store the piece that is held for longest; there must be one."""
        self._write(self.held.popleft())

    def _write(self, piece: PartialPiece) -> None:
        def stored(error: Exception | None, now: float) -> None:
            if self.closed:
                return
            if isinstance(error, StorageError) and error.kind == "full":
                self.held.append(piece)
                self._full(error, now)
                return
            self._waiting -= piece.length
            del self.fresh[piece.index]
            if error is not None:
                self._picker.failed(piece.index)
                self._failed(piece, error, now)
                return
            self._picker.verified(piece.index)
            self._verified(piece, now)

        self._store.write(piece.index, piece.buffer, stored)
