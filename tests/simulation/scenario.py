"""One swarm from a seed, run to its end and judged.

Owns the world that a plan describes, the checks on the way, and the figures at the end. A result that is not
good carries the line that repeats it.
"""

import math
import statistics
import time
from dataclasses import dataclass, field

from simulation.hostile import Corrupter
from simulation.invariants import Watch
from simulation.nodes import Node, Run
from simulation.plans import Plan, Visit, draw, peers_of
from simulation.world import World, make_torrent

TRACKER = "ws://tracker.test/announce"
MAX_OVERHEAD = 1.03
MAX_RATIO = 1.25
# Latency terms: socket, gathering, announce, offer, answer, handshakes and first requests, before any data.
START_SECONDS = 2.0
# How many times the fluid limit a swarm gets before it counts as stuck.
PATIENCE = 8
WATCH_SECONDS = 2.0


@dataclass
class Result:
    """How a swarm went. `overhead` is the payload received over the torrent's size, `ratio` the time of the
    last over the fluid limit, `copies` how often the seed sent everything, `busy` the part of the uplinks'
    capacity that was used until then."""

    seed: int
    peers: int
    replay: str
    limit: float = 0.0
    seconds: float = 0.0
    overhead: float = 0.0
    worst_overhead: float = 0.0
    copies: float = 0.0
    busy: float = 0.0
    wall: float = 0.0
    trace: str = ""
    # What must never be, and what is only too slow or too much.
    broken: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """All that is wrong."""
        return self.broken + self.missed

    @property
    def ratio(self) -> float:
        """Time over the fluid limit, latency terms apart."""
        return max(0.0, self.seconds - START_SECONDS) / self.limit

    def judge(self) -> None:
        """See which bounds were missed."""
        if self.worst_overhead > MAX_OVERHEAD:
            self.missed.append(f"a peer downloaded {self.worst_overhead:.3f} times the size")
        if self.ratio > MAX_RATIO:
            self.missed.append(f"took {self.ratio:.2f} times the fluid limit")


class Swarm:
    """The world of a plan, with so many `corrupters` besides."""

    def __init__(self, plan: Plan, corrupters: int = 0) -> None:
        self.plan = plan
        self.world = World(plan.seed)
        self.world.tracker(TRACKER, lambda: self.world.noise.uniform(0.02, 0.1))
        self.info, data = make_torrent(self.world.rng, plan.length, plan.piece_length)
        self.seed = self._node(Visit()).seed(self.info, data, [TRACKER])
        self.runs: dict[int, Run] = {}
        self.watch = Watch([self.seed], alone=not corrupters)
        for _ in range(corrupters):
            Corrupter(self.world, self.info, data, TRACKER, plan.upload)
        for number, visit in enumerate(plan.visits):
            self._schedule(number, visit)
        for due in plan.cuts:
            self.world.at(due, self._cut)
        self.world.later(WATCH_SECONDS, self._watch)

    def run(self) -> Result:
        """Let the swarm live until everyone who stays is complete."""
        plan, began = self.plan, time.perf_counter()
        result = Result(plan.seed, len(plan.visits) + 1, "", limit=plan.fluid_limit())
        staying = [number for number, visit in enumerate(plan.visits) if visit.leaves is None]
        waiting = set(staying)

        def over() -> bool:
            for number in list(waiting):
                run = self.runs.get(number)
                if run is None or run.done_at is None:
                    return False
                waiting.discard(number)
            return True

        if not self.world.run(over, PATIENCE * result.limit):
            for number in sorted(waiting):
                run = self.runs.get(number)
                result.broken.append(f"leecher {number} lacks {run and run.swarm.torrent.left} bytes")
        self.watch.look_at_end()
        result.broken += self.watch.problems
        result.seconds = self.world.now
        self._count(result, [self.runs[number] for number in staying])
        result.trace = self.world.trace
        result.wall = time.perf_counter() - began
        return result

    def _count(self, result: Result, runs: list[Run]) -> None:
        overheads = [run.swarm.torrent.down.total / self.plan.length for run in runs]
        result.overhead = statistics.median(overheads)
        result.worst_overhead = max(overheads)
        result.copies = self.seed.swarm.torrent.up.total / self.plan.length
        sent = sum(node.line.sent for node in self.world.nodes)
        present = self.world.now + sum(self._presence(visit) for visit in self.plan.visits)
        result.busy = sent / (present * self.plan.upload)

    def _presence(self, visit: Visit) -> float:
        """Seconds that a leecher was there."""
        end = min(self.world.now, visit.leaves or self.world.now)
        away = max(0.0, min(end, visit.away[1]) - min(end, visit.away[0])) if visit.away else 0.0
        return max(0.0, end - visit.joins) - away

    def _node(self, visit: Visit) -> Node:
        return self.world.node(self.plan.upload, self.plan.download, visit.latency, visit.jitter)

    def _schedule(self, number: int, visit: Visit) -> None:
        world, node = self.world, self._node(visit)

        def join() -> None:
            run = self.runs[number] = node.leech(self.info.info_hash, [TRACKER])
            self.watch.runs.append(run)

        # Nobody clicks in the same millisecond.
        world.at(visit.joins + world.rng.uniform(0.0, 0.5), join)
        if visit.leaves is not None:
            world.at(visit.leaves, node.leave)
        if visit.away is not None:
            world.at(visit.away[0], node.vanish)
            world.at(visit.away[1], node.come_back)

    def _cut(self) -> None:
        ends = [end for end in self.world.ends.values() if end.open and not end.cut]
        if ends:
            self.world.rng.choice(ends).sever()

    def _watch(self) -> None:
        self.watch.look()
        self.world.later(WATCH_SECONDS, self._watch)


def simulate(seed: int, peers: int | None = None, *, calm: bool = False, corrupt: float = 0.0) -> Result:
    """Run the swarm of a seed, of as many peers as the seed says unless told. `corrupt` is the part of the
    peers that send wrong bytes; the bounds of waste and time are for swarms without them."""
    count = peers or peers_of(seed)
    corrupters = math.ceil(corrupt * count) if count > 2 else 0
    result = Swarm(draw(seed, count - corrupters, calm=calm), corrupters).run()
    result.replay = f"make simulate SEED={seed} PEERS={count}"
    result.replay += (" CALM=1" if calm else "") + (f" CORRUPT={corrupt}" if corrupt else "")
    result.peers = count
    if not corrupters:
        result.judge()
    return result
