"""Code that pages write for WebTorrent runs with another library in its place."""

import pytest

from browser.conftest import NewPage
from browser.support import Site


@pytest.mark.parametrize("library", ["blank", "webtorrent"])
def test_the_usage_of_the_readme(site: Site, new_page: NewPage, library: str) -> None:
    """The same on WebTorrent: what is tested is its usage, not ours."""
    seeder, page = new_page("chromium-2"), new_page("chromium", f"{site.url}/pages/{library}.html")
    for each in (seeder, page):
        each.add_script_tag(url="/pages/usage.js")
    seeded = seeder.evaluate(
        """async (tracker) => {
          const torrent = client(tracker).seed(usageFiles(), { name: 'usage', announce: [tracker] })
          await event(torrent, 'seed')
          return { magnetURI: torrent.magnetURI, infoHash: torrent.infoHash }
        }""",
        site.tracker,
    )
    assert page.evaluate(
        "([tracker, magnet]) => readmeDownload(Torrentide, tracker, magnet)",
        [site.tracker, seeded["magnetURI"]],
    ) == [seeded["infoHash"], True]
    assert len(page.evaluate("readmeSeed(Torrentide, [new File(['x'], 'x.txt')])")) == 40


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_the_usage_of_instant_io(site: Site, new_page: NewPage, browser: str) -> None:
    """Of WebTorrent 1, whose appendTo, getBlobURL and torrentFileBlobURL WebTorrent 3 has no more."""
    seeder, page = new_page("chromium-2"), new_page(browser)
    for each in (seeder, page):
        each.add_script_tag(url="/pages/usage.js")
    seeded = seeder.evaluate("tracker => instant(Torrentide, tracker).seed(usageFiles())", site.tracker)
    got = page.evaluate(
        "([tracker, magnet]) => instant(Torrentide, tracker).add(magnet)", [site.tracker, seeded["magnet"]]
    )
    assert sorted(got["zip"].values()) == [70, 100_000, 100_001]
    assert got["zip"] == seeded["zip"]
    assert got["elements"] == seeded["elements"] == [["img", True], ["pre", True], ["pre", True]]
    assert got["saved"]
    assert got["first"] in (70, 100_000, 100_001)
    assert (got["progress"], got["remaining"]) == ("100.0", "Done.")
    assert [line for line in got["shown"] if line[0] == "error"] == []
