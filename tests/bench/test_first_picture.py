"""How long from a click to the first picture: a film by Torrentide, from a web server alone, next to a plain
<video> of the same file. The engine is up and the torrent is there, as on a page that lists films; nothing of
the film is here. It prints, and asserts nothing about time."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import Page

from browser.clips import Clips
from browser.conftest import ChangedSite, NewPage
from browser.file_server import FileServer
from browser.support import Site, create
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
  if (file) file.streamTo(element)
  else element.src = url
  await happens(element, 'loadeddata')
  const took = performance.now() - started
  element.remove()
  await Promise.all(owner.torrents.map((torrent) => torrent.destroy()))
  return took
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


def film_page(new_page: NewPage, browser: str, url: str | None = None) -> Page:
    page = new_page(browser, url)
    for script in ("serve", "media"):
        page.add_script_tag(url=f"/pages/{script}.js")
    return page


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_first_picture(new_page: NewPage, server: FileServer, tmp_path: Path, browser: str) -> None:
    film = Clips(tmp_path)["first.mp4"]
    page = film_page(new_page, browser)
    times: dict[str, list[float]] = {"plain": [], "source": [], "worker": []}
    for number in range(ROUNDS):
        for way, taken in times.items():
            taken.append(page.evaluate(CLICK, asked_of(server, film, number, way)))
    plain = median(times["plain"])
    for way, taken in times.items():
        ratio = median(taken) / plain
        print(
            f"\n{browser}, {way}: median {median(taken):.0f} ms, first {taken[0]:.0f} ms, ratio {ratio:.2f}"
        )


@pytest.fixture
def marked(changed_site: ChangedSite) -> Site:
    """A site whose engine notes what it does, and when."""
    return changed_site("engine/worker.mjs", MARKS.read_text())


@pytest.mark.parametrize("way", ["source", "worker"])
@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_profile_of_a_first_picture(
    new_page: NewPage, marked: Site, server: FileServer, tmp_path: Path, browser: str, way: str
) -> None:
    """Prints what happens between the click and the picture, of the round that is the median."""
    film = Clips(tmp_path)["first.mp4"]
    page = new_page(browser, f"{marked.url}/pages/blank.html")
    page.add_init_script(path=MARKS)
    page.reload()
    for script in ("serve", "media"):
        page.add_script_tag(url=f"/pages/{script}.js")
    rounds = []
    for number in range(ROUNDS):
        took = page.evaluate(CLICK, asked_of(server, film, number, way))
        rounds.append((took, page.evaluate("() => collectMarks()")))
    took, marks = sorted(rounds, key=lambda each: each[0])[ROUNDS // 2]
    began = next(at for at, what in marks if what == "click")
    print(f"\n{browser}, {way}: {took:.0f} ms")
    for at, what in marks:
        if 0 <= at - began <= took + 1:
            print(f"  {at - began:7.1f} {what}")
