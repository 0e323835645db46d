"""A torrent in its swarm: limits, losses, and what a shell may do in the middle of it. Engines and trackers
are real; the time and the wires are the simulator's."""

import hashlib
import json
import random
from typing import Any

import pytest

from simulation.world import LATENCY, MemoryStore, Run, World, make_torrent
from torrentide.discovery.links import CONNECT_SECONDS
from torrentide.discovery.signalling import ScrapeReply
from torrentide.engine import swarm as swarm_module
from torrentide.engine import turnover
from torrentide.engine.budget import LinkBudget
from torrentide.engine.swarm import (
    MAX_ANNOUNCE_KEYS,
    MAX_PENDING_LINKS,
    NO_PEERS_SECONDS,
    OFFERS_PER_ANNOUNCE,
)
from torrentide.errors import LocalError, TorrentideError
from torrentide.metainfo.create import build_info
from torrentide.metainfo.info import Info
from torrentide.wire import messages
from torrentide.wire.handshake import Handshake
from unit.recorders import RecordedTransport

TRACKER = "ws://tracker.test"


def meet(world: World, leeches: int = 1, length: int = 100_000) -> tuple[Run, list[Run]]:
    """A seed and leeches that have all they want."""
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, length)
    seed = world.node().seed(info, data, [TRACKER])
    runs = [world.node().leech(info.info_hash, [TRACKER]) for _ in range(leeches)]
    assert world.run(lambda: all(run.is_done for run in runs), 60)
    return seed, runs


def lonely_times(run: Run) -> list[float]:
    """When it is told that nobody is there, from now on."""
    told: list[float] = []
    run.no_peers = lambda now: told.append(now)  # type: ignore[method-assign]
    return told


def announces(world: World) -> list[dict[str, Any]]:
    """What the tracker heard, answers left out."""
    heard = [json.loads(text) for _, text in world.trackers[TRACKER].received]
    return [message for message in heard if "answer" not in message]


def test_a_seed_never_says_completed_and_a_leecher_does_once() -> None:
    world = World()
    meet(world)
    world.run(lambda: False, 300)
    assert sum(message.get("event") == "completed" for message in announces(world)) == 1
    assert [message["left"] for message in announces(world) if message.get("event") == "completed"] == [0]


def test_offers_leave_room_for_the_connections_there_are() -> None:
    world = World()
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 100_000)
    run = world.node()
    run.session._max_conns = OFFERS_PER_ANNOUNCE + 2
    swarm = run.seed(info, data, [TRACKER]).swarm
    world.run(lambda: False, 1)
    assert announces(world)[0]["numwant"] == OFFERS_PER_ANNOUNCE
    for _ in range(4):
        world.node().leech(info.info_hash, [TRACKER])
    world.run(lambda: len(swarm.torrent.peers) == 4, 30)
    world.trackers[TRACKER].received.clear()
    world.run(lambda: False, 125)
    ours = run.session.peer_id.decode()
    assert {message["numwant"] for message in announces(world) if message["peer_id"] == ours} == {
        OFFERS_PER_ANNOUNCE - 2
    }


@pytest.mark.parametrize("limit", [1, 3])
def test_no_more_peers_than_the_limit(limit: int) -> None:
    world = World()
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 100_000)
    node = world.node()
    node.session._max_conns = limit
    seed = node.seed(info, data, [TRACKER])
    for _ in range(8):
        world.node().leech(info.info_hash, [TRACKER])
    most = 0
    for _ in range(200):
        world.run(lambda: False, 0.1)
        most = max(most, len(seed.swarm.torrent.peers))
    assert most == limit


