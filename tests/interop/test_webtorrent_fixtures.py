"""Every torrent and magnet link of webtorrent-fixtures has its known info-hash here."""

import json
import subprocess

import pytest

from browser.support import ROOT, create
from torrentide.errors import InvalidTorrent
from torrentide.metainfo.create import Options
from torrentide.metainfo.magnet import parse_magnet
from torrentide.metainfo.metainfo import parse_metainfo

FIXTURES = ROOT / "node_modules" / "webtorrent-fixtures" / "fixtures"
# By the names that the package exports.
HASHES = {
    "alice": "722fe65b2aa26d14f35b4ad627d20236e481d924",
    "bunny": "af8f10f30bf9aefecf3686922bfa0d5bd290a395",
    "folder": "b88da2caac6648e6c7d7687e3f89085f7e230e6b",
    "leaves": "d2474e86c95b19b8bcfdb92bc12c9d44667cfa36",
    "leavesMetadata": "d2474e86c95b19b8bcfdb92bc12c9d44667cfa36",
    "lotsOfNumbers": "114ead6243792ba56297edbb9a78dfba84d4fc00",
    "numbers": "89d97c2261a21b040cf11caa661a3ba7233bb7e6",
    "sintel": "c334138ef5bfc2d568ea7324e0e2a3a7ec229bdd",
}
EXPORTED = """
import fixtures from 'webtorrent-fixtures'
const entries = Object.entries(fixtures).filter(([, each]) => each.magnetURI)
const told = entries.map(([name, each]) => [name, [each.torrentPath, each.magnetURI]])
console.log(JSON.stringify(Object.fromEntries(told)))
"""


@pytest.fixture(scope="module")
def exported() -> dict[str, tuple[str, str]]:
    """The path of the .torrent file and the magnet link of each."""
    command = ["node", "--input-type=module", "--eval", EXPORTED]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return {name: (path, magnet) for name, (path, magnet) in json.loads(done.stdout).items()}


def test_none_is_left_out(exported: dict[str, tuple[str, str]]) -> None:
    files = {path.name for path in FIXTURES.glob("*.torrent")}
    assert exported.keys() == HASHES.keys()
    assert {path.rpartition("/")[2] for path, _ in exported.values()} == files - {"corrupt.torrent"}


@pytest.mark.parametrize("name", HASHES)
def test_a_fixture(exported: dict[str, tuple[str, str]], name: str) -> None:
    path, uri = exported[name]
    with open(path, "rb") as file:
        metainfo = parse_metainfo(file.read())
    magnet = parse_magnet(uri)
    assert metainfo.info.info_hash.hex() == magnet.info_hash.hex() == HASHES[name]
    assert (magnet.name, magnet.trackers) == (metainfo.info.name, metainfo.trackers)
    assert magnet.web_seeds == metainfo.web_seeds
    assert parse_metainfo(metainfo.to_bytes()) == metainfo
    assert parse_magnet(str(magnet)) == magnet


def test_the_corrupt_one() -> None:
    with pytest.raises(InvalidTorrent, match=r"info\.name is missing"):
        parse_metainfo((FIXTURES / "corrupt.torrent").read_bytes())


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("alice", ["alice.txt"]),
        ("leaves", ["Leaves of Grass by Walt Whitman.epub"]),
        ("numbers", [f"numbers/{number}.txt" for number in (1, 2, 3)]),
        (
            "lotsOfNumbers",
            [f"lots-of-numbers/big numbers/{number}.txt" for number in (10, 11, 12)]
            + [f"lots-of-numbers/small numbers/{number}.txt" for number in (1, 2, 3)],
        ),
    ],
)
def test_made_anew(name: str, paths: list[str]) -> None:
    files = [(path, (FIXTURES / path).read_bytes()) for path in paths]
    assert create(files, Options()).info.info_hash.hex() == HASHES[name]
