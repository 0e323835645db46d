"""Makes the wheels of torrentide, by setuptools, from copies of the sources that hold what each is to hold.

wheels.py browser   dist/engine/: the wheel that a page's Python installs, without the native programs,
                    those that it needs, and the lock file by which Pyodide loads them by name
wheels.py native    dist/packages/: the wheel for PyPI, with the web files of dist/ as torrentide/web/
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pyodide_lock import PyodideLockSpec
from pyodide_lock.utils import add_wheels_to_spec

ROOT = Path(__file__).parent.parent
DIST = ROOT / "dist"
ENGINE = DIST / "engine"
# bencode.py and micropip, put there by setup.sh.
WHEELS = ROOT / ".setup" / "wheels"
PYODIDE_LOCK = ROOT / "node_modules" / "pyodide" / "pyodide-lock.json"

NATIVE = ("cli", "tracker", "hybrid", "__main__.py")
SCRIPTS = re.compile(r"^\[project\.scripts\]\n(?:(?!\[).*\n)*", re.MULTILINE)
# ZIP files can't be older; with one time for all of them, equal sources give equal bytes.
EPOCH = "315532800"


def copy_sources(stage: Path, *left_out: str) -> None:
    """Copy what setuptools reads into `stage`, but for some parts of the package."""
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, stage)
    ignored = shutil.ignore_patterns("__pycache__", *left_out)
    shutil.copytree(ROOT / "py" / "torrentide", stage / "py" / "torrentide", ignore=ignored)


def build(stage: Path, target: Path) -> Path:
    """Build the wheel of `stage` into `target`, in place of an earlier one."""
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob("torrentide-*.whl"):
        old.unlink()
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command = [*pip, "--no-build-isolation", "--no-index", "--wheel-dir", str(target), str(stage)]
    subprocess.run(command, check=True, env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH})
    return next(target.glob("torrentide-*.whl"))


def browser() -> None:
    """The wheel for the browser, and the lock file."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder)
        copy_sources(stage, *NATIVE)
        project = stage / "pyproject.toml"
        project.write_text(SCRIPTS.sub("", project.read_text()))
        wheel = build(stage, ENGINE)
    others = [Path(shutil.copy(path, ENGINE)) for path in sorted(WHEELS.glob("*.whl"))]
    if not others:
        sys.exit(f"build/wheels.py: no wheels in {WHEELS.relative_to(ROOT)}: run `make setup`")
    lock = PyodideLockSpec.from_json(PYODIDE_LOCK)
    # The others of Pyodide's own are not here; who needs them adds our wheels to their lock file.
    lock.packages = {}
    lock = add_wheels_to_spec(lock, [wheel, *others], base_path=ENGINE)
    lock.to_json(ENGINE / "pyodide-lock.json", indent=2)
    report(wheel)


def native() -> None:
    """The wheel for PyPI."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder)
        copy_sources(stage)
        shutil.copytree(
            DIST, stage / "py" / "torrentide" / "web", ignore=shutil.ignore_patterns("packages", "*.new")
        )
        report(build(stage, DIST / "packages"))


def report(wheel: Path) -> None:
    print(f"wheels: {wheel.relative_to(ROOT)}, {wheel.stat().st_size / 1e6:.2f} MB")


{"browser": browser, "native": native}[sys.argv[1]]()
