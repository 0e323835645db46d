"""Torrents that come and go leave nothing behind: in the worker, in the page, at the network."""

import os

from playwright.sync_api import Page

from browser.conftest import NewPage
from browser.support import ROOT, Site, run

# `make bench` does a thousand.
ROUNDS = int(os.environ.get("ROUNDS", "100"))
# Until caches are full.
WARM_UP = 50


# Pyodide registers here what JavaScript holds of Python, but for what create_proxy made.
COUNTING = """
let held = 0
const Registry = FinalizationRegistry
globalThis.FinalizationRegistry = class {
  #registry
  constructor(over) {
    this.#registry = new Registry((value) => {
      held--
      over(value)
    })
  }
  register(...given) {
    held++
    this.#registry.register(...given)
  }
  unregister(token) {
    const known = this.#registry.unregister(token)
    if (known) held--
    return known
  }
}
globalThis.heldOfPython = () => held
"""


def page_holds(page: Page) -> dict[str, float]:
    """What is left in the page when all garbage is gone."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("HeapProfiler.collectGarbage")
    metrics = session.send("Performance.getMetrics")["metrics"]
    return {metric["name"]: metric["value"] for metric in metrics}


def test_rounds_leave_no_growth(site: Site, new_page: NewPage) -> None:
    page = new_page()
    page.route(
        "**/engine/worker.mjs",
        lambda route: route.fulfill(
            body=COUNTING + (ROOT / "dist" / "engine" / "worker.mjs").read_text(),
            content_type="text/javascript",
        ),
    )
    page.add_script_tag(url="/pages/rounds.js")
    before = run(page, "rounds", site.tracker, 1, WARM_UP)
    page_before = page_holds(page)
    (worker,) = [each for each in page.workers if each.url.endswith("worker.mjs")]
    held_before = worker.evaluate("heldOfPython()")
    after = run(page, "rounds", site.tracker, 10_000, ROUNDS)
    page_after = page_holds(page)
    held_after = worker.evaluate("heldOfPython()")
    print(f"{ROUNDS} rounds: {before} became {after}, {held_before} held of Python became {held_after}")
    # Each one that is left behind is there for good: JavaScript's collector does not see what Python holds.
    assert after["proxies"] <= before["proxies"]
    # The other way round the collector comes when it likes.
    assert held_after <= held_before + ROUNDS / 4
    assert after["torrents"] == after["links"] == after["timers"] == after["openConnections"] == 0
    # A torrent takes some hundreds of objects, and a hundred kilobytes in the page.
    assert after["objects"] <= before["objects"] + 3 * ROUNDS
    # Caches still fill up: some 100 kB, however many rounds there are.
    assert after["used"] <= before["used"] + 250_000
    # It grows in steps of a fifth: one of them, whether there are a thousand rounds or four.
    assert after["memory"] <= 1.3 * before["memory"]
    assert page_after["JSHeapUsedSize"] <= page_before["JSHeapUsedSize"] + 500_000
    assert page_after["JSEventListeners"] <= page_before["JSEventListeners"] + ROUNDS
