"""The npm package, installed from its file into an empty project: with a bundler, and without one."""

import json
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from browser.conftest import NewPage
from browser.support import ROOT, Site
from browser.test_boot import STRICT, transfers

BROWSERS = ["chromium", "firefox"]
VITE = ROOT / "node_modules" / "vite" / "bin" / "vite.js"
PAGE = """<!doctype html>
<meta charset="utf-8">
<title>A bundled page</title>
<script src="/pages/helpers.js"></script>
<script type="module" src="/main.js"></script>
"""
MAIN = """import Torrentide, { TorrentideError } from 'torrentide';

Torrentide.engineURL = `${import.meta.env.BASE_URL}torrentide-engine/`;
window.Torrentide = Torrentide;
window.TorrentideError = TorrentideError;
"""


@pytest.fixture
def start_site() -> Iterator[Callable[..., Site]]:
    """Start a site of the test's own."""
    sites: list[Site] = []

    def start(root: Path, headers: dict[str, str] | None = None) -> Site:
        sites.append(Site(headers, root))
        return sites[-1]

    yield start
    for each in sites:
        each.close()


def test_the_package_has_what_a_page_needs_and_no_more(npm_project: Path) -> None:
    package = npm_project / "node_modules" / "torrentide"
    described = json.loads((package / "package.json").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert described["version"] == project["version"]
    assert described["description"] == project["description"]
    assert "dependencies" not in described
    names = {path.relative_to(package).parts[0] for path in package.rglob("*")}
    assert names == {"CHANGELOG.md", "LICENSE", "README.md", "dist", "package.json"}
    for named in (described["main"], described["types"], described["unpkg"]):
        assert (package / named).is_file()
    engine = {path.name for path in (package / "dist" / "engine").iterdir()}
    assert {
        "worker.mjs",
        "hasher.mjs",
        "media.mjs",
        "markdown.mjs",
        "pyodide.mjs",
        "pyodide.asm.mjs",
        "pyodide.asm.wasm",
        "python.zip",
    } <= engine
    assert "LICENSES.txt" in engine


def test_types_are_found(project_copy: Path) -> None:
    (project_copy / "use.ts").write_text(
        "import Torrentide, { type Torrent } from 'torrentide';\n"
        "export const torrent: Torrent = new Torrentide().add('magnet:');\n"
        "// @ts-expect-error A wrong type is seen, so the types are.\n"
        "export const wrong: number = new Torrentide().peerId;\n"
    )
    tsc = [str(ROOT / "node_modules" / ".bin" / "tsc"), "--noEmit", "--strict", "use.ts"]
    for module in (["--module", "esnext", "--moduleResolution", "bundler"], ["--module", "nodenext"]):
        command = [*tsc, *module]
        result = subprocess.run(command, cwd=project_copy, check=False, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("browser", BROWSERS)
def test_a_vite_build(
    project_copy: Path, start_site: Callable[..., Site], new_page: NewPage, browser: str
) -> None:
    (project_copy / "index.html").write_text(PAGE)
    (project_copy / "main.js").write_text(MAIN)
    engine = project_copy / "node_modules" / "torrentide" / "dist" / "engine"
    shutil.copytree(engine, project_copy / "public" / "torrentide-engine")
    subprocess.run(["node", VITE, "build"], cwd=project_copy, check=True, capture_output=True)
    site = start_site(project_copy / "dist")
    page = new_page(browser, f"{site.url}/index.html")
    assert transfers(page, site)
    assert page.evaluate("new TorrentideError('ERR_X', 'x') instanceof Error")


@pytest.mark.parametrize("browser", BROWSERS)
def test_a_script_tag_from_another_origin(
    site: Site, installed_site: Site, new_page: NewPage, browser: str
) -> None:
    page = new_page(browser, f"{site.url}/pages/cross-origin.html?{installed_site.url}")
    assert transfers(page, site)


@pytest.mark.parametrize("browser", BROWSERS)
def test_a_strict_policy(
    npm_project: Path, start_site: Callable[..., Site], new_page: NewPage, browser: str
) -> None:
    policy = {"Content-Security-Policy": STRICT.format(wasm="'wasm-unsafe-eval'")}
    site = start_site(npm_project / "node_modules" / "torrentide" / "dist", policy)
    assert transfers(new_page(browser, f"{site.url}/pages/blank.html"), site)


def test_a_strict_policy_and_another_origin(
    npm_project: Path, start_site: Callable[..., Site], installed_site: Site, new_page: NewPage
) -> None:
    other = installed_site.url
    policy = (
        f"default-src 'none'; script-src 'self' {other} 'wasm-unsafe-eval'; worker-src 'self' blob:; "
        f"connect-src 'self' {other} ws:"
    )
    page = """<!doctype html><meta charset="utf-8"><title>A strict page</title>
        <script src="{other}/torrentide.js"></script><script src="/pages/helpers.js"></script>"""
    root = npm_project / "page"
    root.mkdir(exist_ok=True)
    (root / "strict.html").write_text(page.format(other=other))
    site = start_site(root, {"Content-Security-Policy": policy})
    assert transfers(new_page("chromium", f"{site.url}/strict.html"), site)
