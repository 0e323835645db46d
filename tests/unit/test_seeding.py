"""What a program seeds: files, folders and bytes, and the reading of them."""

import asyncio
import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from torrentide.errors import InvalidTorrent, LocalError, StorageError
from torrentide.metainfo.create import Options
from torrentide.ports import Buffer
from torrentide.seeding import Bytes, SeedInput, SourceStore, make_torrent, sources
from unit.api_world import ApiWorld, SimHost

# Pyodide under Node has no event loop that waits for its end.
pytestmark = pytest.mark.native


def names(given: SeedInput) -> list[tuple[str, int]]:
    return [(source.path, source.length) for source in sources(given)]


def test_inputs(tmp_path: Path) -> None:
    folder = tmp_path / "top"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "b").write_bytes(b"22")
    (folder / "a").write_bytes(b"1")
    assert names(folder) == [("top/a", 1), ("top/sub/b", 2)]
    assert names(str(folder / "a")) == [("a", 1)]
    assert names([folder / "a", folder / "sub" / "b"]) == [("a", 1), ("b", 2)]
    assert names({"x/y": b"333"}) == [("x/y", 3)]


def test_inputs_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="missing"):
        sources(tmp_path / "missing")


def store(parts: Iterable[bytes]) -> SourceStore:
    return SourceStore([Bytes("", part) for part in parts], 8, SimHost(ApiWorld().world))


def test_spans_go_over_the_borders() -> None:
    rng = random.Random(1)
    parts = [rng.randbytes(rng.randrange(4)) for _ in range(20)] + [b"", b"end"]
    whole = b"".join(parts)
    made = store(parts)
    for start in range(len(whole)):
        for length in range(1, 12):
            assert made.span(start, length) == whole[start : start + length]


def test_a_file_that_was_changed_since(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    made = SourceStore(sources(path), 8, SimHost(ApiWorld().world))
    told: list[Buffer | Exception] = []
    made.read(1, 0, 2, lambda data, now: told.append(data))
    path.write_bytes(b"0")
    made.read(1, 0, 2, lambda data, now: told.append(data))
    path.unlink()
    made.read(0, 0, 1, lambda data, now: told.append(data))
    assert told[0] == b"89"
    assert [type(data) for data in told[1:]] == [StorageError, StorageError]


def test_the_torrent_is_the_same_from_files_and_bytes(tmp_path: Path) -> None:
    data = {"top/a": random.Random(2).randbytes(100_000), "top/b": b"x"}
    for path, part in data.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(part)

    async def scene() -> set[str]:
        api = ApiWorld()
        host = SimHost(api.world)
        options = Options(piece_length=16384)
        async with api.running():
            made = [await make_torrent(given, options, "", host) for given in (data, tmp_path / "top")]
        return {metainfo.info.info_hash.hex() for metainfo, _ in made}

    assert len(asyncio.run(scene())) == 1


def test_nothing_to_seed() -> None:
    async def scene(given: SeedInput) -> None:
        await make_torrent(given, Options(), "unnamed", SimHost(ApiWorld().world))

    nothing: list[SeedInput] = [{}, {"empty": b""}, []]
    for given in nothing:
        with pytest.raises(InvalidTorrent):
            asyncio.run(scene(given))
