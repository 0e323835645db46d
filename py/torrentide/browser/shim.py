"""What the worker's JavaScript offers to Python: the types of web/src/engine/, for the checker and the
reader.

JsProxy objects stand behind all of them. Nothing here holds code.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol


class JsBuffer(Protocol):
    """An ArrayBuffer or typed array."""

    byteLength: int

    def to_bytes(self) -> bytes:
        """A copy of the bytes."""

    def assign(self, data: Any) -> None:
        """Copy bytes of the same length into it."""


class JsBlob(Protocol):
    """A Blob or File."""

    size: int

    def slice(self, start: int, end: int, /) -> "JsBlob":
        """Bytes `start` to `end` (exclusive), without a copy."""


class JsChannels(Protocol):
    """web/src/engine/channels.ts."""

    handlers: Any

    def room(self, size: int) -> JsBuffer:
        """The buffer that `send` sends from."""

    def send(self, link: int, size: int) -> int:
        """Send `size` bytes of the buffer; gives the bytes that wait unsent."""

    def unsent(self, link: int) -> int:
        """The bytes that wait unsent."""

    def lowWater(self, link: int, count: int) -> None:
        """Set how few bytes wait unsent when `onLow` is told."""

    def close(self, link: int) -> None:
        """Close a channel; nothing more is told of it."""

    def adopt(self, link: int, channel: Any) -> None:
        """Take a transferred data channel."""

    def relay(self, link: int, port: Any) -> None:
        """Take a channel that the page relays."""


class JsSockets(Protocol):
    """web/src/engine/sockets.ts."""

    handlers: Any

    def open(self, number: int, url: str) -> None:
        """Begin to connect."""

    def send(self, number: int, text: str) -> None:
        """Send text on an open socket."""

    def close(self, number: int) -> None:
        """Close a socket; nothing more is told of it."""


class JsDigests(Protocol):
    """web/src/engine/digests.ts."""

    onDigest: Callable[[int, JsBuffer], None]

    def room(self, size: int) -> JsBuffer:
        """The buffer that `sha1` reads."""

    def sha1(self, job: int, size: int) -> None:
        """Digest `size` bytes of the buffer; `onDigest` is told."""


class JsHashers(Protocol):
    """web/src/engine/hashers.ts."""

    def open(self) -> int:
        """Start the workers, unless somebody has; gives how many there are."""

    def close(self) -> None:
        """End the workers when nobody needs them any more."""

    def hash(self, blob: JsBlob, piece_length: int, /) -> Awaitable[JsBuffer]:
        """Digest each piece of a Blob, all hashes one after the other."""


class JsOriginals(Protocol):
    """web/src/engine/originals.ts."""

    onPiece: Callable[[int, JsBuffer, JsBuffer], None]
    onLost: Callable[[int, str], None]

    def read(self, job: int, blob: JsBlob) -> None:
        """Read a Blob and digest it; `onPiece` or `onLost` is told."""


class JsFetches(Protocol):
    """web/src/engine/fetch.ts."""

    handlers: Any

    def start(self, number: int, url: str, range: str | None, /) -> None:
        """Begin to fetch; `range` is the value of the Range header."""

    def more(self, number: int) -> None:
        """Read on."""

    def cancel(self, number: int) -> None:
        """Break it off; nothing more is told of it."""


class JsFiles(Protocol):
    """web/src/engine/files.ts. A file that is open has a number."""

    handlers: Any

    def available(self) -> Awaitable[bool]:
        """Whether there is a file system."""

    def open(self, job: int, path: str, create: bool, /) -> None:
        """Open a file; `onOpen` is told."""

    def room(self, size: int) -> JsBuffer:
        """The buffer that `write` writes."""

    def write(self, file: int, at: int, size: int) -> None:
        """Write `size` bytes of the buffer."""

    def read(self, file: int, at: int, size: int) -> JsBuffer:
        """Up to `size` bytes; good until the next call."""

    def copy(self, file: int, at: int, size: int) -> JsBuffer:
        """Up to `size` bytes that stay."""

    def flush(self, file: int) -> None:
        """Have what was written survive a crash."""

    def size(self, file: int) -> int:
        """Bytes."""

    def truncate(self, file: int, size: int) -> None:
        """Cut it off."""

    def close(self, file: int) -> None:
        """Let go of it."""

    def list(self, job: int, path: str, /) -> None:
        """What is in a folder; `onList` is told."""

    def remove(self, job: int, path: str, /) -> None:
        """Remove a file or folder; `onRemove` is told."""

    def snapshot(self, job: int, path: str, /) -> None:
        """A File of a file as it is now; `onSnapshot` is told."""

    def peek(self, job: int, path: str, at: int, size: int, /) -> None:
        """Read a file that another tab may have open; `onPeek` is told."""

    def forget(self) -> None:
        """Look for every folder anew."""

    def awaited(self, name: str) -> Awaitable[bool]:
        """Whether anybody waits for a lock."""

    def lock(self, name: str) -> Awaitable[int]:
        """Take a lock of the origin; 0 when somebody has it."""

    def waitForLock(self, wait: int, name: str) -> Awaitable[int]:
        """Take it when it is free; 0 when `stopWaiting` comes before."""

    def stopWaiting(self, wait: int) -> None:
        """Nobody waits any more."""

    def unlock(self, lock: int) -> None:
        """Give it back."""


class JsTabs(Protocol):
    """web/src/engine/tabs.ts."""

    onTold: Callable[[int, str, int, JsBuffer | None], None]

    def open(self, name: str, /) -> int:
        """Join the tabs on a line of that name."""

    def tell(self, line: int, kind: str, index: int, data: JsBuffer | None, /) -> None:
        """Tell all others."""

    def close(self, line: int) -> None:
        """Leave."""


class Shim(Protocol):
    """web/src/engine/worker.ts."""

    channels: JsChannels
    sockets: JsSockets
    digests: JsDigests
    fetches: JsFetches
    files: JsFiles
    hashers: JsHashers
    originals: JsOriginals
    tabs: JsTabs
    engine: Any

    def post(self, message: Any, transfer: Any = ..., /) -> None:
        """Send a message to the page; the buffers in the array `transfer` are handed over."""

    def wake(self, delay: float) -> None:
        """Call `engine.onTimer` after `delay` milliseconds; replaces an earlier wish."""
