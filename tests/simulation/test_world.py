"""The simulator itself: what its wires promise, and that a seed is enough to repeat a run."""

import os
import subprocess
import sys

import pytest

from descriptions import describe
from simulation.hosts import Host
from simulation.network import LOSS_SECONDS, End
from simulation.world import World, make_torrent
from torrentide.ports import Transport

TRACKER = "ws://tracker.test/announce"


class Ear:
    """Listens on a host and remembers what came, and when."""

    def __init__(self) -> None:
        self.opened: list[int] = []
        self.arrived: list[tuple[float, int, bytes]] = []
        self.drained: list[int] = []
        self.failed: list[tuple[float, str]] = []

    def link_local(self, link: int, sdp: str, now: float) -> None:
        pass

    def link_open(self, link: int, transport: Transport, now: float) -> None:
        self.opened.append(link)

    def link_data(self, link: int, data: bytes, now: float) -> None:
        self.arrived.append((now, link, data))

    def link_drained(self, link: int, now: float) -> None:
        self.drained.append(link)

    def link_failed(self, link: int, reason: str, now: float) -> None:
        self.failed.append((now, reason))

    def socket_open(self, url: str, now: float) -> None: ...
    def socket_text(self, url: str, text: str, now: float) -> None: ...
    def socket_closed(self, url: str, reason: str, now: float) -> None: ...


def host(world: World, upload: float = 1e9, download: float = 1e9, latency: float = 0.0) -> Host:
    made = Host(world.network, world.line(upload, download, latency))
    made.listener = Ear()
    return made


def ear(of: Host) -> Ear:
    assert isinstance(of.listener, Ear)
    return of.listener


def connect(world: World, first: Host, second: Host) -> tuple[End, End]:
    """Both ends of an open link."""
    ours, theirs = next(world.numbers), next(world.numbers)
    first.offer(ours)
    second.accept(theirs, describe(ours))
    first.answer(ours, describe(theirs))
    assert world.run(lambda: world.ends[ours].open, 10)
    return world.ends[ours], world.ends[theirs]


def received(of: Host) -> int:
    return sum(len(data) for _, _, data in ear(of).arrived)


def test_a_message_takes_its_latency_and_its_length() -> None:
    world = World()
    sender, receiver = host(world, upload=1000, latency=0.2), host(world, latency=0.1)
    end, _ = connect(world, sender, receiver)
    began = world.now
    end.send(b"x" * 500)
    world.run(lambda: False, 10)
    ((when, _, data),) = ear(receiver).arrived
    assert data == b"x" * 500
    assert when - began == pytest.approx(0.5 + 0.3)


def test_the_links_of_a_host_share_its_uplink() -> None:
    world = World()
    sender = host(world, upload=100_000)
    receivers = [host(world) for _ in range(4)]
    for receiver in receivers:
        end, _ = connect(world, sender, receiver)
        for _ in range(100):
            end.send(bytes(10_000))
    world.run(lambda: False, 20)
    shares = [received(receiver) for receiver in receivers]
    assert sum(shares) == pytest.approx(2_000_000, rel=0.05)
    assert max(shares) - min(shares) <= 2 * 16384


def test_senders_share_a_slow_downlink_and_do_not_pile_up_before_it() -> None:
    world = World()
    receiver = host(world, download=100_000)
    senders = [host(world, upload=1_000_000, latency=0.01) for _ in range(4)]
    ends = [connect(world, sender, receiver)[0] for sender in senders]
    for end in ends:
        for _ in range(100):
            end.send(bytes(10_000))
    most = 0

    def watch() -> bool:
        nonlocal most
        most = max(most, sum(end.under_way for end in ends))
        return False

    world.run(watch, 20)
    shares = [
        sum(len(data) for _, link, data in ear(receiver).arrived if link == end.other.link)
        for end in ends
        if end.other
    ]
    assert sum(shares) == pytest.approx(2_000_000, rel=0.05)
    assert max(shares) - min(shares) <= 4 * 16384
    assert most <= 4 * 2 * 16384


