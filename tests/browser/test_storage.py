"""Torrents that stay: stored in the browser's file system, and found there again."""

from typing import Any

from playwright.sync_api import Page

from browser.conftest import ChangedSite, NewPage
from browser.support import BOTH, EITHER, Site, run
from torrentide.storage.shelf import CHOICE_SECONDS

FILES = [["t/a.bin", 3_000_000, 1], ["t/empty", 0, 2], ["t/b.bin", 1_000_000, 3]]
PIECE = 65536


def storing(new_page: NewPage, browser: str) -> Page:
    page = new_page(browser)
    page.add_script_tag(url="/pages/storage.js")
    return page


def reload(page: Page) -> None:
    page.reload()
    page.add_script_tag(url="/pages/storage.js")


def seeded(site: Site, new_page: NewPage) -> tuple[Page, dict[str, Any]]:
    page = new_page("chromium-2")
    return page, run(page, "seed", site.tracker, FILES, {"name": "t", "pieceLength": PIECE})


def downloaded(site: Site, new_page: NewPage, browser: str) -> tuple[Page, dict[str, Any], Page]:
    """A page that has downloaded a torrent, what it is, and the page that seeds it. All is safe: that is
    recorded before the page hears of the end."""
    seed, made = seeded(site, new_page)
    page = storing(new_page, browser)
    assert run(page, "leech", site.tracker, made["magnetURI"])["sums"] == made["sums"]
    return page, made, seed


@BOTH
def test_a_reloaded_page_has_everything_without_a_peer(site: Site, new_page: NewPage, browser: str) -> None:
    page, made, _ = downloaded(site, new_page, browser)
    folder = f"torrentide/{made['infoHash']}"
    sizes = run(page, "stored")
    assert sizes[f"{folder}/0"] == 3_000_000
    assert sizes[f"{folder}/2"] == 1_000_000
    assert f"{folder}/1" not in sizes
    reload(page)
    found = run(page, "resumed", made["magnetURI"])
    assert found["warnings"] == []
    assert (found["name"], found["here"], found["downloaded"]) == ("t", found["pieces"], 4_000_000)
    assert found["received"] >= 4_000_000
    page.wait_for_function("torrent.done")
    assert page.evaluate("() => sums(torrent)") == made["sums"]
    print(f"{browser}: ready in {found['milliseconds']:.0f} ms")


@EITHER
def test_what_is_damaged_is_noticed_told_once_and_fetched_again(
    site: Site, new_page: NewPage, browser: str
) -> None:
    page, made, _ = downloaded(site, new_page, browser)
    folder = f"torrentide/{made['infoHash']}"
    # What is damaged, and how many pieces are missed at once; others when they are read.
    damages: list[tuple[str, list[Any], int]] = [
        ("damage", [f"{folder}/0", {"size": 1_000_000}], 31),
        ("damage", [f"{folder}/2", {"flip": 5}], 0),
        ("swap", [f"{folder}/0", f"{folder}/2"], 50),
        ("damage", [f"{folder}/metadata", {"flip": 100}], 0),
    ]
    for script, arguments, lost in damages:
        # A page that has no engine holds no file open.
        reload(page)
        run(page, script, *arguments)
        torrent_id = made["torrentFile"] if "metadata" in arguments[0] else made["magnetURI"]
        found = run(page, "resumed", torrent_id)
        assert found["pieces"] - found["here"] >= lost, arguments
        # A sample may see a flipped bit; what is told is told once.
        least = 1 if lost or "metadata" in arguments[0] else 0
        assert least <= len(found["warnings"]) <= 1
        heal(page, site, made)


def heal(page: Page, site: Site, made: dict[str, Any]) -> None:
    """Have what lacks fetched, and everything be right."""
    page.evaluate("() => torrent.destroy({ destroyStore: false })")
    assert run(page, "leech", site.tracker, made["magnetURI"])["sums"] == made["sums"]
    page.evaluate("() => torrent.destroy({ destroyStore: false })")


@EITHER
def test_a_state_that_can_not_be_read_is_told_and_the_pieces_found_by_their_hashes(
    site: Site, new_page: NewPage, browser: str
) -> None:
    page, made, _ = downloaded(site, new_page, browser)
    folder = f"torrentide/{made['infoHash']}"
    # A record says its version in its 18th byte: inverted, it is a newer one.
    for change, words in ((({"size": 30}), "cut off"), ({"flip": 70}, "changed"), ({"flip": 17}, "version")):
        reload(page)
        for slot in (0, 1):
            run(page, "damage", f"{folder}/state-{slot}", change)
        found = run(page, "resumed", made["magnetURI"])
        assert found["here"] == found["pieces"]
        assert len(found["warnings"]) == 1
        assert words in found["warnings"][0][1]
        page.evaluate("() => torrent.destroy({ destroyStore: false })")
    reload(page)
    found = run(page, "resumed", made["magnetURI"])
    assert (found["warnings"], found["here"]) == ([], found["pieces"])


@EITHER
def test_rescan_finds_what_was_changed_and_fetches_it(site: Site, new_page: NewPage, browser: str) -> None:
    page, made, _ = downloaded(site, new_page, browser)
    page.evaluate("() => torrent.destroy({ destroyStore: false })")
    run(page, "leech", site.tracker, made["magnetURI"])
    page.evaluate("() => torrent.rescanFiles()")
    assert page.evaluate("() => log.filter(([name]) => name === 'warning').length") == 0
    page.evaluate("() => torrent.destroy({ destroyStore: false })")
    # One piece of 62: the sample of a few does not see it as a rule.
    run(page, "damage", f"torrentide/{made['infoHash']}/0", {"flip": 20 * PIECE})
    run(page, "resumed", made["magnetURI"])
    page.evaluate("() => torrent.rescanFiles()")
    assert page.evaluate("() => torrent.bitfield.get(20)") is False
    heal(page, site, made)


