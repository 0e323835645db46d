"""The wheels: one for PyPI with the web files, one for the Python of a page."""

import json
import re
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.conftest import NewPage
from browser.support import ROOT
from browser.test_boot import START
from packages.conftest import PACKAGES
from torrentide import __version__

ENGINE = ROOT / "dist" / "engine"


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_for_pages_has_no_more_than_they_need() -> None:
    (wheel,) = ENGINE.glob("torrentide-*.whl")
    assert wheel.name == f"torrentide-{__version__}-py3-none-any.whl"
    assert wheel.stat().st_size < 300_000
    inside = names(wheel)
    assert {"torrentide/client.py", "torrentide/browser/inpage/host.py", "torrentide/py.typed"} <= inside
    assert not {name for name in inside if re.match(r"torrentide/(cli|tracker|hybrid|web)/", name)}
    assert not {name for name in inside if name.endswith("entry_points.txt")}


def test_the_lock_file_lists_what_is_there() -> None:
    lock = json.loads((ENGINE / "pyodide-lock.json").read_text())
    pyodide = json.loads((ROOT / "node_modules/pyodide/pyodide-lock.json").read_text())
    assert lock["info"] == pyodide["info"]
    assert set(lock["packages"]) == {"bencode-py", "micropip", "torrentide"}
    assert lock["packages"]["torrentide"]["depends"] == ["bencode-py"]
    for package in lock["packages"].values():
        assert (ENGINE / package["file_name"]).is_file()


@pytest.fixture
def demo(wheel_python: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[str]:
    """The URL of the demo, run from an empty folder by the installed command."""
    python, variables = wheel_python
    command = [str(python.with_name("torrentide")), "demo", "--port", "0"]
    process = subprocess.Popen(command, cwd=tmp_path, env=variables, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.terminate()
    process.wait()


def test_the_wheel_for_pypi_serves_the_web_files(demo: str, new_page: NewPage) -> None:
    page = new_page("chromium", demo)
    page.evaluate("async () => (window.Torrentide = (await import('/torrentide.mjs')).default)")
    assert page.evaluate(START)["phases"][-1] == "ready"


def test_the_wheel_for_pypi_is_the_package_that_was_installed(
    wheel_python: tuple[Path, dict[str, str]],
) -> None:
    python, variables = wheel_python
    code = "import torrentide, importlib.resources as r; print(torrentide.__file__)\n"
    code += "print((r.files('torrentide') / 'web' / 'torrentide.d.ts').is_file(), torrentide.__version__)"
    told = subprocess.run([python, "-c", code], env=variables, check=True, capture_output=True, text=True)
    where, web = told.stdout.splitlines()
    assert str(python.parents[1]) in where
    assert web == f"True {__version__}"


def test_the_same_sources_give_the_same_wheel() -> None:
    (wheel,) = PACKAGES.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
    assert not {name for name in names(wheel) if "__pycache__" in name or "/packages/" in name}
