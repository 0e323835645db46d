"""Fixtures of the package tests: what was packed, installed from the file into empty projects."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.conftest import browsers, lean, new_page, site
from browser.support import ROOT, Site

__all__ = ["browsers", "lean", "new_page", "site"]

PACKAGES = ROOT / "dist" / "packages"


@pytest.fixture(scope="session")
def npm_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which the npm package is installed, and nothing else."""
    project = tmp_path_factory.mktemp("npm")
    (project / "package.json").write_text('{"name": "project", "private": true, "type": "module"}')
    (tarball,) = PACKAGES.glob("*.tgz")
    npm = ["npm", "install", "--offline", "--no-audit", "--no-fund", "--loglevel=error", str(tarball)]
    subprocess.run(npm, cwd=project, check=True, capture_output=True)
    return project


@pytest.fixture(scope="session")
def installed_site(npm_project: Path) -> Iterator[Site]:
    """A site that serves what npm installed."""
    served = Site(root=npm_project / "node_modules" / "torrentide" / "dist")
    yield served
    served.close()


@pytest.fixture(scope="session")
def wheel_python(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The Python of an environment in which the wheel is installed, and the variables to run it with: they
    show it this environment's packages, for those that the wheel needs."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    (wheel,) = PACKAGES.glob("*.whl")
    pip = [sys.executable, "-m", "pip", f"--python={python}", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, wheel], check=True, capture_output=True, env={**os.environ, "PYTHONPATH": ""})
    return python, {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib")}


@pytest.fixture
def project_copy(npm_project: Path, tmp_path: Path) -> Path:
    """The npm project, for changes."""
    return Path(shutil.copytree(npm_project, tmp_path / "project", symlinks=True))
