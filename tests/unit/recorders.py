"""Ports that write down what they were asked, for tests of the parts that use them."""

import hashlib
from collections.abc import Callable

from torrentide.metainfo.info import Info
from torrentide.ports import Buffer
from torrentide.wire.messages import Message, parse


class RecordedSockets:
    """Sockets of which the test says when they open and close."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.sent: list[tuple[str, str]] = []

    def open(self, url: str) -> None:
        self.opened.append(url)

    def send(self, url: str, text: str) -> None:
        self.sent.append((url, text))

    def close(self, url: str) -> None:
        self.closed.append(url)


class RecordedDialer:
    """Connections of which the test says what becomes of them."""

    def __init__(self) -> None:
        self.offered: list[int] = []
        self.accepted: list[tuple[int, str]] = []
        self.answered: list[tuple[int, str]] = []
        self.closed: list[int] = []

    def offer(self, link: int) -> None:
        self.offered.append(link)

    def accept(self, link: int, sdp: str) -> None:
        self.accepted.append((link, sdp))

    def answer(self, link: int, sdp: str) -> None:
        self.answered.append((link, sdp))

    def close(self, link: int) -> None:
        self.closed.append(link)


class RecordedTransport:
    """A channel that says that `waiting` bytes are unsent, and takes nothing once it is closed."""

    def __init__(self) -> None:
        self.waiting = 0
        self.low_water: int | None = None
        self.closed = False
        self.sends: list[bytes] = []

    def send(self, data: Buffer) -> int:
        assert not self.closed, "sent through a closed channel"
        self.sends.append(bytes(data))
        return self.waiting

    def unsent(self) -> int:
        return self.waiting

    def set_low_water(self, count: int) -> None:
        self.low_water = count

    def close(self) -> None:
        self.closed = True

    def take(self) -> bytes:
        """All that was sent since the last call."""
        data = b"".join(self.sends)
        self.sends.clear()
        return data

    def messages(self) -> list[Message]:
        """The messages that were sent since the last call."""
        data, found = memoryview(self.take()), []
        while data:
            end = 4 + int.from_bytes(data[:4], "big")
            found.append(parse(data[4:end]))
            data = data[end:]
        return found


class HeldDigest:
    """Real SHA-1, which comes at once or, while `hold` is set, when the test says."""

    def __init__(self) -> None:
        self.hold = False
        self.asked = 0
        self._jobs: list[tuple[Callable[[bytes, float], None], bytes]] = []

    def sha1(self, data: Buffer, done: Callable[[bytes, float], None]) -> None:
        self.asked += 1
        self._jobs.append((done, hashlib.sha1(data).digest()))
        if not self.hold:
            self.finish(0.0)

    def finish(self, now: float) -> None:
        """Tell what was asked for so far."""
        jobs, self._jobs = self._jobs, []
        for done, digest in jobs:
            done(digest, now)


class HeldStore:
    """Pieces in memory. `hold` keeps answers back until `finish`; `error` is what becomes of each call."""

    def __init__(self, info: Info, data: bytes = b"") -> None:
        size = info.piece_length
        self.pieces = {start // size: data[start : start + size] for start in range(0, len(data), size)}
        self.reads: list[tuple[int, int, int]] = []
        self.hold = False
        self.error: Exception | None = None
        self.closed = False
        self._answers: list[Callable[[float], None]] = []

    def write(self, index: int, data: Buffer, done: Callable[[Exception | None, float], None]) -> None:
        if self.error is None:
            self.pieces[index] = bytes(data)
        error = self.error
        self._answer(lambda now: done(error, now))

    def read(
        self, index: int, begin: int, length: int, done: Callable[[Buffer | Exception, float], None]
    ) -> None:
        self.reads.append((index, begin, length))
        result = self.error or self.pieces[index][begin : begin + length]
        self._answer(lambda now: done(result, now))

    def close(self) -> None:
        self.closed = True

    def finish(self, now: float) -> None:
        """Give the answers that were held back."""
        answers, self._answers = self._answers, []
        for answer in answers:
            answer(now)

    def _answer(self, answer: Callable[[float], None]) -> None:
        self._answers.append(answer)
        if not self.hold:
            self.finish(0.0)
