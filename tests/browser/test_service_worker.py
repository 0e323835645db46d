"""Files of torrents by URL, through the service worker: HTTP's rules, strangers' types, several tabs, and bad
input."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright

from browser.conftest import ChangedSite, NewPage
from browser.support import BOTH, Site, launch, run

SIZE = 3_000_000
NAMES = {
    "film.mp4": "video/mp4",
    "song.mp3": "audio/mpeg",
    "song.flac": "audio/flac",
    "picture.jpg": "image/jpeg",
    "paper.pdf": "application/pdf",
    "words.vtt": "text/vtt",
    "words.srt": "text/plain; charset=utf-8",
    "page.html": "text/plain; charset=utf-8",
    "page.xhtml": "text/plain; charset=utf-8",
    "drawing.svg": "text/plain; charset=utf-8",
    "feed.xml": "text/plain; charset=utf-8",
    "code.js": "text/plain; charset=utf-8",
    "style.css": "text/plain; charset=utf-8",
    "program.wasm": "application/octet-stream",
    "what #%25 ü.unknown": "application/octet-stream",
}


def serving(new_page: NewPage, browser: str, files: list[list[Any]]) -> tuple[Page, dict[str, Any]]:
    """A page that serves its own torrent."""
    page = new_page(browser)
    page.add_script_tag(url="/pages/serve.js")
    return page, run(page, "seedAndServe", files)


@BOTH
def test_requests_are_answered_as_by_a_web_server(new_page: NewPage, browser: str) -> None:
    page, served = serving(new_page, browser, [["folder/film.mp4", SIZE, 1], ["folder/empty", 0, 2]])
    url = served["urls"]["film.mp4"]
    assert url == f"/webtorrent/{served['infoHash']}/folder/film.mp4"
    whole = run(page, "request", url)
    assert (whole["status"], whole["sum"]) == (200, served["sums"]["film.mp4"])
    headers = whole["headers"]
    assert headers["content-length"] == str(SIZE)
    assert headers["accept-ranges"] == "bytes"
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert headers["content-disposition"] == "inline; filename*=UTF-8''film.mp4"
    head = run(page, "request", url, {"method": "HEAD"})
    assert (head["status"], head["length"], head["headers"]["content-length"]) == (200, 0, str(SIZE))
    empty = run(page, "request", served["urls"]["empty"])
    assert (empty["status"], empty["length"]) == (200, 0)
    for asked, start, end in [
        ("bytes=0-0", 0, 0),
        ("bytes=1000000-", 1_000_000, SIZE - 1),
        (f"bytes=2000000-{SIZE + 10}", 2_000_000, SIZE - 1),
        ("bytes=-5", SIZE - 5, SIZE - 1),
        (f"bytes=-{SIZE + 1}", 0, SIZE - 1),
    ]:
        part = run(page, "request", url, {"headers": {"Range": asked}})
        assert part["status"] == 206, asked
        assert part["headers"]["content-range"] == f"bytes {start}-{end}/{SIZE}", asked
        assert part["length"] == end - start + 1, asked


@BOTH
def test_bytes_of_ranges_are_right(new_page: NewPage, browser: str) -> None:
    page, served = serving(new_page, browser, [["film.mp4", SIZE, 1]])
    rng = random.Random(5)
    ranges = []
    for _ in range(20):
        start = rng.randrange(SIZE)
        ranges.append([served["urls"]["film.mp4"], start, rng.randrange(start, SIZE), SIZE, 1])
    assert run(page, "wrongAnswers", ranges) == []


def test_odd_requests(new_page: NewPage) -> None:
    page, served = serving(new_page, "chromium", [["film.mp4", 1000, 1], ["empty", 0, 1]])
    url = served["urls"]["film.mp4"]
    for asked in ["bytes=1000-", "bytes=5000-6000", "bytes=-0"]:
        refused = run(page, "request", url, {"headers": {"Range": asked}})
        assert (refused["status"], refused["headers"]["content-range"]) == (416, "bytes */1000"), asked
    assert run(page, "request", served["urls"]["empty"], {"headers": {"Range": "bytes=0-"}})["status"] == 416
    # What is no range, or more than one, is as if it were not there.
    for asked in [
        "bytes=5-1",
        "bytes=-",
        "bytes=a-b",
        "lines=1-2",
        "bytes=0-1,5-6",
        "bytes=99999999999999999999-1",
    ]:
        whole = run(page, "request", url, {"headers": {"Range": asked}})
        assert (whole["status"], whole["length"]) == (200, 1000), asked
    posted = run(page, "request", url, {"method": "POST"})
    assert (posted["status"], posted["headers"]["allow"]) == (405, "GET, HEAD")
    for nothing in [
        f"{url}x",
        url[:-1],
        f"/webtorrent/{'0' * 40}/film.mp4",
        f"/webtorrent/{'0' * 40}/",
        "/webtorrent/x/%zz",
    ]:
        assert run(page, "request", nothing)["status"] == 404, nothing
    # The same path, escaped in another way.
    assert run(page, "request", url.replace("film", "%66ilm"))["status"] == 200


@BOTH
def test_nothing_is_sent_as_what_could_run(new_page: NewPage, browser: str) -> None:
    page, served = serving(new_page, browser, [[name, 10, 1] for name in NAMES])
    types = {
        name: run(page, "request", served["urls"][f"{name}"])["headers"]["content-type"] for name in NAMES
    }
    assert types == NAMES
    # Opened by itself, in a tab, it is saved.
    with page.expect_download() as saving:
        page.evaluate("(url) => void window.open(url)", served["urls"]["page.html"])
    assert saving.value.suggested_filename == "page.html"


@pytest.mark.parametrize("tabs", [3, pytest.param(10, marks=pytest.mark.thorough)])
@BOTH
def test_tabs_of_one_origin(browsers: Callable[[str], Browser], site: Site, browser: str, tabs: int) -> None:
    """Each has a torrent of its own; each asks for its own and for others', all at the same time."""
    context = browsers(browser).new_context()
    size, requests = 100_000, 10 * tabs
    rng = random.Random(7)
    pages = []
    for _ in range(tabs):
        page = context.new_page()
        page.goto(f"{site.url}/pages/blank.html")
        page.add_script_tag(url="/pages/serve.js")
        pages.append(page)
    urls = []
    for number, page in enumerate(pages):
        served = run(page, "seedAndServe", [["film.mp4", size, number]])
        urls.append(served["urls"]["film.mp4"])
    for number, page in enumerate(pages):
        wanted = []
        for _ in range(requests):
            other = number if rng.random() < 0.5 else rng.randrange(tabs)
            start = rng.randrange(size)
            wanted.append([urls[other], start, rng.randrange(start, size), size, other])
        page.evaluate("(wanted) => void (window.wrong = wrongAnswers(wanted))", wanted)
    assert [page.evaluate("() => window.wrong") for page in pages] == [[]] * tabs
    context.close()


