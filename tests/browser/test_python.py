"""The Python API in the Pyodide of a bare page: no script of ours is there, but the wheel."""

import hashlib
import random
from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest
from playwright.sync_api import Page

from browser.conftest import NewPage, NewSite
from browser.file_server import FileServer
from browser.support import EITHER, ROOT, Site, run
from browser.test_webseed import torrent_file
from unit.web_servers import make_files

MIB = 1024 * 1024
WHEEL = next((ROOT / "dist" / "engine").glob("torrentide-*.whl")).name

Python = Callable[..., Any]


def boot(page: Page, *packages: str) -> Python:
    """Start Pyodide with packages of our lock file. Gives a function that runs code there."""
    page.wait_for_function("() => window.python !== undefined")
    page.evaluate("(packages) => boot(...packages)", list(packages))

    def python(code: str, **given: Any) -> Any:
        return page.evaluate("([code, given]) => python(code, given)", [code, given])

    return python


@pytest.fixture
def python_page(new_page: NewPage, site: Site) -> Callable[[str], Page]:
    return lambda browser: new_page(browser, f"{site.url}/pages/python.html")


DOWNLOAD = """
import hashlib
from torrentide import Client

async with Client(tracker={"announce": [tracker], "rtc_config": {"iceServers": []}}) as client:
    torrent = await client.add(magnet)
    path = await torrent.save("/data")
    with open(path, "rb") as file:
        data = file.read()
    saved = [torrent.name, torrent.length, torrent.done, hashlib.sha256(data).hexdigest(), str(path)]
saved
"""


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_micropip_and_ten_mebibytes(
    site: Site, new_page: NewPage, python_page: Callable[[str], Page], browser: str
) -> None:
    seeded = run(new_page("chromium-2"), "seed", site.tracker, [["data.bin", 10 * MIB, 1]])
    python = boot(python_page(browser), "micropip")
    python("import micropip\nawait micropip.install(wheel)", wheel=f"{site.url}/engine/{WHEEL}")
    saved = python(DOWNLOAD, tracker=site.tracker, magnet=seeded["magnetURI"])
    assert saved == ["data.bin", 10 * MIB, True, seeded["sums"][0], "/data/data.bin"]


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_a_strict_policy(site: Site, new_site: NewSite, new_page: NewPage, browser: str) -> None:
    """The policy names the tracker and what docs/python.md says, and no more."""
    seeded = run(new_page("chromium-2"), "seed", site.tracker, [["data.bin", MIB, 4]])
    policy = f"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' {site.tracker}"
    # For what browsers ask of every site, its icon.
    policy += "; img-src 'self'"
    page = new_page(browser, f"{new_site({'Content-Security-Policy': policy}).url}/pages/python.html")
    saved = boot(page, "torrentide")(DOWNLOAD, tracker=site.tracker, magnet=seeded["magnetURI"])
    assert saved == ["data.bin", MIB, True, seeded["sums"][0], "/data/data.bin"]
    # Once is enough to see it.
    if browser == "chromium":
        assert page.evaluate("evaluating()") == "EvalError", "the policy holds"


@pytest.mark.parametrize("first", ["page", "python"])
@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_python_in_a_worker(site: Site, new_page: NewPage, browser: str, first: str) -> None:
    seeded = run(new_page("chromium-2"), "seed", site.tracker, [["data.bin", 2 * MIB + 5, 2]])
    page = new_page(browser, f"{site.url}/pages/python-worker.html")
    if first == "page":
        page.evaluate("connect()")
    python = boot(page, "torrentide")
    if first == "python":
        python("from torrentide import Client\nclient = Client()")
        page.evaluate("connect()")
    saved = python(DOWNLOAD, tracker=site.tracker, magnet=seeded["magnetURI"])
    assert saved == ["data.bin", 2 * MIB + 5, True, seeded["sums"][0], "/data/data.bin"]


