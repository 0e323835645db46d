"""Players in trouble: films that lie, bytes that do not come, pages that change their mind. Each ends with a
clear event, or plays; the page stays alive."""

from typing import Any

from browser.clips import Clips
from browser.conftest import NewPage
from browser.file_server import FileServer
from browser.liars import LIARS
from browser.support import BOTH, EITHER, Site, create
from browser.test_media import BAD, PIECE, clips, media_page, offer, server
from browser.test_torrent_video import PLAYED, torrent_of
from torrentide.metainfo.create import Options

__all__ = ["clips", "server"]
# The longest that the page's thread was held up, in milliseconds, as `longest`.
WATCHED = """() => {
  let before = performance.now()
  window.longest = 0
  setInterval(() => {
    window.longest = Math.max(window.longest, performance.now() - before)
    before = performance.now()
  }, 20)
}"""


@BOTH
def test_films_whose_index_lies(new_page: NewPage, server: FileServer, clips: Clips, browser: str) -> None:
    page = media_page(new_page, browser)
    page.evaluate(WATCHED)
    film = clips["first.mp4"]
    for name, lie in LIARS.items():
        result = page.evaluate(BAD, [offer(server, f"{name}.mp4", lie(film)), 30])
        assert result["told"] or result["played"], name
        assert set(result["codes"]) <= {"ERR_MEDIA_FORMAT", "ERR_MEDIA_BROKEN"}, name
    assert page.evaluate("() => longest") < 5_000
    assert page.evaluate(BAD, [offer(server, "first.mp4", film), 20])["played"]


@BOTH
def test_a_hole_in_the_film_is_passed_over(
    new_page: NewPage, server: FileServer, clips: Clips, browser: str
) -> None:
    page = media_page(new_page, browser)
    script = """async (torrentFile) => {
      const element = screen()
      const file = await fileOf(torrentFile, client([]))
      const codes = []
      file.on('warning', ({ code }) => codes.push(code))
      file.streamTo(element)
      await happens(element, 'loadedmetadata')
      element.currentTime = 8
      await element.play()
      const passed = await within(15, () => element.currentTime > 22.5)
      element.pause()
      const seeked = happens(element, 'seeked')
      element.currentTime = 15
      await seeked
      const landed = element.currentTime
      await playToTheEnd(element)
      return [passed, landed > 21.9 && landed < 22.5, [...new Set(codes)]]
    }"""
    result = page.evaluate(script, offer(server, "gap.webm", clips["gap.webm"]))
    assert result == [True, True, ["ERR_MEDIA_BROKEN"]]


@EITHER
def test_a_player_that_stands_still_amid_what_it_has_is_moved_on(
    new_page: NewPage, server: FileServer, clips: Clips, browser: str
) -> None:
    page = media_page(new_page, browser)
    script = """async (torrentFile) => {
      const element = await shown(torrentFile)
      await element.play()
      await within(10, () => element.currentTime > 1 && element.buffered.end(0) > 10)
      // As slow as it can be: it has data, and needs no help.
      element.playbackRate = 0
      const needless = await happens(element, 'seeking', 5).then(() => true, () => false)
      const before = element.currentTime
      // What Chromium's decoders say when they have lost their way.
      Object.defineProperty(element, 'readyState', { get: () => HTMLMediaElement.HAVE_CURRENT_DATA })
      await happens(element, 'seeking', 10)
      return [needless, element.currentTime > before && element.currentTime < before + 0.5]
    }"""
    assert page.evaluate(script, offer(server, "first.mp4", clips["first.mp4"])) == [False, True]


STALLED = """async (element) => {
  const { detail } = await happens(element, 'stalled', 30)
  return detail.code
}"""


@BOTH
def test_nobody_has_it(new_page: NewPage, clips: Clips, browser: str) -> None:
    page = media_page(new_page, browser)
    script = f"""async (torrentFile) => {{
      const element = screen(), file = await fileOf(torrentFile, client([])), codes = []
      file.on('warning', ({{ code }}) => codes.push(code))
      const stalled = ({STALLED})(element)
      file.streamTo(element)
      return [await stalled, ...codes]
    }}"""
    film = clips["first.mp4"]
    alone = b"d4:info" + create([("film.mp4", film)], Options(piece_length=PIECE)).info.raw + b"e"
    assert page.evaluate(script, list(alone)) == ["ERR_MEDIA_STALLED", "ERR_MEDIA_STALLED"]


