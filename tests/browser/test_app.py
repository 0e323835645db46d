"""The page at the URL that `torrentide demo` prints, used as a stranger would."""

import hashlib
import random
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import NewPage
from torrentide.storage.record import frame
from torrentide.storage.state import State


def filled(page: Page, name: str) -> str:
    """The value of a field, once it has one."""
    field = page.get_by_test_id(name)
    expect(field).not_to_have_value("", timeout=20_000)
    return field.input_value()


def test_pick_a_file_and_open_its_link_elsewhere(demo_url: str, new_page: NewPage, tmp_path: Path) -> None:
    data = random.Random(8).randbytes(3_000_000)
    (tmp_path / "holiday film.bin").write_bytes(data)
    giver = new_page("chromium", demo_url)
    giver.get_by_test_id("files-input").set_input_files(tmp_path / "holiday film.bin")
    link = filled(giver, "link")
    assert link.startswith(demo_url)
    assert filled(giver, "magnet").startswith("magnet:?xt=urn:btih:")

    taker = new_page("chromium-2", link)
    expect(taker.get_by_test_id("name")).to_have_text("holiday film.bin", timeout=20_000)
    expect(taker.get_by_test_id("percent")).to_contain_text("100", timeout=20_000)
    # The window that asks where to is the system's: no test can work it.
    taker.evaluate("() => { window.showSaveFilePicker = undefined }")
    with taker.expect_download() as saving:
        taker.get_by_test_id("save").click()
    assert saving.value.suggested_filename == "holiday film.bin"
    saved = Path(saving.value.path()).read_bytes()
    assert hashlib.sha256(saved).digest() == hashlib.sha256(data).digest()
    expect(giver.get_by_test_id("peers")).to_contain_text("1")

    third = new_page("firefox", link)
    expect(third.get_by_test_id("percent")).to_contain_text("100", timeout=20_000)


def test_a_dropped_folder_and_a_pasted_magnet(demo_url: str, new_page: NewPage) -> None:
    giver, taker = new_page("chromium", demo_url), new_page("chromium-2", demo_url)
    giver.get_by_test_id("drop").evaluate(
        """(target) => {
          const dataTransfer = new DataTransfer()
          for (const name of ['a.txt', 'b.txt']) dataTransfer.items.add(new File([name.repeat(5000)], name))
          target.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
        }"""
    )
    magnet = filled(giver, "magnet")
    taker.get_by_test_id("open-id").fill(magnet)
    taker.get_by_test_id("open-submit").click()
    expect(taker.get_by_test_id("percent")).to_contain_text("100", timeout=20_000)
    expect(taker.get_by_test_id("file-name")).to_have_count(2)
    taker.evaluate("() => { window.showSaveFilePicker = undefined }")
    with taker.expect_download() as saving:
        taker.get_by_test_id("save-zip").click()
    with zipfile.ZipFile(saving.value.path()) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "a.txt and 1 more file/a.txt": b"a.txt" * 5000,
            "a.txt and 1 more file/b.txt": b"b.txt" * 5000,
        }
    expect(taker.get_by_test_id("save-zip")).to_have_text("Save all as a zip")
    expect(taker.get_by_test_id("save-folder")).to_be_visible()


def test_what_is_no_torrent_is_said_in_plain_words(demo_url: str, new_page: NewPage) -> None:
    page = new_page("chromium", demo_url)
    page.get_by_test_id("open-id").fill("not a torrent")
    page.get_by_test_id("open-submit").click()
    expect(page.locator(".error, [role=alert]").filter(has_text="no torrent").first).to_be_visible(
        timeout=20_000
    )


