"""The declarations that the package ships: complete, and strict enough for the strictest program."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).parent / "types"
CLASS = re.compile(r"^declare (?:abstract )?class .*?\{\n(.*?)^\}", re.DOTALL | re.MULTILINE)
MEMBER = re.compile(r"^    (?:static |readonly |abstract |get |set )*([A-Za-z]\w*)[<(:?]", re.MULTILINE)


def members(declarations: str) -> set[str]:
    """The names of all members of classes that are declared."""
    found = {name for body in CLASS.findall(declarations) for name in MEMBER.findall(body)}
    return found - {"constructor"}


def test_a_strict_program_compiles() -> None:
    tsc = subprocess.run(
        [ROOT / "node_modules/.bin/tsc", "-p", PROGRAM], check=False, capture_output=True, text=True
    )
    assert tsc.returncode == 0, tsc.stdout


def test_it_uses_every_member() -> None:
    declared = members((ROOT / "dist" / "torrentide.d.ts").read_text())
    assert {"add", "magnetURI", "arrayBuffer", "progress", "VERSION", "code"} <= declared
    used = set(re.findall(r"\w+", "".join(path.read_text() for path in PROGRAM.glob("*.ts"))))
    assert not declared - used, "members that tests/packages/types/ does not use"


def test_nothing_of_the_inside_is_declared() -> None:
    declarations = (ROOT / "dist" / "torrentide.d.ts").read_text()
    assert "ToEngine" not in declarations
    assert "import" not in re.sub(r"`[^`]*`|/\*.*?\*/", "", declarations, flags=re.DOTALL)
