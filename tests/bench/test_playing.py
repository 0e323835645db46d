"""A film of 4 Mbit/s from three peers of 2 Mbit/s each, who stay, or of whom one leaves every ten seconds
while another one comes. It prints, and asserts nothing about time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from browser.clips import constant_film
from browser.conftest import NewPage
from browser.file_server import FileServer
from browser.support import Site

SECONDS = 60
MBIT = 4
PEERS, PEER_BYTES = 3, 2_000_000 // 8
LEAVE_SECONDS = 10
SEED = """async ([tracker, url, uploadLimit]) => {
  const file = new File([await (await fetch(url)).blob()], 'film.mp4')
  window.torrent = client(tracker).seed(file, { announce: [tracker], uploadLimit })
  await event(torrent, 'seed')
  return torrent.magnetURI
}"""
WATCH = """async ([tracker, magnet]) => {
  const torrent = client(tracker).add(magnet, { announce: [tracker] })
  await torrent.whenReady()
  const element = screen()
  element.autoplay = true
  torrent.files[0].streamTo(element)
  observe(element)
}"""


@pytest.fixture
def server() -> Iterator[FileServer]:
    served = FileServer({})
    yield served
    served.close()


@pytest.mark.parametrize("leaving", [False, True])
@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_three_peers(
    site: Site, new_page: NewPage, server: FileServer, tmp_path: Path, browser: str, leaving: bool
) -> None:
    server.files["film.mp4"] = constant_film(tmp_path / "film.mp4", SECONDS, MBIT)

    def seed() -> tuple[Page, str]:
        page = new_page("chromium-2")
        asked = [site.tracker, f"{server.url}/ranges/film.mp4", PEER_BYTES]
        return page, page.evaluate(SEED, asked)

    seeds = [seed() for _ in range(PEERS)]
    page = new_page(browser)
    for script in ("media", "playing"):
        page.add_script_tag(url=f"/pages/{script}.js")
    page.evaluate(WATCH, [site.tracker, seeds[0][1]])
    while not page.evaluate("() => seen().ended"):
        page.wait_for_timeout(1000 * LEAVE_SECONDS)
        if leaving:
            seeds.pop(0)[0].context.close()
            seeds.append(seed())
    told = page.evaluate("() => seen()")
    words = "one leaves every 10 s" if leaving else "who stay"
    print(f"\n{browser}, {PEERS} peers, {words}: started after {told['started']} ms, stalls {told['stalls']}")
