"""<torrent-video>: a page of another origin that writes no script, and what the element does by itself."""

from collections.abc import Iterator
from typing import Any

import pytest

from browser.clips import Clips
from browser.conftest import NewPage
from browser.file_server import FileServer
from browser.support import BOTH, Site, create
from browser.test_media import PIECE, clips, server
from torrentide.metainfo import bencode
from torrentide.metainfo.create import Options

__all__ = ["clips", "server"]
SRT = "1\r\n00:00:01,000 --> 00:00:30,000\r\nGuten Tag\r\n"
PLAYED = """async (most) => {
  const element = document.querySelector('torrent-video')
  const until = performance.now() + most * 1000
  while (performance.now() < until && !(element.video.currentTime > 0.5)) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return [element.video.currentTime > 0.5, element.shadowRoot.querySelector('[role=alert]').textContent]
}"""


@pytest.fixture
def elsewhere() -> Iterator[Site]:
    """Another origin that has the library."""
    served = Site()
    yield served
    served.close()


def torrent_of(server: FileServer, files: list[tuple[str, bytes]]) -> str:
    """The URL of a .torrent whose only source is the server."""
    for path, data in files:
        server.files[path] = data
    made = create(files, Options(piece_length=PIECE))
    seed = f"{server.url}/ranges/" + (files[0][0] if len(files) == 1 else "")
    seeds = bencode.encode([seed])
    server.files["film.torrent"] = b"d4:info" + made.info.raw + b"8:url-list" + seeds + b"e"
    return f"{server.url}/ranges/film.torrent"


def page_with(library: str, attributes: str) -> str:
    """A page of one script and one element."""
    script = f'<script src="{library}/torrentide.js"></script>'
    return f"<!doctype html>{script}<torrent-video {attributes}></torrent-video>"


@BOTH
def test_a_script_and_an_element_play(
    new_page: NewPage, site: Site, elsewhere: Site, server: FileServer, clips: Clips, browser: str
) -> None:
    url = torrent_of(server, [("film.mp4", clips["last.mp4"])])
    page = new_page(browser, f"{site.url}/pages/cross-origin.html?{elsewhere.url}")
    element = f'<torrent-video src="{url}" autoplay muted controls></torrent-video>'
    page.evaluate("(element) => void (document.body.innerHTML = element)", element)
    assert page.evaluate(PLAYED, 40) == [True, ""]
    statistics: Any = page.evaluate("() => document.querySelector('torrent-video').statistics")
    assert statistics["fromHTTP"] > 0
    assert statistics["fromPeers"] == 0


def test_a_playlist_with_subtitles_and_sounds(
    new_page: NewPage, site: Site, server: FileServer, clips: Clips
) -> None:
    film, song = clips["languages.mp4"], clips["song.mp3"]
    files = [("set/a.mp4", film), ("set/a.de.srt", SRT.encode()), ("set/b.mp3", song)]
    url = torrent_of(server, files)
    page = new_page()
    page.set_content(page_with(site.url, f'src="{url}" autoplay muted controls'))
    assert page.evaluate(PLAYED, 40) == [True, ""]
    script = """async () => {
      const element = document.querySelector('torrent-video')
      const [files, sounds] = element.shadowRoot.querySelectorAll('select')
      const options = (select) => [...select.options].map(({ text }) => text)
      // The subtitles are fetched behind the first picture.
      const cues = () => element.video.textTracks[0]?.cues?.length
      for (let tries = 0; tries < 200 && !cues(); tries++) {
        if (element.video.textTracks[0]) element.video.textTracks[0].mode = 'showing'
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      const track = element.video.textTracks[0]
      const offered = [options(files), options(sounds)]
      sounds.value = sounds.options[1].value
      sounds.dispatchEvent(new Event('change'))
      const from = element.video.currentTime
      for (let tries = 0; tries < 200 && element.video.currentTime < from + 1.5; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      const moved = element.video.currentTime >= from + 1.5
      element.dispatchEvent(new KeyboardEvent('keydown', { key: 'N' }))
      return [...offered, track.language, track.cues[0].text, moved, element.file.name]
    }"""
    found = page.evaluate(script)
    assert found == [["a.mp4", "b.mp3"], ["eng", "deu"], "de", "Guten Tag", True, "b.mp3"]
    assert page.evaluate(PLAYED, 20) == [True, ""]


