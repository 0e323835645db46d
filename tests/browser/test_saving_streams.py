"""Saving through the service worker, where a page may write no files: as the bytes come, and no faster than
the browser takes them."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from browser.conftest import NewPage
from browser.support import BOTH, Site, run
from browser.test_saving import LINKS, PLACES, unzipped

FILES = [["top/a ü'.bin", 3_000_000, 1], ["top/sub/b.bin", 300_001, 2], ["top/empty.txt", 0, 3]]
NO_PICKERS = """() => {
  window.showSaveFilePicker = undefined
  window.blobs = 0
  const make = URL.createObjectURL
  URL.createObjectURL = (blob) => (blobs++, make.call(URL, blob))
}"""
# The frame that makes the download is not opened: the test asks for its address itself.
CAUGHT = """() => {
  window.caught = new Promise((resolve) => {
    document.body.append = (frame) => resolve(frame.src)
  })
}"""


def saver(new_page: NewPage, browser: str, serve: bool = False) -> Page:
    """A page with our worker installed, and without the means to write files. `serve`: its client has called
    createServer."""
    page = new_page(browser)
    page.add_script_tag(url="/pages/serve.js")
    page.evaluate(PLACES)
    page.evaluate(NO_PICKERS)
    page.evaluate(
        "(serves) => serves ? serve(client([])) : navigator.serviceWorker.register('/torrentide-sw.js')"
        ".then(() => navigator.serviceWorker.ready).then(() => {})",
        serve,
    )
    return page


def seeded(new_page: NewPage, site: Site, files: list[list[Any]], **options: Any) -> dict[str, Any]:
    """A torrent that another browser shares; `sums` by path."""
    made = run(new_page("chromium-2"), "seed", site.tracker, files, {"pieceLength": 65_536, **options})
    made["sums"] = dict(zip([path for path, *_ in files], made["sums"], strict=True))
    return dict(made)


def adding(page: Page, site: Site, magnet: str) -> None:
    """Have `torrent` in the page, with its files known."""
    page.evaluate(
        "async ([tracker, magnet]) => {"
        " window.torrent = watch(client(tracker).add(magnet)); await event(torrent, 'ready') }",
        [site.tracker, magnet],
    )


def caught(page: Page, save: str) -> str:
    """Begin to save, as `saved`; gives the address of the download, which the browser is kept from."""
    page.evaluate(CAUGHT)
    return str(page.evaluate(f"() => {{ window.saved = outcome({save}); return caught }}"))


@BOTH
@pytest.mark.parametrize("serve", [False, True])
def test_a_download_begins_before_the_data_is_here(
    site: Site, new_page: NewPage, browser: str, serve: bool
) -> None:
    made = seeded(new_page, site, FILES, uploadLimit=1_500_000)
    page = saver(new_page, browser, serve)
    adding(page, site, made["magnetURI"])
    with page.expect_download() as saving:
        page.evaluate("() => { window.saved = outcome(torrent.save()) }")
    assert not page.evaluate("() => torrent.done")
    assert page.evaluate("() => saved") is None
    assert saving.value.suggested_filename == "top.zip"
    assert unzipped(Path(saving.value.path()).read_bytes()) == made["sums"]
    with page.expect_download() as saving:
        assert page.evaluate("() => outcome(torrent.files[0].save())") is None
    assert saving.value.suggested_filename == "a ü'.bin"
    data = Path(saving.value.path()).read_bytes()
    assert hashlib.sha256(data).hexdigest() == made["sums"]["top/a ü'.bin"]
    assert page.evaluate("() => blobs") == 0


@BOTH
def test_the_answer_and_its_pace(site: Site, new_page: NewPage, browser: str) -> None:
    """It is good once, for what can't run, and gives no more than the browser takes."""
    size = 20_000_000
    made = seeded(new_page, site, [["a ü'.bin", size, 1]])
    page = saver(new_page, browser)
    adding(page, site, made["magnetURI"])
    page.evaluate("() => event(torrent, 'done')")
    save = "torrent.files[0].save({ progress: (written) => { window.written = written } })"
    url = caught(page, save)
    headers, again, ahead, total = page.evaluate(
        """async (url) => {
          const { headers, body } = await fetch(url)
          const again = (await fetch(url)).status
          const reader = body.getReader()
          let read = (await reader.read()).value.length
          let before = -1
          while (window.written !== before) {
            before = window.written
            await new Promise((resolve) => setTimeout(resolve, 300))
          }
          const ahead = written - read
          for (let chunk; !(chunk = await reader.read()).done;) read += chunk.value.length
          return [Object.fromEntries(headers), again, ahead, read]
        }""",
        url,
    )
    assert again == 404
    assert headers["content-disposition"] == "attachment; filename*=UTF-8''a%20%C3%BC%27.bin"
    assert headers["content-length"] == str(size)
    assert headers["content-type"] == "application/octet-stream"
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert total == size
    assert ahead < 4_000_000
    assert page.evaluate("() => saved") is None


