"""A web server of the world, which has the files of torrents.

Owns the uplink that all fetches share, chunk by chunk, and what is on its way of each. A fetch has no more
than a window under way that its client has not taken, as with TCP. It knows nothing of torrents.
"""

from collections import deque
from collections.abc import Callable

from simulation.clock import Clock
from simulation.network import LATENCY, Line
from torrentide.ports import Answer, FetchSink

CHUNK = 16 * 1024
WINDOW = 256 * 1024


class Origin:
    """Serves `files` by their URLs, `upload` bytes a second in all. `sent` counts them."""

    def __init__(self, clock: Clock, upload: float, latency: float = LATENCY / 2) -> None:
        self.clock = clock
        self.latency = latency
        self.files: dict[str, bytes] = {}
        self.sent = 0
        self._upload = upload
        self._queue: deque[tuple[int, Callable[[], None]]] = deque()
        self._sending = False

    def send(self, size: int, sent: Callable[[], None]) -> None:
        """Put a chunk on the uplink, behind those of others."""
        self._queue.append((size, sent))
        if not self._sending:
            self._next()

    def _next(self) -> None:
        self._sending = bool(self._queue)
        if self._queue:
            size, sent = self._queue.popleft()
            self.sent += size

            def done() -> None:
                sent()
                self._next()

            self.clock.later(size / self._upload, done)


class Fetcher:
    """A `ports.Fetch` for the host behind `line`."""

    def __init__(self, origin: Origin, line: Line) -> None:
        self._origin = origin
        self._line = line

    def fetch(self, url: str, span: tuple[int, int] | None, sink: FetchSink) -> "OnItsWay":
        """See `ports.Fetch`."""
        file = self._origin.files[url]
        first, last = span or (0, len(file) - 1)
        return OnItsWay(self._origin, self._line, memoryview(file)[first : last + 1], sink)


class OnItsWay:
    """One fetch: a `ports.FetchHandle`."""

    def __init__(self, origin: Origin, line: Line, body: memoryview, sink: FetchSink) -> None:
        self._origin = origin
        self._clock = origin.clock
        self._line = line
        self._sink = sink
        self._delay = origin.latency + line.latency
        # What has not been sent yet, and what has come and was not taken.
        self._body = body
        self._here: deque[memoryview] = deque()
        self._under_way = 0
        self._wanted = False
        self._over = False
        self._clock.later(2 * self._delay, self._answer)

    def more(self) -> None:
        """See `ports.FetchHandle`."""
        self._wanted = True
        self._clock.later(0.0, self._give)

    def cancel(self) -> None:
        """See `ports.FetchHandle`."""
        self._over = True

    def _answer(self) -> None:
        if not self._over:
            self._sink.answered(Answer(206, None, len(self._body)), self._clock.now)
            self._push()

    def _push(self) -> None:
        while self._body and self._under_way < WINDOW and not self._over:
            chunk, self._body = self._body[:CHUNK], self._body[CHUNK:]
            self._under_way += len(chunk)
            self._origin.send(len(chunk), lambda chunk=chunk: self._sent(chunk))  # type: ignore[misc]

    def _sent(self, chunk: memoryview) -> None:
        self._clock.later(self._delay, lambda: self._reach(chunk))

    def _reach(self, chunk: memoryview) -> None:
        self._clock.at(self._line.arrival(len(chunk)), lambda: self._arrived(chunk))

    def _arrived(self, chunk: memoryview) -> None:
        self._here.append(chunk)
        self._give()

    def _give(self) -> None:
        if self._over or not self._wanted:
            return
        if self._here:
            self._wanted = False
            chunk = self._here.popleft()
            self._under_way -= len(chunk)
            self._push()
            self._clock.note(self._origin.sent, bytes(chunk[:32]))
            self._sink.received(chunk, self._clock.now)
        elif not self._body and not self._under_way:
            self._over = True
            self._sink.ended(self._clock.now)
