"""Frameworks that bring Python to pages, from files of one's own: they find torrentide by name."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from browser.conftest import NewPage
from browser.support import ROOT, Site, run

DIST = ROOT / "dist"
MODULES = ROOT / "node_modules"
SIZE = 300_000

DOWNLOAD = """
import hashlib
from pyscript import window
from torrentide import Client

given = dict(pair.split("=", 1) for pair in window.decodeURIComponent(window.location.hash[1:]).split(" "))
async with Client(tracker={"announce": [given["tracker"]], "rtc_config": {"iceServers": []}}) as client:
    torrent = await client.add(given["magnet"])
    path = await torrent.save("/data")
    with open(path, "rb") as file:
        window.told = hashlib.sha256(file.read()).hexdigest()
"""


def host_pyodide(folder: Path) -> None:
    """A Pyodide that loads torrentide by name (docs/python.md): its npm package, and our files beside it."""
    folder.mkdir()
    for name in ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"):
        shutil.copy(MODULES / "pyodide" / name, folder)
    for path in [*(DIST / "engine").glob("*.whl"), DIST / "engine" / "pyodide-lock.json"]:
        shutil.copy(path, folder)


@pytest.fixture(scope="module")
def pyscript(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with PyScript, Pyodide and a page that has both, and no way to anywhere else."""
    root = tmp_path_factory.mktemp("pyscript")
    host_pyodide(root / "pyodide")
    shutil.copytree(MODULES / "@pyscript" / "core" / "dist", root / "pyscript")
    (root / "download.py").write_text(DOWNLOAD)
    (root / "config.json").write_text('{"interpreter": "/pyodide/pyodide.mjs", "packages": ["torrentide"]}')
    (root / "index.html").write_text(
        '<!doctype html><script type="module" src="/pyscript/core.js"></script>'
        '<script type="py" src="/download.py" config="/config.json"></script>'
    )
    site = Site(root=root)
    yield site
    site.close()


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_pyscript(site: Site, pyscript: Site, new_page: NewPage, browser: str) -> None:
    seeded = run(new_page("chromium-2"), "seed", site.tracker, [["data.bin", SIZE, 1]])
    given = f"tracker={site.tracker} magnet={seeded['magnetURI']}"
    page = new_page(browser, f"{pyscript.url}/#{quote(given, safe='')}")
    page.wait_for_function("() => window.told")
    assert page.evaluate("told") == seeded["sums"][0]
    loaded = page.evaluate("() => performance.getEntriesByType('resource').map(({ name }) => name)")
    assert [url for url in loaded if not url.startswith((pyscript.url, "blob:", "data:"))] == []
