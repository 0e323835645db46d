"""Why there is no peer, in plain words."""

import asyncio

import pytest

from torrentide.client import Client
from torrentide.diagnosis import Attempt, Surroundings
from torrentide.torrent import Torrent
from unit.api_world import TRACKER, ApiWorld, SimHost
from unit.test_client import play

# Pyodide under Node has no event loop that waits for its end.
pytestmark = pytest.mark.native

MAGNET = "magnet:?xt=urn:btih:" + "a" * 40


async def codes(client: Client) -> list[str]:
    """The codes of all findings; each is in the summary."""
    report = await client.diagnose()
    findings = [*report.findings, *(finding for torrent in report.torrents for finding in torrent.findings)]
    assert all(finding.message in report.summary for finding in findings)
    return [finding.code for finding in findings]


async def begun(client: Client, magnet: str, announce: list[str]) -> "asyncio.Task[Torrent]":
    """Add a magnet link that nobody has."""
    adding = asyncio.ensure_future(client.add(magnet, announce=announce))
    while not client.torrents or client.torrents[0]._swarm is None:
        await asyncio.sleep(0)
    return adding


@pytest.mark.parametrize(
    ("magnet", "announce", "code"),
    [
        (MAGNET, [], "no-tracker"),
        (MAGNET + "&tr=udp://a.example:80", [], "no-websocket-tracker"),
        (MAGNET + "&x.pe=192.0.2.1:6881", [], "no-websocket-tracker"),
        (MAGNET, ["wss://nowhere.test"], "tracker-trouble"),
        (MAGNET, [TRACKER], "nobody"),
    ],
)
def test_what_the_torrent_lacks(magnet: str, announce: list[str], code: str) -> None:
    async def scene(api: ApiWorld) -> None:
        client = Client(host=SimHost(api.world))
        adding = await begun(client, magnet, announce)
        for _ in range(1000):
            if (found := await codes(client)) != ["tracker-waiting"]:
                break
            await asyncio.sleep(0)
        assert found == [code]
        adding.cancel()

    play(scene)


def test_what_the_client_lacks() -> None:
    async def scene(api: ApiWorld) -> None:
        host = SimHost(api.world)
        client = Client(host=host, tracker=False)
        host.around = Surroundings(online=False, attempts=())
        assert await codes(client) == ["offline", "no-torrent"]
        host.around = Surroundings(online=True, attempts=())
        adding = await begun(client, MAGNET, [TRACKER])
        assert await codes(client) == ["trackers-off"]
        client.torrents[0].pause()
        assert await codes(client) == ["paused", "trackers-off"]
        adding.cancel()

    play(scene)


def test_what_is_connected() -> None:
    async def scene(api: ApiWorld) -> None:
        ours, theirs = api.client(), api.client()
        seeded = await ours.seed({"a.bin": bytes(50_000)}, announce=[TRACKER])
        await (await theirs.add(seeded.magnet_uri)).when_done()
        report = await theirs.diagnose()
        assert report.summary == "a.bin: It is connected to one peer."
        assert (report.torrents[0].num_peers, report.torrents[0].info_hash) == (1, seeded.info_hash)

    play(scene)


@pytest.mark.parametrize(
    ("local", "advice"), [(("host", "srflx"), "TURN server is needed"), (("relay",), "not help")]
)
def test_what_ice_had_is_told_when_it_fails(local: tuple[str, ...], advice: str) -> None:
    async def scene(api: ApiWorld) -> None:
        host = SimHost(api.world)
        good, bad = Attempt("connected", ("host",), ("host",)), Attempt("failed", local, ("prflx",))
        host.around = Surroundings(online=True, attempts=(good, bad))
        client = Client(host=host)
        report = await client.diagnose()
        words = report.findings[0].message
        assert words.startswith("1 of the last 2 attempts")
        assert f"Our candidates: {', '.join(local)}; theirs: prflx." in words
        assert advice in words
        assert report.attempts == (good, bad)

    play(scene)