def test_a_slow_receiver_leaves_the_uplink_to_others() -> None:
    world = World()
    sender = host(world, upload=100_000)
    slow, fast = host(world, download=10_000), host(world)
    for receiver in (slow, fast):
        end, _ = connect(world, sender, receiver)
        for _ in range(200):
            end.send(bytes(10_000))
    world.run(lambda: False, 10)
    assert received(slow) == pytest.approx(100_000, rel=0.1)
    assert received(fast) == pytest.approx(900_000, rel=0.1)


def test_a_link_that_was_idle_does_not_wait_behind_busy_ones() -> None:
    world = World()
    sender = host(world, upload=100_000)
    busy, idle = host(world), host(world)
    end, _ = connect(world, sender, busy)
    quiet, _ = connect(world, sender, idle)
    for _ in range(100):
        end.send(bytes(100_000))
    world.run(lambda: False, 1)
    began = world.now
    quiet.send(b"request")
    world.run(lambda: bool(ear(idle).arrived), 10)
    assert ear(idle).arrived[0][0] - began < 2 * 16384 / 100_000


def test_messages_stay_in_order_whatever_the_jitter() -> None:
    world = World()
    sender = Host(world.network, world.line(latency=0.01, jitter=0.5))
    sender.listener = Ear()
    receiver = host(world)
    end, _ = connect(world, sender, receiver)
    for number in range(50):
        world.run(lambda: False, 0.01)
        end.send(bytes([number]))
    world.run(lambda: False, 10)
    assert [data[0] for _, _, data in ear(receiver).arrived] == list(range(50))


def test_both_sides_of_a_cut_link_learn_of_it_later() -> None:
    world = World()
    first, second = host(world, latency=0.01), host(world, latency=0.01)
    end, _ = connect(world, first, second)
    end.send(b"before")
    world.run(lambda: False, 1)
    began = world.now
    end.sever()
    end.send(b"lost")
    world.run(lambda: False, 60)
    assert [data for _, _, data in ear(second).arrived] == [b"before"]
    for side in (first, second):
        ((when, reason),) = ear(side).failed
        assert LOSS_SECONDS[0] <= when - began <= LOSS_SECONDS[1]
        assert "lost" in reason
    assert not world.ends
    assert first.line.incoming == second.line.incoming == 0


def test_a_host_that_vanished_is_met_again() -> None:
    world = World(3)
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 2_000_000)
    world.node(upload=100_000).seed(info, data, [TRACKER])
    leech = world.node().leech(info.info_hash, [TRACKER])
    world.run(lambda: False, 10)
    leech.node.vanish()
    assert not world.run(lambda: leech.is_done, 60)
    assert not leech.swarm.torrent.peers
    leech.node.come_back()
    assert world.run(lambda: leech.is_done, 200)
    assert leech.store.data == data


def story(seed: int) -> str:
    """A small swarm on bad lines, to its end; gives the trace."""
    world = World(seed)
    world.tracker(TRACKER, lambda: world.noise.uniform(0.01, 0.1))
    info, data = make_torrent(world.rng, 1_000_000, 32768)
    world.node(upload=200_000, jitter=0.05).seed(info, data, [TRACKER])
    runs = [world.node(upload=200_000, jitter=0.05).leech(info.info_hash, [TRACKER]) for _ in range(6)]
    world.run(lambda: False, 3)
    runs[0].node.vanish()
    assert world.run(lambda: all(run.is_done for run in runs[1:]), 300)
    return world.trace


def test_a_seed_repeats_its_run_and_another_does_not() -> None:
    assert story(1) == story(1)
    assert story(1) != story(2)


@pytest.mark.native
def test_a_run_does_not_depend_on_the_hashes_of_strings() -> None:
    """Python's order of sets of strings and bytes differs from process to process."""
    program = "from simulation.test_world import story; print(story(1))"
    traces = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert traces == {story(1) + "\n"}
