"""A web server that has a torrent's files: how much it is asked for, and when it is left alone.

Owns the fetches of one web seed, its failures and the time of the next try, and how many fetches a page makes
at a time. It never knows the pieces, nor how bytes travel.
"""

import random
from collections import deque
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from torrentide.engine.rate import RateMeter
from torrentide.engine.webseed_answer import MAX_WHOLE_FILE, NEVER, Trouble
from torrentide.engine.webseed_run import Run
from torrentide.engine.webseed_urls import Addresses, Step
from torrentide.errors import TorrentideError, WebSeedError
from torrentide.metainfo.info import Info
from torrentide.pieces.partial import BLOCK_LENGTH
from torrentide.pieces.picker import Block
from torrentide.ports import Fetch

# WebTorrent's `maxWebConns`, Transmission's MAX_CONNECTIONS_PER_WEBSEED. Browsers open 6 to a host.
MAX_RUNS = 4
# Over all torrents of a page, which has its own requests to make. Chromium keeps 256 sockets in all.
MAX_FETCHES = 16
# What one run asks for: so much as comes within a second, for a speed limit counts a run as a whole.
# libtorrent asks for 16 MiB at most; a page has less memory for pieces that are not complete, and Firefox
# reads all that was asked for, wanted or not.
RUN_SECONDS = 1.0
MIN_RUN_BYTES = 256 * 1024
MAX_RUN_BYTES = 4 * 1024 * 1024
# Seconds, doubling; libtorrent waits 30 s after each failure (`urlseed_wait_retry`), a viewer does not.
FIRST_RETRY_SECONDS = 2.0
MAX_RETRY_SECONDS = 600.0


class Blocks(Protocol):
    """The blocks of the torrent that lack, as a web seed sees them."""

    def reserve(self, source: int, most: int, now: float) -> list[Block]:
        """About `most` blocks to fetch, which count as asked for from now on. They are whole pieces, or what
        lacks of a piece that was begun, beside each other as far as can be; each source begins at a place of
        its own. Empty when nothing is free, and while the torrent is held back, paused or closed."""

    def deliver(self, source: int, index: int, begin: int, data: memoryview, now: float) -> None:
        """A block came, of the length that was asked for. The data is good during the call only."""

    def release(self, source: int, index: int, begin: int, now: float) -> None:
        """A block will not come."""

    def leave(self, source: int, now: float) -> None:
        """The source rests, or is given up: others may go on with its pieces."""


class Slots:
    """How many fetches may be under way at a time, over all web seeds of a page."""

    def __init__(self, most: int = MAX_FETCHES) -> None:
        self._free = most
        # In the order in which they came.
        self._waiting: dict[Callable[[float], None], None] = {}

    def take(self, again: Callable[[float], None]) -> bool:
        """Take one; if none is free, `again(now)` is called when one is."""
        if self._free:
            self._free -= 1
            return True
        self._waiting[again] = None
        return False

    def give(self, now: float) -> None:
        """Give one back."""
        self._free += 1
        while self._free and self._waiting:
            again = next(iter(self._waiting))
            del self._waiting[again]
            again(now)

    def leave(self, again: Callable[[float], None]) -> None:
        """Wait no more."""
        self._waiting.pop(again, None)


@dataclass(frozen=True, slots=True)
class Web:
    """How a page at `origin` reaches web servers: one for all torrents."""

    fetch: Fetch
    origin: str
    slots: Slots = field(default_factory=Slots)


