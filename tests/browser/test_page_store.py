"""Chunk stores that a page brings: what it downloads goes there, and what is there is shared."""

import pytest
from playwright.sync_api import Page

from browser.conftest import NewPage
from browser.support import run

BOTH = pytest.mark.parametrize("browser", ["chromium", "firefox"])


@pytest.fixture
def page(new_page: NewPage, browser: str) -> Page:
    page = new_page(browser)
    page.add_script_tag(url="/pages/given.js")
    page.add_script_tag(url="/pages/stores.js")
    return page


@BOTH
@pytest.mark.parametrize("magnet", [False, True], ids=["torrent", "magnet"])
def test_a_download_goes_to_the_store(page: Page, magnet: bool) -> None:
    assert run(page, "download", magnet) == {
        "same": True,
        "chunkLength": True,
        "length": 600_000,
        "files": ["given.bin"],
        "name": True,
        "torrent": True,
        "extra": 7,
        "chunks": True,
        "view": True,
        "ended": "closed",
    }


@BOTH
def test_a_preloaded_store_is_checked(page: Page) -> None:
    assert run(page, "preloaded") == {"same": True, "missing": [1], "ended": "destroyed"}


@BOTH
def test_wrong_answers_end_the_torrent(page: Page) -> None:
    assert run(page, "unmade") == {
        "code": "ERR_STORAGE",
        "message": "the page's store can't be opened: not today",
    }


@pytest.mark.parametrize("browser", ["chromium"])
@pytest.mark.parametrize(
    ("fault", "words"),
    [("throws", "no disk"), ("fails", "full"), ("twice", "called back twice for one call")],
)
def test_faults_of_the_store_end_the_torrent(page: Page, fault: str, words: str) -> None:
    result = run(page, "broken", fault)
    assert (result["code"], result["destroyed"], result["ended"]) == ("ERR_STORAGE", True, "closed")
    assert words in result["message"]
