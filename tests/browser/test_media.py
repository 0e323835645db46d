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
from browser.support import BOTH, create, run
from torrentide.metainfo import bencode
from torrentide.metainfo.create import Options

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


@pytest.mark.parametrize(
    ("browser", "served"),
    [
        pytest.param("chromium", False, id="chromium-source"),
        pytest.param("firefox", True, id="firefox-worker"),
        pytest.param("chromium", True, id="chromium-worker", marks=pytest.mark.thorough),
        pytest.param("firefox", False, id="firefox-source", marks=pytest.mark.thorough),
    ],
)
def test_each_container_plays(
    new_page: NewPage, server: FileServer, clips: Clips, browser: str, served: bool
) -> None:
    page = media_page(new_page, browser)
    films = [[name, offer(server, name, clips[name]), clips.first_picture(name)] for name in FILMS]
    songs = [[name, offer(server, name, clips[name]), None] for name in SONGS]
    wrong = run(page, "playAll", films + songs, seconds(random.Random(3), 3), served)
    assert wrong == {}


@pytest.mark.parametrize("name", ["first.mp4", "vp9.webm"])
@BOTH
def test_thirty_seeks_land_on_the_right_picture(
    new_page: NewPage, server: FileServer, clips: Clips, browser: str, name: str
) -> None:
    page = media_page(new_page, browser)
    wanted = seconds(random.Random(9), 30)
    script = """async ([torrentFile, wanted]) => {
      const element = await shown(torrentFile)
      const numbers = []
      for (const seconds of wanted) numbers.push(await pictureAt(element, seconds))
      return numbers
    }"""
    numbers: Any = page.evaluate(script, [offer(server, name, clips[name]), wanted])
    assert numbers == [int(each * RATE) for each in wanted]


# Of each way in which tracks are packed one, and one whose last packet does not say how long it lasts.
@pytest.mark.parametrize("name", ["vp8.webm", "vp9.webm", "film.mkv", "song.mp3", "song.m4a"])
@BOTH
def test_a_seek_to_the_end_ends_it_each_time(
    new_page: NewPage, server: FileServer, clips: Clips, browser: str, name: str
) -> None:
    """And it plays from the start again, although that has made room."""
    page = media_page(new_page, browser)
    script = """async (torrentFile) => {
      const element = await shown(torrentFile)
      await within(10, () => element.buffered.length && element.buffered.end(0) > 25)
      const result = []
      for (let round = 0; round < 3; round++) {
        element.currentTime = element.duration
        element.play().catch(() => {})
        const ended = await within(10, () => element.ended)
        result.push(ended && Math.abs(element.duration - 40) < 0.1, await playFrom(element, 1))
      }
      return [result, element.error]
    }"""
    assert page.evaluate(script, offer(server, name, clips[name])) == [[True] * 6, None]


@BOTH
def test_a_seek_to_just_before_what_is_there(
    new_page: NewPage, server: FileServer, clips: Clips, browser: str
) -> None:
    """Firefox takes a picture that is there for one that lies up to a quarter of a second before it."""
    page = media_page(new_page, browser)
    script = """async (torrentFile) => {
      const element = await shown(torrentFile)
      const behind = await pictureAt(element, 14.02)
      await within(10, () => element.buffered.end(element.buffered.length - 1) > 15)
      const append = SourceBuffer.prototype.appendBuffer
      SourceBuffer.prototype.appendBuffer = function (bytes) {
        setTimeout(() => append.call(this, bytes), 200)
      }
      const seeked = happens(element, 'seeked')
      element.currentTime = 13.86
      await seeked
      await within(5, () => pictureNumber(element) === 346)
      return [behind, pictureNumber(element)]
    }"""
    assert page.evaluate(script, offer(server, "first.mp4", clips["first.mp4"])) == [350, 346]


