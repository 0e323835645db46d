"""What is to happen in a swarm, drawn from a seed, and how fast it could be over.

Owns the plan of who comes when, who goes, who drops out for a while, and the fluid limit of that plan: the
time that nobody can beat when data flows like water and no uplink is ever idle (Kumar and Ross). It knows
nothing of engines and wires.
"""

import math
import random
from dataclasses import dataclass, field

LENGTH = 8 * 1024 * 1024
PIECE_LENGTH = 32 * 1024
MOST_PEERS = 100
# Parts of the leechers: who comes late, who leaves for good, who drops out and returns.
LATE, LEAVING, RETURNING = 0.3, 0.15, 0.15
STEPS = 300


@dataclass
class Visit:
    """A leecher: when it comes, when it leaves for good, and the (from, to) that it is offline; seconds."""

    joins: float = 0.0
    leaves: float | None = None
    away: tuple[float, float] | None = None
    latency: float = 0.01
    jitter: float = 0.0

    def present(self, now: float) -> bool:
        """Whether it takes and gives at `now`."""
        gone = self.leaves is not None and now >= self.leaves
        away = self.away is not None and self.away[0] <= now < self.away[1]
        return now >= self.joins and not gone and not away


@dataclass
class Plan:
    """A swarm of one seed and `visits`, all with the same `upload` and `download` in bytes a second. `cuts`
    are times at which a random link is cut."""

    seed: int
    upload: float
    download: float
    length: int = LENGTH
    piece_length: int = PIECE_LENGTH
    visits: list[Visit] = field(default_factory=list)
    cuts: list[float] = field(default_factory=list)

    @property
    def base(self) -> float:
        """Seconds that the seed takes to send everything once."""
        return self.length / self.upload

    def fluid_limit(self) -> float:
        """Seconds until the last leecher that stays is complete, at best: each has what the seed has sent so
        far at most, and what all send together is shared evenly."""
        step = self.base / STEPS
        got = [0.0] * len(self.visits)
        staying = [number for number, visit in enumerate(self.visits) if visit.leaves is None]
        now = 0.0
        while any(got[number] < self.length for number in staying):
            sent_by_seed = min(self.length, (now + step) * self.upload)
            here = [number for number, visit in enumerate(self.visits) if visit.present(now)]
            wants = {number: min(self.download * step, sent_by_seed - got[number]) for number in here}
            for number, share in water_fill(wants, (len(here) + 1) * self.upload * step).items():
                got[number] = min(self.length, got[number] + share + 1e-6)
            now += step
        return now


def water_fill(wants: dict[int, float], supply: float) -> dict[int, float]:
    """Share `supply` evenly among those who want more than their even part."""
    shares: dict[int, float] = {}
    for place, number in enumerate(sorted(wants, key=lambda number: wants[number])):
        shares[number] = min(wants[number], supply / (len(wants) - place))
        supply -= shares[number]
    return shares


def kumar_ross(length: float, leechers: int, seed_up: float, up: float, down: float) -> float:
    """The limit for leechers that all come at once and stay, in seconds."""
    return max(length / seed_up, length / down, leechers * length / (seed_up + leechers * up))


def peers_of(seed: int) -> int:
    """How many peers the swarm of a seed has: a hundred seeds in a row spread evenly over the magnitudes from
    2 to 100."""
    return round(2 * math.pow(MOST_PEERS / 2, seed * 37 % 100 / 99))


def draw(seed: int, peers: int, *, calm: bool = False) -> Plan:
    """The plan of a seed for one seed and `peers - 1` leechers. `calm`: all come at once, nobody leaves, no
    link is cut."""
    rng = random.Random(f"plan of {seed}")
    upload = rng.uniform(50e3, 150e3)
    plan = Plan(seed, upload, upload * rng.uniform(3, 8))
    for _ in range(peers - 1):
        plan.visits.append(Visit(latency=rng.uniform(0.005, 0.075), jitter=rng.choice([0.0, 0.02])))
    if calm:
        return plan
    number_of = iter(rng.sample(range(peers - 1), peers - 1))
    for _ in range(int(LATE * len(plan.visits))):
        plan.visits[next(number_of)].joins = rng.uniform(0.05, 0.5) * plan.base
    for _ in range(int(LEAVING * len(plan.visits))):
        plan.visits[next(number_of)].leaves = rng.uniform(0.2, 1.0) * plan.base
    for _ in range(int(RETURNING * len(plan.visits))):
        start = rng.uniform(0.1, 0.7) * plan.base
        plan.visits[next(number_of)].away = (start, start + rng.uniform(0.1, 0.3) * plan.base)
    # Two or three peers need every link; to lose one for as long as it takes to notice is no fair race.
    if peers > 3:
        plan.cuts = sorted(rng.uniform(0.05, 1.0) * plan.base for _ in range(peers // 2))
    return plan
