"""Where a download's bytes are in a browser, for now: in memory. A seed's are in originals.py.

The payload is on the JavaScript side: what WebAssembly's memory has grown to it never gives back.
"""

import time
from collections.abc import Callable

import js
from pyodide.ffi import JsException, to_js

from torrentide.browser.shim import JsBlob, JsBuffer
from torrentide.errors import StorageError
from torrentide.metainfo.info import Info
from torrentide.ports import Buffer


class MemoryStore:
    """Verified pieces as JavaScript buffers. See `ports.Store`."""

    def __init__(self, info: Info) -> None:
        self._info = info
        self._pieces: dict[int, JsBuffer] = {}

    def write(self, index: int, data: Buffer, done: Callable[[Exception | None, float], None]) -> None:
        """See `ports.Store`."""
        error = None
        try:
            piece: JsBuffer = js.Uint8Array.new(len(data))
            piece.assign(data)
            self._pieces[index] = piece
        except JsException as exception:
            error = StorageError(f"piece {index} can't be kept in memory: {exception}")
        done(error, time.monotonic())

    def read(
        self, index: int, begin: int, length: int, done: Callable[[Buffer | Exception, float], None]
    ) -> None:
        """See `ports.Store`."""
        done(self._part(index, begin, length).to_bytes(), time.monotonic())

    def blob(self, start: int, end: int) -> JsBlob:
        """Bytes `start` to `end` (exclusive) of the torrent, all of which must be here."""
        size = self._info.piece_length
        parts = []
        while start < end:
            index, begin = divmod(start, size)
            length = min(size - begin, end - start)
            parts.append(self._part(index, begin, length))
            start += length
        blob: JsBlob = js.Blob.new(to_js(parts))
        return blob

    def close(self) -> None:
        """See `ports.Store`."""
        self._pieces.clear()

    def _part(self, index: int, begin: int, length: int) -> JsBuffer:
        part: JsBuffer = js.Uint8Array.new(self._pieces[index].buffer, begin, length)  # type: ignore[attr-defined]
        return part
