"""The pages for users: their code compiles, and names what exists."""

import ast
import inspect
import json
import re
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

import torrentide
from torrentide.client import Client
from torrentide.file import File
from torrentide.torrent import Torrent

ROOT = Path(__file__).parents[2]
TYPES = Path(__file__).parent / "types" / "tsconfig.json"
PYTHON = (ROOT / "docs" / "python.md").read_text()
BLOCKS = [
    dedent(block) for block in re.findall(r"^ *```python\n(.*?)^ *```", PYTHON, re.DOTALL | re.MULTILINE)
]


@pytest.mark.parametrize("code", BLOCKS)
def test_examples_compile(code: str) -> None:
    compile(code, "docs/python.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module == "torrentide":
            assert {alias.name for alias in node.names} <= set(torrentide.__all__)


def test_examples_of_the_migration_have_the_types_that_they_say(tmp_path: Path) -> None:
    """Each block marked `ts` is a program of its own, checked against what the package declares."""
    text = (ROOT / "docs" / "migration.md").read_text()
    blocks = re.findall(r"^```ts\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 4
    for number, block in enumerate(blocks):
        (tmp_path / f"block{number}.ts").write_text(block)
    options = json.loads(re.sub(r"^\s*//.*$", "", TYPES.read_text(), flags=re.MULTILINE))["compilerOptions"]
    options["paths"] = {"torrentide": [str(ROOT / "dist" / "torrentide.d.ts")]}
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "include": ["*.ts"]}))
    tsc = subprocess.run(
        [ROOT / "node_modules/.bin/tsc", "-p", tmp_path], check=False, capture_output=True, text=True
    )
    assert tsc.returncode == 0, tsc.stdout


def test_links_of_the_migration_lead_somewhere() -> None:
    text = (ROOT / "docs" / "migration.md").read_text()
    for page, anchor in re.findall(r"\]\(([\w-]+\.md)(?:#([\w-]+))?\)", text):
        headings = re.findall(r"^#+ (.*)", (ROOT / "docs" / page).read_text(), re.MULTILINE)
        assert not anchor or anchor in [heading.lower().replace(" ", "-") for heading in headings], anchor


def members(kind: type) -> set[str]:
    """What a class offers in public: methods, properties, and what its constructors assign."""
    found = set(dir(kind))
    for each in kind.__mro__[:-1]:
        for node in ast.walk(ast.parse(dedent(inspect.getsource(each)))):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                found |= {node.attr} if ast.unparse(node.value) == "self" else set()
    return {name for name in found if not name.startswith("_")}


@pytest.mark.parametrize("kind", [Client, Torrent, File])
def test_the_table_of_members_is_complete(kind: type) -> None:
    (row,) = re.findall(rf"^\| `{kind.__name__}` \| (.*) \|$", PYTHON, re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", row))
    # What a torrent and its files ask of each other.
    assert members(kind) - named <= {"came", "finish", "reading", "select_file", "deselect_file"}
    assert named <= members(kind)