# Lets each SourceBuffer hold 8 seconds and no more, as a browser does with bytes; it drops nothing by itself.
FULL = """async ([torrentFile, places]) => {
  const append = SourceBuffer.prototype.appendBuffer
  let refusals = 0
  SourceBuffer.prototype.appendBuffer = function (bytes) {
    let held = 0
    for (let at = 0; at < this.buffered.length; at++) held += this.buffered.end(at) - this.buffered.start(at)
    if (held <= 8) return append.call(this, bytes)
    refusals++
    throw new DOMException('', 'QuotaExceededError')
  }
  const element = screen()
  const file = await fileOf(torrentFile, client([]))
  const errors = []
  file.on('error', ({ code }) => errors.push(code))
  file.streamTo(element)
  await happens(element, 'loadedmetadata')
  const numbers = []
  for (const seconds of places) {
    numbers.push(await pictureAt(element, seconds))
    // Until it is full, and has told so.
    const before = refusals
    await within(10, () => refusals > before)
  }
  element.currentTime = 0
  element.playbackRate = 8
  const ended = happens(element, 'ended', 60)
  await element.play()
  await ended
  return { numbers, errors, refused: refusals > places.length, end: element.currentTime }
}"""


@pytest.mark.parametrize("name", ["first.mp4", "vp9.webm"])
@BOTH
def test_a_full_buffer_makes_room(
    new_page: NewPage, server: FileServer, clips: Clips, browser: str, name: str
) -> None:
    page = media_page(new_page, browser)
    places = [0.02, 14.02, 9.02, 3.02, 26.02, 10.02]
    result = page.evaluate(FULL, [offer(server, name, clips[name]), places])
    assert result["numbers"] == [int(each * RATE) for each in places]
    assert result["errors"] == []
    assert result["refused"]
    assert result["end"] > SECONDS - 1


def test_clips_are_what_they_should_be(clips: Clips, tmp_path: Path) -> None:
    assert clips["last.mp4"].index(b"moov") > clips["last.mp4"].index(b"mdat")
    assert clips["first.mp4"].index(b"moov") < clips["first.mp4"].index(b"mdat")
    assert b"moof" in clips["fragmented.mp4"]


# Plays what it can of a file; gives the codes of the file's errors, and of what the element was told.
BAD = """async ([torrentFile, most]) => {
  const element = screen()
  const file = await fileOf(torrentFile, client([]))
  const codes = []
  file.on('error', ({ code }) => codes.push(code))
  let told = 0
  element.addEventListener('error', () => told++)
  file.streamTo(element)
  element.play().catch(() => {})
  await within(most, () => told || element.currentTime > 1)
  return { codes, told, played: element.currentTime > 1 }
}"""


@BOTH
def test_what_is_no_video_is_an_error_of_file_and_element(
    new_page: NewPage, server: FileServer, clips: Clips, browser: str
) -> None:
    page = media_page(new_page, browser)
    film = clips["first.mp4"]
    for name, data, codes in [
        ("noise.mp4", random.Random(1).randbytes(300_000), {"ERR_MEDIA_FORMAT", "ERR_MEDIA_BROKEN"}),
        ("zeros.webm", bytes(300_000), {"ERR_MEDIA_FORMAT", "ERR_MEDIA_BROKEN"}),
        ("head.mp4", film[:2_000], {"ERR_MEDIA_FORMAT", "ERR_MEDIA_BROKEN"}),
    ]:
        result = page.evaluate(BAD, [offer(server, name, data), 20])
        assert result["told"] or result["played"], name
        assert set(result["codes"]) <= codes, name
    # The page is alive.
    assert page.evaluate(BAD, [offer(server, "first.mp4", film), 20])["played"]


