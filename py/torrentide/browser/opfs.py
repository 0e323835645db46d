"""The origin private file system as the storage's FileSystem port.

Owns the numbers of what takes a while, and the passage of bytes: one copy between WebAssembly's memory and a
buffer on the JavaScript side, from which and into which the browser reads and writes.
"""

import itertools
import time
from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import JsException, create_proxy, to_js

from torrentide.browser.shim import JsBlob, JsBuffer, JsFiles
from torrentide.errors import StorageError
from torrentide.ports import Buffer
from torrentide.storage.filesystem import Listed, Opened, Removed

# Bytes that pass the buffer at a time. Writes of more are no faster (measured in Chromium and Firefox), and
# with pieces of any length the buffer stays small.
PASS_BYTES = 1024 * 1024


class OpfsFile:
    """See `filesystem.StoredFile`."""

    def __init__(self, js_files: JsFiles, number: int) -> None:
        self._js = js_files
        self._number = number

    def read(self, at: int, length: int) -> bytes:
        """See `filesystem.StoredFile`."""
        try:
            if length <= PASS_BYTES:
                return self._js.read(self._number, at, length).to_bytes()
            parts = []
            for start in range(0, length, PASS_BYTES):
                parts.append(
                    self._js.read(self._number, at + start, min(PASS_BYTES, length - start)).to_bytes()
                )
            return b"".join(parts)
        except JsException as exception:
            raise fault_of(exception.name, exception.message) from None

    def write(self, at: int, data: Buffer) -> None:
        """See `filesystem.StoredFile`."""
        view = memoryview(data)
        try:
            for start in range(0, len(view), PASS_BYTES):
                part = view[start : start + PASS_BYTES]
                self._js.room(len(part)).assign(part)
                self._js.write(self._number, at + start, len(part))
        except JsException as exception:
            raise fault_of(exception.name, exception.message) from None

    def blob(self, at: int, length: int) -> JsBlob:
        """Bytes that are there, as a Blob of its own."""
        parts = js.Array.new()
        try:
            for start in range(0, length, PASS_BYTES):
                part = self._js.copy(self._number, at + start, min(PASS_BYTES, length - start))
                parts.push(js.Blob.new(to_js([part])))
        except JsException as exception:
            raise fault_of(exception.name, exception.message) from None
        blob: JsBlob = js.Blob.new(parts)
        if blob.size != length:
            raise StorageError(f"a stored file ends after {at + blob.size} bytes", kind="lost")
        return blob

    def flush(self) -> None:
        """See `filesystem.StoredFile`."""
        self._call(self._js.flush)

    def size(self) -> int:
        """See `filesystem.StoredFile`."""
        return self._call(self._js.size)

    def truncate(self, size: int) -> None:
        """See `filesystem.StoredFile`."""
        self._call(lambda number: self._js.truncate(number, size))

    def close(self) -> None:
        """See `filesystem.StoredFile`."""
        self._js.close(self._number)

    def _call[Result](self, call: Callable[[int], Result]) -> Result:
        try:
            return call(self._number)
        except JsException as exception:
            raise fault_of(exception.name, exception.message) from None


class Opfs:
    """See `filesystem.FileSystem`; `after` is called behind every answer."""

    def __init__(self, js_files: JsFiles, after: Callable[[], None]) -> None:
        self._js = js_files
        self._after = after
        self._numbers = itertools.count(1)
        self._jobs: dict[int, Callable[..., None]] = {}
        handlers = {
            "onOpen": self._on_open,
            "onList": self._on_list,
            "onRemove": self._on_remove,
            "onSnapshot": self._on_snapshot,
            "onPeek": self._on_peek,
        }
        js_files.handlers = to_js(
            {name: create_proxy(handler) for name, handler in handlers.items()},
            dict_converter=js.Object.fromEntries,
        )

    def open(self, path: str, done: Opened, *, create: bool) -> None:
        """See `filesystem.FileSystem`."""
        self._js.open(self._job(done), path, create)

    def list(self, path: str, done: Listed) -> None:
        """See `filesystem.FileSystem`."""
        self._js.list(self._job(done), path)

    def remove(self, path: str, done: Removed) -> None:
        """See `filesystem.FileSystem`."""
        self._js.remove(self._job(done), path)

    def snapshot(self, path: str, done: Callable[[JsBlob | None], None]) -> None:
        """Give a File of a stored file, which can be read until the file is written to or removed; None
        where there is none."""
        self._js.snapshot(self._job(done), path)

    def peek(
        self, path: str, at: int, length: int, done: Callable[[bytes | StorageError | None], None]
    ) -> None:
        """Read bytes of a file that another tab may have open, fewer at its end; None where there is none."""
        self._js.peek(self._job(done), path, at, length)

    def _job(self, done: Callable[..., None]) -> int:
        number = next(self._numbers)
        self._jobs[number] = done
        return number

    def _on_open(self, job: int, number: int, fault: str, detail: str) -> None:
        file = OpfsFile(self._js, number) if number else None
        self._jobs.pop(job)(fault_of(fault, detail) if fault else file, time.monotonic())
        self._after()

    def _on_list(self, job: int, names: Any, sizes: Any, fault: str, detail: str) -> None:
        pairs = zip(names.to_py(), sizes.to_py(), strict=True)
        found = {name: None if size < 0 else size for name, size in pairs}
        self._jobs.pop(job)(fault_of(fault, detail) if fault else found, time.monotonic())
        self._after()

    def _on_remove(self, job: int, fault: str, detail: str) -> None:
        self._jobs.pop(job)(fault_of(fault, detail) if fault else None, time.monotonic())
        self._after()

    def _on_snapshot(self, job: int, file: JsBlob | None) -> None:
        self._jobs.pop(job)(file)
        self._after()

    def _on_peek(self, job: int, data: JsBuffer | None, fault: str, detail: str) -> None:
        found = data.to_bytes() if data is not None else None
        self._jobs.pop(job)(fault_of(fault, detail) if fault else found)
        self._after()


def fault_of(name: str, detail: str) -> StorageError:
    """The error that a DOMException of that name means here."""
    if name == "QuotaExceededError":
        return StorageError("there is no room left for this site's data", kind="full")
    return StorageError(f"the browser's storage failed: {name}: {detail}")
