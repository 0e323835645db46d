"""An honest swarm with hostile peers in it: it completes, nothing grows, and who does harm is shown out."""

import pytest

from simulation import hostile
from simulation.hostile import Hostile, every_kind
from simulation.invariants import Watch, footprint
from simulation.nodes import Run
from simulation.world import World, make_torrent

TRACKER = "ws://tracker.test/announce"
UPLOAD = 200e3
LENGTH = 2_000_000
PIECE_LENGTH = 65536
LEECHERS, HOSTILES = 4, 2
# The seed alone needs 4 x 10 s for all; a hostile one holds up a piece for a minute at most.
PATIENCE = 150.0
# What a session may keep at any time: some pieces on their way, half messages of a megabyte, the cache.
MOST_KEPT = 8_000_000
MOST_TIMERS = 3000

# Seconds that the same takes without the hostile ones.
BASELINE = 17.0

# Who is to be parted with, and within how many seconds of each of its connections; the metadata may have to
# come first.
SHOWN_OUT = [
    (hostile.HugeMessage, 1.0),
    (hostile.ShortBitfield, 1.0),
    (hostile.LongBitfield, 1.0),
    (hostile.SpareBits, 1.0),
    (hostile.HaveBeyond, 1.0),
    (hostile.RequestBeyond, 5.0),
    (hostile.EndlessHandshake, 11.0),
    (hostile.Mute, 11.0),
    (hostile.Stranger, 1.0),
    (hostile.WrongInfoHash, 1.0),
    (hostile.Mirror, 1.0),
    (hostile.SecondHandshake, 1.0),
    (hostile.DeepExtended, 1.0),
    (hostile.BitfieldFlooder, 5.0),
]
HARMLESS = [
    hostile.SilentLiar,
    hostile.SlowLoris,
    hostile.ChokeFlapper,
    hostile.RejectingLiar,
    hostile.HaveFlooder,
    hostile.NoiseFlooder,
    hostile.HalfMessage,
    hostile.HugeMetadata,
    hostile.BigMetadata,
    hostile.MetadataLiar,
    hostile.SilentMetadata,
    hostile.RefusingMetadata,
]


class Siege:
    """A seed, leechers (every other one from a magnet link) and hostile peers of one kind."""

    def __init__(self, kind: type[Hostile], seed: int = 1, hostiles: int = HOSTILES) -> None:
        self.world = world = World(seed)
        world.tracker(TRACKER)
        self.info, data = make_torrent(world.rng, LENGTH, PIECE_LENGTH)
        self.hostiles = [kind(world, self.info, data, TRACKER) for _ in range(hostiles)]
        self.seed = world.node(UPLOAD, 4 * UPLOAD).seed(self.info, data, [TRACKER])
        self.leechers = [
            world.node(UPLOAD, 4 * UPLOAD).leech(
                self.info.info_hash, [TRACKER], self.info if number % 2 else None
            )
            for number in range(LEECHERS)
        ]
        self.watch = Watch([self.seed, *self.leechers], alone=False)
        self.most_kept = 0
        self.most_timers = 0

    @property
    def honest(self) -> list[Run]:
        """Who is no hostile."""
        return [self.seed, *self.leechers]

    @property
    def lives(self) -> list[float]:
        """How long links of hostile peers lasted that the other side ended."""
        return [life for peer in self.hostiles for life in peer.lives]

    @property
    def open_since(self) -> list[float]:
        """Since when each link of a hostile peer is open that still is."""
        return [wire.opened_at for peer in self.hostiles for wire in peer.wires.values()]

    def look(self) -> None:
        """Measure, and again in two seconds."""
        self.watch.look()
        self.most_kept = max(self.most_kept, *(footprint(run.node.session) for run in self.honest))
        self.most_timers = max(self.most_timers, len(self.world.timers._heap))
        self.world.later(2.0, self.look)

    def hold(self, limit: float = PATIENCE) -> None:
        """Let it go on until the honest are complete."""
        self.look()
        done = self.world.run(lambda: all(run.is_done for run in self.leechers), limit)
        lacking = [run.swarm.torrent.left for run in self.leechers]
        assert done, f"after {limit} s they lack {lacking} bytes; left: {self.leechers[0].left[-5:]}"

    def check(self) -> None:
        """What must be true whoever was there."""
        self.watch.look_at_end()
        assert self.watch.problems == []
        assert self.most_kept < MOST_KEPT
        assert self.most_timers < MOST_TIMERS
        assert all(peer.met or peer.lives for peer in self.hostiles), "nobody met the hostile peers"


@pytest.mark.parametrize("kind", list(every_kind()), ids=lambda kind: kind.__name__)
def test_the_honest_complete_and_nothing_grows(kind: type[Hostile]) -> None:
    siege = Siege(kind)
    siege.hold()
    siege.check()


@pytest.mark.parametrize(("kind", "seconds"), SHOWN_OUT, ids=lambda value: getattr(value, "__name__", None))
def test_who_breaks_the_protocol_is_shown_out(kind: type[Hostile], seconds: float) -> None:
    siege = Siege(kind)
    siege.hold()
    now = siege.world.now
    assert siege.lives
    assert max(siege.lives) <= seconds
    assert max((now - since for since in siege.open_since), default=0.0) <= seconds


def test_a_leecher_parts_with_who_rejects_everything() -> None:
    siege = Siege(hostile.RejectingLiar)
    siege.hold()
    assert len(siege.lives) >= LEECHERS
    assert max(siege.lives) <= 5.0


def test_the_base_of_the_hostile_is_a_good_seed() -> None:
    siege = Siege(Hostile)
    siege.hold()
    siege.check()
    assert siege.lives == []
    assert siege.world.now < BASELINE / 2


@pytest.mark.parametrize("kind", HARMLESS, ids=lambda kind: kind.__name__)
def test_who_only_wastes_time_costs_little_of_it(kind: type[Hostile]) -> None:
    siege = Siege(kind)
    siege.hold(2 * BASELINE)


def test_without_hostile_peers_it_takes_its_baseline() -> None:
    siege = Siege(Hostile, hostiles=0)
    siege.hold()
    assert siege.world.now == pytest.approx(BASELINE, rel=0.3)
