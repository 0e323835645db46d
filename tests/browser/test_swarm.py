"""More than two peers, more than one tracker."""

from collections.abc import Iterator

import pytest

from browser.conftest import NewPage
from browser.support import Site, SlowTracker, run

MIB = 1024 * 1024


@pytest.fixture
def slow_trackers() -> Iterator[list[str]]:
    """The URLs of three trackers that take 0 to 150 ms for each message."""
    sites = [Site() for _ in range(3)]
    slow = [SlowTracker(site.tracker, number, 0.150) for number, site in enumerate(sites)]
    yield [each.tracker for each in slow]
    for served in [*slow, *sites]:
        served.close()


@pytest.mark.parametrize("attempt", range(5))
def test_three_trackers_two_peers_starting_at_once(
    slow_trackers: list[str], new_page: NewPage, attempt: int
) -> None:
    """The reference ends without a connection in up to half of such starts."""
    file = ["file.bin", 200_000, 100 + attempt]
    made = run(new_page(), "seed", [], [file])
    first, second = new_page("chromium"), new_page("chromium-2")
    for page in (first, second):
        run(page, "boot")
    first.evaluate("([trackers, file]) => { window.seeding = seed(trackers, [file]) }", [slow_trackers, file])
    second.evaluate(
        "([trackers, id]) => { window.leeching = leech(trackers, id) }", [slow_trackers, made["torrentFile"]]
    )
    assert second.evaluate("() => leeching")["sums"] == first.evaluate("() => seeding")["sums"]
    for page in (first, second):
        page.wait_for_function("() => torrent.wires.length === 1")


def test_leechers_get_pieces_from_each_other(site: Site, new_page: NewPage) -> None:
    seed_page = new_page("chromium")
    seeded = run(seed_page, "seed", site.tracker, [["file.bin", 8 * MIB, 9]])
    pages = [new_page(browser) for browser in ("chromium-2", "chromium-2", "chromium")]
    for page in pages:
        run(page, "boot")
    for page in pages:
        page.evaluate(
            "([tracker, id]) => { window.leeching = leech(tracker, id) }", [site.tracker, seeded["magnetURI"]]
        )
    leeched = [page.evaluate("() => leeching") for page in pages]
    assert all(each["sums"] == seeded["sums"] for each in leeched)
    assert seed_page.evaluate("() => torrent.uploaded") < 3 * 8 * MIB
    assert sum(each["uploaded"] for each in leeched) > 0


def test_back_online_a_page_announces_at_once(site: Site, new_page: NewPage) -> None:
    """The tracker asks for two minutes between announces."""
    page = new_page("chromium")
    run(page, "seed", site.tracker, [["file.bin", 1000, 1]])
    page.evaluate("() => { window.told = 0; torrent.on('trackerAnnounce', () => { window.told++ }) }")
    # The reply to the first announce may be one of them.
    for count in (1, 2):
        page.evaluate("() => dispatchEvent(new Event('online'))")
        page.wait_for_function("(count) => window.told >= count", arg=count, timeout=30_000)
