"""How long it takes from dropping a file of 1 GiB to sharing it, next to WebTorrent, and what it costs of the
origin's storage; `MIB=256` takes a smaller one. It prints, and asserts nothing about time."""

import os
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from browser.conftest import NewPage
from browser.support import Site, random_file, run
from browser.test_originals import pick

MIB = int(os.environ.get("MIB") or 1024)
ROUNDS = 3


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file of that size, which is removed afterwards."""
    path = tmp_path_factory.mktemp("seeding") / "film.bin"
    random_file(path, MIB)
    yield path
    path.unlink()


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_from_drop_to_seeding(site: Site, new_page: NewPage, film: Path, browser: str) -> None:
    print(f"\n{MIB} MiB from drop to seeding in {browser}: seconds, and MiB of storage in use then")
    seconds: dict[str, list[float]] = {"blank": [], "webtorrent": []}
    for _ in range(ROUNDS):
        for library, name in (("blank", "Torrentide"), ("webtorrent", "WebTorrent")):
            page = new_page(browser, f"{site.url}/pages/{library}.html")
            run(page, "boot")
            pick(page, film)
            took, used = run(page, "timeSeed")
            seconds[library].append(took)
            print(f"  {name}: {took:.2f} s, {used / 2**20:.2f} MiB")
            page.context.close()
    ours, theirs = median(seconds["blank"]), median(seconds["webtorrent"])
    print(f"  medians {ours:.2f} and {theirs:.2f} s, {theirs / ours:.2f} times faster")
