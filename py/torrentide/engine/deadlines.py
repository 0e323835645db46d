"""Pieces that readers wait for, or will soon: who is asked for them, and what is taken back for their sake.

Owns the algorithm that libtorrent calls time-critical: an urgent block is asked of the peer that will deliver
it first, by what it still has to deliver and how fast it does; a piece that takes longer than pieces usually
take is asked for again elsewhere (`late`). It never knows who reads, or why.
"""

from torrentide.engine.fellows import Fellows
from torrentide.engine.late import Late, Usual
from torrentide.engine.peer import Peer
from torrentide.engine.readers import Reader, Readers
from torrentide.engine.requests import Requests
from torrentide.engine.workers import (
    MAX_WAIT,
    QUIET_SECONDS,
    UNKNOWN_RATE,
    Crew,
    Worker,
    best,
    estimate,
    keeps_waiting,
)
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.partial import BLOCK_LENGTH
from torrentide.pieces.picker import Block, Picker
from torrentide.timers import Timer, Timers

# libtorrent looks each second; a viewer who has just sought notices less than that.
TICK_SECONDS = 0.25
# libtorrent: a piece is urgent when it is due within the time that pieces take, four deviations and a second.
DEVIATIONS = 4
SLACK_SECONDS = 1.0
# What a piece is taken to take before any has come, in seconds.
FIRST_GUESS = 2.0
# A shorter queue than this is not worth being cleared.
CLEAR_SECONDS = 0.05
# While something is urgent a peer has no more requests than it answers in so long: what is asked of it comes
# sooner.
QUEUE_SECONDS = 1.0
MIN_QUEUE = 4
# While somebody reads, it has no more than these at all: a seek waits for what stands in the peer's channel
# and before our event loop. That halves a seek, and costs an eighth of what fast peers bring (measured).
READING_QUEUE = 48


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
        self._late = Late(picker, readers, requests, crew, self._usual)
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
        ready = estimate(peer, theirs, UNKNOWN_RATE, now).next
        if peer.on_parole:
            return theirs.without(deadlines)
        if ready <= max(MAX_WAIT, 2 * self._best):
            return theirs
        return theirs.without(index for index, due in deadlines.items() if due < now + ready)

    def most(self, peer: Peer, now: float) -> int:
        """How many requests a peer may have."""
        if not self._readers.any_open:
            return peer.queue
        most = min(peer.queue, READING_QUEUE)
        if not self._readers.deadlines:
            return most
        return min(most, max(MIN_QUEUE, int(QUEUE_SECONDS * peer.down.rate(now) / BLOCK_LENGTH)))

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
        self._late.rescue(workers, now)
        self._send(workers, now)
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
            estimate(peer, self.lawful(peer.pieces, now) if peer.is_seed else peer.pieces, usual, now)
            for peer in peers
            if peer.pieces is not None and not (peer.snubbed or peer.on_parole or self._is_quiet(peer))
        ]

    def _is_quiet(self, peer: Peer) -> bool:
        return self._quiet.get(peer.link) == peer.down.total

    def _give_up_quiet(self, now: float) -> None:
        """Free the urgent blocks that quiet peers were asked for, where others are left to ask."""
        before, self._looked_at = self._looked_at, now
        if now - before > QUIET_SECONDS / 2:
            return  # It was we who slept: what came meanwhile has not been seen yet.
        busy = [peer for peer in self._crew.peers() if self._crew.usable(peer) and not self._is_quiet(peer)]
        quiet = [peer for peer in busy if keeps_waiting(peer, now)]
        if len(quiet) == len(busy):
            return
        for peer in quiet:
            self._quiet[peer.link] = peer.down.total
            keys = [key for key in peer.requests if key[0] in self._readers.deadlines]
            self._requests.take_back(peer, keys, now)

    def take_late(self, most: int, now: float) -> list[Block]:
        """See `Late.take`."""
        return self._late.take(most, now)

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
                worker = best(workers, index)
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
