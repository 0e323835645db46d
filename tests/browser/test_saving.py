"""Saving files of torrents: into files, zips and folders that a page was given, and as downloads."""

import base64
import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from browser.conftest import NewPage
from browser.support import BOTH, Site, run

FILES = [["top/a.bin", 700_000, 1], ["top/sub/b ü.bin", 300_001, 2], ["top/empty.txt", 0, 3]]
# Places in the origin's own file system: the same kind of handle as a picker's.
PLACES = """() => {
  const root = navigator.storage.getDirectory()
  window.fileAt = async (name) => (await root).getFileHandle(name, { create: true })
  window.folderAt = async (name) => (await root).getDirectoryHandle(name, { create: true })
  window.put = async (handle, text) => {
    const sink = await handle.createWritable()
    await sink.write(text)
    await sink.close()
  }
  window.bytesOf = (blob) => new Promise((resolve) => {
    const reader = new FileReader()
    reader.onload = () => resolve(reader.result.split(',')[1] ?? '')
    reader.readAsDataURL(blob)
  })
  window.tree = async (folder, before = '') => {
    const found = {}
    for await (const [name, handle] of folder.entries()) {
      if (handle.kind === 'directory') Object.assign(found, await tree(handle, `${before}${name}/`))
      else found[before + name] = await sha256(await handle.getFile())
    }
    return found
  }
  // What a call came to: nothing, or why.
  window.outcome = (promise) => promise.then(
    () => null, ({ code, name, message }) => ({ code, name, message }))
}"""


@pytest.fixture
def seeded(site: Site, new_page: NewPage) -> dict[str, Any]:
    """A torrent of three files that another browser shares; `sums` by path."""
    made = run(new_page("chromium-2"), "seed", site.tracker, FILES, {"pieceLength": 65_536})
    made["sums"] = dict(zip([path for path, *_ in FILES], made["sums"], strict=True))
    return dict(made)


def ready(page: Page, site: Site, magnet: str) -> None:
    """Have `torrent` in the page, just added, and the functions of PLACES."""
    page.evaluate(PLACES)
    page.evaluate(
        "([tracker, magnet]) => { window.torrent = watch(client(tracker).add(magnet)) }",
        [site.tracker, magnet],
    )


