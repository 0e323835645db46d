"""What the engine asks of the world outside, as Protocols.

The browser makes them real with data channels, sockets, SubtleCrypto and stores; the simulator makes them
with a virtual clock. Answers come back as calls into the engine, or through the `done` callback given, at
once or later, with the time that it is then. Nothing here holds code.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

Buffer = bytes | bytearray | memoryview


class Transport(Protocol):
    """An open data channel to a peer: reliable, ordered bytes."""

    def send(self, data: Buffer) -> int:
        """Send now, or queue. The data may be changed after the call. Gives the bytes that wait unsent."""

    def unsent(self) -> int:
        """Bytes that wait unsent now."""

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


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of an HTTP answer. None where the server did not say, or the browser does not tell (CORS).
    `length` is of the body, in bytes; `retry_after` is in seconds."""

    code: int
    content_range: str | None = None
    length: int | None = None
    retry_after: float | None = None


class FetchSink(Protocol):
    """Is told of one fetch: `answered`, then a call for each `FetchHandle.more`. `failed` may come at any
    time. Nothing comes behind `ended` or `failed`."""

    def answered(self, answer: Answer, now: float) -> None:
        """The head came. The body waits for `more`."""

    def received(self, data: memoryview, now: float) -> None:
        """More of the body. The data is good during the call only."""

    def ended(self, now: float) -> None:
        """The body is complete."""

    def failed(self, reason: str, now: float) -> None:
        """There is no answer, or the rest of the body will not come; why, in plain words."""


class FetchHandle(Protocol):
    """A fetch under way."""

    def more(self) -> None:
        """Read on. Ask again only when the last piece came."""

    def cancel(self) -> None:
        """Break it off. No call about it comes back."""


class Fetch(Protocol):
    """HTTP GET, without credentials and without a referrer; redirects are followed."""

    def fetch(self, url: str, span: tuple[int, int] | None, sink: FetchSink) -> FetchHandle:
        """Ask for a URL, or for its bytes `span[0]` to `span[1]` (inclusive). `sink` is told later, never
        from inside this call."""
