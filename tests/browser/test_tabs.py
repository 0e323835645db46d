"""Tabs of one origin that use the same torrent at the same time: one has its files, the others read them."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from browser.conftest import NewPage
from browser.support import EITHER, Site, run
from browser.test_storage import seeded, storing
from browser.test_storage_tabs import HERE, tab

TOTAL = 4_000_000
ADD = """([tracker, id, options]) => {
  const made_ = tracker ? client(tracker) : alone()
  window.torrent = watch(made_.add(id, options))
}"""
SUMS = "() => sums(torrent)"


def add(page: Page, made: dict[str, Any], tracker: str | None = None, **options: Any) -> None:
    page.evaluate(ADD, [tracker, made["magnetURI"], options])


def complete(page: Page, made: dict[str, Any]) -> None:
    page.wait_for_function("torrent.done", timeout=60_000)
    assert page.evaluate(SUMS) == made["sums"]


def sizes(page: Page, made: dict[str, Any]) -> tuple[int, int]:
    stored = run(page, "stored")
    folder = f"torrentide/{made['infoHash']}"
    return stored.get(f"{folder}/0", 0), stored.get(f"{folder}/2", 0)


def poll(page: Page, holds: Callable[[], bool]) -> None:
    for _ in range(100):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come true")


@EITHER
def test_the_second_tab_has_what_the_first_has_and_serves_it(
    site: Site, new_page: NewPage, browser: str
) -> None:
    seed_page, made = seeded(site, new_page)
    first = storing(new_page, browser)
    second = tab(first.context, site)
    run(first, "leech", site.tracker, made["magnetURI"])
    seed_page.close()
    first.evaluate("() => torrent.pause()")
    add(second, made, site.tracker)
    second.wait_for_function("torrent.ready")
    complete(second, made)
    assert second.evaluate("() => torrent.received") == 0
    # Bytes in order, as a player asks for them.
    assert second.evaluate(
        "async () => { let n = 0; for await (const c of torrent.files[0]) n += c.length; return n }"
    )
    other = new_page("chromium-2")
    assert run(other, "leech", site.tracker, made["magnetURI"])["sums"] == made["sums"]
    second.wait_for_function(f"torrent.uploaded >= {TOTAL}")
    assert second.evaluate("() => log.filter(([name]) => name === 'warning' || name === 'error')") == []


@EITHER
def test_the_second_tab_follows_a_download_and_goes_on_with_it(
    site: Site, new_page: NewPage, browser: str
) -> None:
    _, made = seeded(site, new_page)
    first = storing(new_page, browser)
    second = tab(first.context, site)
    add(first, made, site.tracker, downloadLimit=700_000)
    first.wait_for_function("torrent.ready && torrent.progress > 0.2")
    # However long the second takes to be there, there is something left for it.
    first.evaluate("() => { torrent.downloadLimit = 50_000 }")
    add(second, made, site.tracker)
    second.wait_for_function("torrent.ready && torrent.progress > 0.2")
    first.evaluate("() => { torrent.downloadLimit = 700_000 }")
    second.wait_for_function("torrent.progress > 0.5")
    # All of it came by the first.
    assert second.evaluate("() => torrent.received") == 0
    first.close()
    complete(second, made)
    received = second.evaluate("() => torrent.received")
    assert 0 < received < 0.6 * TOTAL
    poll(second, lambda: sizes(second, made) == (3_000_000, 1_000_000))


@EITHER
def test_two_tabs_that_begin_at_once_fetch_once(site: Site, new_page: NewPage, browser: str) -> None:
    _, made = seeded(site, new_page)
    context = storing(new_page, browser).context
    tabs = [tab(context, site) for _ in range(2)]
    for page in tabs:
        page.evaluate("async () => { await alone().whenReady() }")
    for page in tabs:
        add(page, made, site.tracker)
    for page in tabs:
        complete(page, made)
    received = [page.evaluate("() => torrent.received") for page in tabs]
    print(f"{browser}: received {received} of {TOTAL}")
    assert sum(received) < 1.25 * TOTAL
    report = tabs[0].evaluate("() => made[0].storage()")
    assert [(entry["name"], entry["inUse"]) for entry in report["torrents"]] == [("t", True)]


@EITHER
def test_what_the_second_tab_fetches_the_first_stores(site: Site, new_page: NewPage, browser: str) -> None:
    _, made = seeded(site, new_page)
    first = storing(new_page, browser)
    second = tab(first.context, site)
    # The first wants the first file, the second all.
    first.evaluate(
        """([tracker, id]) => {
          window.torrent = watch(client(tracker).add(id, { deselect: true }))
          torrent.on('ready', () => torrent.files[0].select())
        }""",
        [site.tracker, made["magnetURI"]],
    )
    first.wait_for_function("torrent.ready && torrent.files[0].done")
    assert sizes(first, made)[1] < 1_000_000
    add(second, made, site.tracker)
    complete(second, made)
    complete(first, made)
    assert sizes(first, made) == (3_000_000, 1_000_000)
    assert second.evaluate("() => torrent.received") < 1_500_000
    # A rescan reads everything: nothing is in the memory of the second, and nothing is wrong.
    second.evaluate("() => torrent.rescanFiles()")
    assert second.evaluate(HERE) == 62
    # Nothing of it is removed under the first.
    assert second.evaluate("() => torrent.destroy({ destroyStore: true })") == 0
    complete(first, made)
    assert first.evaluate("() => torrent.destroy({ destroyStore: true })") >= TOTAL


@EITHER
def test_a_tab_that_is_paused_stores_for_another(site: Site, new_page: NewPage, browser: str) -> None:
    _, made = seeded(site, new_page)
    first = storing(new_page, browser)
    second = tab(first.context, site)
    add(first, made, site.tracker, paused=True)
    first.wait_for_function("torrent.infoHash")
    add(second, made, site.tracker)
    complete(second, made)
    assert first.evaluate("() => torrent.received") == 0
    poll(first, lambda: sizes(first, made) == (3_000_000, 1_000_000))
    complete(first, made)


@EITHER
def test_a_session_comes_back_in_a_second_tab(site: Site, new_page: NewPage, browser: str) -> None:
    seed_page, made = seeded(site, new_page)
    first = storing(new_page, browser)
    run(first, "leech", site.tracker, made["magnetURI"])
    seed_page.close()
    first.evaluate("() => { torrent.deselect(0, 9); torrent.uploadLimit = 77_000 }")
    first.wait_for_timeout(3500)
    second = tab(first.context, site)
    assert second.evaluate("async () => (await alone().restore()).length") == 1
    second.evaluate("() => { window.torrent = watch(made[0].torrents[0]) }")
    complete(second, made)
    assert second.evaluate("() => [torrent.name, torrent.uploadLimit]") == ["t", 77_000]
    first.close()
    complete(second, made)


LIES = """([hash, count]) => {
  const line = new BroadcastChannel(`torrentide 1 ${hash}`)
  const say = (kind, index = 0, data = undefined) => line.postMessage({ kind, index, data })
  const lie = () => {
    say('here', 1)
    say('all', 0, new Uint8Array(Math.ceil(count / 8)).fill(255))
    say('wants', 0, new Uint8Array(count).fill(9))
    const torrent = 'd4:infod6:lengthi1e4:name1:x12:piece lengthi16384e6:pieces0:ee'
    say('torrent', 0, new TextEncoder().encode(torrent))
    for (const index of [-1, 0, 1, 2, count, 2 ** 40]) {
      for (const kind of ['have', 'lost', 'hello']) say(kind, index)
      say('piece', index, new Uint8Array(65536).fill(index))
    }
    for (const odd of [null, 7, [], { kind: 'all' }, { kind: 'piece', index: 1.5, data: new Uint8Array(9) },
        { kind: 'piece', index: 1, data: 'x' }, { kind: {}, index: {}, data: {} }]) line.postMessage(odd)
  }
  window.lying = setInterval(lie, 50)
}"""


@EITHER
def test_a_tab_that_lies_harms_nobody(site: Site, new_page: NewPage, browser: str) -> None:
    _, made = seeded(site, new_page)
    first = storing(new_page, browser)
    second, liar = (tab(first.context, site) for _ in range(2))
    liar.evaluate(LIES, [made["infoHash"], 62])
    add(first, made, site.tracker, downloadLimit=1_500_000)
    add(second, made, site.tracker)
    complete(first, made)
    complete(second, made)
    assert sizes(first, made) == (3_000_000, 1_000_000)
    faults = [page.evaluate("() => log.filter(([name]) => name === 'error')") for page in (first, second)]
    assert faults == [[], []]


@pytest.mark.parametrize("browser", ["chromium"])
def test_a_tab_without_an_answer_fetches_by_itself(site: Site, new_page: NewPage, browser: str) -> None:
    """Somebody has the lock and says nothing, as a tab with an older program would."""
    _, made = seeded(site, new_page)
    page = storing(new_page, browser)
    page.evaluate(
        """(name) => new Promise((held) => {
          navigator.locks.request(name, () => { held(); return new Promise(() => {}) })
        })""",
        f"torrentide {made['infoHash']}",
    )
    assert run(page, "leech", site.tracker, made["magnetURI"])["sums"] == made["sums"]
    assert run(page, "stored") == {}