@pytest.mark.parametrize("trackers", [2, 20])
def test_offers_that_are_out_have_a_bound_over_all_trackers(trackers: int) -> None:
    world = World()
    urls = [f"ws://{number}.test" for number in range(trackers)]
    for url in urls:
        world.tracker(url)
    info, data = make_torrent(world.rng, 1000)
    run = world.node().seed(info, data, urls)
    most = 0
    for _ in range(300):
        world.run(lambda: False, 1)
        most = max(most, len(run.swarm.links))
    at_once = OFFERS_PER_ANNOUNCE * trackers
    # Beyond the bound each tracker gets one offer.
    beyond = max(0, trackers - MAX_PENDING_LINKS // OFFERS_PER_ANNOUNCE)
    assert most == min(at_once, MAX_PENDING_LINKS + beyond)
    told = sum(len(world.trackers[url].received) for url in urls)
    assert told >= 2 * trackers, "each is announced to all the same"


def test_the_shell_hears_of_metadata_pieces_and_lies() -> None:
    world = World()
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 300_000)
    liar = world.node().seed(info, data, [TRACKER])
    liar.store.pieces[2] = bytes(len(liar.store.pieces[2]))
    leech = world.node().leech(info.info_hash, [TRACKER])
    heard: list[str] = []
    leech.metadata = lambda now: heard.append("metadata")  # type: ignore[method-assign]
    leech.verified = lambda index, now: heard.append(f"{index}")  # type: ignore[method-assign]
    assert world.run(lambda: bool(leech.left), 30)
    assert leech.left == ["it sent false data"]
    assert leech.warnings == ["piece 2 failed verification; it is fetched again"]
    world.node().seed(info, data, [TRACKER])
    liar.node.session.close(world.now)
    assert world.run(lambda: leech.is_done, 300)
    assert heard[0] == "metadata"
    assert sorted(heard[1:]) == [str(index) for index in range(info.piece_count)]
    assert leech.store.data == data


def test_somebody_lonely_is_told_so_every_half_minute() -> None:
    world = World()
    info, data = make_torrent(world.rng, 1000)
    run = world.node().seed(info, data, [])
    told = lonely_times(run)
    world.run(lambda: False, 2.5 * NO_PEERS_SECONDS)
    assert told == [NO_PEERS_SECONDS, 2 * NO_PEERS_SECONDS]
    run.node.session.close(world.now)
    world.run(lambda: False, 100)
    assert len(told) == 2


def test_nobody_is_lonely_in_company() -> None:
    world = World()
    _, (leech,) = meet(world)
    told = lonely_times(leech)
    world.run(lambda: False, 3 * NO_PEERS_SECONDS)
    assert told == []


def test_a_tracker_that_does_not_exist_is_a_warning_and_another_serves() -> None:
    world = World()
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 100_000)
    world.node().seed(info, data, ["ws://nowhere.test", TRACKER])
    leech = world.node().leech(info.info_hash, ["udp://unsupported.test:80", "ws://nowhere.test", TRACKER])
    assert world.run(lambda: leech.is_done, 10)
    assert any("Unsupported tracker protocol: udp://" in warning for warning in leech.warnings)
    assert any("no such host" in warning for warning in leech.warnings)
    assert leech.errors == []


def test_a_lost_connection_is_told_and_made_anew() -> None:
    world = World()
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 2_000_000)
    seed = world.node(upload=1e6).seed(info, data, [TRACKER])
    leech = world.node().leech(info.info_hash, [TRACKER])
    assert world.run(lambda: leech.swarm.torrent.downloaded > 500_000, 30)
    (link,) = leech.swarm.torrent.peers
    world.ends[link].close()
    leech.node.session.link_failed(link, "the network changed", world.now)
    assert leech.left == ["the network changed"]
    world.run(lambda: False, LATENCY * 2)
    assert seed.swarm.torrent.peers == {}
    assert seed.left == ["the other side closed"]
    assert world.run(lambda: leech.is_done, 30)
    assert leech.store.data == data


def test_garbage_from_a_peer_costs_the_connection_and_nothing_else() -> None:
    """The seed's end says garbage in the middle of the download; another seed finishes it."""
    world = World()
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 2_000_000)
    bad = world.node(upload=1e6).seed(info, data, [TRACKER])
    leech = world.node().leech(info.info_hash, [TRACKER])
    assert world.run(lambda: leech.swarm.torrent.downloaded > 500_000, 30)
    (link,) = bad.swarm.torrent.peers
    world.ends[link].send(b"\xff" * 10)
    assert world.run(lambda: bool(leech.left), 5)
    assert "4294967295 bytes" in leech.left[0]
    world.node().seed(info, data, [TRACKER])
    assert world.run(lambda: leech.is_done, 300)
    assert leech.store.data == data