# What another client of the page sees: the page's own does not tell when it has written.
REMEMBERED = """async () => {
  const other = new Torrentide({ tracker: false })
  while ((await other.rememberedSeeds()).length === 0) await new Promise((resolve) => setTimeout(resolve, 50))
  await other.destroy()
}"""
# The engine answers what it is asked in turn: what it was told before is done then.
SETTLED = "async () => { await new Torrentide({ tracker: false }).storage() }"
# The window that asks for files is the system's: the handles here are of the same kind, of the origin's own
# file system.
PICK = """async (text) => {
  const root = await navigator.storage.getDirectory()
  const file = await root.getFileHandle('letter.txt', { create: true })
  const sink = await file.createWritable()
  await sink.write(text)
  await sink.close()
  window.showOpenFilePicker = async () => [file]
}"""


def reopened(page: Page, url: str) -> None:
    """As after a visit. By way of another page, Firefox ends the site's process, in which it may just be
    starting the service worker: then it shows an error."""
    page.goto(url)
    if "#" in url:
        # Of the page that is shown, to which that was no more than a step.
        page.reload()


def come_back(page: Page) -> None:
    """Wait until what was there before is shown, and what the link names is added."""
    expect(page.get_by_test_id("torrents")).to_have_attribute("aria-busy", "false", timeout=20_000)


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_a_download_after_a_reload(demo_url: str, new_page: NewPage, tmp_path: Path, browser: str) -> None:
    (tmp_path / "film.bin").write_bytes(random.Random(9).randbytes(1_000_000))
    giver = new_page("chromium-2", demo_url)
    giver.get_by_test_id("files-input").set_input_files(tmp_path / "film.bin")
    link = filled(giver, "link")
    page = new_page(browser, link)
    expect(page.get_by_test_id("percent")).to_have_text("100 %", timeout=20_000)
    giver.close()

    page.get_by_test_id("pause").click()
    expect(page.get_by_test_id("state")).to_have_text("Paused: not shared.")
    page.evaluate(SETTLED)
    for url in [link, demo_url]:
        reopened(page, url)
        come_back(page)
        expect(page.get_by_test_id("torrent")).to_have_count(1)
        expect(page.get_by_test_id("percent")).to_have_text("100 %", timeout=20_000)
        expect(page.get_by_test_id("state")).to_have_text("Paused: not shared.")
        expect(page.get_by_test_id("name")).to_have_text("film.bin")
    page.get_by_test_id("open-id").fill(link)
    page.get_by_test_id("open-submit").click()
    expect(page.get_by_test_id("torrent")).to_have_count(1)
    page.get_by_test_id("pause").click()
    expect(page.get_by_test_id("state")).not_to_contain_text("Paused")

    page.get_by_test_id("remove").click()
    said = page.get_by_test_id("alerts").locator("li")
    expect(said).to_have_text(re.compile(r'^"film.bin" was removed: \d.*iB freed\.$'))
    reopened(page, demo_url)
    come_back(page)
    expect(page.get_by_test_id("torrent")).to_have_count(0)


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_what_was_shared_is_offered_again(demo_url: str, new_page: NewPage, browser: str) -> None:
    page = new_page(browser, demo_url)
    page.evaluate(PICK, "a letter")
    page.get_by_test_id("pick-files").click()
    link = filled(page, "link")
    page.evaluate(REMEMBERED)

    page.reload()
    come_back(page)
    expect(page.get_by_test_id("earlier-name")).to_have_text("letter.txt")
    expect(page.get_by_test_id("torrent")).to_have_count(0)
    page.get_by_test_id("share-again").click()
    assert filled(page, "link") == link
    expect(page.get_by_test_id("percent")).to_have_text("100 %")
    expect(page.get_by_test_id("earlier")).to_be_hidden()

    page.reload()
    page.get_by_test_id("share-again").click()
    filled(page, "link")
    page.get_by_test_id("remove").click()
    expect(page.get_by_test_id("alerts").locator("li")).to_contain_text('"letter.txt" was removed')
    page.reload()
    come_back(page)
    expect(page.get_by_test_id("earlier")).to_be_hidden()


