"""The files of a seed where they are: read in place, never copied, and checked before a byte of them is sent.

Browsers differ in what they tell of a file that changed since it was given: Chromium refuses to read it,
Firefox reads what is there now. So each piece that is read is compared with its hash, and kept for the reads
that follow. It never knows who asks.
"""

import itertools
import time
from collections import OrderedDict
from collections.abc import Callable

import js
from pyodide.ffi import create_proxy

from torrentide.browser.shim import JsBlob, JsBuffer, JsOriginals
from torrentide.errors import StorageError
from torrentide.metainfo.info import Info
from torrentide.ports import Buffer

# Pieces that several peers are served from at a time; they lie outside of WebAssembly's memory.
KEPT_BYTES = 32 * 1024 * 1024

Piece = JsBuffer | str
OnPiece = Callable[[Piece, bytes], None]


class Originals:
    """Reads pieces for all seeds of the worker; `after` is called behind what came later."""

    def __init__(self, originals: JsOriginals, after: Callable[[], None]) -> None:
        self._js = originals
        self._after = after
        self._jobs: dict[int, OnPiece] = {}
        self._numbers = itertools.count(1)
        originals.onPiece = create_proxy(self._on_piece)
        originals.onLost = create_proxy(self._on_lost)

    def read(self, blob: JsBlob, done: OnPiece) -> None:
        """Give `done` the bytes and their SHA-1, or the reason why they can't be read."""
        job = next(self._numbers)
        self._jobs[job] = done
        self._js.read(job, blob)

    def _on_piece(self, job: int, data: JsBuffer, digest: JsBuffer) -> None:
        self._jobs.pop(job)(data, digest.to_bytes())
        self._after()

    def _on_lost(self, job: int, reason: str) -> None:
        self._jobs.pop(job)(reason, b"")
        self._after()


class OriginalStore:
    """The bytes of a seed in the files that were given; `whole` is all of them, one after the other. See
    `ports.Store`."""

    def __init__(self, info: Info, whole: JsBlob, originals: Originals) -> None:
        self._info = info
        self._whole = whole
        self._originals = originals
        self._kept: OrderedDict[int, JsBuffer] = OrderedDict()
        self._room = max(1, KEPT_BYTES // info.piece_length)
        self._waiting: dict[int, list[Callable[[JsBuffer | StorageError], None]]] = {}

    def write(self, index: int, data: Buffer, done: Callable[[Exception | None, float], None]) -> None:
        """A seed has every piece, so nothing is ever written."""
        raise NotImplementedError

    def read(
        self, index: int, begin: int, length: int, done: Callable[[Buffer | Exception, float], None]
    ) -> None:
        """See `ports.Store`. A file that was changed or removed since is a StorageError."""
        kept = self._kept.get(index)
        whole = length == self._info.piece_size(index)
        if kept is not None and not whole:
            self._kept.move_to_end(index)
            done(_part(kept, begin, length), time.monotonic())
            return

        def give(piece: JsBuffer | StorageError) -> None:
            if isinstance(piece, StorageError):
                done(piece, time.monotonic())
                return
            # Who reads all of a piece does not come for the rest of it.
            if not whole:
                self._keep(index, piece)
            done(_part(piece, begin, length), time.monotonic())

        waiting = self._waiting.setdefault(index, [])
        waiting.append(give)
        if len(waiting) == 1:
            start = index * self._info.piece_length
            blob = self._whole.slice(start, start + self._info.piece_size(index))
            self._originals.read(blob, lambda data, digest: self._came(index, data, digest))

    def blob(
        self, start: int, end: int, complete: bool, done: Callable[[JsBlob | StorageError, float], None]
    ) -> None:
        """Give bytes `start` to `end` (exclusive) of the torrent, which are read when the Blob is."""
        done(self._whole.slice(start, end), time.monotonic())

    def close(self) -> None:
        """See `ports.Store`. What is being read comes to nobody."""
        self._kept.clear()
        self._waiting.clear()

    def _came(self, index: int, data: Piece, digest: bytes) -> None:
        result = self._checked(index, data, digest)
        for give in self._waiting.pop(index, []):
            give(result)

    def _keep(self, index: int, piece: JsBuffer) -> None:
        self._kept[index] = piece
        if len(self._kept) > self._room:
            self._kept.popitem(last=False)

    def _checked(self, index: int, data: Piece, digest: bytes) -> JsBuffer | StorageError:
        names = ", ".join(f'"{name}"' for name in self._names(index))
        if isinstance(data, str):
            return StorageError(f"{names} can't be read any more: was it changed, moved or removed? ({data})")
        if digest != self._info.piece_hash(index):
            return StorageError(f"{names} was changed since it is being shared. Share it anew.")
        return data

    def _names(self, index: int) -> list[str]:
        """The files that have bytes in a piece; a few of them, where they are many."""
        info = self._info
        spans = info.files_in(index * info.piece_length, info.piece_size(index))
        return [info.files[file].name for file, _, _ in itertools.islice(spans, 3)]


def _part(piece: JsBuffer, begin: int, length: int) -> bytes:
    view: JsBuffer = js.Uint8Array.new(piece, begin, length)
    return view.to_bytes()