@BOTH
def test_a_truncated_film_plays_as_far_as_it_goes(
    new_page: NewPage, server: FileServer, clips: Clips, browser: str
) -> None:
    page = media_page(new_page, browser)
    film = clips["first.mp4"]
    result = page.evaluate(BAD, [offer(server, "half.mp4", film[: len(film) // 2]), 20])
    assert result["played"], result


@BOTH
def test_a_truncated_film_ends_where_it_was_cut_and_can_be_seen_again(
    new_page: NewPage, server: FileServer, clips: Clips, browser: str
) -> None:
    page = media_page(new_page, browser)
    script = """async (torrentFile) => {
      const element = screen()
      const file = await fileOf(torrentFile, client([]))
      const told = []
      file.on('error', ({ code }) => told.push(code))
      file.on('warning', ({ message }) => told.push(message))
      file.streamTo(element)
      await happens(element, 'loadedmetadata')
      const ends = []
      for (let time = 0; time < 2; time++) {
        const ended = happens(element, 'ended')
        element.currentTime = 34
        await element.play()
        await ended
        ends.push(element.currentTime > 36 && element.currentTime < 39)
        // What lay there has made room.
        await within(5, () => element.buffered.start(0) > 2)
        ends.push(await playFrom(element, 1))
      }
      return [ends, told, element.error]
    }"""
    film = clips["first.mp4"]
    cut = offer(server, "cut.mp4", film[: len(film) * 95 // 100])
    words = '"cut.mp4" is cut off: it ends after 38.0 s, and says that it lasts 40.0 s.'
    assert page.evaluate(script, cut) == [[True] * 4, [words], None]


@BOTH
def test_a_second_film_on_the_same_element_takes_its_place(
    new_page: NewPage, server: FileServer, clips: Clips, browser: str
) -> None:
    page = media_page(new_page, browser)
    script = """async ([one, other]) => {
      const element = screen()
      const owner = client([])
      const files = [await fileOf(one, owner), await fileOf(other, owner)]
      const errors = []
      for (const file of files) file.on('error', ({ code }) => errors.push(code))
      files[0].streamTo(element)
      await new Promise((resolve) => files[1].streamTo(element, resolve))
      const moved = await playFrom(element, 10)
      files[0].streamTo(element)
      await happens(element, 'loadedmetadata')
      return [moved, await playFrom(element, 5), errors]
    }"""
    torrents = [offer(server, name, clips[name]) for name in ("first.mp4", "vp9.webm")]
    assert page.evaluate(script, torrents) == [True, True, []]


@BOTH
def test_what_a_browser_asks_for_first_is_read_once(
    new_page: NewPage, server: FileServer, clips: Clips, browser: str
) -> None:
    """It is begun before the browser asks, and ended when it does not."""
    page = media_page(new_page, browser)
    script = """async ([torrentFile, url]) => {
      const owner = client([])
      await serve(owner)
      const file = await fileOf(torrentFile, owner)
      const begun = new Set(), ended = new Set()
      const post = Worker.prototype.postMessage
      Worker.prototype.postMessage = function (message, ...rest) {
        if (message.type === 'pull' && message.start === 0) begun.add(message.reader)
        if (message.type === 'unread') ended.add(message.reader)
        return post.call(this, message, ...rest)
      }
      const element = screen()
      file.streamTo(element)
      await happens(element, 'loadeddata')
      const once = begun.size
      const others = [screen(), screen()]
      for (const other of others) {
        file.streamTo(other)
        other.src = url
      }
      await Promise.all(others.map((other) => happens(other, 'loadeddata')))
      const late = [...begun].slice(1)
      return [once, late.length, await within(5, () => late.every((reader) => ended.has(reader)))]
    }"""
    torrent = offer(server, "first.mp4", clips["first.mp4"])
    assert page.evaluate(script, [torrent, f"{server.url}/ranges/first.mp4"]) == [1, 1, True]


@BOTH
def test_a_film_begins_with_two_seconds_in_hand(
    new_page: NewPage, server: FileServer, clips: Clips, browser: str
) -> None:
    """At first and after a seek: with less it would stand still again before the next piece is there."""
    page = media_page(new_page, browser)
    script = """async (torrentFile) => {
      const element = screen()
      // As fast as the film, so that what is there first is not more than a second.
      const file = await fileOf(torrentFile, client([]), { downloadLimit: 100_000 })
      const ahead = () => element.buffered.end(element.buffered.length - 1) - element.currentTime
      element.autoplay = true
      file.streamTo(element)
      await happens(element, 'loadeddata')
      const first = ahead()
      element.currentTime = 25
      await happens(element, 'seeked')
      return [first > 1.9, ahead() > 1.9]
    }"""
    assert page.evaluate(script, offer(server, "first.mp4", clips["first.mp4"])) == [True, True]


@BOTH
def test_the_end_of_the_torrent_amid_a_film_is_an_error(
    new_page: NewPage, server: FileServer, clips: Clips, browser: str
) -> None:
    """Or of whoever has it: what was fetched plays on, and what was not is told of."""
    page = media_page(new_page, browser)
    script = """async (torrentFile) => {
      const element = screen()
      const owner = client([])
      // The film takes ten seconds or more: it is not there by the time that it shows.
      const file = await fileOf(torrentFile, owner, { downloadLimit: 400_000 })
      const failed = new Promise((resolve) => file.on('error', ({ code }) => resolve(code)))
      file.streamTo(element)
      await happens(element, 'loadedmetadata')
      await owner.torrents[0].destroy()
      element.currentTime = 35
      return Promise.race([failed, new Promise((resolve) => setTimeout(resolve, 15_000, 'nothing'))])
    }"""
    assert page.evaluate(script, offer(server, "first.mp4", clips["first.mp4"])) == "ERR_CLOSED"


@BOTH
def test_text_and_pictures_are_shown(new_page: NewPage, server: FileServer, browser: str) -> None:
    page = media_page(new_page, browser)
    words = b"<img src=x onerror=alert(1)>"
    script = """async ([text, noise]) => {
      const owner = client([])
      const file = await fileOf(text, owner)
      const element = await file.appendTo('body')
      const called = await new Promise((done) => file.appendTo(document.body, (error, made) => done(made)))
      const bad = await (await fileOf(noise, owner)).appendTo('body').catch(({ code }) => code)
      return [element.localName, element.textContent, called.localName, bad, document.querySelector('img')]
    }"""
    text, noise = offer(server, "words.txt", words), offer(server, "noise.png", b"no picture")
    assert page.evaluate(script, [text, noise]) == ["pre", words.decode(), "pre", "ERR_MEDIA_BROKEN", None]


@BOTH
def test_markdown_is_shown_in_a_frame_that_can_do_nothing(
    new_page: NewPage, server: FileServer, browser: str
) -> None:
    page = media_page(new_page, browser)
    spy = f"{server.url}/ranges/spy.png"
    text = f"""# Title

Some *words*, `code`, [a page](https://example.org/), [a script](javascript:alert(1)), [a path](/logout).

![spy]({spy})
<img src="{spy}"><script>top.document.title = 'taken'</script><style>@import '{spy}'</style>

<iframe src="{spy}"></iframe>
"""
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    script = """async (torrentFile) => {
      const file = await fileOf(torrentFile, client([]))
      const frame = await file.appendTo('body')
      const before = document.createElement('pre')
      await file.renderTo(before)
      return [frame.localName, frame.getAttribute('sandbox'), before.textContent]
    }"""
    shown = page.evaluate(script, offer(server, "readme.md", text.encode()))
    assert shown == ["iframe", "allow-popups allow-popups-to-escape-sandbox", text]
    frame = page.frames[1]
    frame.wait_for_selector("h1")
    assert frame.inner_text("h1") == "Title"
    assert frame.inner_text("em") == "words"
    assert frame.locator("img, script, body style, iframe").count() == 0
    links = frame.locator("a")
    assert [each.get_attribute("href") for each in links.all()] == ["https://example.org/", spy]
    assert page.title() != "taken"
    assert spy not in asked
