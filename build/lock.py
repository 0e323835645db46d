"""Writes requirements-dev.txt: every package that developing Torrentide takes, each at one exact version; and
requirements-jupyterlite.txt: those of the tests' JupyterLite.

What is wanted is read from pyproject.toml; pip decides what else that takes. A marker that
pyproject.toml puts on a package is kept, so that the lock also serves Pythons for which that package has
no build.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

ROOT = Path(__file__).parent.parent
HEADER = "# Made by `make lock` from pyproject.toml. Every version is exact; do not edit.\n"


def wanted() -> dict[str, list[Requirement]]:
    """What each lock is to hold."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = {"dev": project["dependencies"] + extras["dev"], "jupyterlite": extras["jupyterlite"]}
    return {name: [Requirement(line) for line in each] for name, each in lines.items()}


def resolve(requirements: list[Requirement]) -> dict[NormalizedName, str]:
    """Canonical name and version of everything that pip would install into an empty environment."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        pip = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "-qq"]
        subprocess.run([*pip, "--report", report, *map(str, requirements)], check=True)
        packages = [item["metadata"] for item in json.loads(report.read_text())["install"]]
    return {canonicalize_name(package["name"]): package["version"] for package in packages}


def main() -> None:
    """Resolve and write."""
    for lock, requirements in wanted().items():
        markers = {canonicalize_name(r.name): f" ; {r.marker}" for r in requirements if r.marker is not None}
        pins = resolve(requirements)
        lines = [f"{name}=={version}{markers.get(name, '')}\n" for name, version in sorted(pins.items())]
        path = ROOT / f"requirements-{lock}.txt"
        path.write_text(HEADER + "".join(lines))
        print(f"lock: {path.name}, {len(lines)} packages")


main()
