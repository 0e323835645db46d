"""Web seeds over the fetches of real browsers: what goes over the wire, and what comes of servers' faults."""

import hashlib
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.sync_api import Browser, Page

from browser.file_server import FileServer
from browser.support import ROOT, Site
from torrentide.engine.webseed import MAX_RUNS
from torrentide.metainfo.info import Info
from torrentide.tracker import site as static
from unit.web_servers import make_files

MIB = 1024 * 1024
PIECE = 256 * 1024
SINGLE, SINGLE_FILES, SINGLE_DATA = make_files(random.Random(1), PIECE, [("single.bin", 4 * MIB + 12345)])
MANY, MANY_FILES, MANY_DATA = make_files(
    random.Random(2),
    PIECE,
    [
        ("a.bin", 100_000),
        (".pad/0", 300_000),
        ("dir/b c#?%.bin", 7),
        ("dir/ü.bin", 3 * MIB),
        ("empty", 0),
        ("last.bin", MIB),
    ],
)


class BuiltSite(Site):
    """The site, with the worker's fetches as a module of their own and the helpers of the unit tests."""

    def __init__(self, built: Path) -> None:
        self._built = built
        super().__init__()

    def build(self, app: web.Application) -> None:
        """See `Served`."""
        for prefix, folder in {"/built/": self._built, "/unit/": ROOT / "tests" / "unit"}.items():
            part = web.Application()
            static.attach(part, folder)
            app.add_subapp(prefix, part)
        super().build(app)


@pytest.fixture(scope="module")
def built_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    built = tmp_path_factory.mktemp("built")
    esbuild = ROOT / "node_modules" / ".bin" / "esbuild"
    source = ROOT / "web" / "src" / "engine" / "fetch.ts"
    subprocess.run(
        [esbuild, source, "--format=esm", f"--outfile={built / 'fetch.mjs'}"], check=True, capture_output=True
    )
    served = BuiltSite(built)
    yield served
    served.close()


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def page(
    request: pytest.FixtureRequest, browsers: Callable[[str], Browser], built_site: Site
) -> Iterator[Page]:
    """A page with the engine's web seeds; `download` is there."""
    context = browsers(request.param).new_context()
    page = context.new_page()
    page.on("console", lambda message: print(message.text))
    page.goto(f"{built_site.url}/pages/fetch.html")
    page.wait_for_function("'download' in window", timeout=60_000)
    yield page
    context.close()


@pytest.fixture
def server() -> Iterator[FileServer]:
    served = FileServer({**SINGLE_FILES, **MANY_FILES})
    yield served
    served.close()


def download(page: Page, info: Info, data: bytes, *urls: str, **options: float) -> dict[str, Any]:
    """Download by web seeds alone."""
    result: dict[str, Any] = page.evaluate(
        "([info, urls, options]) => download(new Uint8Array(info), urls, options)",
        [list(info.raw), list(urls), options],
    )
    print(result)
    assert result["open"] == 0
    assert not result["complete"] or result["sha1"] == hashlib.sha1(data).hexdigest()
    return result


@pytest.mark.parametrize("how", ["ranges", "exposed", "whole", "moved"])
def test_a_file(page: Page, server: FileServer, how: str) -> None:
    result = download(page, SINGLE, SINGLE_DATA, f"{server.url}/{how}/single.bin")
    assert result["complete"]
    assert not result["warnings"]
    assert result["bytes"] == len(SINGLE_DATA)


@pytest.mark.parametrize("how", ["ranges", "whole"])
def test_many_files(page: Page, server: FileServer, how: str) -> None:
    result = download(page, MANY, MANY_DATA, f"{server.url}/{how}/")
    assert result["complete"]
    assert not result["warnings"]


def test_no_preflight_and_nothing_told(page: Page, server: FileServer) -> None:
    """Requests are plain, so that servers that know nothing of us can allow them with one header."""
    page.evaluate("document.cookie = 'secret=1'")
    download(page, SINGLE, SINGLE_DATA, f"{server.url}/ranges/single.bin")
    assert server.requests
    for method, _, headers in server.requests:
        assert method == "GET"
        assert headers["range"].startswith("bytes=")
        assert not {"cookie", "referer", "authorization", "access-control-request-method"} & headers.keys()


def test_several_at_a_time(page: Page, server: FileServer) -> None:
    """Chromium's cache would let the fetches of one URL wait for each other."""
    result = download(page, SINGLE, SINGLE_DATA, f"{server.url}/slow/single.bin")
    assert result["complete"]
    assert server.most == MAX_RUNS


def test_a_busy_server_is_asked_again_when_it_says(page: Page, server: FileServer) -> None:
    result = download(page, SINGLE, SINGLE_DATA, f"{server.url}/busy/single.bin")
    assert result["complete"]
    ((code, message),) = result["warnings"]
    assert code == "ERR_WEB_SEED"
    assert "too much to do (status 503); trying again in 1 s" in message


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("closed", "does not let pages of other sites read it (CORS)"),
        ("short", "left out the last"),
        ("cut", "the connection was lost"),
        ("long", "more bytes than were asked for"),
        ("wrong", "does not match the torrent; it is not used any more"),
    ],
)
def test_a_faulty_server_is_a_warning(page: Page, server: FileServer, how: str, words: str) -> None:
    url = f"{server.url}/{how}/single.bin"
    result = download(page, SINGLE, SINGLE_DATA, url, warnings=1)
    ((code, message),) = result["warnings"]
    assert code == "ERR_WEB_SEED"
    assert message.startswith(f"web seed {url}: ")
    assert words in message


@pytest.mark.parametrize(
    ("path", "words"),
    [("/ranges/other.bin", "is not there (status 404)"), ("http://127.0.0.1:1/f", "can't be reached")],
)
def test_no_server_and_no_file(page: Page, server: FileServer, path: str, words: str) -> None:
    result = download(page, SINGLE, SINGLE_DATA, path if "://" in path else server.url + path, warnings=1)
    assert words in result["warnings"][0][1]


def test_another_file_of_that_name(page: Page, server: FileServer) -> None:
    server.files["single.bin"] = SINGLE_DATA[:-1]
    result = download(page, SINGLE, SINGLE_DATA, f"{server.url}/exposed/single.bin", warnings=1)
    size = len(SINGLE_DATA)
    assert f"it has {size - 1} bytes where the torrent has {size}" in result["warnings"][0][1]


def test_faulty_servers_do_not_stop_a_good_one(page: Page, server: FileServer) -> None:
    hows = ["closed", "short", "cut", "long", "wrong", "ranges"]
    result = download(page, SINGLE, SINGLE_DATA, *[f"{server.url}/{how}/single.bin" for how in hows])
    assert result["complete"]
