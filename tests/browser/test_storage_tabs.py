"""Several tabs of one origin with the same torrent: one has its files, another takes over when it goes."""

import random

import pytest
from playwright.sync_api import BrowserContext, Page

from browser.conftest import NewPage
from browser.support import BOTH, EITHER, Site, run
from browser.test_storage import seeded, storing

HERE = "() => torrent.pieceMap.filter((state) => state === 2).length"
BEGIN = "([tracker, id]) => { window.torrent = watch(client(tracker).add(id)) }"


def tab(context: BrowserContext, site: Site) -> Page:
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{site.url}/pages/blank.html")
    page.add_script_tag(url="/pages/storage.js")
    return page


@EITHER
def test_who_comes_second_takes_over_without_a_peer(site: Site, new_page: NewPage, browser: str) -> None:
    seed_page, made = seeded(site, new_page)
    first = storing(new_page, browser)
    second = tab(first.context, site)
    run(first, "leech", site.tracker, made["magnetURI"])
    seed_page.close()
    second.evaluate(
        "(id) => { window.torrent = watch(alone().add(id)) }", f"magnet:?xt=urn:btih:{made['infoHash']}"
    )
    second.wait_for_function("torrent.done")
    first.close()
    assert second.evaluate("() => sums(torrent)") == made["sums"]
    assert second.evaluate("() => log.filter(([name]) => name === 'warning')") == []


@BOTH
def test_tabs_that_close_at_random_lose_nothing(site: Site, new_page: NewPage, browser: str) -> None:
    rng = random.Random(3)
    _, made = seeded(site, new_page)
    context = storing(new_page, browser).context
    tabs = [tab(context, site) for _ in range(3)]
    for page in tabs:
        page.evaluate(BEGIN, [site.tracker, made["magnetURI"]])
    while len(tabs) > 1:
        page = tabs.pop(rng.randrange(len(tabs)))
        page.wait_for_timeout(rng.randrange(500, 2500))
        page.close()
    (last,) = tabs
    last.wait_for_function("torrent.done")
    assert last.evaluate("() => sums(torrent)") == made["sums"]
    # By now it has the files.
    last.wait_for_timeout(4000)
    sizes = run(last, "stored")
    assert sizes[f"torrentide/{made['infoHash']}/0"] == 3_000_000
    assert last.evaluate("() => made[0].storage()")["torrents"][0]["inUse"] is True
    again = tab(context, site)
    last.close()
    found = run(again, "resumed", made["magnetURI"])
    assert (found["here"], found["warnings"]) == (found["pieces"], [])


@pytest.mark.parametrize("keep", [True, False])
def test_what_one_tab_removes_another_keeps_as_its_own(site: Site, new_page: NewPage, keep: bool) -> None:
    _, made = seeded(site, new_page)
    first = storing(new_page, "chromium")
    second = tab(first.context, site)
    for page in (first, second):
        assert run(page, "leech", site.tracker, made["magnetURI"])["sums"] == made["sums"]
    first.evaluate("(keep) => torrent.destroy({ destroyStore: !keep })", keep)
    assert second.evaluate("() => sums(torrent)") == made["sums"]
    # It takes over what the first had.
    second.wait_for_function(
        "async (name) => (await stored())[name] === 3_000_000", arg=f"torrentide/{made['infoHash']}/0"
    )
    assert second.evaluate(HERE) == 62