@BOTH
def test_subtitles_that_the_page_names(
    new_page: NewPage, site: Site, server: FileServer, clips: Clips, browser: str
) -> None:
    """By an attribute, by <track>, in either form; one is shown from the start, keys show the others."""
    server.files["words.fr.srt"] = SRT.replace("Guten Tag", "Bonjour").encode()
    server.files["words.vtt"] = b"WEBVTT\n\n00:01.000 --> 00:30.000\nHello\n"
    url = torrent_of(server, [("set/film.mp4", clips["first.mp4"]), ("set/other.srt", SRT.encode())])
    there = f"{server.url}/ranges"
    page = new_page(browser)
    track = f'<track src="{there}/words.vtt" kind="captions" srclang="en" label="English" default>'
    page.set_content(
        f'<script src="{site.url}/torrentide.js"></script><torrent-video src="{url}" autoplay muted '
        f'subtitles="{there}/words.fr.srt">{track}</torrent-video>'
    )
    assert page.evaluate(PLAYED, 40) == [True, ""]
    script = """async () => {
      const element = document.querySelector('torrent-video'), { textTracks } = element.video
      const until = async (what) => {
        for (let tries = 0; tries < 200 && !what(); tries++) {
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
      }
      await until(() => textTracks.length === 3)
      const found = []
      for (let turn = 0; turn < 4; turn++) {
        const track = [...textTracks].find(({ mode }) => mode === 'showing')
        if (track) await until(() => track.cues?.length)
        found.push(track ? [track.kind, track.language, track.cues[0].text] : null)
        element.dispatchEvent(new KeyboardEvent('keydown', { key: 'c' }))
      }
      return found
    }"""
    french, english = ["subtitles", "fr", "Bonjour"], ["captions", "en", "Hello"]
    german = ["subtitles", "", "Guten Tag"]
    assert page.evaluate(script) == [english, german, None, french]


@BOTH
def test_keys_and_the_system(
    new_page: NewPage, site: Site, server: FileServer, clips: Clips, browser: str
) -> None:
    url = torrent_of(server, [("set/a.mp4", clips["first.mp4"]), ("set/b.mp4", clips["last.mp4"])])
    page = new_page(browser)
    page.set_content(page_with(site.url, f'src="{url}" autoplay muted aria-label="Our films"'))
    assert page.evaluate(PLAYED, 40) == [True, ""]
    script = """async () => {
      const element = document.querySelector('torrent-video'), { video } = element
      const press = (key, more) =>
        element.dispatchEvent(new KeyboardEvent('keydown', { key, cancelable: true, ...more }))
      const state = [navigator.mediaSession.metadata.title, element.getAttribute('role')]
      press('k')
      state.push(video.paused)
      press('m')
      state.push(video.muted)
      video.currentTime = 3
      press('l')
      state.push(Math.round(video.currentTime))
      press('j')
      state.push(Math.round(video.currentTime))
      press('j', { ctrlKey: true })
      state.push(Math.round(video.currentTime), press('x'), press('P'), element.file.name)
      press('N')
      state.push(element.file.name, element.getAttribute('file'))
      return state
    }"""
    expected = ["a.mp4", "group", True, False, 13, 3, 3, True, False, "a.mp4", "b.mp4", "set/b.mp4"]
    assert page.evaluate(script) == expected


@BOTH
def test_a_fallback_that_does_not_play_either(
    new_page: NewPage, site: Site, server: FileServer, browser: str
) -> None:
    page = new_page(browser)
    page.set_content(
        page_with(site.url, f'src="{server.url}/ranges/no.torrent" fallback="{server.url}/no.mp4"')
    )
    alert = page.locator("torrent-video [role=alert]")
    alert.filter(has_text="fallback can not be played").wait_for(timeout=30_000)


def test_the_fallback_plays_when_there_is_no_torrent(
    new_page: NewPage, site: Site, server: FileServer, clips: Clips
) -> None:
    server.files["film.mp4"] = clips["first.mp4"]
    page = new_page()
    fallback = f"{server.url}/ranges/film.mp4"
    page.set_content(
        page_with(site.url, f'src="magnet:?xt=urn:btih:{"0" * 40}" fallback="{fallback}" autoplay muted')
    )
    assert page.evaluate(PLAYED, 30) == [True, ""]


def test_what_can_not_be_played_is_said(new_page: NewPage, site: Site, server: FileServer) -> None:
    url = torrent_of(server, [("notes.bin", b"nothing to see" * 1000)])
    page = new_page()
    page.set_content(page_with(site.url, f'src="{url}"'))
    alert = page.locator("torrent-video [role=alert]")
    alert.filter(has_text="no film or sound").wait_for(timeout=30_000)
