"""What browser tests stand on: a web server with a tracker, and real browsers."""

import asyncio
import random
import shutil
import threading
from pathlib import Path
from typing import Any

from aiohttp import web
from playwright.sync_api import Browser, Page, Playwright

from torrentide.tracker import server, site
from torrentide.tracker.swarm import Tracker

ROOT = Path(__file__).parents[2]
FOLDERS = {
    "/pages/": Path(__file__).parent / "pages",
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
FIREFOX_PREFS: dict[str, str | float | bool] = {
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
}


def launch(playwright: Playwright, name: str) -> Browser:
    """Start Debian's Chromium or Firefox."""
    if name == "chromium":
        return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS)
    return playwright.firefox.launch(
        channel="moz-firefox", executable_path=shutil.which("firefox-esr"), firefox_user_prefs=FIREFOX_PREFS
    )


class Site:
    """Our web server and tracker on a port of their own, in a thread of their own.

    Serves dist/ and, in folders of their own, the test pages and WebTorrent. `headers` are added to every
    response.
    """

    def __init__(self, headers: dict[str, str] | None = None, interval: int = 120) -> None:
        self.tracker_core = Tracker(random.Random(1), interval=interval)
        self._headers = headers or {}
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self.port = 0
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._thread.start()
        self._ready.wait()
        self.url = f"http://127.0.0.1:{self.port}"
        self.tracker = f"ws://127.0.0.1:{self.port}/announce"

    async def _serve(self) -> None:
        app = web.Application()
        server.attach(app, self.tracker_core)
        for prefix, folder in FOLDERS.items():
            part = web.Application()
            site.attach(part, folder)
            app.add_subapp(prefix, part)
        site.attach(app, ROOT / "dist")

        async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
            response.headers.update(self._headers)

        app.on_response_prepare.append(add_headers)
        runner = web.AppRunner(app)
        await runner.setup()
        tcp = web.TCPSite(runner, "127.0.0.1", 0)
        await tcp.start()
        self.port = runner.addresses[0][1]
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    def close(self) -> None:
        """Stop serving."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()


def run(page: Page, script: str, *args: Any) -> Any:
    """Call a function of helpers.js. What the page logged comes with a failure."""
    try:
        return page.evaluate(f"async (args) => {script}(...args)", list(args))
    except Exception as error:
        raise AssertionError(f"{error}\nthe page's log: {page.evaluate('window.log')}") from error
