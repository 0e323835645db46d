"""The page at the URL that `torrentide demo` prints, used as a stranger would."""

import hashlib
import random
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from browser.conftest import NewPage


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
