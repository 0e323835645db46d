"""Pieces that readers wait for, or will soon: who is asked for them, and what is taken back for their sake.

Owns the algorithm that libtorrent calls time-critical: an urgent block is asked of the peer that will deliver
it first, by what it still has to deliver and how fast it does; a piece that takes longer than pieces usually
take is asked for again elsewhere. It never knows who reads, or why.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from torrentide.engine.fellows import Fellows
from torrentide.engine.peer import Peer
from torrentide.engine.readers import Reader, Readers
from torrentide.engine.requests import Key, Requests
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.partial import BLOCK_LENGTH, PartialPiece
from torrentide.pieces.picker import Block, Picker
from torrentide.timers import Timer, Timers

# libtorrent looks each second; a viewer who has just sought notices less than that.
TICK_SECONDS = 0.25
# libtorrent: a piece is urgent when it is due within the time that pieces take, four deviations and a second.
DEVIATIONS = 4
SLACK_SECONDS = 1.0
# What a piece is taken to take before any has come, in seconds.
FIRST_GUESS = 2.0
# libtorrent: a peer whose queue is as long as this (seconds) is asked for no more.
MAX_WAIT = 2.0
# Bytes a second of one that has given nothing yet, and at least of any.
UNKNOWN_RATE = 128 * 1024.0
SLOWEST_RATE = 1024.0
# What would be saved has to be worth a cancel, which may cross the block. What comes next from a peer is in
# its channel already: half a second's worth, 1 MiB at most (`peer.WATER_SECONDS`, libtorrent's send buffer).
WORTH_SECONDS = 1.0
WAY_SECONDS = 0.5
MIN_ON_THEIR_WAY = 2
MAX_ON_THEIR_WAY = 64
# A shorter queue than this is not worth being cleared.
CLEAR_SECONDS = 0.05
# A peer with requests that has delivered nothing for so long, and for as long as so many blocks should take,
# is quiet: it may have gone without a word, of which WebRTC tells after 5 to 30 s. Blocks come up to 8 in a
# message.
QUIET_SECONDS = 1.0
QUIET_BLOCKS = 8
# While something is urgent a peer has no more requests than it answers in so long: what is asked of it comes
# sooner.
QUEUE_SECONDS = 1.0
MIN_QUEUE = 4
# A block is asked for at so many peers at a time.
MAX_SOURCES = 3


class Crew(Protocol):
    """Those who fetch, as the deadlines see them."""

    def peers(self) -> Iterable[Peer]:
        """All peers."""

    def usable(self, peer: Peer) -> bool:
        """Whether any piece that the peer has may be asked of it."""

    def allowed(self, now: float) -> int:
        """Blocks that may be asked for now."""

    def changed(self, peer: Peer, now: float) -> None:
        """The peer has room for more requests than before."""


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


@dataclass(slots=True)
class Worker:
    """A peer that may be asked, at `pace` bytes a second; in `wait` seconds it has delivered what it was
    asked for so far."""

    peer: Peer
    pieces: Bitfield
    pace: float
    wait: float
    # What it is going to be asked for.
    given: list[Block] = field(default_factory=list)

    def take(self, block: Block) -> None:
        """It will be asked for this, too."""
        self.given.append(block)
        self.wait = self.next

    @property
    def coming(self) -> int:
        """How many of its oldest requests can't be taken back, for their blocks are on their way."""
        count = int(WAY_SECONDS * self.pace / BLOCK_LENGTH)
        return min(max(count, MIN_ON_THEIR_WAY), MAX_ON_THEIR_WAY)

    @property
    def next(self) -> float:
        """Seconds until it would have delivered one block more."""
        return self.wait + BLOCK_LENGTH / self.pace


class Holder(NamedTuple):
    """A peer that was asked for a block: in `wait` seconds it will be here, or it is on its way already."""

    peer: Peer
    wait: float
    coming: bool


