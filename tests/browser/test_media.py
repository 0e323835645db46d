"""Playing while it comes: containers, seeks and bad input, by MediaSource and by the service worker. Films
are made by ffmpeg and come from a web server of another origin."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from browser.clips import FILMS, RATE, SECONDS, SONGS, Clips
from browser.conftest import NewPage
from browser.file_server import FileServer
from browser.support import create, run
from torrentide.metainfo import bencode
from torrentide.metainfo.create import Options

BROWSERS = ["chromium", "firefox"]
PIECE = 64 * 1024


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips(tmp_path_factory.mktemp("clips"))


@pytest.fixture
def server() -> Iterator[FileServer]:
    served = FileServer({})
    yield served
    served.close()


def offer(server: FileServer, name: str, data: bytes, how: str = "ranges") -> list[int]:
    """A .torrent of the file, with that server as its only source, as an array for the page."""
    server.files[name] = data
    made = create([(name, data)], Options(piece_length=PIECE))
    urls = bencode.encode([f"{server.url}/{how}/{name}"])
    return list(b"d4:info" + made.info.raw + b"8:url-list" + urls + b"e")


def media_page(new_page: NewPage, browser: str) -> Page:
    page = new_page(browser)
    for script in ("serve", "media"):
        page.add_script_tag(url=f"/pages/{script}.js")
    return page


def seconds(rng: random.Random, count: int) -> list[float]:
    """The middle of the time that a picture is shown, so that rounding can't choose its neighbour."""
    return [(rng.randrange(SECONDS * RATE) + 0.5) / RATE for _ in range(count)]


@pytest.mark.parametrize("served", [False, True], ids=["source", "worker"])
@pytest.mark.parametrize("browser", BROWSERS)
def test_each_container_plays(
    new_page: NewPage, server: FileServer, clips: Clips, browser: str, served: bool
) -> None:
    page = media_page(new_page, browser)
    films = [[name, offer(server, name, clips[name]), clips.first_picture(name)] for name in FILMS]
    songs = [[name, offer(server, name, clips[name]), None] for name in SONGS]
    wrong = run(page, "playAll", films + songs, seconds(random.Random(3), 3), served)
    assert wrong == {}


@pytest.mark.parametrize("name", ["first.mp4", "vp9.webm"])
@pytest.mark.parametrize("browser", BROWSERS)
def test_thirty_seeks_land_on_the_right_picture(
    new_page: NewPage, server: FileServer, clips: Clips, browser: str, name: str
) -> None:
    page = media_page(new_page, browser)
    wanted = seconds(random.Random(9), 30)
    script = """async ([torrentFile, wanted]) => {
      const element = screen()
      const file = await fileOf(torrentFile, client([]))
      file.streamTo(element)
      await happens(element, 'loadedmetadata')
      const numbers = []
      for (const seconds of wanted) numbers.push(await pictureAt(element, seconds))
      return numbers
    }"""
    numbers: Any = page.evaluate(script, [offer(server, name, clips[name]), wanted])
    assert numbers == [int(each * RATE) for each in wanted]


def test_clips_are_what_they_should_be(clips: Clips, tmp_path: Path) -> None:
    assert clips["last.mp4"].index(b"moov") > clips["last.mp4"].index(b"mdat")
    assert clips["first.mp4"].index(b"moov") < clips["first.mp4"].index(b"mdat")
    assert b"moof" in clips["fragmented.mp4"]
