"""Stored data that goes away under a running torrent: cleared by the visitor, or handles that break."""

from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web
from playwright.sync_api import Page

from browser.conftest import ChangedSite, NewPage
from browser.support import BOTH, EITHER, Site, run
from browser.test_storage import reload, seeded
from browser.test_tabs import add, complete, poll, sizes

WARNINGS = "() => log.filter(([name]) => name === 'warning').map(([, code, message]) => `${code} ${message}`)"


class Clearing(Site):
    """A site with an answer that has the browser clear what the site stored."""

    def build(self, app: web.Application) -> None:
        """See `Served`."""

        async def clear(request: web.Request) -> web.Response:
            return web.Response(headers={"Clear-Site-Data": '"storage"'})

        app.router.add_get("/clear", clear)
        super().build(app)


@pytest.fixture(scope="module")
def clearing() -> Iterator[Clearing]:
    served = Clearing()
    yield served
    served.close()


def opened(new_page: NewPage, browser: str, site: Site) -> Page:
    page = new_page(browser, f"{site.url}/pages/blank.html")
    page.set_default_timeout(60_000)
    page.add_script_tag(url="/pages/storage.js")
    return page


def clear(page: Page) -> None:
    assert page.evaluate("() => fetch('/clear').then((answer) => answer.status)") == 200


def cleared(page: Page, made: dict[str, Any], tracker: str) -> None:
    """Have what is stored cleared in the middle of a download, and look how that goes on."""
    add(page, made, tracker, downloadLimit=1_000_000)
    page.wait_for_function("torrent.ready && torrent.progress > 0.3")
    clear(page)
    page.wait_for_function("log.some(([name]) => name === 'warning')")
    page.evaluate("() => { torrent.downloadLimit = -1 }")
    complete(page, made)
    poll(page, lambda: sizes(page, made) == (3_000_000, 1_000_000))
    (told,) = page.evaluate(WARNINGS)
    assert told.startswith("ERR_STORAGE what this site had stored was cleared")
    page.wait_for_timeout(3500)
    reload(page)
    found = run(page, "resumed", made["magnetURI"])
    assert (found["here"], found["warnings"]) == (found["pieces"], [])


@BOTH
def test_what_is_cleared_under_a_torrent_is_told_once_and_fetched_again(
    site: Site, clearing: Clearing, new_page: NewPage, browser: str
) -> None:
    _, made = seeded(site, new_page)
    cleared(opened(new_page, browser, clearing), made, site.tracker)


@EITHER
def test_what_was_cleared_while_nobody_looked_is_fetched_anew(
    site: Site, clearing: Clearing, new_page: NewPage, browser: str
) -> None:
    _, made = seeded(site, new_page)
    page = opened(new_page, browser, clearing)
    run(page, "leech", site.tracker, made["magnetURI"])
    page.wait_for_timeout(3500)
    reload(page)
    clear(page)
    assert run(page, "leech", site.tracker, made["magnetURI"])["sums"] == made["sums"]
    assert page.evaluate(WARNINGS) == []


BREAKS = """
let broken = false;
new BroadcastChannel('break').onmessage = () => { broken = true };
const breaking = (type, name) => {
  const real = type.prototype[name];
  type.prototype[name] = function (...given) {
    if (broken) throw new DOMException('the handle is gone', 'InvalidStateError');
    return real.apply(this, given);
  };
};
for (const name of ['read', 'write', 'flush']) breaking(FileSystemSyncAccessHandle, name);
breaking(FileSystemFileHandle, 'createSyncAccessHandle');
"""


def test_handles_that_break_for_good_leave_memory(
    site: Site, changed_site: ChangedSite, new_page: NewPage
) -> None:
    other = changed_site("engine/worker.mjs", BREAKS)
    _, made = seeded(site, new_page)
    page = opened(new_page, "chromium", other)
    add(page, made, site.tracker, downloadLimit=1_000_000)
    page.wait_for_function("torrent.ready && torrent.progress > 0.3")
    page.evaluate("() => new BroadcastChannel('break').postMessage('now')")
    page.wait_for_function("log.filter(([name]) => name === 'warning').length === 2")
    page.evaluate("() => { torrent.downloadLimit = -1 }")
    complete(page, made)
    told = page.evaluate(WARNINGS)
    assert [text.split()[0] for text in told] == ["ERR_STORAGE", "ERR_STORAGE"]
    assert "kept in memory" in told[1]
    page.close()
