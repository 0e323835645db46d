"""What the API does beyond moving bytes: limits, pauses, selections, reads, promises, what is told of peers
and trackers."""

from typing import Any

import pytest
from playwright.sync_api import Page

from browser.conftest import NewPage
from browser.support import Site, run

MIB = 1024 * 1024
FILES = [["pack/a.bin", 3 * MIB, 1], ["pack/b.bin", 2 * MIB, 2], ["pack/c.bin", 100_000, 3]]


@pytest.fixture
def seeded(site: Site, new_page: NewPage) -> dict[str, Any]:
    """A seed in a Chromium of its own."""
    page = new_page("chromium-2")
    return {**run(page, "seed", site.tracker, FILES, {"pieceLength": 65536}), "page": page}


def begin(page: Page, site: Site, seeded: dict[str, Any], options: str = "{}", then: str = "") -> Any:
    """Add the torrent as `torrent`, with `options`; gives what `then` gives."""
    return page.evaluate(
        f"""async ([tracker, magnet]) => {{
          const next = (name) => new Promise((resolve) => torrent.once(name, resolve))
          const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
          window.torrent = watch(client(tracker).add(magnet, {options}))
          {then}
        }}""",
        [site.tracker, seeded["magnetURI"]],
    )


def test_promises(site: Site, new_page: NewPage, seeded: dict[str, Any]) -> None:
    assert begin(
        new_page(),
        site,
        seeded,
        then="""
          const ready = await made[0].whenReady() === made[0] && made[0].ready
          const known = await torrent.whenReady() === torrent && torrent.files.length
          const done = await torrent.whenDone() === torrent && torrent.done
          return [ready, known, done, torrent.progress, torrent.bitfield.get(80), torrent.pieces[0]]
        """,
    ) == [True, 3, True, 1, True, None]


def test_pause_stops_the_transfer_and_resume_goes_on(
    site: Site, new_page: NewPage, seeded: dict[str, Any]
) -> None:
    result = begin(
        new_page(),
        site,
        seeded,
        "{ paused: true }",
        """
          const first = torrent.paused
          torrent.resume()
          await torrent.whenReady()
          await next('download')
          torrent.pause()
          await sleep(1000)
          const before = torrent.received
          await sleep(1000)
          const during = torrent.received
          torrent.resume()
          await torrent.whenDone()
          return { first, moved: during - before, paused: torrent.paused, progress: torrent.progress }
        """,
    )
    assert result == {"first": True, "moved": 0, "paused": False, "progress": 1}


def test_limits(site: Site, new_page: NewPage, seeded: dict[str, Any]) -> None:
    """Zero lets nothing through; without limits the rest comes."""
    result = begin(
        new_page(),
        site,
        seeded,
        "{ downloadLimit: 0 }",
        """
          await torrent.whenReady()
          await sleep(1500)
          const seen = [torrent.received, torrent.downloadLimit, made[0].downloadLimit]
          made[0].throttleDownload(0)
          torrent.downloadLimit = -1
          await sleep(1500)
          seen.push(torrent.received, made[0].downloadLimit)
          made[0].throttleDownload(-1)
          await torrent.whenDone()
          return [...seen, torrent.progress]
        """,
    )
    assert result == [0, 0, -1, 0, 0, 1]


def test_an_upload_limit_holds(site: Site, new_page: NewPage, seeded: dict[str, Any]) -> None:
    seeded["page"].evaluate("() => { torrent.uploadLimit = 200_000 }")
    rate = begin(
        new_page(),
        site,
        seeded,
        then="""
          await torrent.whenReady()
          const started = performance.now()
          await sleep(4000)
          return torrent.received / (performance.now() - started) * 1000
        """,
    )
    assert 0 < rate < 400_000


def test_files_are_selected_alone(site: Site, new_page: NewPage, seeded: dict[str, Any]) -> None:
    """Nothing but the piece that the file shares with its neighbours comes besides."""
    page = new_page()
    result = begin(
        page,
        site,
        seeded,
        "{ deselect: true }",
        """
          await torrent.whenReady()
          const idle = next('idle')
          const [a, b, c] = torrent.files
          b.select(1)
          await Promise.all([idle, new Promise((resolve) => b.on('done', resolve))])
          const { done } = torrent, map = [...torrent.pieceMap]
          const { length } = await b.arrayBuffer().then((data) => new Uint8Array(data))
          const count = (wanted) => map.filter((state) => state === wanted).length
          return { done, files: [a.done, b.done, c.done], length, here: count(2), unwanted: count(3),
                   received: torrent.received }
        """,
    )
    assert result["files"] == [False, True, False]
    assert not result["done"]
    assert result["length"] == 2 * MIB
    # Its 32 pieces, as they begin and end with it.
    assert result["here"] == 32
    assert result["unwanted"] == 48 + 2
    assert result["received"] <= 2.2 * MIB
    assert (
        page.evaluate("async () => { torrent.select(); await torrent.whenDone(); return torrent.progress }")
        == 1
    )


