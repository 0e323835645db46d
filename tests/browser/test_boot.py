"""How a page includes the client: origins, Content-Security-Policies, builds, and starts that fail."""

import pytest
from playwright.sync_api import Page

from browser.conftest import NewPage, NewSite
from browser.support import BOTH, Site, run

STRICT = (
    "default-src 'none'; script-src 'self' {wasm}; worker-src 'self' blob:; connect-src 'self' ws:; "
    "img-src 'self'"
)
FILE = ["file.bin", 100_000, 11]
# Makes a client and gives the first error, the phases and whether it became ready.
START = """() => new Promise((resolve) => {
  const phases = [], client = new Torrentide()
  client.on('boot', (phase) => phases.push(phase))
  client.on('error', ({ code, message }) => resolve({ code, message, phases }))
  client.on('ready', () => setTimeout(() => resolve({ phases }), 0))
})"""


def transfers(page: Page, site: Site) -> bool:
    """Whether two clients of one page, which share one worker, can transfer a file between them."""
    seeded = run(page, "seed", site.tracker, [FILE])
    leeched = run(page, "leech", site.tracker, seeded["magnetURI"])
    return bool(leeched["sums"] == seeded["sums"]) and len(page.workers) == 1


@BOTH
def test_phases_come_in_order(new_page: NewPage, browser: str) -> None:
    assert new_page(browser).evaluate(START) == {"phases": ["worker", "python", "engine", "ready"]}


@BOTH
def test_module_build(site: Site, new_page: NewPage, browser: str) -> None:
    assert transfers(new_page(browser, f"{site.url}/pages/module.html"), site)


@BOTH
def test_script_from_another_origin(site: Site, new_site: NewSite, new_page: NewPage, browser: str) -> None:
    other = new_site(None)
    page = new_page(browser, f"{site.url}/pages/cross-origin.html?{other.url}")
    assert transfers(page, site)


@BOTH
def test_strict_policy(new_site: NewSite, new_page: NewPage, browser: str) -> None:
    site = new_site({"Content-Security-Policy": STRICT.format(wasm="'wasm-unsafe-eval'")})
    assert transfers(new_page(browser, f"{site.url}/pages/blank.html"), site)


@BOTH
def test_policy_without_wasm(new_site: NewSite, new_page: NewPage, browser: str) -> None:
    site = new_site({"Content-Security-Policy": STRICT.format(wasm="")})
    result = new_page(browser, f"{site.url}/pages/blank.html").evaluate(START)
    assert result["code"] == "ERR_NO_WASM"
    assert "'wasm-unsafe-eval'" in result["message"]


@pytest.mark.parametrize("name", ["worker.mjs", "pyodide.mjs", "python.zip"])
def test_a_missing_engine_file(site: Site, new_page: NewPage, name: str) -> None:
    page = new_page()
    page.context.route(f"**/engine/{name}", lambda route: route.fulfill(status=404))
    result = page.evaluate(START)
    assert result["code"] == "ERR_ENGINE_LOAD"
    assert "ready" not in result["phases"]
