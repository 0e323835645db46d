"""What browser tests stand on: a web server with a tracker, and real browsers."""

import asyncio
import hashlib
import random
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, web
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from torrentide.metainfo.create import Options, plan
from torrentide.metainfo.metainfo import Metainfo
from torrentide.tracker import server, site
from torrentide.tracker.swarm import Tracker

ROOT = Path(__file__).parents[2]
FOLDERS = {
    "/pages/": Path(__file__).parent / "pages",
    "/pyodide/": ROOT / "node_modules" / "pyodide",
    "/webtorrent/": ROOT / "node_modules" / "webtorrent" / "dist",
}
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]
# Compiles what is called, when it is called, and optimises what is called often: most of the work of a page's
# start was for code that no test gets to.
LEAN_ARGS = [*CHROMIUM_ARGS, "--js-flags=--wasm-lazy-compilation --wasm-tiering-budget=130000000"]
# For what rests on a browser's own ways, and for what does not: Firefox then has its turn in `make thorough`.
BOTH = pytest.mark.parametrize("browser", ["chromium", "firefox"])
EITHER = pytest.mark.parametrize("browser", ["chromium", pytest.param("firefox", marks=pytest.mark.thorough)])
Prefs = dict[str, str | float | bool]
FIREFOX_PREFS: Prefs = {
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
}


Socket = web.WebSocketResponse | ClientWebSocketResponse


def launch(playwright: Playwright, name: str, *, lean: bool, prefs: Prefs | None = None) -> Browser:
    """Start Debian's Chromium or Firefox, that with more `prefs`. A lean Chromium has no windows, whose
    toolbar is a web page that costs as much as the test's own, and compiles less."""
    if name == "chromium":
        program, args = ("chromium-headless-shell", LEAN_ARGS) if lean else ("chromium", CHROMIUM_ARGS)
        return playwright.chromium.launch(executable_path=shutil.which(program), args=args)
    return playwright.firefox.launch(
        channel="moz-firefox",
        executable_path=shutil.which("firefox-esr"),
        firefox_user_prefs={**FIREFOX_PREFS, **(prefs or {})},
    )


def launch_with_profile(
    playwright: Playwright, name: str, profile: Path, prefs: Prefs | None = None
) -> BrowserContext:
    """Start Debian's Chromium or Firefox as `launch` does, keeping in `profile` what pages store."""
    if name == "chromium":
        return playwright.chromium.launch_persistent_context(
            profile, executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS
        )
    return playwright.firefox.launch_persistent_context(
        profile,
        channel="moz-firefox",
        executable_path=shutil.which("firefox-esr"),
        firefox_user_prefs={**FIREFOX_PREFS, **(prefs or {})},
    )


def random_file(path: Path, mebibytes: int) -> None:
    """Write a file of so many MiB, the same each time."""
    rng = random.Random(5)
    with path.open("wb") as file:
        for _ in range(mebibytes):
            file.write(rng.randbytes(2**20))


class Served:
    """An aiohttp application on a port of its own, in a thread of its own."""

    def __init__(self) -> None:
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._thread.start()
        self._ready.wait()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def tracker(self) -> str:
        """Its tracker, if it has one."""
        return f"ws://127.0.0.1:{self.port}/announce"

    def build(self, app: web.Application) -> None:
        """Put routes on the application."""
        raise NotImplementedError

    async def _serve(self) -> None:
        app = web.Application()
        self.build(app)
        runner = web.AppRunner(app, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    def close(self) -> None:
        """Stop serving."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()


class Site(Served):
    """Our web server and tracker.

    Serves dist/, or another `root`, and, in folders of their own, the test pages, Pyodide and WebTorrent.
    `headers` are added to every response.
    """

    def __init__(self, headers: dict[str, str] | None = None, root: Path = ROOT / "dist") -> None:
        self._headers = headers or {}
        self._root = root
        super().__init__()

    def build(self, app: web.Application) -> None:
        """See `Served`."""
        server.attach(app, Tracker(random.Random(1)))
        for prefix, folder in FOLDERS.items():
            part = web.Application()
            site.attach(part, folder)
            app.add_subapp(prefix, part)
        site.attach(app, self._root)

        async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
            response.headers.update(self._headers)

        app.on_response_prepare.append(add_headers)


class SlowTracker(Served):
    """Stands before a tracker and sits on each message for a random while, without reordering those of one
    socket."""

    def __init__(self, upstream: str, seed: int, most: float) -> None:
        self._upstream = upstream
        self._rng = random.Random(seed)
        self._most = most
        super().__init__()

    def build(self, app: web.Application) -> None:
        """See `Served`."""
        app.router.add_get("/announce", self._join)

    async def _join(self, request: web.Request) -> web.StreamResponse:
        near = web.WebSocketResponse()
        await near.prepare(request)
        async with ClientSession() as session, session.ws_connect(self._upstream) as far:
            back = asyncio.create_task(self._pass_on(far, near))
            await self._pass_on(near, far)
            back.cancel()
        return near

    async def _pass_on(self, source: Socket, target: Socket) -> None:
        async for message in source:
            await asyncio.sleep(self._rng.uniform(0, self._most))
            await target.send_str(message.data)


def create(files: list[tuple[str, bytes]], options: Options) -> Metainfo:
    """The torrent of files with those paths and bytes."""
    planned = plan([(path, len(data)) for path, data in files], options, "unnamed")
    data = b"".join(files[number][1] for number in planned.inputs)
    pieces = range(0, len(data), planned.piece_length)
    hashes = [hashlib.sha1(data[at : at + planned.piece_length]).digest() for at in pieces]
    return planned.finish(b"".join(hashes))


def run(page: Page, script: str, *args: Any) -> Any:
    """Call a function of helpers.js. What the page logged comes with a failure."""
    try:
        return page.evaluate(f"async (args) => {script}(...args)", list(args))
    except Exception as error:
        raise AssertionError(f"{error}\nthe page's log: {page.evaluate('window.log')}") from error