def test_a_read_comes_first_even_where_nothing_is_selected(
    site: Site, new_page: NewPage, seeded: dict[str, Any]
) -> None:
    result = begin(
        new_page(),
        site,
        seeded,
        "{ deselect: true }",
        """
          await torrent.whenReady()
          const read = await torrent.files[1].arrayBuffer({ start: 100_000, end: 100_009 })
          const stop = new AbortController()
          const aborted = torrent.files[0].arrayBuffer({ signal: stop.signal }).catch(({ name }) => name)
          stop.abort()
          const parts = []
          for await (const chunk of torrent.files[2]) parts.push(chunk.length)
          const { done, received } = torrent
          return { read: read.byteLength, aborted: await aborted, parts, done, received }
        """,
    )
    assert result["read"] == 10
    assert result["aborted"] == "AbortError"
    assert sum(result["parts"]) == 100_000
    assert not result["done"]
    assert result["received"] < MIB


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_peers_and_trackers(site: Site, new_page: NewPage, seeded: dict[str, Any], browser: str) -> None:
    others = ["udp://tracker.example:80"]
    if browser == "chromium":
        # Firefox takes a socket that does not open for an error of the page.
        others.append("ws://127.0.0.1:1/announce")
    result = begin(
        new_page(browser),
        site,
        seeded,
        f"{{ announce: {others} }}",
        """
          await torrent.whenDone()
          const known = () => torrent.trackers.some(({ state }) => state === 'working')
            && torrent.peers[0]?.candidateType && torrent.peers[0].progress
          while (!known()) await sleep(200)
          const wire = torrent.wires[0], { trackers, peers } = torrent
          const closed = new Promise((resolve) => wire.on('close', resolve))
          torrent.removePeer(wire.peerId)
          await closed
          return { trackers, peers, left: torrent.numPeers, seed: wire.isSeeder, down: wire.downloaded }
        """,
    )
    working, udp, *dead = result["trackers"]
    assert working["state"] == "working"
    assert (working["seeds"], working["peers"]) in ((1, 2), (2, 2))
    assert working["lastError"] is None
    assert working["nextAnnounce"] is not None
    assert udp["state"] == "unsupported"
    assert "Unsupported tracker protocol" in udp["lastError"]
    for tracker in dead:
        assert tracker["state"] == "connecting"
        assert "could not connect" in tracker["lastError"]
    (peer,) = result["peers"]
    assert peer["client"].startswith("Torrentide")
    assert peer["candidateType"] in ("host", "prflx")
    assert peer["progress"] == 1
    assert peer["isSeeder"]
    assert peer["downloaded"] >= 5 * MIB
    assert result["left"] == 0


def test_a_rescan(site: Site, new_page: NewPage, seeded: dict[str, Any]) -> None:
    page: Page = seeded["page"]
    assert (
        page.evaluate(
            """async () => {
          let verified = 0
          torrent.on('verified', () => verified++)
          await torrent.rescanFiles()
          return verified
        }"""
        )
        == 2 + (5 * MIB) // 65536
    )


def test_the_options_of_a_swarm(site: Site, new_page: NewPage) -> None:
    """They are asked for before the first announce, and again behind it for the next."""
    page = new_page()
    asked = page.evaluate(
        """async (tracker) => {
          let asked = 0
          const getAnnounceOpts = () => ({ token: `client ${++asked}`, both: 'client' })
          const rtcConfig = { iceServers: [] }
          made.push(new Torrentide({ tracker: { announce: [tracker], rtcConfig, getAnnounceOpts } }))
          window.torrent = watch(made[0].seed(new File([bytes(1000, 1)], 'a'), {
            announce: [], uploads: false, noPeersIntervalTime: 1, superSeeding: true,
            alwaysChokeSeeders: false,
            getAnnounceOpts: () => ({ both: 'torrent' }),
          }))
          await new Promise((resolve) => torrent.on('trackerAnnounce', resolve))
          await new Promise((resolve) => torrent.on('noPeers', resolve))
          return asked
        }""",
        site.tracker,
    )
    assert asked == 2


def test_a_seed_without_uploads_serves_nobody(site: Site, new_page: NewPage) -> None:
    seeder = new_page("chromium-2")
    magnet = run(seeder, "seed", site.tracker, [["file.bin", 300_000, 3]], {"uploads": False})["magnetURI"]
    page = new_page()
    assert page.evaluate(
        """async ([tracker, magnet]) => {
          const torrent = watch(client(tracker).add(magnet))
          await torrent.whenReady()
          await new Promise((resolve) => setTimeout(resolve, 2000))
          return [torrent.numPeers, torrent.received, torrent.wires[0].peerChoking]
        }""",
        [site.tracker, magnet],
    ) == [1, 0, True]
