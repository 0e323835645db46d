"""Clients of the Python API: adding, seeding, finding and ending torrents."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import torrentide
from simulation.world import World
from torrentide.client import DEFAULT_RTC_CONFIG, DEFAULT_TRACKERS, Client
from torrentide.errors import (
    Closed,
    DuplicateTorrent,
    InvalidTorrent,
    LocalError,
    TorrentideError,
    UnsupportedError,
)
from torrentide.torrent import Torrent
from unit.api_world import TRACKER, ApiWorld, SimHost

# Pyodide under Node has no event loop that waits for its end.
pytestmark = pytest.mark.native

DATA = bytes(range(256)) * 1000
HASH = "0123456789abcdef0123456789abcdef01234567"


def play(scene: Callable[[ApiWorld], Awaitable[None]]) -> None:
    """Run a scene in a world of its own."""

    async def run() -> None:
        api = ApiWorld()
        async with api.running():
            await scene(api)

    asyncio.run(run())


def test_the_package_offers_the_api() -> None:
    assert torrentide.Client is Client
    assert torrentide.Torrent is Torrent
    assert torrentide.Closed is Closed
    assert all(getattr(torrentide, name) is not None for name in torrentide.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        torrentide.nothing


@pytest.mark.native
def test_a_native_python_is_told_what_to_do() -> None:
    with pytest.raises(UnsupportedError, match="torrentide --help"):
        Client()


def test_a_torrent_goes_from_one_client_to_another() -> None:
    async def scene(api: ApiWorld) -> None:
        async with api.client() as ours, api.client() as theirs:
            seeded = await ours.seed({"folder/a.bin": DATA, "folder/b.txt": b"text"}, announce=[TRACKER])
            assert seeded.done
            torrent = await theirs.add(seeded.magnet_uri)
            assert [file.path for file in torrent.files] == ["folder/a.bin", "folder/b.txt"]
            assert await torrent.files[0].read() == DATA
            await torrent.when_done()
            assert await torrent.files[1].read() == b"text"
            assert (torrent.progress, torrent.num_peers, len(torrent.wires)) == (1.0, 1, 1)
            assert torrent.peers == torrent.wires
            wire = torrent.wires[0]
            assert (wire.peer_id, wire.client) == (ours.peer_id, f"Torrentide {torrentide.__version__}")
            assert (wire.downloaded, wire.is_seeder, wire.progress) == (torrent.received, True, 1.0)
            (tracker,) = torrent.trackers
            assert (tracker.url, tracker.state, tracker.last_error) == (TRACKER, "working", None)
            assert tracker.peers == 2
            assert torrent.received >= len(DATA)
            assert theirs.progress == 0.0

    play(scene)


def test_what_is_known_of_a_torrent() -> None:
    async def scene(api: ApiWorld) -> None:
        async with api.client() as client:
            torrent = await client.seed(
                {"a.bin": DATA}, announce=[TRACKER], comment="ours", private=True, creation_date=86400
            )
            assert torrent.name == "a.bin"
            assert (torrent.comment, torrent.private, torrent.announce) == ("ours", True, (TRACKER,))
            assert torrent.created is not None
            assert torrent.created.isoformat() == "1970-01-02T00:00:00+00:00"
            assert torrent.created_by == f"Torrentide/{torrentide.__version__}"
            assert torrent.length == len(DATA)
            assert torrent.piece_count == -(-len(DATA) // torrent.piece_length)
            assert torrent.last_piece_length == len(DATA) - (torrent.piece_count - 1) * torrent.piece_length
            assert torrent.info_hash in torrent.magnet_uri
            again = await client.get(torrent.torrent_file or b"")
            assert again is torrent
            assert "100.0%" in repr(torrent)

    play(scene)


def test_a_seed_gets_public_trackers_unless_it_names_some() -> None:
    async def scene(api: ApiWorld) -> None:
        async with api.client() as client:
            torrent = await client.seed({"a.bin": DATA})
            assert sorted(torrent.announce) == sorted([*DEFAULT_TRACKERS, TRACKER])
            tiers = await client.seed({"b.bin": DATA}, announce_list=[[TRACKER]])
            assert tiers.announce == (TRACKER,)

    play(scene)


def test_without_trackers() -> None:
    async def scene(api: ApiWorld) -> None:
        async with Client(host=SimHost(api.world), tracker=False) as client:
            torrent = await client.seed({"a.bin": DATA})
            assert torrent.announce == ()

    play(scene)


def test_options_reach_the_session() -> None:
    host = SimHost(World())
    Client(host=host, peer_id="41" * 20, max_conns=7, tracker={"rtc_config": {"iceServers": []}})
    assert host.asked == {"peer_id": b"A" * 20, "max_conns": 7, "rtc_config": {"iceServers": []}}
    client = Client(host=host, download_limit=1000, upload_limit=0)
    assert host.asked["rtc_config"] == DEFAULT_RTC_CONFIG
    assert (host.node.session.limits.down.rate, host.node.session.limits.up.rate) == (1000, 0)
    client.throttle_download(-1)
    assert host.node.session.limits.down.rate is None


@pytest.mark.parametrize(
    "options",
    [
        {"peer_id": "41"},
        {"peer_id": "no hex"},
        {"peer_id": b"short"},
        {"upload_limit": -2},
        {"download_limit": float("nan")},
    ],
    ids=str,
)
def test_options_that_make_no_sense(options: dict[str, Any]) -> None:
    with pytest.raises(LocalError):
        Client(host=SimHost(World()), **options)


def test_ids_that_make_no_sense(tmp_path: Path) -> None:
    async def scene(api: ApiWorld) -> None:
        async with api.client() as client:
            for given in ("nothing", b"nothing", tmp_path / "missing.torrent"):
                with pytest.raises(InvalidTorrent):
                    await client.add(given)
                with pytest.raises(InvalidTorrent):
                    await client.get(given)
            with pytest.raises(LocalError):
                await client.remove(f"magnet:?xt=urn:btih:{HASH}")
            assert await client.get(f"magnet:?xt=urn:btih:{HASH}") is None
            assert client.torrents == []

    play(scene)


def test_the_same_torrent_twice() -> None:
    async def scene(api: ApiWorld) -> None:
        async with api.client() as client:
            torrent = await client.seed({"a.bin": DATA})
            with pytest.raises(DuplicateTorrent, match=torrent.info_hash):
                await client.add(torrent.magnet_uri)
            with pytest.raises(DuplicateTorrent, match=torrent.info_hash):
                await client.seed({"a.bin": DATA}, name="a.bin")
            assert client.torrents == [torrent]
            assert not torrent.destroyed

    play(scene)


def test_a_torrent_file_from_a_path(tmp_path: Path) -> None:
    async def scene(api: ApiWorld) -> None:
        async with api.client() as ours, api.client() as theirs:
            seeded = await ours.seed({"a.bin": DATA}, announce=[TRACKER])
            path = tmp_path / "a.torrent"
            path.write_bytes(seeded.torrent_file or b"")
            torrent = await theirs.add(path)
            assert torrent.info_hash == seeded.info_hash
            assert await torrent.files[0].read(0, 5) == DATA[:5]

    play(scene)


def test_giving_up_on_a_magnet_that_nobody_has() -> None:
    async def scene(api: ApiWorld) -> None:
        async with api.client() as client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await client.add(f"magnet:?xt=urn:btih:{HASH}")
            assert client.torrents == []
            assert client._session.swarms == {}

    play(scene)


@pytest.mark.parametrize("end", ["client", "torrent"])
def test_nothing_waits_for_what_was_destroyed(end: str) -> None:
    async def scene(api: ApiWorld) -> None:
        client = api.client()
        adding = asyncio.ensure_future(client.add(f"magnet:?xt=urn:btih:{HASH}"))
        while not (client.torrents and client.torrents[0].info_hash):
            await asyncio.sleep(0)
        torrent = client.torrents[0]
        waits = [asyncio.ensure_future(wait) for wait in (torrent.when_done(), torrent.save("/nowhere"))]
        await asyncio.sleep(0)
        await (client.destroy() if end == "client" else torrent.destroy())
        for wait in (adding, *waits):
            with pytest.raises(Closed):
                await wait
        assert client.torrents == []
        await torrent.destroy()
        with pytest.raises(Closed):
            torrent.pause()

    play(scene)


def test_after_the_end() -> None:
    async def scene(api: ApiWorld) -> None:
        client = api.client()
        torrent = await client.seed({"a.bin": DATA})
        await client.destroy()
        await client.destroy()
        assert (client.destroyed, torrent.destroyed) == (True, True)
        for call in (client.add(b""), client.seed({"a": b"1"}), client.get(HASH), client.when_ready()):
            with pytest.raises(Closed):
                await call
        with pytest.raises(Closed):
            await torrent.files[0].read()

    play(scene)


def test_the_end_while_the_client_gets_ready() -> None:
    async def scene(api: ApiWorld) -> None:
        client = api.client()
        waiting = asyncio.ensure_future(client.when_ready())
        await asyncio.sleep(0)
        await client.destroy()
        with pytest.raises(Closed):
            await waiting

    play(scene)


def test_a_place_without_connections() -> None:
    async def scene(api: ApiWorld) -> None:
        host = SimHost(api.world)
        host.trouble = UnsupportedError("no WebRTC here")
        client = Client(host=host)
        for call in (client.when_ready(), client.add(f"magnet:?xt=urn:btih:{HASH}")):
            with pytest.raises(UnsupportedError, match="no WebRTC"):
                await call
        assert not client.ready
        assert client.torrents == []

    play(scene)


def test_limits_of_a_torrent() -> None:
    async def scene(api: ApiWorld) -> None:
        async with api.client() as ours, api.client() as theirs:
            seeded = await ours.seed({"a.bin": DATA}, announce=[TRACKER])
            torrent = await theirs.add(seeded.magnet_uri, deselect=True)
            torrent.throttle_download(len(DATA) / 10)
            start = api.world.now
            await torrent.files[0].read()
            assert api.world.now - start > 5
            seeded.throttle_upload(-1)
            for call in (seeded.throttle_upload, seeded.throttle_download):
                with pytest.raises(LocalError):
                    call(-3)

    play(scene)


def test_web_seeds_are_told() -> None:
    async def scene(api: ApiWorld) -> None:
        async with api.client() as client:
            torrent = await client.seed({"a.bin": DATA}, url_list=["https://one.test/"])
            torrent.add_web_seed("https://two.test/")
            torrent.add_web_seed("https://two.test/")
            assert torrent.url_list == ("https://one.test/", "https://two.test/")

    play(scene)


def test_block_lists() -> None:
    async def scene(api: ApiWorld) -> None:
        async with api.client(blocklist=["192.0.2.0/24", "198.51.100.7"]) as client:
            assert client.ready
            assert client._session.blocklist.blocks("192.0.2.77")
            assert client._session.blocklist.blocks("198.51.100.7")
        with pytest.raises(LocalError, match="a bad list"):
            await api.client(blocklist="bad").when_ready()

    play(scene)


def test_events() -> None:
    async def scene(api: ApiWorld) -> None:
        async with api.client() as ours, api.client() as theirs:
            heard: list[str] = []
            for event in ("add", "torrent", "seed", "remove"):
                ours.on(event, lambda torrent, event=event: heard.append(event))
            seeded = await ours.seed({"a.bin": DATA}, announce=[TRACKER])
            events: list[str] = []
            moved: list[int] = []

            def watch(torrent: Torrent) -> None:
                for event in ("info_hash", "metadata", "ready", "done", "close"):
                    torrent.on(event, lambda event=event: events.append(event))
                torrent.on("download", moved.append)
                torrent.on("wire", lambda wire: events.append(f"wire {wire.peer_id == ours.peer_id}"))

            theirs.on("add", watch)
            torrent = await theirs.add(seeded.magnet_uri)
            await torrent.when_done()
            await theirs.remove(torrent)
            await ours.remove(seeded)
            assert heard == ["add", "torrent", "seed", "remove"]
            assert events == ["info_hash", "wire True", "metadata", "ready", "done", "close"]
            assert sum(moved) >= len(DATA)

    play(scene)


def test_errors_of_a_torrent() -> None:
    async def scene(api: ApiWorld) -> None:
        async with api.client() as client:
            torrent = await client.seed({"a.bin": DATA})
            told: list[TorrentideError] = []
            torrent.on("error", told.append)
            torrent._end(LocalError("it broke"))
            assert [str(error) for error in told] == ["it broke"]
            with pytest.raises(LocalError, match="it broke"):
                await torrent.files[0].read()

    play(scene)
