"""The Python API in the Pyodide of a bare page: no script of ours is there, but the wheel."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from browser.conftest import NewPage
from browser.support import ROOT, Site, run

MIB = 1024 * 1024
WHEEL = next((ROOT / "dist" / "engine").glob("torrentide-*.whl")).name

Python = Callable[..., Any]


def boot(page: Page, *packages: str) -> Python:
    """Start Pyodide with packages of our lock file. Gives a function that runs code there."""
    page.wait_for_function("() => window.python !== undefined")
    page.evaluate("(packages) => boot(...packages)", list(packages))

    def python(code: str, **given: Any) -> Any:
        return page.evaluate("([code, given]) => python(code, given)", [code, given])

    return python


@pytest.fixture
def python_page(new_page: NewPage, site: Site) -> Callable[[str], Page]:
    return lambda browser: new_page(browser, f"{site.url}/pages/python.html")


DOWNLOAD = """
import hashlib
from torrentide import Client

async with Client(tracker={"announce": [tracker], "rtc_config": {"iceServers": []}}) as client:
    torrent = await client.add(magnet)
    path = await torrent.save("/data")
    with open(path, "rb") as file:
        data = file.read()
    saved = [torrent.name, torrent.length, torrent.done, hashlib.sha256(data).hexdigest(), str(path)]
saved
"""


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_micropip_and_ten_mebibytes(
    site: Site, new_page: NewPage, python_page: Callable[[str], Page], browser: str
) -> None:
    seeded = run(new_page("chromium-2"), "seed", site.tracker, [["data.bin", 10 * MIB, 1]])
    python = boot(python_page(browser), "micropip")
    python("import micropip\nawait micropip.install(wheel)", wheel=f"{site.url}/engine/{WHEEL}")
    saved = python(DOWNLOAD, tracker=site.tracker, magnet=seeded["magnetURI"])
    assert saved == ["data.bin", 10 * MIB, True, seeded["sums"][0], "/data/data.bin"]
