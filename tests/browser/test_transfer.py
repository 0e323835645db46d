"""The whole path: one browser seeds, another downloads, and the bytes are the same."""

import pytest

from browser.conftest import NewPage
from browser.support import Site, run

MIB = 1024 * 1024


def transfer(
    site: Site, new_page: NewPage, files: list[list[object]], *, seeder: str, leecher: str, by: str
) -> None:
    seed_page, leech_page = new_page(seeder), new_page(leecher)
    seeded = run(seed_page, "seed", site.tracker, files)
    leeched = run(leech_page, "leech", site.tracker, seeded[by])
    assert leeched["sums"] == seeded["sums"]
    assert leeched["infoHash"] == seeded["infoHash"]
    assert leeched["files"] == seeded["files"]


@pytest.mark.parametrize("by", ["magnetURI", "torrentFile"])
@pytest.mark.parametrize("size", [1, 16 * 1024, 16 * 1024 + 1, 20 * MIB], ids=str)
def test_a_file(site: Site, new_page: NewPage, size: int, by: str) -> None:
    transfer(site, new_page, [["file.bin", size, size + 1]], seeder="chromium", leecher="chromium-2", by=by)


ODD_NAMES = [
    "plain.txt",
    "with space.txt",
    "ünïcödé 文件.txt",
    "emoji 🌊.bin",
    "percent%20.txt",
    "a&b=c?.txt",
    "quote'\".txt",
    "<script>.html",
    ".hidden",
    "no extension",
    "trailing dot.",
    "sub/inner.txt",
    "sub/deeper/file.bin",
    "sub/con.txt",
    "UPPER.TXT",
    "empty.bin",
    "semi;colon.txt",
    "hash#.txt",
    "new\nline.txt",
    "l" + "o" * 250 + "ng.bin",
]


@pytest.mark.parametrize("by", ["magnetURI", "torrentFile"])
def test_a_folder_of_20_odd_names(site: Site, new_page: NewPage, by: str) -> None:
    files = [
        [f"folder/{name}", 0 if name == "empty.bin" else 10_000 + 7919 * number, number + 1]
        for number, name in enumerate(ODD_NAMES)
    ]
    transfer(site, new_page, files, seeder="chromium", leecher="chromium-2", by=by)


@pytest.mark.parametrize(("seeder", "leecher"), [("chromium", "firefox"), ("firefox", "chromium")])
def test_across_browsers(site: Site, new_page: NewPage, seeder: str, leecher: str) -> None:
    transfer(site, new_page, [["file.bin", 10 * MIB, 3]], seeder=seeder, leecher=leecher, by="magnetURI")
