"""Files of the Python API: reading ranges, streams, saving, and choosing what comes."""

import asyncio
from pathlib import Path

import pytest

from torrentide.client import Client
from torrentide.errors import Closed, LocalError, StorageError
from torrentide.file import CHUNK_BYTES
from torrentide.torrent import Torrent
from unit.api_world import TRACKER, ApiWorld
from unit.test_client import play

# Pyodide under Node has no event loop that waits for its end.
pytestmark = pytest.mark.native

ONE = bytes(range(251)) * 2000
TWO = bytes(reversed(range(256))) * 500
PIECE = 16384


async def meet(api: ApiWorld, *, deselect: bool = False) -> tuple[Client, Torrent]:
    """A seed of two files, and a torrent that downloads them."""
    ours, theirs = api.client(), api.client()
    seeded = await ours.seed({"d/one.txt": ONE, "d/two": TWO}, piece_length=PIECE, announce=[TRACKER])
    return ours, await theirs.add(seeded.magnet_uri, deselect=deselect)


@pytest.mark.parametrize(
    ("start", "end"), [(0, None), (0, 1), (PIECE - 1, PIECE + 1), (5, 5), (500_000, 10**9), (502_000, None)]
)
def test_ranges(start: int, end: int | None) -> None:
    async def scene(api: ApiWorld) -> None:
        _, torrent = await meet(api)
        assert await torrent.files[0].read(start, end) == ONE[start:end]
        assert await torrent.files[1].read(start % len(TWO), end) == TWO[start % len(TWO) : end]

    play(scene)


@pytest.mark.parametrize(("start", "end"), [(-1, None), (0, -1), (2, 1), (len(ONE) + 1, None)])
def test_ranges_that_make_no_sense(start: int, end: int | None) -> None:
    async def scene(api: ApiWorld) -> None:
        _, torrent = await meet(api)
        with pytest.raises(LocalError, match=r"one\.txt"):
            torrent.files[0].stream(start, end)
        with pytest.raises(LocalError, match=r"one\.txt"):
            await torrent.files[0].read(start, end)

    play(scene)


def test_a_stream_comes_in_order_and_chunks() -> None:
    async def scene(api: ApiWorld) -> None:
        _, torrent = await meet(api)
        chunks = [chunk async for chunk in torrent.files[0]]
        assert b"".join(chunks) == ONE
        assert all(0 < len(chunk) <= CHUNK_BYTES for chunk in chunks)

    play(scene)


def test_what_is_read_comes_though_it_was_not_selected() -> None:
    async def scene(api: ApiWorld) -> None:
        _, torrent = await meet(api, deselect=True)
        assert torrent.done
        assert [file.selected for file in torrent.files] == [False, False]
        assert await torrent.files[1].read(0, 100) == TWO[:100]
        assert torrent.files[0].downloaded < len(ONE)
        torrent.files[0].select()
        await torrent.when_done()
        assert torrent.files[0].done
        assert torrent.files[0].progress == 1.0

    play(scene)


def test_a_file_tells_that_it_is_complete() -> None:
    async def scene(api: ApiWorld) -> None:
        _, torrent = await meet(api, deselect=True)
        told: list[str] = []
        torrent.on("verified", lambda index: told.append("verified"))
        for file in torrent.files:
            file.on("done", lambda file=file: told.append(file.name))
        torrent.files[1].select()
        await torrent.when_done()
        assert told[-2:] == ["verified", "two"]
        assert "one.txt" not in told

    play(scene)


def test_iteration_goes_by_deadlines() -> None:
    """What the loop comes to is fetched in order and before all else; the rest comes all the same."""

    async def scene(api: ApiWorld) -> None:
        _, torrent = await meet(api)
        came: list[int] = []
        torrent.on("verified", came.append)
        file = torrent.files[0]
        start = len(ONE) * 3 // 4
        first, read = start // PIECE, b""
        async for chunk in file.stream(start, rate=50_000):
            read += chunk
            last = (start + len(read) - 1) // PIECE
            begun = came.index(first)
            assert came[begun : begun + last - first + 1] == list(range(first, last + 1))
            if last >= first + 4:
                break
        assert read == ONE[start : start + len(read)]
        assert begun <= 8, "what had been asked for before"
        assert len(came) < torrent.piece_count / 2
        await torrent.when_done()

    play(scene)


def test_a_file_with_a_higher_priority_comes_first() -> None:
    async def scene(api: ApiWorld) -> None:
        _, torrent = await meet(api, deselect=True)
        one, two = torrent.files
        order: list[str] = []
        torrent.on("verified", lambda index: order.append("two" if two.includes(index) else "one"))
        one.select(-1)
        two.select(3)
        await torrent.when_done()
        # The first four pieces of a torrent are random ones.
        assert order.count("two") == order[: order.count("two") + 4].count("two")

    play(scene)


def test_facts() -> None:
    async def scene(api: ApiWorld) -> None:
        _, torrent = await meet(api)
        one, two = torrent.files
        assert (one.name, one.path, one.length, one.offset, one.type) == (
            "one.txt",
            "d/one.txt",
            len(ONE),
            0,
            "text/plain",
        )
        assert (two.size, two.offset, two.type) == (len(TWO), len(ONE), "application/octet-stream")
        assert one.includes(0)
        assert one.includes(len(ONE) // PIECE)
        assert two.includes(len(ONE) // PIECE)
        assert not two.includes(0)

    play(scene)


def test_saving(tmp_path: Path) -> None:
    async def scene(api: ApiWorld) -> None:
        _, torrent = await meet(api)
        top = await torrent.save(tmp_path / "new")
        assert top == tmp_path / "new" / "d"
        assert (top / "one.txt").read_bytes() == ONE
        assert await torrent.files[1].save(tmp_path / "other.bin") == tmp_path / "other.bin"
        assert await torrent.files[1].save(tmp_path) == tmp_path / "two"
        assert (tmp_path / "two").read_bytes() == (tmp_path / "other.bin").read_bytes() == TWO
        assert not list(tmp_path.rglob("*.part"))

    play(scene)


def test_saving_only_what_is_selected(tmp_path: Path) -> None:
    async def scene(api: ApiWorld) -> None:
        _, torrent = await meet(api)
        torrent.files[0].deselect()
        await torrent.save(tmp_path)
        assert [path.name for path in (tmp_path / "d").iterdir()] == ["two"]

    play(scene)


def test_saving_where_nothing_can_be(tmp_path: Path) -> None:
    async def scene(api: ApiWorld) -> None:
        _, torrent = await meet(api)
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(StorageError, match="can't be written"):
            await torrent.save(tmp_path / "file")

    play(scene)


def test_the_end_while_somebody_reads() -> None:
    async def scene(api: ApiWorld) -> None:
        seed, torrent = await meet(api)
        await seed.destroy()
        stream = torrent.files[0].stream()
        reading = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        if not reading.done():
            await torrent.destroy()
            with pytest.raises(Closed):
                await reading

    play(scene)


def test_pausing() -> None:
    async def scene(api: ApiWorld) -> None:
        _, torrent = await meet(api)
        torrent.pause()
        before = torrent.received
        end = api.world.now + 60
        while api.world.now < end:
            await asyncio.sleep(0)
        assert torrent.paused
        assert torrent.received - before < len(ONE)
        torrent.resume()
        await torrent.when_done()

    play(scene)
