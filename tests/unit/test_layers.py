"""Who may import whom, read from the source itself: each package only what lies below it, the sans-I/O core
nothing that waits or draws lots, and JavaScript in one place."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import torrentide

ROOT = Path(torrentide.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))

# Lower rows first. A module imports its own package and rows below its own, never beside or above.
ROWS = [
    {"ports", "errors", "timers"},
    {"metainfo"},
    {"pieces"},
    {"wire", "storage"},
    {"discovery"},
    {"engine"},
    {"diagnosis"},
    {"host", "listeners"},
    {"counters", "reading", "seeding"},
    {"controls"},
    {"client", "torrent", "file"},
    # The root names the public API.
    {""},
    {"browser", "hybrid", "cli", "tracker", "__main__"},
]
API = {"client", "torrent", "file"}
LEVEL = {name: level for level, row in enumerate(ROWS) for name in row}
# The public API is one thing in three modules. The command line starts the tracker.
BESIDE = {
    *((one, other) for one in API for other in API),
    ("cli", "tracker"),
    ("cli", "hybrid"),
    ("__main__", "cli"),
}
CORE = {"metainfo", "pieces", "storage", "wire", "discovery", "engine"}
WAITING = {
    "time",
    "asyncio",
    "datetime",
    "threading",
    "socket",
    "select",
    "subprocess",
    "secrets",
    "os",
    "js",
}
JAVASCRIPT = {"js", "pyodide", "pyodide_js"}


def package_of(path: Path) -> str:
    """The package, or the module right under `torrentide`; empty for `torrentide` itself."""
    first = path.relative_to(ROOT).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Full names of all that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(name: str) -> str | None:
    """The package of ours that an imported name belongs to; None for a stranger's, or for our root's."""
    top, _, rest = name.partition(".")
    first = rest.partition(".")[0]
    return first if top == "torrentide" and first in LEVEL else None


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_imports_go_downwards(path: Path) -> None:
    package = package_of(path)
    for name in imports(path):
        other = ours(name)
        if other is None or other == package or (package, other) in BESIDE:
            continue
        assert package in LEVEL, f"torrentide itself imports {name}"
        assert LEVEL[other] < LEVEL[package], f"{package} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_every_module_has_its_row(path: Path) -> None:
    assert package_of(path) in {"", *LEVEL}


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_javascript_is_imported_in_the_browser_layer_alone(path: Path) -> None:
    if package_of(path) != "browser":
        assert not {name.partition(".")[0] for name in imports(path)} & JAVASCRIPT


@pytest.mark.parametrize("path", [path for path in MODULES if package_of(path) in CORE], ids=named)
def test_the_core_waits_for_nothing(path: Path) -> None:
    assert not {name.partition(".")[0] for name in imports(path)} & WAITING


@pytest.mark.parametrize("path", [path for path in MODULES if package_of(path) in CORE], ids=named)
def test_the_core_draws_from_no_global_random(path: Path) -> None:
    """`random.Random` is the type of a generator that is given; anything else of the module is shared."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not any(name.startswith("random.") for name in imports(path)), (
        "import random, to keep this test honest"
    )
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "random":
            assert node.attr == "Random", f"line {node.lineno}: random.{node.attr}"
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("random.Random", "hash", "id"):
            pytest.fail(f"line {node.lineno}: {ast.unparse(node.func)}() differs from run to run")


@pytest.mark.parametrize("path", [path for path in MODULES if package_of(path) in CORE], ids=named)
def test_the_core_needs_the_standard_library_and_bencode_alone(path: Path) -> None:
    strangers = {name.partition(".")[0] for name in imports(path)} - sys.stdlib_module_names - {"torrentide"}
    assert strangers <= ({"bencodepy"} if path.name == "bencode.py" else set())


def test_there_is_something_to_check() -> None:
    assert {package_of(path) for path in MODULES} >= CORE
