"""One run of blocks on its way from a web server: fetched file by file, cut into blocks as the bytes come.

Owns the fetches of the run, one after the other, and the bytes of the one block that is not complete yet. It
never knows which other runs there are, nor when to try again.
"""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from torrentide.engine.webseed_answer import REFUSED_SECONDS, Trouble, body_start, refusal
from torrentide.engine.webseed_urls import Step
from torrentide.pieces.partial import BLOCK_LENGTH
from torrentide.pieces.picker import Block
from torrentide.ports import Answer, Fetch, FetchHandle

# WebTorrent gives a peer 30 s for a block, and the web server's fetch 60; libtorrent 20 s without a byte.
SILENCE_SECONDS = 30.0
# BEP 17 writes the seconds to wait into the body of a 503.
MAX_WAIT_DIGITS = 9

_ZEROS = memoryview(bytes(BLOCK_LENGTH))


class Owner(Protocol):
    """Whose run it is. It may cancel the run in any of these calls."""

    def deliver(self, block: Block, data: memoryview, now: float) -> None:
        """A block is complete. The data is good during the call only."""

    def whole_file(self, now: float) -> None:
        """The server sent a whole file where a part was asked for."""

    def run_done(self, run: "Run", now: float) -> None:
        """Every block was delivered."""

    def run_failed(self, run: "Run", step: Step, trouble: Trouble, now: float) -> None:
        """The rest of the blocks will not come, for trouble in `step`."""


class Run:
    """Fetches `blocks`, which are ascending, by `steps`, which hold them. A `FetchSink` for each step in
    turn."""

    def __init__(
        self,
        owner: Owner,
        fetch: Fetch,
        piece_length: int,
        blocks: Sequence[Block],
        steps: Sequence[Step],
    ) -> None:
        self._owner = owner
        self._fetch = fetch
        self._piece_length = piece_length
        self._blocks = deque(blocks)
        self._steps = deque(steps)
        self._part = bytearray(BLOCK_LENGTH)
        # Bytes of the first block that are here.
        self._filled = 0
        # Where in the torrent the next byte of the body belongs, and whether the body ends with the step.
        self._at = 0
        self._exact = True
        self._handle: FetchHandle | None = None
        self._busy_answer: tuple[Answer, bytearray] | None = None
        self._over = False
        self._alive_at = 0.0
        self._progress = 0

    @property
    def blocks(self) -> list[Block]:
        """Those that were not delivered."""
        return list(self._blocks)

    def start(self, now: float) -> None:
        """Begin with the first step."""
        while self._steps and not self._over:
            step = self._steps[0]
            self._at = step.start
            if step.url is not None:
                self._alive_at = now
                self._handle = self._fetch.fetch(step.url, step.span, self)
                return
            while self._at < step.end and not self._over:
                self._take(_ZEROS[: step.end - self._at], now)
            self._steps.popleft()
        if not self._over:
            self._over = True
            self._owner.run_done(self, now)

    def cancel(self) -> None:
        """Stop, and tell the owner nothing more."""
        self._over = True
        if self._handle is not None:
            self._handle.cancel()

    def check(self, now: float) -> None:
        """Give up on a server that is silent, or so slow that it could as well be."""
        if not self._over and now - self._alive_at > SILENCE_SECONDS:
            self._fail(Trouble(f"its server sent nothing for {SILENCE_SECONDS:.0f} s"), now)

    # -- FetchSink

    def answered(self, answer: Answer, now: float) -> None:
        """See `ports.FetchSink`."""
        step = self._steps[0]
        self._alive_at = now
        if answer.code == 503 and not step.ranged:
            self._busy_answer = (answer, bytearray())
            self._more()
            return
        try:
            self._at = body_start(step, answer)
        except Trouble as trouble:
            self._fail(trouble, now)
            return
        whole = answer.code == 200
        self._exact = not whole or step.end == step.base + step.size
        if whole and step.end - step.start < step.size:
            self._owner.whole_file(now)
        self._more()

    def received(self, data: memoryview, now: float) -> None:
        """See `ports.FetchSink`."""
        if self._busy_answer is not None:
            self._busy_answer[1].extend(data[: MAX_WAIT_DIGITS + 1])
            if len(self._busy_answer[1]) > MAX_WAIT_DIGITS:
                self._fail(refusal(self._busy_answer[0]), now)
            else:
                self._more()
            return
        self._progress += len(data)
        if self._progress >= BLOCK_LENGTH:
            self._progress = 0
            self._alive_at = now
        room = self._steps[0].end - self._at
        self._take(data[:room], now)
        if self._over:
            return
        if len(data) > room and self._exact:
            self._fail(Trouble("its server sent more bytes than were asked for"), now)
        elif len(data) >= room and not self._exact:
            self._cancel_fetch()
            self._next(now)
        else:
            self._more()

    def ended(self, now: float) -> None:
        """See `ports.FetchSink`."""
        if self._busy_answer is not None:
            self._fail(_told_to_wait(*self._busy_answer), now)
            return
        lacking = self._steps[0].end - self._at
        if lacking:
            self._fail(Trouble(f"its server left out the last {lacking} bytes"), now)
        else:
            self._next(now)

    def failed(self, reason: str, now: float) -> None:
        """See `ports.FetchSink`."""
        self._fail(Trouble(reason), now)

    # --

    def _next(self, now: float) -> None:
        self._handle = None
        self._steps.popleft()
        self.start(now)

    def _take(self, data: memoryview, now: float) -> None:
        """Bytes of the torrent from `_at` on: those of our blocks are kept, others are passed over."""
        at, end = self._at, self._at + len(data)
        while self._blocks and not self._over:
            block = index, begin, length = self._blocks[0]
            start = index * self._piece_length + begin + self._filled
            if start >= end:
                break
            found = data[start - at : start - at + length - self._filled]
            if len(found) == length:
                self._deliver(block, found, now)
                continue
            self._part[self._filled : self._filled + len(found)] = found
            self._filled += len(found)
            if self._filled == length:
                self._filled = 0
                self._deliver(block, memoryview(self._part)[:length], now)
        self._at = end

    def _deliver(self, block: Block, data: memoryview, now: float) -> None:
        self._blocks.popleft()
        self._owner.deliver(block, data, now)

    def _more(self) -> None:
        if self._handle is not None and not self._over:
            self._handle.more()

    def _cancel_fetch(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _fail(self, trouble: Trouble, now: float) -> None:
        self.cancel()
        self._owner.run_failed(self, self._steps[0], trouble, now)


def _told_to_wait(answer: Answer, body: bytearray) -> Trouble:
    trouble = refusal(answer)
    text = bytes(body).strip()
    if text.isdigit():
        trouble.wait = min(max(float(int(text)), 1.0), REFUSED_SECONDS)
    return trouble
