"""The other sides of a web seed: the blocks that lack, and web servers, held by the test or on a virtual
clock."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

from torrentide.metainfo import bencode
from torrentide.metainfo.info import Info, parse_info
from torrentide.pieces.partial import BLOCK_LENGTH
from torrentide.ports import Answer, FetchSink
from torrentide.timers import Timers

Entry = tuple[str, int]
"""A file's path and length; padding where the path begins with ".pad"."""


def make_files(
    rng: random.Random, piece_length: int, entries: list[Entry]
) -> tuple[Info, dict[str, bytes], bytes]:
    """A torrent with one file or many, the files by their path on a server, and its bytes."""
    files, whole = {}, b""
    for path, length in entries:
        data = bytes(length) if path.startswith(".pad") else rng.randbytes(length)
        if not path.startswith(".pad"):
            files[f"top/{path}" if len(entries) > 1 else path] = data
        whole += data
    hashes = b"".join(
        hashlib.sha1(whole[start : start + piece_length]).digest()
        for start in range(0, len(whole), piece_length)
    )
    info: dict[str, object] = {"piece length": piece_length, "pieces": hashes}
    if len(entries) == 1:
        info |= {"name": entries[0][0], "length": entries[0][1]}
    else:
        listed = [
            {"path": path.split("/"), "length": length, "attr": "p" if path.startswith(".pad") else ""}
            for path, length in entries
        ]
        info |= {"name": "top", "files": listed}
    return parse_info(bencode.encode(info)), files, whole


class LackingBlocks:
    """`webseed.Blocks` without a picker. It holds each source to the rules: nothing comes or goes that was
    not asked for, and nothing twice."""

    def __init__(self, info: Info) -> None:
        self.info = info
        self.data = bytearray(info.length)
        self.free = {
            (index, begin)
            for index in range(info.piece_count)
            for begin in range(0, info.piece_size(index), BLOCK_LENGTH)
        }
        self.asked: dict[tuple[int, int], int] = {}
        self.brought: dict[int, int] = {}
        self.left: list[int] = []
        self.on_deliver: Callable[[int, int, float], None] = lambda source, index, now: None

    @property
    def complete(self) -> bool:
        """Whether everything was delivered."""
        return not self.free and not self.asked

    def reserve(self, source: int, most: int, now: float) -> list[tuple[int, int, int]]:
        count = self.info.piece_count
        first = -source * 7919 % count
        blocks: list[tuple[int, int, int]] = []
        for index in [*range(first, count), *range(first)]:
            size = self.info.piece_size(index)
            free = [begin for begin in range(0, size, BLOCK_LENGTH) if (index, begin) in self.free]
            blocks += [(index, begin, min(BLOCK_LENGTH, size - begin)) for begin in free]
            if len(blocks) >= most or (blocks and not free):
                break
        for index, begin, _ in blocks:
            self.free.remove((index, begin))
            self.asked[index, begin] = source
        return blocks

    def deliver(self, source: int, index: int, begin: int, data: memoryview, now: float) -> None:
        assert self.asked.pop((index, begin)) == source
        assert len(data) == min(BLOCK_LENGTH, self.info.piece_size(index) - begin)
        start = index * self.info.piece_length + begin
        self.data[start : start + len(data)] = data
        self.brought[source] = self.brought.get(source, 0) + len(data)
        self.on_deliver(source, index, now)

    def release(self, source: int, index: int, begin: int, now: float) -> None:
        assert self.asked.pop((index, begin)) == source
        self.free.add((index, begin))

    def leave(self, source: int, now: float) -> None:
        self.left.append(source)


@dataclass
class HeldFetch:
    """A fetch that the test answers."""

    url: str
    span: tuple[int, int] | None
    sink: FetchSink
    wanted: bool = False
    cancelled: bool = False
    over: bool = False

    def more(self) -> None:
        assert not self.wanted, "asked twice"
        self.wanted = True

    def cancel(self) -> None:
        self.cancelled = True

    def answer(
        self,
        code: int = 206,
        content_range: str | None = None,
        length: int | None = None,
        retry_after: float | None = None,
        now: float = 0.0,
    ) -> None:
        assert not self.cancelled
        self.sink.answered(Answer(code, content_range, length, retry_after), now)

    def send(self, data: bytes, now: float = 0.0) -> None:
        assert self.wanted
        assert not self.cancelled
        self.wanted = False
        self.sink.received(memoryview(data), now)

    def end(self, now: float = 0.0) -> None:
        assert self.wanted
        assert not self.cancelled
        self.wanted, self.over = False, True
        self.sink.ended(now)

    def fail(self, reason: str = "no way", now: float = 0.0) -> None:
        assert not self.cancelled
        self.over = True
        self.sink.failed(reason, now)

    def serve(self, file: bytes, now: float = 0.0) -> None:
        """All that was asked for."""
        assert self.span is not None
        self.answer(206, now=now)
        self.send(file[self.span[0] : self.span[1] + 1], now)
        self.end(now)


