"""What storing costs, and what it spares: resuming next to WebTorrent, throughput next to memory, and the
memory of a long download. It prints, and asserts nothing about time."""

import contextlib
import os
from pathlib import Path
from statistics import median

from playwright.sync_api import BrowserContext, Page, Playwright

from browser.conftest import NewPage
from browser.support import BOTH, Site, launch_with_profile, random_file, run
from browser.test_kill import of
from browser.test_originals import pick

MIB = 2**20
ROUNDS = 3
RESUMED = 256 * MIB
LONG = int(os.environ.get("MIB") or 1024) * MIB
THROUGHPUT = 100 * MIB
ADD = """async (id) => {
  const client = new Torrentide({ tracker: false })
  if (client.whenReady) await client.whenReady()
  const started = performance.now()
  const torrent = client.add(new Uint8Array(id))
  await new Promise((resolve, reject) => torrent.on('ready', resolve).on('error', reject))
  return performance.now() - started
}"""

IN_MEMORY = """((tracker, id) => leech(tracker, id, class extends Torrentide {
  constructor(options) { super({ ...options, storage: 'memory' }) }
}))"""


def opened(context: BrowserContext, site: Site, library: str) -> Page:
    page = context.new_page()
    page.set_default_timeout(250_000)
    page.goto(f"{site.url}/pages/{library}.html")
    return page