def unzipped(data: bytes) -> dict[str, str]:
    """SHA-256 of each file of a zip, by path, as Python reads it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


@BOTH
def test_everything_as_one_zip(site: Site, new_page: NewPage, seeded: dict[str, Any], browser: str) -> None:
    page = new_page(browser)
    ready(page, site, seeded["magnetURI"])
    told, data = page.evaluate(
        """async () => {
          const told = []
          const to = await fileAt('all.zip')
          await torrent.save({ to, progress: (...counts) => told.push(counts) })
          return [told, await bytesOf(await to.getFile())]
        }"""
    )
    assert unzipped(base64.b64decode(data)) == seeded["sums"]
    assert told[-1] == [1_000_001, 1_000_001]
    assert told == sorted(told)


@BOTH
def test_into_a_folder_beside_what_is_there(
    site: Site, new_page: NewPage, seeded: dict[str, Any], browser: str
) -> None:
    page = new_page(browser)
    ready(page, site, seeded["magnetURI"])
    found = page.evaluate(
        """async () => {
          const to = await folderAt('downloads')
          const create = true, top = await to.getDirectoryHandle('top', { create })
          await put(await top.getFileHandle('a.bin', { create }), 'mine')
          await torrent.save({ to })
          await torrent.files[0].save({ to: await to.getFileHandle('one.bin', { create }) })
          return tree(to)
        }"""
    )
    mine = hashlib.sha256(b"mine").hexdigest()
    saved = {path.replace("top/", "top (2)/"): total for path, total in seeded["sums"].items()}
    assert found == {"top/a.bin": mine, **saved, "one.bin": seeded["sums"]["top/a.bin"]}


def test_a_torrent_of_one_file_into_a_folder(site: Site, new_page: NewPage) -> None:
    page = new_page()
    page.evaluate(PLACES)
    found = page.evaluate(
        """async () => {
          const to = await folderAt('downloads')
          for (let each = 0; each < 3; each++) {
            const file = new File([String(each)], 'a.txt')
            const torrent = client([]).seed(file, { announce: [] })
            await event(torrent, 'seed')
            await torrent.save({ to })
          }
          return Object.keys(await tree(to)).sort()
        }"""
    )
    assert found == ["a (2).txt", "a (3).txt", "a.txt"]


# What a link to a Blob is clicked for: Firefox tells a test of no such download.
LINKS = """() => {
  window.links = []
  HTMLAnchorElement.prototype.click = function () { links.push(this) }
  window.linked = async ({ href, download }) => [download, await bytesOf(await (await fetch(href)).blob())]
}"""


def test_downloads_in_firefox(site: Site, new_page: NewPage, seeded: dict[str, Any]) -> None:
    """It has no picker. There is no service worker."""
    page = new_page("firefox")
    ready(page, site, seeded["magnetURI"])
    page.evaluate(LINKS)
    assert page.evaluate("() => outcome(torrent.save())") is None
    assert page.evaluate("() => outcome(torrent.files[1].save())") is None
    (zip_name, zipped), (name, data) = page.evaluate("() => Promise.all(links.map(linked))")
    assert zip_name == "top.zip"
    assert unzipped(base64.b64decode(zipped)) == seeded["sums"]
    assert name == "b ü.bin"
    assert hashlib.sha256(base64.b64decode(data)).hexdigest() == seeded["sums"]["top/sub/b ü.bin"]


def test_downloads_where_a_page_writes_no_files(
    site: Site, new_page: NewPage, seeded: dict[str, Any]
) -> None:
    page = new_page()
    page.evaluate("() => { window.showSaveFilePicker = undefined }")
    ready(page, site, seeded["magnetURI"])
    with page.expect_download() as saving:
        assert page.evaluate("() => outcome(torrent.save())") is None
    assert saving.value.suggested_filename == "top.zip"
    assert unzipped(Path(saving.value.path()).read_bytes()) == seeded["sums"]
    with page.expect_download() as saving:
        assert page.evaluate("() => outcome(torrent.files[1].save())") is None
    assert saving.value.suggested_filename == "b ü.bin"
    data = Path(saving.value.path()).read_bytes()
    assert hashlib.sha256(data).hexdigest() == seeded["sums"]["top/sub/b ü.bin"]


def test_the_person_is_asked_where_to(site: Site, new_page: NewPage, seeded: dict[str, Any]) -> None:
    """A picker itself can't be worked by a test: it is a window of the system."""
    page = new_page()
    ready(page, site, seeded["magnetURI"])
    asked, refused, found = page.evaluate(
        """async () => {
          const asked = []
          window.showSaveFilePicker = async ({ suggestedName }) => {
            asked.push(suggestedName)
            return fileAt(suggestedName)
          }
          window.showDirectoryPicker = async ({ mode }) => {
            asked.push(mode)
            return folderAt('picked')
          }
          await event(torrent, 'ready')
          await torrent.files[0].save()
          await torrent.save()
          await torrent.save({ as: 'folder' })
          window.showSaveFilePicker = async () => { throw new DOMException('no', 'AbortError') }
          const refused = [await outcome(torrent.save()), await outcome(torrent.files[0].save())]
          window.showDirectoryPicker = undefined
          refused.push(await outcome(torrent.save({ as: 'folder' })))
          return [asked, refused, await tree(await folderAt('picked'))]
        }"""
    )
    assert asked == ["a.bin", "top.zip", "readwrite"]
    assert [each["name"] for each in refused[:2]] == ["AbortError", "AbortError"]
    assert refused[2]["code"] == "ERR_UNSUPPORTED"
    assert found == seeded["sums"]