def test_the_worker_may_be_stopped_at_any_time(new_page: NewPage) -> None:
    """By the browser, between requests and amid one."""
    page, served = serving(new_page, "chromium", [["film.mp4", SIZE, 1]])
    url = served["urls"]["film.mp4"]
    devtools = page.context.new_cdp_session(page)
    devtools.send("ServiceWorker.enable")
    for _ in range(3):
        devtools.send("ServiceWorker.stopAllWorkers")
        assert run(page, "request", url)["sum"] == served["sums"]["film.mp4"]
    script = """async (url) => {
      const response = await fetch(url, { headers: { Range: 'bytes=5-' } })
      window.reader = response.body.getReader()
      return (await reader.read()).value.length > 0
    }"""
    assert page.evaluate(script, url)
    devtools.send("ServiceWorker.stopAllWorkers")
    page.evaluate("async () => { try { while (!(await reader.read()).done); } catch {} }")
    assert run(page, "request", url)["sum"] == served["sums"]["film.mp4"]


# Tells one start of the worker from another.
WHO = """
const started = String(Math.random());
addEventListener('message', ({ data, source }) => { if (data === 'who') source.postMessage({ started }) });
"""
ASK_WHO = """async () => {
  const { active } = await navigator.serviceWorker.getRegistration()
  return new Promise((resolve) => {
    navigator.serviceWorker.addEventListener('message', ({ data }) => data.started && resolve(data.started))
    active.postMessage('who')
  })
}"""


def test_firefox_stops_the_worker_between_requests(playwright: Playwright, changed_site: ChangedSite) -> None:
    site = changed_site("torrentide-sw.js", WHO)
    # A worker without an event for so many milliseconds is stopped; of 30 seconds by default.
    browser = launch(playwright, "firefox", lean=True, prefs={"dom.serviceWorkers.idle_timeout": 1_000})
    page = browser.new_page()
    page.goto(f"{site.url}/pages/blank.html")
    page.add_script_tag(url="/pages/serve.js")
    served = run(page, "seedAndServe", [["film.mp4", SIZE, 1]])
    starts = set()
    for _ in range(3):
        starts.add(page.evaluate(ASK_WHO))
        page.wait_for_timeout(3_000)
        answer = run(page, "request", served["urls"]["film.mp4"])
        assert (answer["status"], answer["sum"]) == (200, served["sums"]["film.mp4"])
    assert len(starts) == 3
    browser.close()