@BOTH
def test_the_seed_vanishes_and_comes_back(
    new_page: NewPage, server: FileServer, clips: Clips, browser: str
) -> None:
    page = media_page(new_page, browser)
    torrent = offer(server, "first.mp4", clips["first.mp4"])
    script = """async (torrentFile) => {
      window.element = screen()
      const owner = client([])
      owner.on('add', (torrent) => (torrent.downloadLimit = 400_000))
      const file = await fileOf(torrentFile, owner)
      window.errors = []
      file.on('error', ({ code }) => errors.push(code))
      file.streamTo(element)
      await happens(element, 'loadedmetadata')
    }"""
    page.evaluate(script, torrent)
    server.down = True
    stalled = f"() => {{ element.currentTime = 38; return ({STALLED})(element) }}"
    assert page.evaluate(stalled) == "ERR_MEDIA_STALLED"
    server.down = False
    goes_on = "async () => [await within(60, () => element.readyState >= 3), errors]"
    assert page.evaluate(goes_on) == [True, []]
    assert page.evaluate("() => playFrom(element, 38, 0.5)")


@BOTH
def test_a_service_worker_that_does_not_reach_the_page(
    new_page: NewPage, server: FileServer, clips: Clips, browser: str
) -> None:
    page = media_page(new_page, browser)
    script = """async (torrentFile) => {
      const scope = '/pages/none/'
      const controller = await navigator.serviceWorker.register('/torrentide-sw.js', { scope })
      await within(10, () => controller.active)
      const owner = client([])
      owner.createServer({ controller })
      const element = await shown(torrentFile, owner)
      return [navigator.serviceWorker.controller, element.src.startsWith('blob:'), await playFrom(element, 5)]
    }"""
    torrent = offer(server, "first.mp4", clips["first.mp4"])
    assert page.evaluate(script, torrent) == [None, True, True]


@BOTH
def test_a_page_that_changes_its_mind(
    new_page: NewPage, server: FileServer, clips: Clips, browser: str
) -> None:
    """Another film at once, twenty times; a source of the page's own; an element that goes and comes."""
    page = media_page(new_page, browser)
    script = """async ([one, other]) => {
      const element = screen(), owner = client([]), codes = []
      const files = [await fileOf(one, owner), await fileOf(other, owner)]
      for (const file of files) file.on('error', ({ code }) => codes.push(code))
      for (let turn = 0; turn < 20; turn++) {
        files[turn % 2].streamTo(element)
        await new Promise((resolve) => setTimeout(resolve, turn % 5 * 10))
      }
      await within(20, () => element.readyState >= 2)
      const right = element.videoWidth === 192 && await playFrom(element, 10)
      files[0].streamTo(element)
      element.src = 'data:video/mp4,'
      await within(5, () => element.error)
      const own = element.src.startsWith('data:')
      files[0].streamTo(element)
      await happens(element, 'loadedmetadata')
      await element.play()
      element.remove()
      await new Promise((resolve) => setTimeout(resolve, 300))
      document.body.append(element)
      return [right, own, await playFrom(element, 20), codes]
    }"""
    torrents = [offer(server, name, clips[name]) for name in ("first.mp4", "vp9.webm")]
    assert page.evaluate(script, torrents) == [True, True, True, []]


CHANGES = """async ([one, other]) => {
  const element = document.querySelector('torrent-video'), errors = []
  element.addEventListener('error', ({ detail }) => errors.push(detail.message))
  for (let turn = 0; turn < 20; turn++) {
    element.setAttribute('src', turn % 2 ? other : one)
    await new Promise((resolve) => setTimeout(resolve, turn % 5 * 20))
  }
  return errors
}"""


@BOTH
def test_an_element_whose_source_changes_quickly(
    new_page: NewPage, site: Site, server: FileServer, clips: Clips, browser: str
) -> None:
    one = torrent_of(server, [("film.mp4", clips["first.mp4"])])
    server.files["one.torrent"] = server.files.pop("film.torrent")
    other = torrent_of(server, [("other.webm", clips["vp9.webm"])])
    page = new_page(browser)
    page.set_content(
        f'<script src="{site.url}/torrentide.js"></script><torrent-video autoplay muted></torrent-video>'
    )
    assert page.evaluate(CHANGES, [one.replace("film.torrent", "one.torrent"), other]) == []
    assert page.evaluate(PLAYED, 40) == [True, ""]
    script = """async () => {
      const element = document.querySelector('torrent-video'), { client } = element
      const { name } = element.file, { length } = client.torrents
      element.remove()
      await new Promise((resolve) => setTimeout(resolve, 500))
      return [name, length, client.torrents.length, element.video.currentSrc && element.video.src]
    }"""
    found: Any = page.evaluate(script)
    assert found == ["other.webm", 1, 0, ""]


@BOTH
def test_an_element_tells_that_nobody_has_the_torrent(new_page: NewPage, site: Site, browser: str) -> None:
    page = new_page(browser)
    magnet = f"magnet:?xt=urn:btih:{'1' * 40}"
    page.set_content(
        f'<script src="{site.url}/torrentide.js"></script><torrent-video src="{magnet}"></torrent-video>'
    )
    page.locator("torrent-video [role=status]").filter(has_text="Nobody who has this").wait_for(
        timeout=30_000
    )