def test_resuming(site: Site, playwright: Playwright, tmp_path: Path) -> None:
    print(f"\nre-adding a complete torrent of {RESUMED // MIB} MiB: milliseconds to ready")
    times: dict[str, list[float]] = {"blank": [], "webtorrent": []}
    for library in times:
        # Big files of a private window are more than its memory holds.
        seeder = launch_with_profile(playwright, "chromium", tmp_path / f"{library}-seed")
        seed_page = opened(seeder, site, "blank")
        made = run(seed_page, "seed", site.tracker, [["t/a", RESUMED // 2, 5], ["t/b", RESUMED // 2, 6]])
        context = launch_with_profile(playwright, "chromium", tmp_path / library)
        page = opened(context, site, library)
        run(page, "leech", site.tracker, made["magnetURI"])
        page.wait_for_timeout(4000)
        seeder.close()
        for _ in range(ROUNDS):
            page.close()
            page = opened(context, site, library)
            times[library].append(page.evaluate(ADD, made["torrentFile"]))
        context.close()
    for library, values in times.items():
        print(f"  {library}: {', '.join(f'{value:.0f}' for value in values)}")
    ours, theirs = median(times["blank"]), median(times["webtorrent"])
    print(f"  medians {ours:.0f} and {theirs:.0f} ms, ratio {theirs / ours:.1f}")


def test_throughput_into_storage(
    site: Site, new_page: NewPage, playwright: Playwright, tmp_path: Path
) -> None:
    print(f"\n{THROUGHPUT // MIB} MiB between two Chromium processes; MiB/s from metadata")
    context = launch_with_profile(playwright, "chromium", tmp_path)
    rates: dict[str, list[float]] = {"storage": [], "memory": [], "WebTorrent": []}
    for number in range(ROUNDS):
        for kind in rates:
            library = "webtorrent" if kind == "WebTorrent" else "blank"
            seed_page, page = (
                new_page("chromium-2", f"{site.url}/pages/{library}.html"),
                opened(context, site, library),
            )
            made = run(seed_page, "seed", site.tracker, [["file.bin", THROUGHPUT, 300 + number]])
            script = IN_MEMORY if kind == "memory" else "leech"
            leeched = run(page, script, site.tracker, made["magnetURI"])
            assert leeched["sums"] == made["sums"]
            rates[kind].append(THROUGHPUT / MIB / leeched["payloadSeconds"])
            page.close()
            seed_page.close()
    context.close()
    for kind, values in rates.items():
        print(f"  {kind}: {', '.join(f'{value:.1f}' for value in values)}; median {median(values):.1f}")


def resident(profile: Path) -> float:
    """MiB that the pages of a profile and their workers hold, shared pages not counted."""
    total = 0
    own = [path for path in Path("/proc").iterdir() if path.name.isdigit() and of(path, profile)]
    # Firefox's processes name the first one, and not the profile.
    marks = [b"-parentPid %s " % path.name.encode() for path in own]
    for path in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            line = (path / "cmdline").read_bytes().replace(b"\0", b" ")
            chromium = path in own and b"--type=renderer" in line
            firefox = line.endswith(b" tab ") and any(mark in line for mark in marks)
            if chromium or firefox:
                pages = (path / "statm").read_text().split()
                total += (int(pages[1]) - int(pages[2])) * 4096
    return total / MIB


@BOTH
def test_memory_of_a_long_download(site: Site, playwright: Playwright, tmp_path: Path, browser: str) -> None:
    seeder = launch_with_profile(playwright, "chromium", tmp_path / "seed")
    # From a disk: of what pages make, Chromium holds less.
    film = tmp_path / "film.bin"
    random_file(film, LONG // MIB)
    seed_page = opened(seeder, site, "blank")
    pick(seed_page, film)
    magnet = seed_page.evaluate(
        """async (tracker) => {
          const [file] = document.querySelector('input').files
          const seed = client(tracker).seed(file, { announce: [tracker] })
          await event(watch(seed), 'seed')
          return seed.magnetURI
        }""",
        site.tracker,
    )
    context = launch_with_profile(playwright, browser, tmp_path / "profile")
    page = opened(context, site, "blank")
    run(page, "boot")
    idle = resident(tmp_path / "profile")
    page.evaluate(
        "([tracker, id]) => { window.torrent = watch(client(tracker).add(id)) }",
        [site.tracker, magnet],
    )
    most = 0.0
    heaps: list[int] = []
    while not page.evaluate("() => torrent.done"):
        most = max(most, resident(tmp_path / "profile"))
        heaps.append(page.evaluate("async () => (await made[0].diagnose()).engine?.memory ?? 0"))
        page.wait_for_timeout(500)
    print(f"\n{LONG // MIB} MiB to {browser}: {idle:.0f} MiB when idle, at most {most - idle:.0f} more")
    seeder.close()
    print(f"  WebAssembly memory {heaps[0] / MIB:.0f} to {max(heaps) / MIB:.0f} MiB")
    context.close()


def test_a_second_tab(site: Site, playwright: Playwright, tmp_path: Path) -> None:
    seeder = launch_with_profile(playwright, "chromium", tmp_path / "seed")
    made = run(
        opened(seeder, site, "blank"),
        "seed",
        site.tracker,
        [["t/a", RESUMED // 2, 7], ["t/b", RESUMED // 2, 8]],
    )
    context = launch_with_profile(playwright, "chromium", tmp_path / "profile")
    run(opened(context, site, "blank"), "leech", site.tracker, made["magnetURI"])
    seeder.close()
    second = opened(context, site, "blank")
    run(second, "boot")
    idle = resident(tmp_path / "profile")
    milliseconds = second.evaluate(ADD, made["torrentFile"])
    ready = resident(tmp_path / "profile")
    seconds = second.evaluate(
        """async (id) => {
          const torrent = new Torrentide({ tracker: false }).add(new Uint8Array(id))
          await torrent.whenReady()
          const started = performance.now()
          let count = 0
          for (const file of torrent.files) for await (const chunk of file) count += chunk.length
          return [count, (performance.now() - started) / 1000]
        }""",
        made["torrentFile"],
    )
    assert seconds[0] == RESUMED
    most = resident(tmp_path / "profile")
    print(
        f"\na second tab of {RESUMED // MIB} MiB: ready in {milliseconds:.0f} ms, {ready - idle:.0f} MiB more"
    )
    print(f"  read as a stream at {RESUMED / MIB / seconds[1]:.0f} MiB/s, then {most - idle:.0f} MiB more")
    context.close()