ENDS = {
    "signal": "stop.abort(new Error('enough'))",
    "destroy": "torrent.destroy()",
}


@BOTH
@pytest.mark.parametrize("end", ENDS)
def test_an_end_in_the_middle(site: Site, new_page: NewPage, browser: str, end: str) -> None:
    """The promise settles, a file that was there keeps its contents, and no half of one stays in a folder."""
    files = [["top/a.bin", 700_000, 1], ["top/b.bin", 30_000_000, 2]]
    made = run(new_page("chromium-2"), "seed", site.tracker, files, {"uploadLimit": 2_000_000})
    page = new_page(browser)
    ready(page, site, made["magnetURI"])
    result = page.evaluate(
        """async ([end, sum]) => {
          const stop = new AbortController()
          const zip = await fileAt('all.zip'), to = await folderAt('downloads')
          await put(zip, 'mine')
          let ended = false
          // When the first file is there, and the second is on its way.
          const progress = async (written) => {
            const names = written > 1e6 ? await tree(to).catch(() => ({})) : {}
            if (ended || names['top/a.bin'] !== sum) return
            ended = true
            eval(end)
          }
          const { signal } = stop
          const saves = [torrent.save({ to: zip, progress, signal }), torrent.save({ to, signal })]
          const outcomes = await Promise.all(saves.map(outcome))
          const late = await outcome(torrent.save({ to, signal }))
          return [outcomes, late, await (await zip.getFile()).text(), Object.keys(await tree(to))]
        }""",
        [ENDS[end], made["sums"][0]],
    )
    outcomes, late, kept, names = result
    for each in [*outcomes, late]:
        if end == "signal":
            assert each["message"] == "enough"
        else:
            assert each["code"] == "ERR_CLOSED"
    assert kept == "mine"
    assert names == ["top/a.bin"]


def test_a_full_disk_and_a_file_in_use(site: Site, new_page: NewPage, seeded: dict[str, Any]) -> None:
    page = new_page()
    ready(page, site, seeded["magnetURI"])
    page.evaluate("async () => { await event(torrent, 'done') }")
    held = page.evaluate(
        """async () => {
          const to = await fileAt('held.bin')
          window.sink = await to.createWritable({ mode: 'exclusive' })
          return outcome(torrent.save({ to }))
        }"""
    )
    assert held["code"] == "ERR_NOT_ALLOWED"
    page.evaluate("() => sink.close()")
    used = page.evaluate(
        """async () => {
          window.to = await fileAt('all.zip')
          return (await navigator.storage.estimate()).usage
        }"""
    )
    quota = {"origin": site.url, "quotaSize": used + 300_000}
    page.context.new_cdp_session(page).send("Storage.overrideQuotaForOrigin", quota)
    full = page.evaluate("async () => outcome(torrent.save({ to }))")
    assert full["code"] == "ERR_STORAGE_FULL"
    assert '"top"' in full["message"]


def test_more_files_than_an_old_zip_holds(new_page: NewPage) -> None:
    """ZIP64: its count of entries has more than 16 bits. The files are no torrent's, which would take a
    minute to make; the zip is."""
    page = new_page()
    page.evaluate(PLACES)
    count = 65_540
    data = page.evaluate(
        """async (count) => {
          const torrent = client([]).seed(new File(['text'], 'top'), { announce: [] })
          await event(torrent, 'seed')
          const [text] = torrent.files
          const empty = (each) => ({ path: `top/${each}`, length: 0, done: true })
          torrent.files = [text, ...Array.from({ length: count - 1 }, (_, each) => empty(each))]
          const to = await fileAt('all.zip')
          await torrent.save({ to })
          return bytesOf(await to.getFile())
        }""",
        count,
    )
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(data))) as archive:
        assert len(archive.infolist()) == count
        assert archive.read("top") == b"text"
        assert archive.read(f"top/{count - 2}") == b""