def test_python_in_a_worker_of_a_page_without_the_script(new_page: NewPage, site: Site) -> None:
    python = boot(new_page("chromium", f"{site.url}/pages/python-worker.html"), "torrentide")
    code = """
    from torrentide import Client, UnsupportedError
    from torrentide.browser.inpage import lent
    lent.CONNECT_SECONDS = 0.2
    try:
        await Client().when_ready()
    except UnsupportedError as error:
        told = str(error)
    told
    """
    assert "Torrentide.connectWorker" in python(dedent(code))


STREAM = """
import asyncio, time
from torrentide import Client

async with Client(tracker={"announce": [tracker], "rtc_config": {"iceServers": []}}) as client:
    torrent = await client.add(given.to_bytes() if hasattr(given, "to_bytes") else given, deselect=True)
    file = torrent.files[0]
    chunks = [len(chunk) async for chunk in file.stream(100, 300_000)]
    part = await file.read(1_000_000, 1_000_010)
    facts = [sum(chunks), part.hex(), file.downloaded < file.length, torrent.num_peers]
facts
"""


def test_streams_and_ranges(site: Site, new_page: NewPage, python_page: Callable[[str], Page]) -> None:
    seed_page = new_page("chromium-2")
    seeded = run(seed_page, "seed", site.tracker, [["data.bin", 20 * MIB, 3]])
    python = boot(python_page("chromium"), "torrentide")
    part = seed_page.evaluate("() => Array.from(bytes(20 * 1024 * 1024, 3).slice(1e6, 1e6 + 10))")
    facts = python(STREAM, tracker=site.tracker, given=seeded["magnetURI"])
    assert facts == [300_000 - 100, bytes(part).hex(), True, 1]


CHOICES = """
from torrentide import Client

rtc_config = {"iceServers": []}
async with Client(tracker={"announce": [tracker], "rtc_config": rtc_config}, upload_limit=500_000) as client:
    nobody = (await client.diagnose()).findings[0].code
    torrent = await client.add(magnet, deselect=True, strategy="sequential", download_limit=5_000_000)
    unwanted = set(torrent.piece_map)
    torrent.select(3, 6, 2)
    torrent.critical(5, 6)
    await torrent.when_done()
    here = [index for index, state in enumerate(torrent.piece_map) if state == 2]
    done = []
    torrent.files[1].on("done", lambda: done.append(torrent.files[1].name))
    torrent.files[1].select(1)
    await torrent.when_done()
    report = await client.diagnose()
    attempts = [(attempt.outcome, bool(attempt.local), bool(attempt.remote)) for attempt in report.attempts]
    peer = torrent.peers[0]
    torrent.remove_peer(peer.peer_id)
    facts = [nobody, list(unwanted), here, done, [file.done for file in torrent.files], report.summary]
    facts += [attempts, torrent.strategy, torrent.download_limit, client.upload_limit]
    facts += [peer.is_snubbed, torrent.num_peers]
facts
"""


@EITHER
def test_what_comes_first_and_why_nobody_does(
    site: Site, new_page: NewPage, python_page: Callable[[str], Page], browser: str
) -> None:
    """Pieces, files, limits and the report, by the names of JavaScript."""
    files = [["one.bin", 200_000, 1], ["two.bin", 100_000, 2]]
    seeded = run(new_page("chromium-2"), "seed", site.tracker, files, {"name": "both", "pieceLength": 16384})
    python = boot(python_page(browser), "torrentide")
    facts = python(CHOICES, tracker=site.tracker, magnet=seeded["magnetURI"])
    assert facts[:5] == ["no-torrent", [3], [3, 4, 5], ["two.bin"], [False, True]]
    assert facts[5] == "both: It is connected to one peer."
    assert list(map(list, facts[6])) == [["connected", True, True]]
    assert facts[7:] == ["sequential", 5_000_000, 500_000, False, 0]


SEED = """
from pathlib import Path
from torrentide import Client

Path("/top/sub").mkdir(parents=True)
Path("/top/a.bin").write_bytes(bytes(range(256)) * 12_345)
Path("/top/sub/b.txt").write_text("hello")
client = Client(tracker={"rtc_config": {"iceServers": []}})
torrent = await client.seed("/top", announce=[tracker])
torrent.magnet_uri
"""


