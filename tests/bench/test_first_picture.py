"""How long from a click to the first picture: a film by Torrentide, from a web server alone, next to a plain
<video> of the same file. The engine is up, as on a page that has shown its list of films; nothing of the film
is here. It prints, and asserts nothing about time."""

import random
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from browser.clips import Clips
from browser.conftest import NewPage
from browser.file_server import FileServer
from browser.support import create
from torrentide.metainfo import bencode
from torrentide.metainfo.create import Options

ROUNDS = 7
CLICK = """async ([torrentFile, url, served]) => {
  const element = screen()
  const owner = client([])
  if (served) await serve(owner)
  const file = torrentFile && (await fileOf(torrentFile, owner))
  const started = performance.now()
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


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_first_picture(new_page: NewPage, server: FileServer, tmp_path: Path, browser: str) -> None:
    film = Clips(tmp_path)["first.mp4"]
    page = new_page(browser)
    for script in ("serve", "media"):
        page.add_script_tag(url=f"/pages/{script}.js")
    times: dict[str, list[float]] = {"plain": [], "source": [], "worker": []}
    for number in range(ROUNDS):
        for way, taken in times.items():
            # Bytes at the end make each a torrent of its own, so that nothing of it is here.
            data = film + random.Random(f"{number}{way}").randbytes(64)
            name = f"{number}-{way}.mp4"
            server.files[name] = data
            made = create([(name, data)], Options(piece_length=256 * 1024))
            url = f"{server.url}/ranges/{name}"
            torrent = b"d4:info" + made.info.raw + b"8:url-list" + bencode.encode([url]) + b"e"
            asked = [None if way == "plain" else list(torrent), url, way == "worker"]
            taken.append(page.evaluate(CLICK, asked))
    plain = median(times["plain"])
    for way, taken in times.items():
        ratio = median(taken) / plain
        print(
            f"\n{browser}, {way}: median {median(taken):.0f} ms, first {taken[0]:.0f} ms, ratio {ratio:.2f}"
        )