def test_a_stopped_swarm_hears_nothing_more() -> None:
    world = World()
    seed, (leech,) = meet(world)
    leech.node.session.remove(leech.swarm.torrent.info_hash, world.now)
    before = len(leech.warnings), len(leech.left)
    world.run(lambda: False, 400)
    assert (len(leech.warnings), len(leech.left)) == before
    assert seed.left == ["the other side closed"]
    assert announces(world)[-1]["peer_id"] == seed.node.session.peer_id.decode()


@pytest.mark.parametrize("when", ["read", "write"])
def test_a_shell_may_remove_a_torrent_from_within_its_failure(when: str) -> None:
    """In the middle of whatever the engine does."""
    world = World()
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 1_000_000)
    seed = world.node().seed(info, data, [TRACKER])
    leech = world.node().leech(info.info_hash, [TRACKER])
    failing, other = (seed, leech) if when == "read" else (leech, seed)
    failed: list[TorrentideError] = []

    def remove(error: TorrentideError) -> None:
        failed.append(error)
        failing.node.session.remove(info.info_hash, world.now)

    failing.failed = remove  # type: ignore[method-assign]
    if when == "read":
        del failing.store.pieces[3]
        failing.store.read = broken_read(failing)  # type: ignore[method-assign]
    else:
        failing.store.write = lambda index, data, done: done(OSError("full"), world.now)  # type: ignore[method-assign]
    assert world.run(lambda: bool(failed), 30)
    world.run(lambda: False, 5)
    assert len(failed) == 1
    assert failing.node.session.swarms == {}
    assert other.swarm.torrent.peers == {}
    assert other.errors == []


def broken_read(run: Run) -> Any:
    """Reads of a store that lost a piece."""
    read = run.store.read

    def lacking(index: int, begin: int, length: int, done: Any) -> None:
        if index in run.store.pieces:
            read(index, begin, length, done)
        else:
            done(OSError("a piece is gone"), run.node.world.now)

    return lacking


def test_random_bytes_on_open_links_end_them_and_break_nothing() -> None:
    """Whatever a stranger says behind a true handshake, the engine answers with a drop or not at all."""
    rng = random.Random(7)
    for _ in range(60):
        world = World(rng.randrange(1000))
        seed, (leech,) = meet(world, length=40_000)
        (link,) = leech.swarm.torrent.peers
        ours = Handshake(leech.swarm.torrent.info_hash, b"z" * 20).to_bytes()
        noise = rng.choice(
            [rng.randbytes(rng.randrange(1, 60)), ours, messages.extended(rng.randrange(4), b"d1:")]
        )
        for at in range(0, len(noise), 7):
            leech.node.session.link_data(link, noise[at : at + 7], world.now)
        world.run(lambda: False, 1)
        assert leech.errors == seed.errors == []
        assert len(seed.swarm.torrent.peers) == len(leech.swarm.torrent.peers)


def private_torrent(world: World) -> tuple[Info, bytes]:
    data = world.rng.randbytes(100_000)
    return build_info(
        "private.bin", [(("private.bin",), len(data))], 131072, hashlib.sha1(data).digest(), private=True
    ), data


def sockets_of(run: Run) -> set[str]:
    return set(run.node.session._trackers)


FOREIGN = "ws://foreign.test"


def join(run: Run, info_hash: bytes, **given: Any) -> None:
    """Join with a tracker of the torrent's own, and a foreign one."""
    run.swarm = run.node.session.add(
        info_hash,
        [TRACKER],
        observer=run,
        open_store=run.store.opened,
        now=run.node.world.now,
        foreign=[FOREIGN, TRACKER],
        **given,
    )


