"""How long from a click, on which it plays, to the first picture that is seen: a film by Torrentide, from a
web server alone, next to a plain <video> of the same file. The engine is up and the torrent is there, as on a
page that lists films. It prints, and asserts nothing about time.

`small` is the film of the tests, of 192 x 96 and 400 kbit/s, `large` one of 1280 x 720 and 4 Mbit/s. On a
first visit nothing of it is here; on a return visit it is."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright

from browser.clips import Clips, large_film
from browser.conftest import ChangedSite, NewPage
from browser.file_server import FileServer
from browser.support import BOTH, Site, create, launch_with_profile
from torrentide.metainfo import bencode
from torrentide.metainfo.create import Options

ROUNDS = 7
MARKS = Path(__file__).parent / "marks.js"
CLICK = """async ([torrentFile, url, served]) => {
  const element = screen()
  const owner = client([])
  if (served) await serve(owner)
  const file = torrentFile && (await fileOf(torrentFile, owner, { deselect: true }))
  // What a new torrent has to do is done.
  await new Promise((resolve) => setTimeout(resolve, 500))
  const started = performance.now()
  window.mark?.('click')
  element.autoplay = true
  if (file) file.streamTo(element)
  else element.src = url
  await new Promise((resolve) => element.requestVideoFrameCallback(resolve))
  const took = performance.now() - started
  element.remove()
  await Promise.all(owner.torrents.map((torrent) => torrent.destroy({ destroyStore: true })))
  return took
}"""
FETCH = """async (torrentFile) => {
  const file = await fileOf(torrentFile, client([]))
  await new Promise((resolve) => file.done ? resolve() : file.on('done', resolve))
}"""


@pytest.fixture
def server() -> Iterator[FileServer]:
    served = FileServer({})
    yield served
    served.close()


def asked_of(server: FileServer, film: bytes, number: int, way: str) -> list[Any]:
    """What CLICK takes. Its name makes each a torrent of its own, so that nothing of it is here."""
    name = f"{number}-{way}.mp4"
    server.files[name] = film
    made = create([(name, film)], Options(piece_length=256 * 1024))
    url = f"{server.url}/ranges/{name}"
    torrent = b"d4:info" + made.info.raw + b"8:url-list" + bencode.encode([url]) + b"e"
    return [None if way == "plain" else list(torrent), url, way == "worker"]


def film_page(page: Page, url: str) -> None:
    page.goto(url)
    for script in ("serve", "media"):
        page.add_script_tag(url=f"/pages/{script}.js")


def come_back(page: Page, url: str, asked: list[Any]) -> None:
    """Fetch the film, and open the page anew."""
    if asked[0]:
        page.evaluate(FETCH, asked[0])
    film_page(page, url)


def film_of(tmp_path: Path, size: str) -> bytes:
    return Clips(tmp_path)["first.mp4"] if size == "small" else large_film(tmp_path / "large.mp4")


VISITS = pytest.mark.parametrize("visit", ["first", "return"])


@VISITS
@pytest.mark.parametrize("size", ["small", "large"])
@BOTH
def test_first_picture(
    playwright: Playwright,
    site: Site,
    server: FileServer,
    tmp_path: Path,
    browser: str,
    size: str,
    visit: str,
) -> None:
    film = film_of(tmp_path, size)
    url = f"{site.url}/pages/blank.html"
    # With a profile, as people have: in a private window what is stored goes through another process.
    with launch_with_profile(playwright, browser, tmp_path / "profile") as context:
        page = context.new_page()
        film_page(page, url)
        times: dict[str, list[float]] = {"plain": [], "source": [], "worker": []}
        for number in range(ROUNDS):
            for way, taken in times.items():
                asked = asked_of(server, film, number, way)
                if visit == "return":
                    come_back(page, url, asked)
                taken.append(page.evaluate(CLICK, asked))
    plain = median(times["plain"])
    print(f"\n{browser}, {size} film, {visit} visit: plain {plain:.0f} ms", end="")
    for way in ("source", "worker"):
        print(f", {way} {median(times[way]):.0f} ({median(times[way]) / plain:.2f})", end="")
    print()


@pytest.fixture
def marked(changed_site: ChangedSite) -> Site:
    """A site whose engine notes what it does, and when."""
    return changed_site("engine/worker.mjs", MARKS.read_text())


@VISITS
@pytest.mark.parametrize("way", ["source", "worker"])
@BOTH
def test_profile_of_a_first_picture(
    new_page: NewPage, marked: Site, server: FileServer, tmp_path: Path, browser: str, way: str, visit: str
) -> None:
    """Prints what happens between the click and the picture, of the round that is the median."""
    film = film_of(tmp_path, "large")
    page = new_page(browser)
    page.add_init_script(path=MARKS)
    url = f"{marked.url}/pages/blank.html"
    film_page(page, url)
    rounds = []
    for number in range(ROUNDS):
        asked = asked_of(server, film, number, way)
        if visit == "return":
            come_back(page, url, asked)
        took = page.evaluate(CLICK, asked)
        rounds.append((took, page.evaluate("() => collectMarks()")))
    took, marks = sorted(rounds, key=lambda each: each[0])[ROUNDS // 2]
    began = next(at for at, what in marks if what == "click")
    print(f"\n{browser}, {way}, {visit} visit: {took:.0f} ms")
    for at, what in marks:
        if 0 <= at - began <= took + 1:
            print(f"  {at - began:7.1f} {what}")