class Deadlines:
    """Sees to it that the pieces that readers come to are here in time."""

    def __init__(
        self,
        picker: Picker,
        readers: Readers,
        requests: Requests,
        crew: Crew,
        timers: Timers,
        own_id: bytes,
    ) -> None:
        self._picker = picker
        self._readers = readers
        self._requests = requests
        self._crew = crew
        self._timers = timers
        self._usual = Usual(FIRST_GUESS)
        # When the best of the crew would deliver a block, in seconds from the last look.
        self._best = 0.0
        # Quiet peers by link, with the bytes that each had delivered when it fell quiet.
        self._quiet: dict[int, int] = {}
        self._fellows = Fellows(own_id)
        # Pieces near to readers that fellows fetch, and from when on seeds are asked for them all the same.
        self.turns: dict[int, float] = {}
        self._ticking = False
        self._next_plan: Timer | None = None
        self._looked_at = 0.0

    # -- Readers

    def plan(self, now: float, *, sought: bool = False) -> None:
        """Readers came, went or moved: see what is urgent now. `sought`: one begins at another place, and
        what it needs must not stand behind what was asked for before."""
        horizon = self._usual.mean + DEVIATIONS * self._usual.deviation + SLACK_SECONDS
        self._plan_again(self._readers.plan(horizon, now), now)
        fellows = self._fellows.look(self._crew.peers(), self._readers.near, now)
        self.turns = self._fellows.turns(fellows, self._readers.near)
        self._hurry(now, clear=sought)

    def _plan_again(self, due: float | None, now: float) -> None:
        """At `due`, unless somebody moves before."""
        if self._next_plan is not None:
            self._next_plan.cancel()
            self._next_plan = None
        if due is not None:
            self._next_plan = self._timers.at(max(due, now + TICK_SECONDS), self.plan)

    def moved(self, reader: Reader, now: float) -> None:
        """A reader has read on."""
        if self._readers.has_passed(reader):
            self.plan(now)

    def paced(self, reader: Reader, now: float) -> None:
        """A reader told when it needs what comes next: that counts if it has to wait."""
        if self._readers.waits(reader):
            self.plan(now)

    def settled(self, index: int, now: float, *, good: bool) -> None:
        """A piece is here, or was bad."""
        since = self._requests.since.pop(index, None)
        if index not in self._picker.wanted.ahead:
            return
        if since is not None and good:
            self._usual.add(now - since)
        if self._readers.deadlines.pop(index, None) is not None and (not good or not self._readers.deadlines):
            self.plan(now)

    # -- Who is asked

    def trusted(self, peer: Peer, theirs: Bitfield, now: float) -> Bitfield:
        """What a peer may be asked for of the pieces `theirs` that it has: no urgent ones if it would keep a
        reader waiting, while others would not."""
        deadlines = self._readers.deadlines
        if not deadlines or not self._best:
            return theirs
        if self._is_quiet(peer):
            return theirs.without(self._picker.wanted.ahead)
        if peer.is_seed and self.turns:
            theirs = self.lawful(theirs, now)
        ready = self._worker(peer, theirs, UNKNOWN_RATE, now).next
        if peer.on_parole:
            return theirs.without(deadlines)
        if ready <= max(MAX_WAIT, 2 * self._best):
            return theirs
        return theirs.without(index for index, due in deadlines.items() if due < now + ready)

    def most(self, peer: Peer, now: float) -> int:
        """How many requests a peer may have."""
        if not self._readers.deadlines:
            return peer.queue
        return min(peer.queue, max(MIN_QUEUE, int(QUEUE_SECONDS * peer.down.rate(now) / BLOCK_LENGTH)))

    def lawful(self, theirs: Bitfield, now: float) -> Bitfield:
        """What may be asked of a source that has all of `theirs`: not what fellows fetch."""
        return theirs.without(index for index, when in self.turns.items() if when > now)

    def _hurry(self, now: float, *, clear: bool = False) -> None:
        """Ask for what is urgent; `clear`: and take back what stands in its way."""
        self._best = 0.0
        if not self._readers.deadlines:
            return
        self._schedule(now)
        self._give_up_quiet(now)
        workers = self._workers(now)
        if not workers:
            self._quiet.clear()
            return
        self._best = min(worker.next for worker in workers)
        if clear:
            self._make_way(workers, now)
        self._assign(workers, now)
        self._rescue(workers, now)
        for worker in workers:
            self._crew.changed(worker.peer, now)

    def _schedule(self, now: float) -> None:
        if not self._ticking:
            self._ticking = True
            self._timers.at(now + TICK_SECONDS, self._tick)

    def _tick(self, now: float) -> None:
        self._ticking = False
        self._hurry(now)

    def _workers(self, now: float) -> list[Worker]:
        peers = [peer for peer in self._crew.peers() if self._crew.usable(peer)]
        rates = [rate for peer in peers if (rate := peer.down.rate(now))]
        usual = sum(rates) / len(rates) if rates else UNKNOWN_RATE
        return [
            self._worker(peer, self.lawful(peer.pieces, now) if peer.is_seed else peer.pieces, usual, now)
            for peer in peers
            if peer.pieces is not None and not (peer.snubbed or peer.on_parole or self._is_quiet(peer))
        ]

    @staticmethod
    def _worker(peer: Peer, theirs: Bitfield, usual: float, now: float) -> Worker:
        rate = peer.down.rate(now)
        if not peer.requests or now - peer.asked_since < QUIET_SECONDS:
            # It had nothing to do: what it showed when it had counts.
            rate = max(rate, float(peer.speed_mark[1])) if peer.down.total else usual
        rate = max(rate, SLOWEST_RATE)
        return Worker(peer, theirs, rate, len(peer.requests) * BLOCK_LENGTH / rate)

    def _is_quiet(self, peer: Peer) -> bool:
        return self._quiet.get(peer.link) == peer.down.total

    def _give_up_quiet(self, now: float) -> None:
        """Free the urgent blocks that quiet peers were asked for, where others are left to ask."""
        before, self._looked_at = self._looked_at, now
        if now - before > QUIET_SECONDS / 2:
            return  # It was we who slept: what came meanwhile has not been seen yet.
        busy = [peer for peer in self._crew.peers() if self._crew.usable(peer) and not self._is_quiet(peer)]
        quiet = [peer for peer in busy if self._keeps_waiting(peer, now)]
        if len(quiet) == len(busy):
            return
        for peer in quiet:
            self._quiet[peer.link] = peer.down.total
            keys = [key for key in peer.requests if key[0] in self._readers.deadlines]
            self._requests.take_back(peer, keys, now)

    @staticmethod
    def _keeps_waiting(peer: Peer, now: float) -> bool:
        patience = QUIET_BLOCKS * BLOCK_LENGTH / max(peer.down.rate(now), SLOWEST_RATE)
        return bool(peer.requests) and now - peer.last_block >= max(QUIET_SECONDS, patience)

    def gone(self, peer: Peer) -> None:
        """The peer left."""
        self._quiet.pop(peer.link, None)

    # -- Free blocks

    def _make_way(self, workers: list[Worker], now: float) -> None:
        """Take back requests that an urgent block would have to wait behind for too long."""
        deadlines = self._readers.deadlines
        in_time = now + self._best
        pressing = any(due < in_time and self._picker.is_free(index) for index, due in deadlines.items())
        for worker in workers:
            requests = list(worker.peer.requests)
            last = len(requests)
            if not pressing:
                late = (place for place, key in enumerate(requests) if deadlines.get(key[0], now) < now)
                last = max(late, default=0)
            keys = [key for key in requests[worker.coming : last] if key[0] not in deadlines]
            saved = len(keys) * BLOCK_LENGTH / worker.pace
            if saved >= CLEAR_SECONDS:
                self._requests.take_back(worker.peer, keys, now)
                worker.wait -= saved

    def _assign(self, workers: list[Worker], now: float) -> None:
        """Give free blocks of urgent pieces to whoever delivers them first."""
        allowed = self._crew.allowed(now)
        for index in self._readers.deadlines:
            while allowed > 0 and self._picker.is_free(index):
                worker = _best(workers, index)
                block = self._picker.pick_any(index) if worker is not None else None
                if worker is None or block is None:
                    break
                worker.take(block)
                allowed -= 1
        self._send(workers, now)

    def _send(self, workers: list[Worker], now: float) -> None:
        for worker in workers:
            if worker.given:
                self._requests.ask(worker.peer, worker.given, now)
                worker.given = []

    # -- Late blocks

    def _rescue(self, workers: list[Worker], now: float) -> None:
        """Have others deliver blocks that come too late from those who were asked for them."""
        late = [index for index, due in self._readers.deadlines.items() if due < now + MAX_WAIT]
        if not late or self._crew.allowed(now) <= 0:
            return
        held = self._held(now)
        for index in late:
            piece = self._picker.partial.get(index)
            if piece is not None and not piece.closed:
                for begin, _ in piece.lacking():
                    self._rescue_block(piece, begin, held.get((index, begin), []), workers, now)
        self._send(workers, now)

    def _rescue_block(
        self, piece: PartialPiece, begin: int, holders: list[Holder], workers: list[Worker], now: float
    ) -> None:
        key = piece.index, begin
        worker = _best(workers, piece.index, [holder.peer for holder in holders])
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

    def take_late(self, most: int, now: float) -> list[Block]:
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
            if not self._keeps_waiting(holder.peer, now) and (on_its_way or holder.wait <= in_time):
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
            worker = self._worker(peer, peer.pieces, UNKNOWN_RATE, now)
            for place, key in enumerate(peer.requests):
                if key[0] in self._readers.deadlines:
                    wait = (place + 1) * BLOCK_LENGTH / worker.pace
                    held.setdefault(key, []).append(Holder(peer, wait, place < worker.coming))
        return held


def _best(workers: Iterable[Worker], index: int, but: Sequence[Peer] = ()) -> Worker | None:
    """Who delivers a block of the piece first, but for some; None when nobody does for long."""
    able = (worker for worker in workers if index in worker.pieces and worker.peer not in but)
    best = min(able, key=lambda worker: worker.next, default=None)
    return best if best is not None and best.wait <= MAX_WAIT else None
