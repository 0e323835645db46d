"""Urgent blocks that come too late from those who were asked for them.

Owns how long pieces take as a rule, and who is asked instead: another peer, which cancels the first or is
asked beside it, or a web seed. It never knows who reads, nor which blocks are free.
"""

from typing import NamedTuple

from torrentide.engine.peer import Peer
from torrentide.engine.readers import Readers
from torrentide.engine.requests import Key, Requests
from torrentide.engine.workers import (
    MAX_WAIT,
    UNKNOWN_RATE,
    WAY_SECONDS,
    Crew,
    Worker,
    best,
    estimate,
    keeps_waiting,
)
from torrentide.pieces.partial import BLOCK_LENGTH, PartialPiece
from torrentide.pieces.picker import Block, Picker

# What would be saved has to be worth a cancel, which may cross the block.
WORTH_SECONDS = 1.0
# A block is asked for at so many peers at a time.
MAX_SOURCES = 3


class Usual:
    """How long a thing takes as a rule, in seconds, and how far from that it is as a rule: the estimates of
    TCP (RFC 6298)."""

    def __init__(self, guess: float) -> None:
        self.mean = guess
        self.deviation = guess / 2

    def add(self, value: float) -> None:
        """It took so long this time."""
        error = value - self.mean
        self.mean += error / 8
        self.deviation += (abs(error) - self.deviation) / 4


class Holder(NamedTuple):
    """A peer that was asked for a block: in `wait` seconds it will be here, or it is on its way already."""

    peer: Peer
    wait: float
    coming: bool


class Late:
    """Finds blocks of urgent pieces that will be late, and others to bring them. `usual` is how long pieces
    take."""

    def __init__(
        self, picker: Picker, readers: Readers, requests: Requests, crew: Crew, usual: Usual
    ) -> None:
        self._picker = picker
        self._readers = readers
        self._requests = requests
        self._crew = crew
        self._usual = usual

    def rescue(self, workers: list[Worker], now: float) -> None:
        """Choose among the workers who else is going to be asked for late blocks."""
        late = [index for index, due in self._readers.deadlines.items() if due < now + MAX_WAIT]
        if not late or self._crew.allowed(now) <= 0:
            return
        held = self._held(now)
        for index in late:
            piece = self._picker.partial.get(index)
            if piece is not None and not piece.closed:
                for begin, _ in piece.lacking():
                    self._rescue_block(piece, begin, held.get((index, begin), []), workers, now)

    def _rescue_block(
        self, piece: PartialPiece, begin: int, holders: list[Holder], workers: list[Worker], now: float
    ) -> None:
        key = piece.index, begin
        worker = best(workers, piece.index, [holder.peer for holder in holders])
        if worker is None or not (holders or (piece.worker < 0 and not piece.free)):
            return
        first = min(holders, key=lambda holder: holder.wait, default=None)
        if first is not None:
            in_time = self._readers.deadlines[piece.index] - now
            if first.wait <= max(in_time, worker.next + WORTH_SECONDS):
                return
            if len(holders) == 1 and not first.coming:
                self._requests.cancel(first.peer, [key], now)
                worker.take(self._requests.block(key))
                return
        if len(holders) < MAX_SOURCES and self._is_overdue(piece.index, now):
            worker.take(self._requests.share(key))

    def take(self, most: int, now: float) -> list[Block]:
        """Up to `most` blocks of begun pieces that peers would bring too late, for a web seed."""
        late = [index for index, due in self._readers.deadlines.items() if due < now + MAX_WAIT]
        held = self._held(now) if late else {}
        blocks: list[Block] = []
        for index in late:
            piece = self._picker.partial.get(index)
            if piece is None or piece.closed:
                continue
            for begin, _ in piece.lacking():
                self._free_late((index, begin), held.get((index, begin), []), now)
            while len(blocks) < most and (block := self._picker.pick_any(index)) is not None:
                blocks.append(block)
        return blocks

    def _free_late(self, key: Key, holders: list[Holder], now: float) -> None:
        """Take a block back from those who were asked for it, if none of them brings it in time."""
        # A web seed takes a while itself.
        in_time = self._readers.deadlines[key[0]] - now - WAY_SECONDS
        for holder in holders:
            on_its_way = holder.coming and in_time > 0
            if not keeps_waiting(holder.peer, now) and (on_its_way or holder.wait <= in_time):
                return
        for holder in holders:
            self._requests.take_back(holder.peer, [key], now)

    def _is_overdue(self, index: int, now: float) -> bool:
        """Whether a piece takes longer than pieces do as a rule."""
        usual = self._usual.mean + self._usual.deviation / 2
        return now - self._requests.since.get(index, now - usual) >= usual

    def _held(self, now: float) -> dict[Key, list[Holder]]:
        """Who was asked for each urgent block."""
        held: dict[Key, list[Holder]] = {}
        for peer in self._crew.peers():
            if not peer.requests or peer.pieces is None:
                continue
            worker = estimate(peer, peer.pieces, UNKNOWN_RATE, now)
            for place, key in enumerate(peer.requests):
                if key[0] in self._readers.deadlines:
                    wait = (place + 1) * BLOCK_LENGTH / worker.pace
                    held.setdefault(key, []).append(Holder(peer, wait, place < worker.coming))
        return held