@EITHER
def test_removal_frees_what_was_stored_unless_it_is_to_stay(
    site: Site, new_page: NewPage, browser: str
) -> None:
    page, made, _ = downloaded(site, new_page, browser)
    assert page.evaluate("() => torrent.destroy({ destroyStore: false })") == 0
    assert run(page, "stored")[f"torrentide/{made['infoHash']}/0"] == 3_000_000
    report = page.evaluate("() => made[0].storage()")
    (entry,) = report["torrents"]
    assert (entry["name"], entry["inUse"], entry["session"]) == ("t", False, True)
    assert report["orphans"] == []
    run(page, "resumed", made["magnetURI"])
    assert page.evaluate("() => made[0].storage()")["torrents"][0]["inUse"] is True
    freed = page.evaluate("() => made.at(-1).remove(torrent)")
    assert freed >= 4_000_000
    assert run(page, "stored") == {}
    assert page.evaluate("() => made[0].storage()")["torrents"] == []
    # At once again: it finds nothing, and stores anew.
    assert run(page, "leech", site.tracker, made["magnetURI"])["sums"] == made["sums"]
    assert page.evaluate("() => torrent.destroy()") >= 4_000_000


@BOTH
def test_a_session_comes_back_as_it_was(site: Site, new_page: NewPage, browser: str) -> None:
    page, _, _ = downloaded(site, new_page, browser)
    other = "magnet:?xt=urn:btih:" + "ab" * 20 + "&dn=other"
    gone = "magnet:?xt=urn:btih:" + "cd" * 20
    page.evaluate("() => { torrent.pause(); torrent.downloadLimit = 5000; torrent.deselect(0, 9) }")
    page.evaluate(
        """async ([other, gone]) => {
          const c = alone(), added = [c.add(other), c.add(gone, { persist: false })]
          await Promise.all(added.map((each) => event(each, 'infoHash')))
        }""",
        [other, gone],
    )
    # What the person chooses is safe so soon, not with the next flush.
    page.wait_for_timeout(4 * CHOICE_SECONDS * 1000)
    reload(page)
    names = page.evaluate("async () => (await alone().restore()).length")
    assert names == 2
    page.wait_for_function("made[0].torrents.every((torrent) => torrent.infoHash)")
    assert page.evaluate("() => made[0].torrents.map((torrent) => torrent.name)") == ["t", "other"]
    page.evaluate("() => { window.torrent = made[0].torrents[0] }")
    page.wait_for_function("torrent.ready")
    found = page.evaluate("() => standing(torrent)")
    assert (found["paused"], found["limit"], found["here"]) == (True, 5000, found["pieces"])
    assert found["wanted"] == [True] * found["pieces"]
    report = page.evaluate("() => made[0].storage()")
    assert [entry["infoHash"] for entry in report["orphans"]] == ["cd" * 20]
    assert page.evaluate("() => made[0].removeOrphans()") > 0
    assert page.evaluate("() => made[0].storage()")["orphans"] == []


def test_what_was_selected_comes_back(site: Site, new_page: NewPage) -> None:
    _, made = seeded(site, new_page)
    page = storing(new_page, "chromium")
    page.evaluate(
        """([tracker, id]) => new Promise((resolve) => {
          const client_ = client(tracker)
          client_.add(id, { deselect: true }, (torrent) => {
            torrent.select(0, 5)
            // It is idle at first, too.
            torrent.on('idle', () => torrent.downloaded && resolve())
          })
        })""",
        [site.tracker, made["magnetURI"]],
    )
    reload(page)
    page.evaluate("async () => { window.torrent = (await alone().restore())[0]; await torrent.whenReady() }")
    found = page.evaluate("() => standing(torrent)")
    assert found["here"] == 6
    # A piece that is here is told as such, wanted or not.
    assert found["wanted"] == [True] * 6 + [False] * (found["pieces"] - 6)


def test_the_browser_is_asked_once_to_keep_it(new_page: NewPage) -> None:
    page = storing(new_page, "chromium")
    asked = page.evaluate(
        """async () => {
          let asked = 0
          navigator.storage.persisted = async () => false
          navigator.storage.persist = async () => (asked++, false)
          for (const hash of ['ab'.repeat(20), 'cd'.repeat(20)]) await event(alone().add(hash), 'infoHash')
          return asked
        }"""
    )
    assert asked == 1


def test_memory_is_used_where_it_is_asked_for(site: Site, new_page: NewPage) -> None:
    _, made = seeded(site, new_page)
    page = storing(new_page, "chromium")
    page.evaluate(
        """([tracker, id]) => {
          const client_ = new Torrentide({ ...options(tracker), storage: 'memory' })
          return client_.add(id).whenDone().then(() => {})
        }""",
        [site.tracker, made["magnetURI"]],
    )
    assert run(page, "stored") == {}


def test_without_a_file_system_memory_is_used_with_a_warning(
    site: Site, changed_site: ChangedSite, new_page: NewPage
) -> None:
    other = changed_site("engine/worker.mjs", "delete FileSystemFileHandle.prototype.createSyncAccessHandle;")
    _, made = seeded(site, new_page)
    page = new_page("chromium", f"{other.url}/pages/blank.html")
    page.add_script_tag(url="/pages/storage.js")
    found = run(page, "leech", site.tracker, made["magnetURI"])
    assert found["sums"] == made["sums"]
    warnings = page.evaluate("() => log.filter(([name]) => name === 'warning')")
    assert [code for _, code, _ in warnings] == ["ERR_STORAGE"]
    assert run(page, "stored") == {}
    page.close()
