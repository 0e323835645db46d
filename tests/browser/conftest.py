"""Fixtures of the browser tests: browsers that are started once, a site, and pages that report what went
wrong in them."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright

from browser.support import ROOT, Site, launch

# Firefox says so of every request through a service worker that it takes back itself, as players do.
FIREFOX_CANCELS = "A ServiceWorker intercepted the request and encountered an unexpected error"
# And of each tracker that is out of reach, as public ones are from here.
FIREFOX_UNREACHABLE = "establish a connection to the server at wss://tracker."

NewPage = Callable[..., Page]
NewSite = Callable[[dict[str, str] | None], Site]
ChangedSite = Callable[[str, str], Site]


@pytest.fixture(scope="session")
def lean() -> bool:
    """Whether browsers are to start fast rather than to be as users have them."""
    return True


@pytest.fixture(scope="session")
def browsers(playwright: Playwright, lean: bool) -> Iterator[Callable[[str], Browser]]:
    """Give a browser by name, started at its first use: `chromium`, `chromium-2` (a process of its own),
    `firefox`."""
    started: dict[str, Browser] = {}

    def get(name: str) -> Browser:
        if name not in started:
            started[name] = launch(playwright, name.partition("-")[0], lean=lean)
        return started[name]

    yield get
    for browser in started.values():
        browser.close()


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """The site that every test may use."""
    served = Site()
    yield served
    served.close()


@pytest.fixture
def new_site() -> Iterator[NewSite]:
    """Start a site of the test's own, with headers."""
    sites: list[Site] = []

    def start(headers: dict[str, str] | None) -> Site:
        sites.append(Site(headers))
        return sites[-1]

    yield start
    for each in sites:
        each.close()


@pytest.fixture
def changed_site(tmp_path: Path) -> Iterator[ChangedSite]:
    """Start a site of the test's own, of which one script has something put before it."""
    sites: list[Site] = []

    def start(script: str, before: str) -> Site:
        root = tmp_path / "dist"
        shutil.copytree(ROOT / "dist", root, ignore=shutil.ignore_patterns("packages", "*.map"))
        (root / script).write_text(before + (root / script).read_text())
        sites.append(Site(root=root))
        return sites[-1]

    yield start
    for each in sites:
        each.close()


@pytest.fixture(scope="session")
def demo_url() -> Iterator[str]:
    """A running `torrentide demo`."""
    command = [sys.executable, "-m", "torrentide.cli.main", "demo", "--dist", "dist", "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "py")}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0


@pytest.fixture
def new_page(browsers: Callable[[str], Browser], site: Site) -> Iterator[NewPage]:
    """Open a page of a browser: the blank test page unless a URL is given. An uncaught exception in it
    fails the test."""
    contexts = []
    faults: list[str] = []

    def open_page(browser: str = "chromium", url: str | None = None) -> Page:
        context = browsers(browser).new_context()
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.on("pageerror", lambda error: faults.append(f"{browser}: {error}"))
        page.on("console", lambda message: print(f"[{browser}] {message.text}"))
        page.goto(url or f"{site.url}/pages/blank.html")
        return page

    yield open_page
    for context in contexts:
        context.close()
    known = (FIREFOX_CANCELS, FIREFOX_UNREACHABLE)
    assert not [fault for fault in faults if not any(words in fault for words in known)]
