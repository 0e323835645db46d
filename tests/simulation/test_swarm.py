"""Engines against each other on a virtual clock."""

import json
import random

import pytest

from simulation.world import World, make_torrent
from torrentide.engine.swarm import MAX_PENDING_LINKS

TRACKER = "ws://tracker.test/announce"


@pytest.mark.parametrize("length", [1, 16384, 16385, 1_000_000])
@pytest.mark.parametrize("magnet", [True, False])
def test_one_seed_one_leecher(length: int, magnet: bool) -> None:
    world = World(seed=length)
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, length)
    world.node().seed(info, data, [TRACKER])
    leech = world.node().leech(info.info_hash, [TRACKER], None if magnet else info)
    assert world.run(lambda: leech.is_done, 60)
    assert leech.store.data == data
    assert leech.swarm.torrent.down.total == length
    assert not leech.errors


def test_leechers_get_pieces_from_each_other() -> None:
    world = World(seed=1)
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 8_000_000)
    seed = world.node(upload=500_000).seed(info, data, [TRACKER])
    leeches = [world.node(upload=500_000).leech(info.info_hash, [TRACKER]) for _ in range(3)]
    assert world.run(lambda: all(leech.is_done for leech in leeches), 120)
    assert all(leech.store.data == data for leech in leeches)
    assert seed.swarm.torrent.up.total < 1.5 * len(data)
    assert sum(leech.swarm.torrent.up.total for leech in leeches) > 1.5 * len(data)


def test_trackers_hear_started_before_completed_and_a_true_left() -> None:
    world = World(seed=2)
    tracker = world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 100_000)
    world.node().seed(info, data, [TRACKER])
    leech = world.node().leech(info.info_hash, [TRACKER])
    assert world.run(lambda: leech.is_done, 60)
    world.run(lambda: False, 130)
    leech.node.session.close(world.now)
    world.run(lambda: False, 1)
    announces = [(number, json.loads(text)) for number, text in tracker.received]
    announces = [(number, message) for number, message in announces if "answer" not in message]
    by_socket: dict[int, list[dict[str, object]]] = {}
    for number, message in announces:
        by_socket.setdefault(number, []).append(message)
    seeding, leeching = by_socket.values()
    assert [message.get("event", "-") for message in seeding[:2]] == ["started", "-"]
    assert all(message["left"] == 0 for message in seeding)
    assert [message.get("event", "-") for message in leeching] == ["started", "completed", "-", "stopped"]
    assert [message["left"] for message in leeching] == [16384, 0, 0, 0]
    assert all("event" not in message or message["event"] for message in leeching)


@pytest.mark.parametrize("seed", range(30))
def test_three_trackers_two_peers_starting_at_once(seed: int) -> None:
    """The reference ends with no connection in up to half of such starts."""
    world = World(seed)
    rng = random.Random(seed)
    urls = [f"ws://tracker{number}.test" for number in range(3)]
    for url in urls:
        world.tracker(url, lambda: rng.uniform(0.0, 0.150))
    info, data = make_torrent(world.rng, 200_000)
    first = world.node().seed(info, data, urls)
    second = world.node().leech(info.info_hash, urls)
    assert world.run(lambda: second.is_done, 3), "not connected within 3 s"
    world.run(lambda: False, 60)
    assert len(first.swarm.torrent.peers) == len(second.swarm.torrent.peers) == 1
    (ours,), (theirs,) = first.swarm.torrent.peers, second.swarm.torrent.peers
    assert world.ends[ours].other is world.ends[theirs]
    assert len(world.ends) <= 2 + 2 * 3 * 5, "links that lost are closed; offers may be out"


def test_many_trackers_do_not_mean_many_connections() -> None:
    world = World(seed=5)
    urls = [f"ws://tracker{number}.test" for number in range(20)]
    for url in urls:
        world.tracker(url)
    info, data = make_torrent(world.rng, 100_000)
    seed = world.node().seed(info, data, urls)
    leech = world.node().leech(info.info_hash, urls)
    most = 0

    def done() -> bool:
        nonlocal most
        most = max(most, len(seed.swarm.links), len(leech.swarm.links))
        return leech.is_done

    assert world.run(done, 10)
    world.run(lambda: done() and False, 130)
    assert most <= MAX_PENDING_LINKS + len(urls)


def test_a_tracker_behind_many_dead_ones_is_as_good_as_the_first() -> None:
    """The last tracker of a long list gets an offer too, so that whoever announces second meets who came
    first."""
    world = World(seed=6)
    dead = [f"ws://dead{number}.test" for number in range(10)]
    for url in [*dead, TRACKER]:
        world.tracker(url)
    info, data = make_torrent(world.rng, 100_000)
    leech = world.node().leech(info.info_hash, [TRACKER])
    world.run(lambda: False, 1)
    world.node().seed(info, data, [*dead, TRACKER])
    assert world.run(lambda: leech.is_done, 5)


def test_a_removed_torrent_leaves_no_link_and_no_socket() -> None:
    world = World(seed=3)
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 100_000)
    seed = world.node().seed(info, data, [TRACKER])
    leech = world.node().leech(info.info_hash, [TRACKER])
    assert world.run(lambda: leech.is_done, 60)
    for run in (seed, leech):
        run.node.session.close(world.now)
    world.run(lambda: False, 1)
    assert not world.ends
    assert not leech.node.session.swarms


def test_blocks_are_packed_into_few_messages() -> None:
    world = World(seed=4)
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 8_000_000)
    seed = world.node(upload=4_000_000).seed(info, data, [TRACKER])
    leech = world.node().leech(info.info_hash, [TRACKER])
    assert world.run(lambda: leech.is_done, 60)
    (link,) = seed.swarm.torrent.peers
    blocks = len(data) / 16384
    assert world.ends[link].sends < blocks / 3
