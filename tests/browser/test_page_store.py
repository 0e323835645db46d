"""Chunk stores that a page brings: what it downloads goes there, and what is there is shared."""

from typing import Any

import pytest
from playwright.sync_api import Page

from browser.conftest import NewPage
from browser.support import EITHER, run


@pytest.fixture
def page(new_page: NewPage, browser: str) -> Page:
    page = new_page(browser)
    page.add_script_tag(url="/pages/given.js")
    page.add_script_tag(url="/pages/stores.js")
    return page


@EITHER
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


@EITHER
def test_a_preloaded_store_is_checked(page: Page) -> None:
    assert run(page, "preloaded") == {"same": True, "missing": [1], "ended": "destroyed"}


# Two files of 150,000 bytes in pieces of 16 KiB: pieces 0 to 9, and 9 to 18.
CLAIMS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "unclaimed": ({"unclaimed": [4, 5]}, {"missing": [4, 5], "read": [1, 10], "count": 19}),
    "bad": (
        {"damaged": [1, 3, 12], "unclaimed": [4]},
        {"missing": [1, 3], "read": [*range(10), 10], "count": 19},
    ),
    "other": ({"damaged": [1, 12], "extra": 1}, {"missing": [1, 12], "read": "all", "count": 19}),
    "skip": (
        {"damaged": [1], "unclaimed": [4], "skipVerify": True},
        {"missing": [], "read": [], "count": 19},
    ),
}


@pytest.mark.parametrize(
    ("browser", "library"),
    [("chromium", "Torrentide"), ("firefox", "Torrentide"), ("chromium", "WebTorrent")],
)
@pytest.mark.parametrize("case", CLAIMS)
def test_a_bitfield_says_what_is_there(page: Page, library: str, case: str) -> None:
    if library == "WebTorrent":
        page.evaluate(
            "async () => { window.WebTorrent = (await import('/webtorrent/webtorrent.min.js')).default }"
        )
    given, expected = CLAIMS[case]
    assert run(page, "claimed", library, given) == expected
    assert run(page, "claimed", library, {**given, "store": True}) == expected


@EITHER
@pytest.mark.parametrize("bitfield", [False, True], ids=["checked", "bitfield"])
def test_a_preloaded_store_of_a_magnet_link(page: Page, bitfield: bool) -> None:
    result = run(page, "claimedLate", {"damaged": [1], "bitfield": bitfield})
    assert result == {"missing": [1], "received": 0, "same": True}


@EITHER
def test_pieces_that_were_read_are_kept(page: Page) -> None:
    assert run(page, "readTwice") == [10, 0]
    assert run(page, "readTwice", 3) == [10, 10]
    assert run(page, "readTwice", 0) == [10, 10]


@EITHER
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
