"""What the storage asks of a file system, as Protocols.

The browser makes them real with the origin private file system, tests with a simulated disk that crashes.
Paths are segments joined by `/`, all of our own making. To open, to list and to remove may take a while and
answer by `done`; an open file answers at once. What goes wrong is a StorageError, of the kind "full" where
there is no room. Nothing here holds code.
"""

from collections.abc import Callable
from typing import Protocol

from torrentide.errors import StorageError
from torrentide.ports import Buffer


class StoredFile(Protocol):
    """An open file, ours alone. What was written is safe from a crash once `flush` has returned."""

    def read(self, at: int, length: int) -> bytes:
        """Bytes from `at` on, fewer at the end of the file."""

    def write(self, at: int, data: Buffer) -> None:
        """Write all of it; the file grows where it must."""

    def flush(self) -> None:
        """Have everything written so far survive a crash."""

    def size(self) -> int:
        """Its bytes."""

    def truncate(self, size: int) -> None:
        """Cut it off, or let it grow by zeros."""

    def close(self) -> None:
        """Let go of it."""


Opened = Callable[[StoredFile | StorageError | None, float], None]
"""Told of an open file; None where there is none and none was to be made."""
Listed = Callable[[dict[str, int | None] | StorageError, float], None]
"""Told of names with their sizes in bytes, None for a folder; empty where there is no such folder."""
Removed = Callable[[StorageError | None, float], None]
"""Told when it is gone, or was not there."""


class FileSystem(Protocol):
    """A file system. `done` may be called from inside the call."""

    def open(self, path: str, done: Opened, *, create: bool) -> None:
        """Open a file; with `create`, make it and its folders where they are missing."""

    def list(self, path: str, done: Listed) -> None:
        """What lies in a folder."""

    def remove(self, path: str, done: Removed) -> None:
        """Remove a file or folder with all in it, open files too."""
