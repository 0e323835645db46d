"""What the engine asks of the world outside, as Protocols.

The browser makes them real with data channels, sockets, SubtleCrypto and stores; the simulator makes them
with a virtual clock. Answers come back as calls into the engine, or through the `done` callback given, at
once or later, with the time that it is then. Nothing here holds code.
"""

from collections.abc import Callable
from typing import Protocol

Buffer = bytes | bytearray | memoryview


class Transport(Protocol):
    """An open data channel to a peer: reliable, ordered bytes."""

    def send(self, data: Buffer) -> int:
        """Send now, or queue. The data may be changed after the call. Gives the bytes that wait unsent."""

    def set_low_water(self, count: int) -> None:
        """Call `Session.link_drained` when no more than `count` bytes wait unsent, and more did before."""

    def close(self) -> None:
        """Close it. No call about it comes back."""


class Dialer(Protocol):
    """WebRTC connections, each named by a link number that the engine chose.

    Results come back as calls of `Session`: `link_local` with the complete description, `link_open` with a
    Transport, `link_failed`.
    """

    def offer(self, link: int) -> None:
        """Make a connection with a data channel, and an offer for it."""

    def accept(self, link: int, sdp: str) -> None:
        """Make a connection from a remote offer, and an answer to it."""

    def answer(self, link: int, sdp: str) -> None:
        """Take the remote answer to our offer."""

    def close(self, link: int) -> None:
        """Give the connection up, whatever state it is in. No call about it comes back."""


class Sockets(Protocol):
    """WebSockets to trackers, each named by its URL. Results come back as calls of `Session`: `socket_open`,
    `socket_text`, `socket_closed`."""

    def open(self, url: str) -> None:
        """Begin to connect."""

    def send(self, url: str, text: str) -> None:
        """Send a text message on an open socket."""

    def close(self, url: str) -> None:
        """Close it. No call about it comes back."""


class Digest(Protocol):
    """SHA-1, off the engine's thread where that pays."""

    def sha1(self, data: Buffer, done: Callable[[bytes, float], None]) -> None:
        """Give `done` the 20 bytes. The data may be changed after the call."""


class Store(Protocol):
    """The bytes of one torrent, by piece."""

    def write(self, index: int, data: Buffer, done: Callable[[Exception | None, float], None]) -> None:
        """Keep a whole verified piece. The data may be changed after the call."""

    def read(
        self, index: int, begin: int, length: int, done: Callable[[Buffer | Exception, float], None]
    ) -> None:
        """Give `length` bytes at `begin` of a piece that was written, or why they can't be had."""

    def close(self) -> None:
        """Let go of everything."""