def code_of(page: Page, script: str) -> str:
    """The code of the error that a piece of script throws."""
    return str(page.evaluate(f"async () => {{ try {{ {script} }} catch (error) {{ return error.code }} }}"))


def test_no_worker_and_what_is_none(new_page: NewPage) -> None:
    page, _ = serving(new_page, "chromium", [["film.mp4", 1000, 1]])
    page.evaluate("window.second = client([])")
    assert code_of(page, "second.createServer()") == "ERR_INVALID_OPTION"
    assert code_of(page, "second.createServer({ controller: {} })") == "ERR_INVALID_OPTION"
    page.evaluate(
        "async () => { window.bare = second.seed(new File(['x'], 'x')); await event(bare, 'seed') }"
    )
    assert code_of(page, "bare.files[0].streamURL") == "ERR_UNSUPPORTED"
    page.evaluate("() => second.destroy()")
    assert code_of(page, "second.createServer({ controller: {} })") == "ERR_CLOSED"


def test_the_end_of_a_torrent_ends_its_urls(new_page: NewPage) -> None:
    page, served = serving(new_page, "chromium", [["film.mp4", SIZE, 1]])
    url = served["urls"]["film.mp4"]
    script = """async (url) => {
      const { body } = await fetch(url)
      const reader = body.getReader()
      await reader.read()
      await torrent.destroy()
      try {
        while (!(await reader.read()).done);
        return 'ended'
      } catch {
        return 'failed'
      }
    }"""
    assert page.evaluate(script, url) == "failed"
    assert run(page, "request", url)["status"] == 404


@BOTH
def test_two_clients_of_a_page(new_page: NewPage, browser: str) -> None:
    """Either is asked for what the other one has."""
    page, served = serving(new_page, browser, [["film.mp4", 1000, 1]])
    other = run(page, "seedAndServe", [["film.mp4", 2000, 2]])
    for one in (served, other):
        answer = run(page, "request", one["urls"]["film.mp4"])
        assert (answer["status"], answer["sum"]) == (200, one["sums"]["film.mp4"])


LISTED = """async (url) => {
  const response = await fetch(url)
  return [response.status, response.headers.get('content-type'), await response.text()]
}"""


@BOTH
def test_folders_list_files_as_text(new_page: NewPage, browser: str) -> None:
    page, served = serving(new_page, browser, [["<b>/film.mp4", 1000, 1], ["<b>/words.srt", 100, 2]])
    paths = "".join(f"{path}\n" for path in served["urls"].values())
    assert "<" not in paths
    other = run(page, "seedAndServe", [["other.mp4", 1000, 3]])
    folder = f"/webtorrent/{served['infoHash']}"
    for url in (folder, f"{folder}/", folder.upper().replace("/WEBTORRENT", "/webtorrent")):
        assert page.evaluate(LISTED, url) == [200, "text/plain; charset=utf-8", paths]
    everything = paths + other["urls"]["other.mp4"] + "\n"
    assert page.evaluate(LISTED, "/webtorrent/") == [200, "text/plain; charset=utf-8", everything]
    assert run(page, "request", "/webtorrent/", {"method": "HEAD"})["length"] == 0
    assert run(page, "request", "/webtorrent/", {"method": "POST"})["status"] == 405


def test_a_torrent_that_is_still_without_metadata_is_waited_for(new_page: NewPage) -> None:
    page, served = serving(new_page, "chromium", [["film.mp4", 1000, 1]])
    script = """async ([url, magnet]) => {
      await torrent.destroy()
      const id = magnet.replace(/[0-9a-f]{40}/, (hash) => hash.toUpperCase())
      const waiting = owner.add(id)
      await new Promise((resolve) => waiting.on('infoHash', resolve))
      const answer = request(url)
      await new Promise((resolve) => setTimeout(resolve, 100))
      await waiting.destroy()
      return (await answer).status
    }"""
    magnet = f"magnet:?xt=urn:btih:{served['infoHash']}"
    assert page.evaluate(script, [served["urls"]["film.mp4"], magnet]) == 404
