"""Whole swarms with churn, a slice of `make simulate`; and the plans and limits that it measures by."""

import pytest

from simulation.invariants import Watch
from simulation.plans import MOST_PEERS, PIECE_LENGTH, Plan, Visit, draw, kumar_ross, peers_of, water_fill
from simulation.scenario import TRACKER, simulate
from simulation.world import World, make_torrent

SLICE = [(1, 2), (2, 3), (3, 5), (4, 8), (5, 12), (6, 16), (7, 24)]


@pytest.mark.parametrize(("seed", "peers"), SLICE)
def test_everyone_completes_with_true_bytes_in_good_time_and_little_is_wasted(seed: int, peers: int) -> None:
    result = simulate(seed, peers)
    assert not result.problems, result.replay


@pytest.mark.parametrize(("seed", "peers"), [(1, 4), (2, 10), (3, 20)])
def test_with_a_third_of_liars_the_honest_complete_and_part_with_none_of_their_own(
    seed: int, peers: int
) -> None:
    result = simulate(seed, peers, corrupt=0.3)
    assert not result.broken, result.replay


def test_a_result_that_is_bad_carries_the_line_that_repeats_it() -> None:
    result = simulate(9, 4, calm=True)
    assert result.replay == "make simulate SEED=9 PEERS=4 CALM=1"
    assert result.trace == simulate(9, 4, calm=True).trace


def test_a_hundred_seeds_have_swarms_of_every_magnitude() -> None:
    sizes = sorted(peers_of(seed) for seed in range(1, 101))
    assert (sizes[0], sizes[-1]) == (2, MOST_PEERS)
    assert sizes == sorted(peers_of(seed) for seed in range(701, 801))
    assert sum(size > 30 for size in sizes) > 25


def test_a_plan_is_the_same_each_time_and_leaves_some_in_place() -> None:
    assert draw(5, 40) == draw(5, 40)
    assert draw(5, 40) != draw(6, 40)
    plan = draw(5, 40)
    assert 0 < sum(visit.leaves is not None for visit in plan.visits) < 10
    assert 0 < sum(visit.away is not None for visit in plan.visits) < 10
    assert draw(5, 40, calm=True).cuts == []


@pytest.mark.parametrize("leechers", [1, 2, 10, 99])
@pytest.mark.parametrize("down", [1.0, 4.0])
def test_without_churn_the_fluid_limit_is_that_of_kumar_and_ross(leechers: int, down: float) -> None:
    plan = Plan(0, 1e5, down * 1e5, visits=[Visit() for _ in range(leechers)])
    assert plan.fluid_limit() == pytest.approx(
        kumar_ross(plan.length, leechers, 1e5, 1e5, down * 1e5), rel=0.02
    )


def test_who_comes_late_or_is_away_moves_the_limit() -> None:
    plan = Plan(0, 1e5, 2e5, visits=[Visit(), Visit()])
    assert plan.fluid_limit() == pytest.approx(plan.base, rel=0.02)
    plan.visits[1] = Visit(joins=plan.base)
    assert plan.fluid_limit() == pytest.approx(1.5 * plan.base, rel=0.02)
    plan.visits[1] = Visit(away=(0.0, 2 * plan.base))
    assert plan.fluid_limit() == pytest.approx(2.5 * plan.base, rel=0.02)
    plan.visits[1] = Visit(leaves=0.5 * plan.base)
    assert plan.fluid_limit() == pytest.approx(plan.base, rel=0.02)


def test_water_finds_its_level() -> None:
    assert water_fill({1: 1.0, 2: 5.0, 3: 9.0}, 9.0) == {1: 1.0, 2: 4.0, 3: 4.0}
    assert water_fill({1: 1.0, 2: 2.0}, 9.0) == {1: 1.0, 2: 2.0}
    assert water_fill({}, 1.0) == {}


def test_a_watch_sees_wrong_bytes_and_wrong_counts() -> None:
    world = World(1)
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 200_000, PIECE_LENGTH)
    seed = world.node().seed(info, data, [TRACKER])
    leech = world.node().leech(info.info_hash, [TRACKER])
    watch = Watch([seed, leech])
    assert world.run(lambda: leech.is_done, 30)
    watch.look_at_end()
    assert watch.problems == []
    leech.store.pieces[1] = bytes(PIECE_LENGTH)
    watch.look_at_end()
    assert watch.problems == ["peer 1: its bytes are not those of the seed"]
    del leech.store.pieces[1]
    watch.look()
    assert "left is not what lacks" in watch.problems[-1]