def test_the_person_cancels_the_download(site: Site, new_page: NewPage) -> None:
    """In Firefox no test can press that button."""
    made = seeded(new_page, site, [["a.bin", 30_000_000, 1]], uploadLimit=2_000_000)
    page = saver(new_page, "chromium")
    adding(page, site, made["magnetURI"])
    with page.expect_download() as saving:
        page.evaluate("() => { window.saved = outcome(torrent.files[0].save()) }")
    saving.value.cancel()
    assert page.evaluate("() => saved")["name"] == "AbortError"


@BOTH
def test_the_page_ends_the_download(site: Site, new_page: NewPage, browser: str) -> None:
    made = seeded(new_page, site, [["a.bin", 30_000_000, 1]], uploadLimit=2_000_000)
    page = saver(new_page, browser)
    adding(page, site, made["magnetURI"])
    with page.expect_download() as saving:
        page.evaluate("() => { window.saved = outcome(torrent.files[0].save()) }")
    page.evaluate("() => { torrent.destroy() }")
    assert page.evaluate("() => saved")["code"] == "ERR_CLOSED"
    assert saving.value.failure()


@BOTH
def test_the_tab_that_has_the_torrent_closes(site: Site, new_page: NewPage, browser: str) -> None:
    """What is left of it is no whole file."""
    made = seeded(new_page, site, [["a.bin", 30_000_000, 1]], uploadLimit=2_000_000)
    page = saver(new_page, browser)
    other = page.context.new_page()
    other.goto(f"{site.url}/pages/blank.html")
    adding(page, site, made["magnetURI"])
    url = caught(page, "torrent.files[0].save()")
    began = other.evaluate(
        """async (url) => {
          window.reader = (await fetch(url)).body.getReader()
          return (await reader.read()).value.length
        }""",
        url,
    )
    assert began > 0
    page.close()
    rest = "async () => { while (!(await reader.read()).done); }"
    assert other.evaluate(f"() => ({rest})().then(() => 'whole', () => 'broken')") == "broken"


def test_a_page_that_may_have_no_frames(new_page: NewPage) -> None:
    """The worker is there, and the request does not get to it."""
    page = saver(new_page, "chromium")
    page.evaluate(
        """async () => {
          const rule = { httpEquiv: 'Content-Security-Policy', content: "frame-src 'none'" }
          document.head.append(Object.assign(document.createElement('meta'), rule))
          window.torrent = client([]).seed(new File(['text'], 'a.txt'), { announce: [] })
          await event(torrent, 'seed')
        }"""
    )
    page.evaluate(LINKS)
    assert page.evaluate("() => outcome(torrent.files[0].save())") is None
    assert page.evaluate("() => linked(links[0])") == ["a.txt", base64.b64encode(b"text").decode()]