class WebSeed:
    """The web seed at `url`, known to the blocks as `source`. A `webseed_run.Owner`."""

    def __init__(
        self,
        url: str,
        source: int,
        addresses: Addresses,
        *,
        info: Info,
        blocks: Blocks,
        web: Web,
        rng: random.Random,
        warn: Callable[[TorrentideError], None],
    ) -> None:
        self.url = url
        self.source = source
        self._addresses = addresses
        self._info = info
        self._blocks = blocks
        self._fetch = web.fetch
        self._slots = web.slots
        self._rng = rng
        self._warn = warn
        self._down = RateMeter()
        self._runs: list[Run] = []
        # Reserved, but not asked for yet.
        self._queue: deque[list[Block]] = deque()
        # One fetch finds out whether the server helps at all; then there may be as many as `_most`.
        self._proven = False
        self._most = MAX_RUNS
        self._ranges = True
        # URLs of files that it does not have.
        self._absent: set[str] = set()
        # What the next failure waits at most, in seconds.
        self._back_off = FIRST_RETRY_SECONDS
        self._retry_at = 0.0
        self._filling = False

    def fill(self, now: float) -> None:
        """Ask for as much as should be under way."""
        if self._filling:
            return
        self._filling = True
        while now >= self._retry_at and len(self._runs) < self._room and self._slots.take(self.fill):
            blocks = self._next_run(now)
            if not blocks:
                self._slots.give(now)
                break
            steps = self._steps(blocks)
            run = Run(self, self._fetch, self._info.piece_length, blocks, steps)
            self._runs.append(run)
            run.start(now)
        self._filling = False

    def make_way(self, ahead: Container[int], now: float) -> None:
        """Somebody reads at another place: break off what brings nothing of the pieces `ahead`."""
        for run in list(self._runs):
            if not any(index in ahead for index, _, _ in run.blocks):
                run.cancel()
                self._drop(run, now)
        self._release_queue(now)
        self.fill(now)

    def check(self, now: float) -> None:
        """Called each second: time-outs, and another try when it is time."""
        for run in list(self._runs):
            run.check(now)
        self.fill(now)

    def stop(self, now: float) -> None:
        """Break everything off, and give the blocks back."""
        self._slots.leave(self.fill)
        # A slot that is given back may start others, who may stop everything.
        while self._runs:
            run = self._runs[-1]
            run.cancel()
            self._drop(run, now)
        self._release_queue(now)
        self._blocks.leave(self.source, now)

    def ban(self, now: float) -> None:
        """Never ask it again: its data is not the torrent's."""
        if self._retry_at < NEVER:
            self._wait(Trouble("its data does not match the torrent", NEVER), self.url, now)
        self.stop(now)

    # -- Owner of the runs

    def deliver(self, block: Block, data: memoryview, now: float) -> None:
        """See `webseed_run.Owner`."""
        self._down.add(len(data), now)
        self._proven = True
        index, begin, _ = block
        self._blocks.deliver(self.source, index, begin, data, now)

    def whole_file(self, now: float) -> None:
        """See `webseed_run.Owner`."""
        self._ranges = False
        self._release_queue(now)

    def run_done(self, run: Run, now: float) -> None:
        """See `webseed_run.Owner`."""
        self._back_off = FIRST_RETRY_SECONDS
        self._drop(run, now)
        self.fill(now)

    def run_failed(self, run: Run, step: Step, trouble: Trouble, now: float) -> None:
        """See `webseed_run.Owner`. Other runs go on: they may do better."""
        self._runs.remove(run)
        self._release(run.blocks, now)
        if trouble.busy and self._runs:
            self._most = len(self._runs)
        if trouble.absent and step.url is not None and step.ranged and step.size < self._info.length:
            self._absent.add(step.url)
            trouble.wait = None
        # Several that were under way may fail for one reason.
        if now >= self._retry_at or trouble.wait == NEVER:
            self._wait(trouble, step.url or self.url, now)
        self._blocks.leave(self.source, now)
        self._slots.give(now)

    # --

    @property
    def _room(self) -> int:
        """How many runs may be under way."""
        return self._most if self._proven and self._ranges else 1

    def _next_run(self, now: float) -> list[Block]:
        if not self._queue:
            # Where whole files come, all that is wanted of them is asked for together.
            wanted = MAX_WHOLE_FILE
            if self._ranges:
                wanted = min(max(int(self._down.rate(now) * RUN_SECONDS), MIN_RUN_BYTES), MAX_RUN_BYTES)
            blocks = self._present(self._blocks.reserve(self.source, wanted // BLOCK_LENGTH, now), now)
            blocks.sort()
            self._queue.extend(self._cut(blocks) if self._ranges or not blocks else [blocks])
        return self._queue.popleft() if self._queue else []

    def _present(self, blocks: list[Block], now: float) -> list[Block]:
        """Those that it has; the others are given back."""
        if not self._absent:
            return blocks
        lacking = {
            block for block in blocks if any(step.url in self._absent for step in self._steps([block]))
        }
        if lacking:
            self._release(lacking, now)
            self._blocks.leave(self.source, now)
        return [block for block in blocks if block not in lacking]

    def _cut(self, blocks: Iterable[Block]) -> list[list[Block]]:
        """Into runs without gaps."""
        runs: list[list[Block]] = []
        end = -1
        for block in blocks:
            start, behind = self._place(block)
            if start != end:
                runs.append([])
            runs[-1].append(block)
            end = behind
        return runs

    def _steps(self, blocks: Iterable[Block]) -> list[Step]:
        runs = self._cut(blocks)
        return self._addresses.steps([(self._place(run[0])[0], self._place(run[-1])[1]) for run in runs])

    def _place(self, block: Block) -> tuple[int, int]:
        index, begin, length = block
        start = index * self._info.piece_length + begin
        return start, start + length

    def _drop(self, run: Run, now: float) -> None:
        self._runs.remove(run)
        self._release(run.blocks, now)
        self._slots.give(now)

    def _release(self, blocks: Iterable[Block], now: float) -> None:
        for index, begin, _ in blocks:
            self._blocks.release(self.source, index, begin, now)

    def _release_queue(self, now: float) -> None:
        while self._queue:
            self._release(self._queue.popleft(), now)

    def _wait(self, trouble: Trouble, url: str, now: float) -> None:
        self._proven = False
        wait = trouble.wait
        if wait is None:
            wait = self._back_off * self._rng.uniform(0.5, 1)
            self._back_off = min(MAX_RETRY_SECONDS, 2 * self._back_off)
        self._retry_at = now + wait
        then = "it is not used any more" if wait == NEVER else f"trying again in {wait:.0f} s"
        self._warn(WebSeedError(f"web seed {url[:200]}: {trouble}; {then}"))
        self._release_queue(now)