@EITHER
def test_seeding_to_the_javascript_client(
    site: Site, new_page: NewPage, python_page: Callable[[str], Page], browser: str
) -> None:
    magnet = boot(python_page(browser), "torrentide")(SEED, tracker=site.tracker)
    leeched = run(new_page("chromium-2"), "leech", site.tracker, magnet)
    assert [tuple(file) for file in leeched["files"]] == [("top/a.bin", 256 * 12_345), ("top/sub/b.txt", 5)]
    sums = [hashlib.sha256(data).hexdigest() for data in (bytes(range(256)) * 12_345, b"hello")]
    assert leeched["sums"] == sums


def test_torrents_by_url_and_wrong_ones(python_page: Callable[[str], Page], site: Site) -> None:
    python = boot(python_page("firefox"), "torrentide")
    code = """
    from torrentide import Client, InvalidTorrent
    told = []
    async with Client(tracker=False) as client:
        for given in (site + "/missing.torrent", site + "/torrentide.js", "nothing", "http://127.0.0.1:1/x"):
            try:
                await client.add(given)
            except InvalidTorrent as error:
                told.append(str(error))
    told
    """
    told = python(dedent(code), site=site.url)
    assert len(told) == 4
    assert "404" in told[0]
    assert "CORS" in told[3]


WEB_SEED = """
import hashlib
from torrentide import Client

warnings = []
async with Client(tracker=False) as client:
    client.on("add", lambda torrent: torrent.on("warning", lambda error: warnings.append(error.code)))
    torrent = await client.add(bytes(given))
    await torrent.when_done()
    sums = [hashlib.sha256(await file.read()).hexdigest() for file in torrent.files]
[sums, torrent.received, warnings]
"""


@pytest.mark.parametrize("how", ["ranges", "whole", "cut"])
@EITHER
def test_web_seeds(python_page: Callable[[str], Page], browser: str, how: str) -> None:
    info, files, data = make_files(random.Random(1), 256 * 1024, [("a.bin", 3 * MIB + 5)])
    server, good = FileServer(files), FileServer(files)
    try:
        urls = [f"{server.url}/{how}/a.bin", *([f"{good.url}/ranges/a.bin"] if how == "cut" else [])]
        python = boot(python_page(browser), "torrentide")
        sums, received, warnings = python(WEB_SEED, given=torrent_file(info, urls))
    finally:
        server.close()
        good.close()
    assert sums == [hashlib.sha256(data).hexdigest()]
    assert received < 2 * len(data)
    assert warnings == [] or how == "cut"


ROUNDS = """
import asyncio, gc
from torrentide import Client
from torrentide.browser.inpage import handlers, host

options = {"announce": [tracker], "rtc_config": {"iceServers": []}}

async def one_round(number):
    async with Client(tracker=options) as ours, Client(tracker=options) as theirs:
        seeded = await ours.seed({f"{number}.bin": bytes([number]) * 200_000}, announce=[tracker])
        torrent = await theirs.add(seeded.magnet_uri)
        return await torrent.files[0].read() == bytes([number]) * 200_000

def held():
    place = host.shared()
    # The last timers of a torrent are due in minutes.
    place.timers.run(place.now() + 1000)
    gc.collect()
    kinds = [type(thing).__name__ for thing in gc.get_objects()]
    counts = [kinds.count(kind) for kind in ("Handlers", "Session", "Swarm", "Connections", "JsProxy")]
    return [len(place._channels._channels), len(place._sessions), *counts]

good = [await one_round(number) for number in range(3)]
await asyncio.sleep(6)
before = held()
good += [await one_round(number) for number in range(3, 15)]
await asyncio.sleep(6)
[all(good), before, held()]
"""


def test_rounds_leave_nothing_behind(python_page: Callable[[str], Page], site: Site) -> None:
    good, before, after = boot(python_page("chromium"), "torrentide")(ROUNDS, tracker=site.tracker)
    assert good
    assert after == before
    assert before[:2] == [0, 0]
    assert before[3:6] == [0, 0, 0]