@pytest.mark.parametrize("dropped", ["letters", "letters/a.txt"])
def test_what_was_dropped_is_offered_again(
    demo_url: str, new_page: NewPage, tmp_path: Path, dropped: str
) -> None:
    (tmp_path / "letters").mkdir()
    for name in ["a.txt", "b.txt"]:
        (tmp_path / "letters" / name).write_text("a letter")
    page = new_page("chromium", demo_url)
    data = {"items": [], "files": [str(tmp_path / dropped)], "dragOperationsMask": 1}
    devtools = page.context.new_cdp_session(page)
    for kind in ["dragEnter", "dragOver", "drop"]:
        devtools.send("Input.dispatchDragEvent", {"type": kind, "x": 200, "y": 300, "data": data})
    filled(page, "link")
    expect(page.get_by_test_id("file-name").first).to_have_text("a.txt")
    page.evaluate(REMEMBERED)
    page.reload()
    expect(page.get_by_test_id("earlier-name")).to_have_text(Path(dropped).name, timeout=20_000)
    page.get_by_test_id("forget").click()
    expect(page.get_by_test_id("earlier")).to_be_hidden()


# A torrent of which only the state is stored.
STORE = """async ([infoHash, state]) => {
  const root = await navigator.storage.getDirectory()
  const all = await root.getDirectoryHandle('torrentide', { create: true })
  const folder = await all.getDirectoryHandle(infoHash, { create: true })
  const sink = await (await folder.getFileHandle('state-0', { create: true })).createWritable()
  await sink.write(new Uint8Array(state))
  await sink.close()
}"""


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_what_came_back_and_failed_can_be_removed(demo_url: str, new_page: NewPage, browser: str) -> None:
    page = new_page(browser, demo_url)
    # Of the second version of BitTorrent alone, which no page can use.
    state = State(magnet=f"magnet:?xt=urn:btmh:1220{'b' * 64}&dn=film", session=True).to_bytes()
    page.evaluate(STORE, ["b" * 40, list(frame(1, state))])
    reopened(page, demo_url)
    come_back(page)
    expect(page.get_by_test_id("state")).to_have_text("Stopped.", timeout=20_000)
    page.get_by_test_id("remove").click()
    expect(page.get_by_test_id("alerts").locator("li")).to_contain_text("freed.")
    reopened(page, demo_url)
    come_back(page)
    expect(page.get_by_test_id("torrent")).to_have_count(0)


def test_what_is_left_over_can_be_removed(demo_url: str, new_page: NewPage) -> None:
    page = new_page("chromium", demo_url)
    page.evaluate(STORE, ["c" * 40, list(frame(1, State().to_bytes()))])
    page.reload()
    expect(page.get_by_test_id("room")).to_contain_text("there is room for about")
    page.get_by_test_id("clean").click(timeout=20_000)
    expect(page.get_by_test_id("clean")).to_be_hidden()


def test_a_download_that_finds_no_room(demo_url: str, new_page: NewPage, tmp_path: Path) -> None:
    (tmp_path / "film.bin").write_bytes(random.Random(9).randbytes(8_000_000))
    giver = new_page("chromium-2", demo_url)
    giver.get_by_test_id("files-input").set_input_files(tmp_path / "film.bin")
    link = filled(giver, "link")
    page = new_page("chromium", demo_url)
    come_back(page)
    used = page.evaluate("async () => (await navigator.storage.estimate()).usage")
    quota = {"origin": demo_url.partition("/app")[0].rstrip("/"), "quotaSize": used + 4_000_000}
    devtools = page.context.new_cdp_session(page)
    devtools.send("Storage.overrideQuotaForOrigin", quota)
    page.get_by_test_id("open-id").fill(link)
    page.get_by_test_id("open-submit").click()
    expect(page.get_by_test_id("state")).to_contain_text("there is no room left", timeout=20_000)
    devtools.send("Storage.overrideQuotaForOrigin", {**quota, "quotaSize": used + 100_000_000})
    expect(page.get_by_test_id("percent")).to_have_text("100 %", timeout=20_000)
    expect(page.get_by_test_id("messages")).to_contain_text("There is room again")
    expect(page.get_by_test_id("state")).to_contain_text("Complete")