class HeldFetches:
    """A Fetch that writes down what it was asked for."""

    def __init__(self) -> None:
        self.all: list[HeldFetch] = []

    def fetch(self, url: str, span: tuple[int, int] | None, sink: FetchSink) -> HeldFetch:
        self.all.append(HeldFetch(url, span, sink))
        return self.all[-1]

    @property
    def open(self) -> list[HeldFetch]:
        """Those that are under way."""
        return [each for each in self.all if not each.cancelled and not each.over]


@dataclass
class WebServer:
    """Serves files on a virtual clock, each chunk a while after it was asked for. `refusals` are answers that
    it gives before it begins to serve."""

    timers: Timers
    rng: random.Random
    files: dict[str, bytes]
    ranges: bool = True
    tells: bool = True
    rate: float = 1e6
    chunk: int = 50_000
    refusals: list[Answer] = field(default_factory=list)
    requests: list[tuple[str, tuple[int, int] | None]] = field(default_factory=list)
    # How many times it breaks off in the middle of a body.
    breaks: int = 0
    most: int = 0
    served: int = 0
    now: float = 0.0
    _open: int = 0

    def fetch(self, url: str, span: tuple[int, int] | None, sink: FetchSink) -> ServedFetch:
        self.requests.append((url, span))
        self._open += 1
        self.most = max(self.most, self._open)
        path = url.removeprefix("http://seed.example/")
        if span is not None:
            path = unquote(path)
        return ServedFetch(self, path, span, sink)

    def later(self, delay: float, call: Callable[[float], None]) -> None:
        self.timers.at(self.now + delay, call)

    def closed(self) -> None:
        """A fetch is over."""
        self._open -= 1

    def run(self, until: Callable[[], bool], limit: float = 1e5) -> bool:
        """Let time pass until the condition holds."""
        while not until():
            due = self.timers.next_due
            if due is None or due > limit:
                return False
            self.now = max(self.now, due)
            self.timers.run(self.now)
        return True


class ServedFetch:
    """A fetch from a WebServer."""

    def __init__(self, server: WebServer, path: str, span: tuple[int, int] | None, sink: FetchSink) -> None:
        self._server = server
        self._sink = sink
        self._over = False
        self._body = b""
        server.later(0.05, lambda now: self._answer(path, span, now))

    def more(self) -> None:
        count = self._server.rng.randint(1, self._server.chunk)
        chunk, self._body = self._body[:count], self._body[count:]
        self._server.served += len(chunk)
        self._server.later(len(chunk) / self._server.rate, lambda now: self._send(chunk, now))

    def cancel(self) -> None:
        if not self._over:
            self._over = True
            self._server.closed()

    def _answer(self, path: str, span: tuple[int, int] | None, now: float) -> None:
        if self._over:
            return
        server = self._server
        file = server.files.get(path)
        if server.refusals:
            self._sink.answered(server.refusals.pop(0), now)
        elif file is None:
            self._sink.answered(Answer(404), now)
        elif span is None or not server.ranges:
            self._body = file
            self._sink.answered(Answer(200, length=len(file) if server.tells else None), now)
        else:
            self._body = file[span[0] : span[1] + 1]
            told = f"bytes {span[0]}-{span[1]}/{len(file)}" if server.tells else None
            self._sink.answered(Answer(206, told, len(self._body) if server.tells else None), now)

    def _send(self, chunk: bytes, now: float) -> None:
        if self._over:
            return
        if self._server.breaks and len(self._body) < 50_000:
            self._server.breaks -= 1
            self.cancel()
            self._sink.failed("broken", now)
        elif chunk:
            self._sink.received(memoryview(chunk), now)
        else:
            self.cancel()
            self._sink.ended(now)
