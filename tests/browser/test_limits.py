"""Speed limits and pauses between real pages."""

import pytest

from browser.conftest import NewPage
from browser.support import Site, run

MIB = 1024 * 1024
SECONDS = 5
LIMIT = MIB

# Bytes that came between two instants some seconds apart, and the seconds between them.
MEASURE = """(seconds) => new Promise((resolve) => {
  const first = performance.now(), before = torrent.downloaded, delay = seconds * 1000;
  setTimeout(() => resolve([torrent.downloaded - before, (performance.now() - first) / 1000]), delay);
})"""
ADD = "([tracker, id]) => { window.torrent = client(tracker).add(id, { announce: [tracker] }) }"
# Resolves when something has come.
FIRST = "async () => { while (!torrent.downloaded) await new Promise((resolve) => setTimeout(resolve, 20)) }"


@pytest.mark.parametrize(
    "whose", ["downloader's torrent", "downloader's client", "uploader's torrent", "uploader's client"]
)
def test_a_limit_holds(site: Site, new_page: NewPage, whose: str) -> None:
    seeder, leecher = new_page("chromium"), new_page("chromium-2")
    seeded = run(seeder, "seed", site.tracker, [["file.bin", 20 * MIB, 13]])
    page = seeder if whose.startswith("uploader") else leecher
    where = "torrent" if whose.endswith("torrent") else "torrent.client"
    name = "uploadLimit" if page is seeder else "downloadLimit"
    if page is seeder:
        page.evaluate(f"() => {{ {where}.{name} = {LIMIT} }}")
    leecher.evaluate(ADD, [site.tracker, seeded["magnetURI"]])
    if page is leecher:
        page.evaluate(f"() => {{ {where}.{name} = {LIMIT} }}")
    leecher.evaluate(FIRST)
    # What the meter of the first second saw.
    leecher.wait_for_timeout(2000)
    count, seconds = leecher.evaluate(MEASURE, SECONDS)
    assert count / seconds == pytest.approx(LIMIT, rel=0.1)
    page.evaluate(f"() => {{ {where}.{name} = -1 }}")
    leecher.wait_for_function("() => torrent.done", timeout=60_000)


def test_a_pause_stops_the_download_and_ends(site: Site, new_page: NewPage) -> None:
    seeder, leecher = new_page("chromium"), new_page("chromium-2")
    seeded = run(seeder, "seed", site.tracker, [["file.bin", 30 * MIB, 14]])
    leecher.evaluate(ADD, [site.tracker, seeded["magnetURI"]])
    leecher.evaluate(f"() => {{ torrent.downloadLimit = {4 * MIB} }}")
    leecher.evaluate(FIRST)
    leecher.evaluate("() => { torrent.pause() }")
    # What is in the sender's channel can't be taken back, and comes.
    while leecher.evaluate(MEASURE, 1)[0]:
        pass
    assert not leecher.evaluate("() => torrent.done")
    count, _ = leecher.evaluate(MEASURE, 3)
    assert count == 0
    leecher.evaluate("() => { torrent.downloadLimit = -1; torrent.resume() }")
    leecher.wait_for_function("() => torrent.done", timeout=60_000)
