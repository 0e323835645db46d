"""Viewers of one film that a web server has: how much of it the server sends, and how much they give each
other. They come one after the other, and play in real time. It prints, and asserts nothing about time."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.conftest import NewPage
from browser.file_server import FileServer
from browser.support import Site, create
from torrentide.metainfo import bencode
from torrentide.metainfo.create import Options

VIEWERS = 5
SECONDS = 90
MBIT = 2
APART_SECONDS = 2
PIECE = 256 * 1024
WATCH = """(attributes) => {
  document.body.innerHTML = `<torrent-video ${attributes} autoplay muted controls></torrent-video>`
  const element = document.querySelector('torrent-video')
  window.stalls = 0
  window.begun = performance.now()
  element.video.addEventListener('playing', () => (window.started ??= performance.now() - begun))
  element.video.addEventListener('waiting', () => window.started && !element.video.ended && stalls++)
}"""
TOLD = """() => {
  const { video, statistics } = document.querySelector('torrent-video')
  return { ended: video.ended, at: video.currentTime, stalls, started, ...statistics }
}"""


@pytest.fixture
def server() -> Iterator[FileServer]:
    served = FileServer({})
    yield served
    served.close()


def film(path: Path) -> bytes:
    """One of a constant rate."""
    picture = ["-f", "lavfi", "-i", f"testsrc2=size=320x180:rate=25:duration={SECONDS}"]
    rate = ["-b:v", f"{MBIT}M", "-minrate", f"{MBIT}M", "-maxrate", f"{MBIT}M", "-bufsize", f"{MBIT}M"]
    codec = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "50"]
    filler = ["-x264-params", "nal-hrd=cbr", "-movflags", "+faststart"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *picture, *codec, *rate, *filler, path], check=True)
    return path.read_bytes()


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_five_viewers_and_one_server(
    new_page: NewPage, site: Site, server: FileServer, tmp_path: Path, browser: str
) -> None:
    data = film(tmp_path / "film.mp4")
    made = create([("film.mp4", data)], Options(piece_length=PIECE))
    seeds, tracker = bencode.encode([f"{server.url}/ranges/film.mp4"]), bencode.encode(site.tracker.encode())
    torrent = b"d8:announce" + tracker + b"4:info" + made.info.raw + b"8:url-list" + seeds + b"e"
    server.files |= {"film.mp4": data, "film.torrent": torrent}
    pages = []
    for _ in range(VIEWERS):
        page = new_page(browser)
        page.evaluate(WATCH, f'src="{server.url}/ranges/film.torrent"')
        pages.append(page)
        page.wait_for_timeout(1000 * APART_SECONDS)
    print(f"\n{browser}: {VIEWERS} viewers of {len(data) / 1e6:.1f} MB, {SECONDS} s long")
    total = 0
    for page in pages:
        page.wait_for_function("() => document.querySelector('torrent-video').video.ended", timeout=200_000)
        told = page.evaluate(TOLD)
        total += told["fromHTTP"] + told["fromPeers"]
        print(
            f"  started after {told['started']:.0f} ms, {told['stalls']} stalls, "
            f"{told['fromHTTP'] / 1e6:.1f} MB by HTTP, {told['fromPeers'] / 1e6:.1f} MB by peers"
        )
    print(f"  the server sent {server.sent / 1e6:.1f} MB, {server.sent / (VIEWERS * len(data)):.0%} of all")
    assert total >= VIEWERS * len(data) * 0.99