@pytest.mark.parametrize("private", [True, False])
def test_a_private_torrent_keeps_to_its_trackers(private: bool) -> None:
    world = World()
    world.tracker(TRACKER)
    foreign = world.tracker(FOREIGN)
    info, data = private_torrent(world) if private else make_torrent(world.rng, 1000)
    seed = Run(world.node(), MemoryStore(info, data))
    join(seed, info.info_hash, info=info, seeding=True)
    world.run(lambda: False, 200)
    assert bool(foreign.received) != private
    assert sockets_of(seed) == ({TRACKER} if private else {TRACKER, FOREIGN})


def test_a_magnet_that_turns_out_private_leaves_the_others() -> None:
    world = World()
    world.tracker(TRACKER)
    foreign = world.tracker(FOREIGN)
    info, data = private_torrent(world)
    leech = Run(world.node(), MemoryStore(None, b""))
    join(leech, info.info_hash)
    world.node().seed(info, data, [TRACKER])
    assert world.run(lambda: leech.is_done, 10)
    world.run(lambda: False, 200)
    heard = [json.loads(text).get("event") for _, text in foreign.received]
    assert heard == ["started", "stopped"]
    assert sockets_of(leech) == {TRACKER}


def test_a_page_has_no_more_links_than_its_budget() -> None:
    world = World()
    world.tracker(TRACKER)
    node = world.node()
    budget = node.session._budget = LinkBudget(most=12, most_for_offers=8)
    runs: list[Run] = []
    for _ in range(6):
        info, data = make_torrent(world.rng, 1000)
        runs.append(node.seed(info, data, [TRACKER]))
        for _ in range(4):
            world.node().leech(info.info_hash, [TRACKER])
    most = 0
    for _ in range(200):
        world.run(lambda: False, 0.5)
        most = max(most, budget.used)
        assert budget.used == len(node.session._link_swarm)
    assert most == 12
    assert sum(len(run.swarm.torrent.peers) for run in runs) > 8, "peers that come find room"
    node.session.close(world.now)
    assert budget.used == 0


def test_every_tracker_is_scraped() -> None:
    world = World()
    urls = ["ws://one.test", "ws://two.test", "ws://dead.test"]
    for url in urls[:2]:
        world.tracker(url)
    info, data = make_torrent(world.rng, 1000)
    seed = world.node().seed(info, data, urls)
    world.node().leech(info.info_hash, urls[:1])
    world.run(lambda: False, 1)
    told: dict[str, ScrapeReply] = {}
    seed.swarm.scrape(lambda url, reply: told.update({url: reply}))
    world.run(lambda: False, 1)
    assert told == {
        urls[0]: ScrapeReply(info.info_hash, 2, 0, 2),
        urls[1]: ScrapeReply(info.info_hash, 1, 0, 1),
    }


# -- Turnover


def full_seed(world: World, places: int, leeches: int, length: int, upload: float = 1e9) -> list[Run]:
    """A seed with few places, and leeches, there before it, who cling to the one peer that they have."""
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, length)
    runs: list[Run] = []
    for _ in range(leeches):
        node = world.node()
        node.session._max_conns = 1
        runs.append(node.leech(info.info_hash, [TRACKER]))
    world.run(lambda: False, 1)
    node = world.node(upload=upload)
    node.session._max_conns = places
    return [node.seed(info, data, [TRACKER]), *runs]


def test_peers_that_have_all_make_room_for_newcomers() -> None:
    world = World()
    seed, *leeches = full_seed(world, 2, 6, 100_000)
    most = 0

    def done() -> bool:
        nonlocal most
        most = max(most, len(seed.swarm.torrent.peers))
        return all(leech.is_done for leech in leeches)

    assert world.run(done, 600)
    assert most <= 2
    assert "it was of no use and another one came" in [
        reason for run in (seed, *leeches) for reason in run.left
    ]


@pytest.fixture
def fast_turns(monkeypatch: pytest.MonkeyPatch) -> float:
    """Turns that are short enough for a simulated download of few peers; the length of one."""
    monkeypatch.setattr(swarm_module, "TURNOVER_SECONDS", 20.0)
    monkeypatch.setattr(turnover, "PROTECTED_SECONDS", 10.0)
    monkeypatch.setattr(turnover, "TURNOVER_SHARE", 0.34)
    return 20.0


