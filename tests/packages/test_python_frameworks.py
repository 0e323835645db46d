"""Frameworks that bring Python to pages, from files of one's own: they find torrentide by name."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from pyodide_lock import PyodideLockSpec
from pyodide_lock.utils import add_wheels_to_spec

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
    host_pyodide(root / "python")
    shutil.copytree(MODULES / "@pyscript" / "core" / "dist", root / "pyscript")
    (root / "download.py").write_text(DOWNLOAD)
    (root / "config.json").write_text('{"interpreter": "/python/pyodide.mjs", "packages": ["torrentide"]}')
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
    page.wait_for_function("() => window.told", timeout=40_000)
    assert page.evaluate("told") == seeded["sums"][0]
    loaded = page.evaluate("() => performance.getEntriesByType('resource').map(({ name }) => name)")
    assert [url for url in loaded if not url.startswith((pyscript.url, "blob:", "data:"))] == []


LITE = ROOT / ".setup" / "jupyterlite"
KERNEL = "@jupyterlite/pyodide-kernel-extension"
PRELOADED = ["micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython", "torrentide"]
# As docs/python.md has it: the page makes connections for the kernel's worker.
CONNECTING = """<head><script src="/torrentide.js"></script><script>
window.Worker = class extends Worker {
  constructor(...given) {
    super(...given)
    Torrentide.connectWorker(this)
  }
}
</script>"""
CELL = """
import hashlib
from torrentide import Client

async with Client(tracker={{"announce": ["{tracker}"], "rtc_config": {{"iceServers": []}}}}) as client:
    torrent = await client.add("{magnet}")
    path = await torrent.save("/data")
    with open(path, "rb") as file:
        print("sum", hashlib.sha256(file.read()).hexdigest())
"""


@pytest.fixture(scope="module")
def jupyterlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with JupyterLite, and a Pyodide that has all that its kernel wants, and torrentide."""
    root = tmp_path_factory.mktemp("jupyterlite") / "site"
    build = [str(LITE / "venv/bin/python"), "-m", "jupyterlite_core", "build", "--apps", "repl"]
    command = [*build, "--output-dir", str(root)]
    subprocess.run(command, cwd=root.parent, check=True, capture_output=True)
    host_pyodide(root / "python")
    of_kernel = root / "extensions" / KERNEL / "static" / "pypi"
    wheels = [path for path in (LITE / "wheels").glob("*.whl") if not path.name.startswith("jupyter")]
    for path in [*wheels, *of_kernel.glob("[ip]*.whl")]:
        shutil.copy(path, root / "python")
    lock = PyodideLockSpec.from_json(MODULES / "pyodide" / "pyodide-lock.json")
    lock.packages = {}
    found = sorted((root / "python").glob("*.whl"))
    lock = add_wheels_to_spec(lock, found, base_path=root / "python", ignore_missing_dependencies=True)
    lock.to_json(root / "python" / "pyodide-lock.json")
    settings = json.loads((root / "jupyter-lite.json").read_text())
    settings["jupyter-config-data"]["litePluginSettings"][f"{KERNEL}:kernel"] |= {
        "pyodideUrl": "/python/pyodide.mjs",
        "disablePyPIFallback": True,
        "loadPyodideOptions": {"lockFileURL": "/python/pyodide-lock.json", "packages": PRELOADED},
    }
    (root / "jupyter-lite.json").write_text(json.dumps(settings))
    page = root / "repl" / "index.html"
    page.write_text(page.read_text().replace("<head>", CONNECTING, 1))
    shutil.copy(DIST / "torrentide.js", root)
    site = Site(root=root)
    yield site
    site.close()


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_jupyterlite(site: Site, jupyterlite: Site, new_page: NewPage, browser: str) -> None:
    """A cell of its REPL."""
    seeded = run(new_page("chromium-2"), "seed", site.tracker, [["data.bin", SIZE, 1]])
    cell = CELL.format(tracker=site.tracker, magnet=seeded["magnetURI"])
    page = new_page(browser, f"{jupyterlite.url}/repl/index.html?kernel=python&code={quote(cell)}")
    output = page.locator(".jp-OutputArea-output", has_text="sum ")
    output.wait_for(timeout=40_000)
    assert output.inner_text().split() == ["sum", seeded["sums"][0]]
    loaded = page.evaluate("() => performance.getEntriesByType('resource').map(({ name }) => name)")
    assert [url for url in loaded if not url.startswith((jupyterlite.url, "blob:", "data:"))] == []
