"""What `make bench` measures: throughput next to WebTorrent's, boot time, and sizes. It prints, and
asserts nothing about time."""

import subprocess
from statistics import median

from browser.conftest import NewPage
from browser.support import ROOT, Site, run

SIZE = 100 * 1024 * 1024
ROUNDS = 3
BOOTS = 5
LONG_TASKS = """() => {
  window.longTasks = []
  new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((entry) => entry.duration)))
    .observe({ entryTypes: ['longtask'] })
}"""
# Milliseconds from making a client to its being ready.
BOOT = """() => new Promise((resolve) => {
  const started = performance.now()
  new Torrentide().on('ready', () => resolve(performance.now() - started))
})"""
SIZES = """
const { brotliCompressSync, constants } = require('node:zlib'), { readFileSync } = require('node:fs')
const files = process.argv.slice(1).map((path) => readFileSync(path))
const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } }
const small = files.map((file) => brotliCompressSync(file, quality).length)
console.log(files.reduce((sum, file) => sum + file.length, 0), small.reduce((sum, size) => sum + size, 0))
"""


def transfer(site: Site, new_page: NewPage, library: str, number: int) -> tuple[float, float, list[float]]:
    """100 MiB between two Chromium processes: MiB/s from the metadata on, MiB/s from `add` on, and the long
    tasks of the downloading page in milliseconds."""
    url = f"{site.url}/pages/{library}.html"
    seed_page, leech_page = new_page("chromium", url), new_page("chromium-2", url)
    seeded = run(seed_page, "seed", site.tracker, [["file.bin", SIZE, number]])
    leech_page.evaluate(LONG_TASKS)
    leeched = run(leech_page, "leech", site.tracker, seeded["magnetURI"])
    assert leeched["sums"] == seeded["sums"]
    tasks = leech_page.evaluate("() => longTasks")
    for page in (seed_page, leech_page):
        page.close()
    mib = SIZE / 2**20
    return mib / leeched["payloadSeconds"], mib / leeched["seconds"], tasks


def test_throughput(site: Site, new_page: NewPage) -> None:
    rates: dict[str, list[float]] = {"blank": [], "webtorrent": []}
    print("\n100 MiB between two Chromium processes; MiB/s from metadata (from add), long tasks")
    for number in range(ROUNDS):
        for library, name in (("blank", "Torrentide"), ("webtorrent", "WebTorrent")):
            payload, whole, tasks = transfer(site, new_page, library, 200 + number)
            rates[library].append(payload)
            longest = max(tasks, default=0)
            print(f"  {name}: {payload:.1f} ({whole:.1f}), {len(tasks)}, at most {longest:.0f} ms")
    ours, theirs = median(rates["blank"]), median(rates["webtorrent"])
    print(f"  medians {ours:.1f} and {theirs:.1f} MiB/s, ratio {ours / theirs:.2f}")


def test_boot(new_page: NewPage) -> None:
    times = []
    for _ in range(BOOTS):
        page = new_page()
        times.append(page.evaluate(BOOT))
        page.close()
    print(f"\nboot: first {times[0]:.0f} ms, median of {BOOTS} {median(times):.0f} ms")


def test_sizes() -> None:
    engine = [path for path in (ROOT / "dist" / "engine").iterdir() if path.suffix != ".map"]
    for name, files in (("engine", engine), ("torrentide.js", [ROOT / "dist" / "torrentide.js"])):
        out = subprocess.run(["node", "-e", SIZES, *files], capture_output=True, text=True, check=True).stdout
        raw, brotli = out.split()
        print(f"\n{name}: {int(raw):,} bytes raw, {int(brotli):,} brotli")