def test_a_full_torrent_gives_up_its_slowest_peers_in_turn(fast_turns: float) -> None:
    world = World()
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 25_000_000)
    leeches = [world.node().leech(info.info_hash, [TRACKER]) for _ in range(8)]
    world.run(lambda: False, 1)
    node = world.node(upload=400_000)
    node.session._max_conns = 3
    seed = node.seed(info, data, [TRACKER])
    world.run(lambda: False, 1.5 * fast_turns)
    assert seed.left == ["others have been of more use"]
    assert [leech.left for leech in leeches if leech.left] == [["the other side closed"]]


def test_nobody_goes_where_nobody_waits(fast_turns: float) -> None:
    world = World()
    seed, *_ = full_seed(world, 3, 3, 25_000_000, upload=400_000)
    world.run(lambda: False, 2.5 * fast_turns)
    assert seed.left == []


# -- What a shell brings along


def alone(world: World) -> Run:
    """A seed that nobody finds."""
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 100_000)
    return world.node().seed(info, data, [TRACKER])


def test_a_complete_torrent_may_take_no_more_peers() -> None:
    world = World()
    world.tracker(TRACKER)
    info, data = make_torrent(world.rng, 100_000)
    closed = world.node()
    closed.session._seed_outgoing = False
    seed = closed.seed(info, data, [TRACKER])
    late = world.node().leech(info.info_hash, [TRACKER])
    world.run(lambda: False, 300)
    assert not late.swarm.torrent.peers
    assert not seed.swarm.torrent.peers
    assert len(seed.swarm.links) == 0, "nor does it offer any"
    # A download takes peers until it is complete, and keeps those.
    other = world.node()
    other.session._seed_outgoing = False
    run = other.leech(info.info_hash, [TRACKER])
    world.run(lambda: len(run.swarm.torrent.peers) == 1, 300)
    assert run.swarm.torrent.peers


def test_announces_carry_the_keys_that_a_shell_gives() -> None:
    world = World()
    run = alone(world)
    run.swarm.announce_with({"token": "first"})
    world.run(lambda: False, 10)
    run.swarm.announce_with({"token": "second"})
    world.run(lambda: False, 130)
    tokens = [message["token"] for message in announces(world)]
    assert (tokens[0], tokens[-1]) == ("first", "second")
    with pytest.raises(LocalError):
        run.swarm.announce_with({"token": "x" * MAX_ANNOUNCE_KEYS})


def test_a_connection_that_was_made_elsewhere_becomes_a_peer() -> None:
    world = World()
    run = alone(world)
    session, torrent = run.node.session, run.swarm.torrent
    number = -1
    assert session.adopt(torrent.info_hash, number, world.now)
    transport = RecordedTransport()
    session.link_open(number, transport, world.now)
    assert torrent.peers[number].transport is transport
    session.link_open(number, RecordedTransport(), world.now)
    assert torrent.peers[number].transport is transport, "it opens once"
    session.link_failed(number, "gone", world.now)
    assert number not in torrent.peers
    assert not session.adopt(bytes(20), -2, world.now)


def test_a_connection_that_was_made_elsewhere_has_its_time_to_open() -> None:
    world = World()
    run = alone(world)
    session = run.node.session
    number = -1
    assert session.adopt(run.swarm.torrent.info_hash, number, world.now)
    world.run(lambda: False, CONNECT_SECONDS + 1)
    session.link_open(number, RecordedTransport(), world.now)
    assert run.swarm.torrent.peers == {}


def test_connections_that_were_made_elsewhere_are_counted_and_given_back() -> None:
    world = World()
    run = alone(world)
    session = run.node.session
    taken = [session.adopt(run.swarm.torrent.info_hash, -number, world.now) for number in range(1, 400)]
    assert False in taken
    session.remove(run.swarm.torrent.info_hash, world.now)
    assert session._budget.used == 0
