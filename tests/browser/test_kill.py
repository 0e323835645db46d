"""A browser that is killed in the middle of downloads, and started again; `make crash` has it twenty
times."""

import contextlib
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Playwright

from browser.conftest import NewPage
from browser.support import EITHER, Site, launch_with_profile, run
from torrentide.storage.shelf import FLUSH_SECONDS

KILLS = int(os.environ.get("KILLS") or 2)
MIB = int(os.environ.get("MIB") or 24)
LIFE_SECONDS = (1.0, 8.0)
# A sample of what is there is taken so often, and takes a moment itself.
SAMPLE_SECONDS = 0.25


def kill(profile: Path) -> None:
    """Kill every process of that profile, at once."""
    own = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and of(path, profile)]
    family = [*own, *descendants(set(own))]
    for process in dict.fromkeys(family):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def of(path: Path, profile: Path) -> bool:
    with contextlib.suppress(OSError):
        return str(profile).encode() in (path / "cmdline").read_bytes()
    return False


def descendants(parents: set[int]) -> Iterator[int]:
    for path in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if int((path / "stat").read_text().rsplit(")", 1)[1].split()[1]) in parents:
                yield int(path.name)


def lived(page: Page, seconds: float) -> list[tuple[float, set[int]]]:
    """What was there at which times, for so long or until all is there."""
    samples: list[tuple[float, set[int]]] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        here = page.evaluate("() => torrent.ready ? Array.from(torrent.pieceMap) : []")
        samples.append((time.monotonic(), {index for index, state in enumerate(here) if state == 2}))
        if here and len(samples[-1][1]) == len(here):
            break
        page.wait_for_timeout(SAMPLE_SECONDS * 1000)
    return samples


def begin(context: BrowserContext, site: Site, made: dict[str, Any], limit: float) -> tuple[Page, float]:
    """Add the torrent; gives the page, and the milliseconds until it was ready."""
    page = context.new_page()
    page.goto(f"{site.url}/pages/blank.html")
    run(page, "boot")
    milliseconds = page.evaluate(
        """async ([tracker, id, limit]) => {
          const client_ = client(tracker)
          const started = performance.now()
          window.torrent = watch(client_.add(id, { downloadLimit: limit }))
          await torrent.whenReady()
          return performance.now() - started
        }""",
        [site.tracker, made["magnetURI"], limit],
    )
    return page, milliseconds


@EITHER
def test_a_killed_browser_goes_on_where_it_was(
    site: Site, new_page: NewPage, playwright: Playwright, browser: str, tmp_path: Path
) -> None:
    rng = random.Random(int(os.environ.get("SEED") or 1))
    seed_page = new_page("chromium-2")
    size = MIB * 2**20
    made = run(seed_page, "seed", site.tracker, [["file.bin", size, 77]], {"pieceLength": 262144})
    limit = size / (KILLS + 1) / sum(LIFE_SECONDS) * 2
    safe: set[int] = set()
    for number in range(KILLS):
        context = launch_with_profile(playwright, browser, tmp_path / "profile")
        page, milliseconds = begin(context, site, made, limit)
        first, *_ = samples = lived(page, rng.uniform(*LIFE_SECONDS))
        kill(tmp_path / "profile")
        killed = time.monotonic()
        assert safe <= first[1], f"{len(safe - first[1])} pieces were lost"
        print(
            f"{browser}, life {number}: {len(first[1])} pieces in {milliseconds:.0f} ms, {len(safe)} expected"
        )
        # The refresh of what the page knows comes on top of the interval.
        old = [here for at, here in samples if at < killed - FLUSH_SECONDS - 1]
        safe = old[-1] if old else first[1]
        with contextlib.suppress(Exception):
            context.close()
    context = launch_with_profile(playwright, browser, tmp_path / "profile")
    page, milliseconds = begin(context, site, made, -1)
    found = page.evaluate(
        """async () => {
          const here = torrent.pieceMap.filter((state) => state === 2).length
          await torrent.whenDone()
          const warnings = log.filter(([name]) => name === 'warning')
          return [here, await sha256(await torrent.files[0].blob()), warnings]
        }"""
    )
    print(f"{browser}: {found[0]} pieces in {milliseconds:.0f} ms, {len(safe)} expected")
    assert found[0] >= len(safe)
    assert found[1] == made["sums"][0]
    assert not [warning for warning in found[2] if warning[1].startswith("ERR_STORAGE")]
    context.close()


def test_a_full_disk_makes_a_download_wait(
    site: Site, new_page: NewPage, playwright: Playwright, tmp_path: Path
) -> None:
    seed_page = new_page("chromium-2")
    # A stored file is as long as its last byte that was written: of one file perhaps nothing would fit.
    files = [[f"t/{number}", 2 * 2**20, 80 + number] for number in range(8)]
    made = run(seed_page, "seed", site.tracker, files, {"name": "t", "pieceLength": 262144})
    context = launch_with_profile(playwright, "chromium", tmp_path / "profile")
    page = context.new_page()
    page.goto(f"{site.url}/pages/blank.html")
    session = context.new_cdp_session(page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": site.url, "quotaSize": 9 * 2**20})
    full = page.evaluate(
        """async ([tracker, id]) => {
          window.torrent = watch(client(tracker).add(id))
          window.room = new Promise((resolve) => torrent.once('storageRoom', resolve))
          const error = await new Promise((resolve) => torrent.once('storageFull', resolve))
          return [error.code, torrent.storageFull, torrent.done, torrent.destroyed]
        }""",
        [site.tracker, made["magnetURI"]],
    )
    assert full == ["ERR_STORAGE_FULL", True, False, False]
    here = page.evaluate("() => torrent.pieceMap.filter((state) => state === 2).length")
    assert 0 < here < 64
    session.send("Storage.overrideQuotaForOrigin", {"origin": site.url, "quotaSize": 100 * 2**20})
    page.evaluate("() => room.then(() => torrent.whenDone()).then(() => {})")
    assert page.evaluate("() => torrent.storageFull") is False
    sums = "async () => Promise.all(torrent.files.map(async (file) => sha256(await file.blob())))"
    assert page.evaluate(sums) == made["sums"]
    context.close()
