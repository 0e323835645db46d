"""Seeding from files where they lie: big ones are hashed by a pool of workers, and what changed on the disk
is noticed before a wrong byte is sent."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from browser.conftest import NewPage
from browser.support import BOTH, ROOT, Site, create, run
from torrentide.metainfo.create import Options

# Beyond hashing.POOL_BYTES, and no whole number of runs or pieces.
BIG = 70 * 1024**2 + 12_345
SEED = """async (tracker) => {
  const { files } = document.querySelector('input')
  const torrent = watch(client(tracker).seed(files, { announce: [tracker] }))
  window.failed = new Promise((resolve) => {
    torrent.on('error', ({ code, message }) => resolve({ code, message }))
  })
  await event(torrent, 'seed')
  const { usage } = await navigator.storage.estimate()
  return { infoHash: torrent.infoHash, magnetURI: torrent.magnetURI, usage }
}"""
# What comes, and what is told of it, until the seed is gone.
LEECH = """async (tracker, magnet) => {
  window.torrent = watch(client(tracker).add(magnet))
  await event(torrent, 'wire')
}"""


def pick(page: Page, *files: Path) -> None:
    """Have the files in an input of the page, as a person would."""
    page.evaluate(
        "() => document.body.append(Object.assign(document.createElement('input'), "
        "{ type: 'file', multiple: true }))"
    )
    page.set_input_files("input", files)


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a file that is hashed by the pool."""
    return random.Random(31).randbytes(BIG)


@BOTH
def test_a_big_file(site: Site, new_page: NewPage, tmp_path: Path, big: bytes, browser: str) -> None:
    (tmp_path / "big.bin").write_bytes(big)
    page = new_page(browser)
    pick(page, tmp_path / "big.bin")
    seeded = run(page, f"({SEED})", site.tracker)
    assert seeded["infoHash"] == create([("big.bin", big)], Options()).info.info_hash.hex()
    # Nothing was copied.
    assert seeded["usage"] < 2**20


def test_the_engine_makes_no_workers(site: Site, new_page: NewPage, tmp_path: Path, big: bytes) -> None:
    """In Firefox a worker that makes workers now and then stands still for ever."""
    (tmp_path / "big.bin").write_bytes(big)
    page = new_page()
    alone = "globalThis.Worker = class { constructor() { throw new Error('not here') } }\n"
    engine = (ROOT / "dist" / "engine" / "worker.mjs").read_text()
    page.route(
        "**/engine/worker.mjs",
        lambda route: route.fulfill(body=alone + engine, content_type="text/javascript"),
    )
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    pick(page, tmp_path / "big.bin")
    seeded = run(page, f"({SEED})", site.tracker)
    assert seeded["infoHash"] == create([("big.bin", big)], Options()).info.info_hash.hex()
    assert asked.count("hasher.mjs") >= 2


def test_a_big_file_without_the_pool(site: Site, new_page: NewPage, tmp_path: Path, big: bytes) -> None:
    (tmp_path / "big.bin").write_bytes(big)
    page = new_page()
    page.context.route("**/engine/hasher.mjs", lambda route: route.fulfill(status=404))
    pick(page, tmp_path / "big.bin")
    seeded = run(page, f"({SEED})", site.tracker)
    assert seeded["infoHash"] == create([("big.bin", big)], Options()).info.info_hash.hex()


def overwrite(path: Path) -> None:
    """Other bytes of the same number."""
    path.write_bytes(b"\7" * path.stat().st_size)


def overwrite_unseen(path: Path) -> None:
    """Other bytes of the same number, and the old time."""
    before = path.stat()
    overwrite(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def cut(path: Path) -> None:
    """The same bytes, but for the last."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 1)


@BOTH
@pytest.mark.parametrize("change", [overwrite, overwrite_unseen, cut, Path.unlink])
def test_a_file_that_changes(
    site: Site, new_page: NewPage, tmp_path: Path, browser: str, change: Callable[[Path], None]
) -> None:
    path = tmp_path / "letter.bin"
    path.write_bytes(random.Random(32).randbytes(40_000))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    giver, taker = new_page(browser), new_page("chromium-2")
    pick(giver, path)
    seeded = run(giver, f"({SEED})", site.tracker)
    change(path)
    run(taker, f"({LEECH})", site.tracker, seeded["magnetURI"])
    failure = giver.evaluate("() => failed")
    assert failure["code"] == "ERR_STORAGE"
    assert '"letter.bin"' in failure["message"]
    assert taker.evaluate("() => torrent.received") == 0
    assert giver.evaluate("() => made.flatMap(({ torrents }) => torrents).length") == 0
