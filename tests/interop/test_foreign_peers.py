"""Torrentide with WebTorrent 3 and libtorrent 2.1, both ways, over both trackers."""

from pathlib import Path

import pytest

from browser.conftest import NewPage
from browser.support import Site, run
from interop.libtorrent_peer import LibtorrentPeer, make_file

SIZE = 20 * 1024 * 1024


@pytest.mark.parametrize(
    ("seeder", "leecher"), [("webtorrent", "blank"), ("blank", "webtorrent")], ids=["from", "to"]
)
def test_webtorrent(site: Site, new_page: NewPage, tracker: str, seeder: str, leecher: str) -> None:
    seed_page = new_page("chromium", f"{site.url}/pages/{seeder}.html")
    leech_page = new_page("chromium-2", f"{site.url}/pages/{leecher}.html")
    seeded = run(seed_page, "seed", tracker, [["file.bin", SIZE, 5]])
    leeched = run(leech_page, "leech", tracker, seeded["magnetURI"])
    assert leeched["sums"] == seeded["sums"]


def test_from_libtorrent(libtorrent: LibtorrentPeer, tmp_path: Path, new_page: NewPage, tracker: str) -> None:
    sum_ = make_file(tmp_path, SIZE)
    leeched = run(new_page(), "leech", tracker, libtorrent.seed(tracker))
    assert leeched["sums"] == [sum_]


def test_to_libtorrent(libtorrent: LibtorrentPeer, new_page: NewPage, tracker: str) -> None:
    seeded = run(new_page(), "seed", tracker, [["file.bin", SIZE, 7]])
    assert libtorrent.leech(seeded["magnetURI"]) == seeded["sums"][0]
