"""Peers that lose each other, or don't find each other at first, meet soon and without hammering their
tracker."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from simulation.world import Node, Run, World, make_torrent
from torrentide.engine.swarm import SETTLED_SECONDS

TRACKER = "ws://tracker.test"
MINUTE = 60.0


def cut(world: World, run: Run) -> None:
    """Lose all connections of a peer, on both sides at once."""
    for link in list(run.swarm.torrent.peers):
        end = world.ends[link]
        other = end.other
        assert other is not None
        end.close()
        other.lost()
        run.node.session.link_failed(link, "the network changed", world.now)


def connected(run: Run) -> Callable[[], bool]:
    return lambda: any(peer.peer_id is not None for peer in run.swarm.torrent.peers.values())


def failing(node: Node, count: int) -> None:
    """The next `count` links of a node find no network path."""
    accept, answer = node.accept, node.answer

    def fails(link: int) -> bool:
        nonlocal count
        count -= 1
        if count < 0:
            return False
        node.world.later(1.0, lambda: node.session.link_failed(link, "ICE failed", node.world.now))
        return True

    node.accept = lambda link, sdp: None if fails(link) else accept(link, sdp)  # type: ignore[method-assign]
    node.answer = lambda link, sdp: None if fails(link) else answer(link, sdp)  # type: ignore[method-assign]


def announces(world: World, run: Run) -> list[dict[str, Any]]:
    """What the tracker heard of a peer, answers left out."""
    heard = [json.loads(text) for _, text in world.trackers[TRACKER].received]
    ours = run.node.session.peer_id.decode()
    return [message for message in heard if message["peer_id"] == ours and "answer" not in message]


@pytest.mark.parametrize("seed", range(10))
def test_two_peers_whose_connection_is_cut_meet_again(seed: int) -> None:
    world = World(seed)
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 2_000_000)
    world.node(upload=200_000).seed(info, data, [TRACKER])
    leech = world.node().leech(info.info_hash, [TRACKER])
    assert world.run(lambda: leech.swarm.torrent.downloaded > 300_000, MINUTE)
    cut(world, leech)
    assert not connected(leech)()
    assert world.run(connected(leech), 20)


def test_a_paused_torrent_does_not_look_for_company() -> None:
    world = World()
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 2_000_000)
    world.node(upload=200_000).seed(info, data, [TRACKER])
    leech = world.node().leech(info.info_hash, [TRACKER])
    assert world.run(connected(leech), MINUTE)
    leech.swarm.torrent.pause(world.now)
    cut(world, leech)
    before = len(announces(world, leech))
    world.run(lambda: False, 2.5 * MINUTE)
    assert not connected(leech)()
    assert [message["numwant"] for message in announces(world, leech)[before:]] == [0]
    leech.swarm.torrent.resume(world.now)
    assert world.run(lambda: leech.is_done, 3 * MINUTE)


def test_cut_again_and_again_they_meet_each_time() -> None:
    world = World()
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 2_000_000)
    world.node(upload=5_000).seed(info, data, [TRACKER])
    leech = world.node().leech(info.info_hash, [TRACKER])
    for _ in range(5):
        assert world.run(connected(leech), 20)
        world.run(lambda: False, SETTLED_SECONDS + 1)
        cut(world, leech)


def test_two_seeds_that_part_do_not_hammer_the_tracker() -> None:
    """It never brings them together."""
    world = World()
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 50_000)
    seeds = [world.node().seed(info, data, [TRACKER]), world.node().leech(info.info_hash, [TRACKER])]
    assert world.run(lambda: seeds[1].is_done, MINUTE)
    cut(world, seeds[1])
    world.trackers[TRACKER].received.clear()
    world.run(lambda: False, 10 * MINUTE)
    assert max(len(announces(world, seed)) for seed in seeds) <= 12


@pytest.mark.parametrize("apart", [0.0, 5.0, 50.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_leecher_that_announces_before_the_seed_exists_meets_it(seed: int, apart: float) -> None:
    """Its own offers found nobody, and of those of the seed the first comes to nothing."""
    world = World(seed)
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 100_000)
    leech = world.node().leech(info.info_hash, [TRACKER])
    failing(leech.node, 1)
    world.run(lambda: False, apart)
    world.node().seed(info, data, [TRACKER])
    assert world.run(lambda: leech.is_done, 25)


@pytest.mark.parametrize("others", [0, 3])
def test_a_lonely_peer_does_not_hammer_the_tracker(others: int) -> None:
    """Nobody is there, or nobody that can be reached."""
    world = World()
    world.tracker(TRACKER)
    info, _ = make_torrent(world.rng, 100_000)
    leech = world.node().leech(info.info_hash, [TRACKER])
    for _ in range(others):
        failing(world.node().leech(info.info_hash, [TRACKER]).node, 1000)
    failing(leech.node, 1000)
    world.run(lambda: False, 10 * MINUTE)
    # One every two minutes, and three or four between the first of them.
    assert len(announces(world, leech)) <= (6 if others == 0 else 9)


def test_a_seed_whose_leechers_come_and_go_announces_by_the_interval() -> None:
    world = World()
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 50_000)
    seed = world.node().seed(info, data, [TRACKER])
    world.node().leech(info.info_hash, [TRACKER])
    for _ in range(60):
        leech = world.node().leech(info.info_hash, [TRACKER])
        world.run(lambda: leech.is_done, 10)  # noqa: B023
        leech.node.session.close(world.now)
        world.run(lambda: False, 10)
    assert len(announces(world, seed)) <= 8


def test_back_online_a_peer_announces_at_once() -> None:
    world = World()
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 50_000)
    world.node().seed(info, data, [TRACKER])
    leech = world.node().leech(info.info_hash, [TRACKER])
    failing(leech.node, 1000)
    world.run(lambda: False, 5 * MINUTE)
    del leech.node.accept, leech.node.answer
    leech.node.session.online(world.now)
    assert world.run(lambda: leech.is_done, 1)
