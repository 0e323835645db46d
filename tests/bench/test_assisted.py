"""Viewers of one film that a web server has: how much of it the server sends, and how much they give each
other. They come one after the other, and play in real time. It prints, and asserts nothing about time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.clips import constant_film
from browser.conftest import NewPage
from browser.file_server import FileServer
from browser.support import Site, create
from torrentide.metainfo import bencode
from torrentide.metainfo.create import Options

VIEWERS = 5
SECONDS = 90
MBIT = 2
APART_SECONDS = 2
ALONE_SECONDS = 30
PIECE = 256 * 1024
WATCH = """(attributes) => {
  document.body.innerHTML = `<torrent-video ${attributes} autoplay muted controls></torrent-video>`
  const element = document.querySelector('torrent-video')
  observe(element.video)
}"""
PLAIN = """(url) => {
  document.body.innerHTML = `<video src="${url}" autoplay muted></video>`
  observe(document.querySelector('video'))
}"""
TOLD = "() => ({ ...seen(), ...document.querySelector('torrent-video').statistics })"


@pytest.fixture
def server() -> Iterator[FileServer]:
    served = FileServer({})
    yield served
    served.close()


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_five_viewers_and_one_server(
    new_page: NewPage, site: Site, server: FileServer, tmp_path: Path, browser: str
) -> None:
    data = constant_film(tmp_path / "film.mp4", SECONDS, MBIT)
    made = create([("film.mp4", data)], Options(piece_length=PIECE))
    seeds, tracker = bencode.encode([f"{server.url}/ranges/film.mp4"]), bencode.encode(site.tracker.encode())
    torrent = b"d8:announce" + tracker + b"4:info" + made.info.raw + b"8:url-list" + seeds + b"e"
    server.files |= {"film.mp4": data, "film.torrent": torrent}
    pages = []
    for _ in range(VIEWERS):
        page = new_page(browser)
        page.add_script_tag(url="/pages/playing.js")
        page.evaluate(WATCH, f'src="{server.url}/ranges/film.torrent"')
        pages.append(page)
        page.wait_for_timeout(1000 * APART_SECONDS)
    print(f"\n{browser}: {VIEWERS} viewers of {len(data) / 1e6:.1f} MB, {SECONDS} s long")
    total = 0
    for page in pages:
        page.wait_for_function("() => seen().ended", timeout=200_000)
        told = page.evaluate(TOLD)
        total += told["fromHTTP"] + told["fromPeers"]
        print(
            f"  started after {told['started']:.0f} ms, stalls {told['stalls']}, "
            f"{told['fromHTTP'] / 1e6:.1f} MB by HTTP, {told['fromPeers'] / 1e6:.1f} MB by peers"
        )
    print(f"  the server sent {server.sent / 1e6:.1f} MB, {server.sent / (VIEWERS * len(data)):.0%} of all")
    assert total >= VIEWERS * len(data) * 0.99


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_a_viewer_alone_and_a_plain_video(
    new_page: NewPage, server: FileServer, tmp_path: Path, browser: str
) -> None:
    data = constant_film(tmp_path / "film.mp4", ALONE_SECONDS, MBIT)
    made = create([("film.mp4", data)], Options(piece_length=PIECE))
    url = f"{server.url}/ranges/film.mp4"
    torrent = b"d4:info" + made.info.raw + b"8:url-list" + bencode.encode([url]) + b"e"
    server.files |= {"film.mp4": data, "film.torrent": torrent}
    print(f"\n{browser}: one viewer, {ALONE_SECONDS} s")
    page = new_page(browser)
    page.add_script_tag(url="/pages/playing.js")
    for name, script, argument in (
        ("plain", PLAIN, url),
        ("torrent", WATCH, f'src="{server.url}/ranges/film.torrent"'),
    ):
        page.evaluate(script, argument)
        page.wait_for_function("() => seen().ended", timeout=120_000)
        told = page.evaluate("() => seen()")
        print(f"  {name}: started after {told['started']:.0f} ms, stalls {told['stalls']}")
