"""Stretches of a torrent's bytes, read as they come."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from torrentide.errors import Closed, StorageError
from torrentide.reading import Readings
from unit.engine.remote import B, Fixture

# Pyodide under Node has no event loop that waits for its end.
pytestmark = pytest.mark.native


class Reads(Fixture):
    """A torrent of 8 pieces of two blocks, its readings."""

    def __init__(self) -> None:
        super().__init__(pieces=8)
        self.armed = 0
        self.readings = Readings(self.torrent, lambda: self.now, self.arm)

    def arm(self) -> None:
        self.armed += 1

    def come(self, index: int) -> None:
        """A piece comes."""
        start = index * 2 * B
        self.store.pieces[index] = self.data[start : start + 2 * B]
        assert self.torrent.picker is not None
        self.torrent.picker.verified(index)
        self.readings.verified(index)


def play(scene: Callable[[Reads], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(10):
            await scene(Reads())

    asyncio.run(run())


async def settle() -> None:
    """Let tasks run as far as they get."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_bytes_are_given_out_as_soon_as_their_piece_is_here() -> None:
    async def scene(it: Reads) -> None:
        with it.readings.open(B + 3, 7 * B) as reading:
            first = asyncio.create_task(reading.read(10 * B))
            await settle()
            assert not first.done()
            it.come(1)
            await settle()
            assert not first.done(), "another piece is of no use"
            it.come(0)
            assert await first == it.data[B + 3 : 4 * B], "and what is here behind it comes with it"
            last = asyncio.create_task(reading.read(10 * B))
            it.come(3)
            it.come(2)
            assert await last == it.data[4 * B : 7 * B]
            assert await reading.read(10 * B) == b""

    play(scene)


def test_a_piece_is_read_before_it_is_stored_but_a_blob_waits() -> None:
    async def scene(it: Reads) -> None:
        it.store.hold = True
        peer = it.seed()
        reading, whole = it.readings.open(5, 2 * B), it.readings.open(0, 2 * B)
        first = asyncio.create_task(reading.read(B))
        stored = asyncio.create_task(whole.wait())
        await settle()
        peer.give()
        assert await first == it.data[5 : 5 + B]
        assert await reading.read(100 * B) == it.data[5 + B : 2 * B]
        await settle()
        assert not stored.done()
        assert it.store.reads == []
        it.store.finish(it.now)
        it.readings.verified(0)
        await stored
        assert it.heard.events.count("verified 0") == 1

    play(scene)


def test_no_more_than_asked_for() -> None:
    async def scene(it: Reads) -> None:
        for index in range(4):
            it.come(index)
        with it.readings.open(5, 8 * B) as reading:
            parts = [await reading.read(count) for count in (1, B, 3 * B, 100 * B)]
            assert [len(part) for part in parts] == [1, B, 3 * B, 8 * B - 5 - 1 - 4 * B]
            assert b"".join(parts) == it.data[5 : 8 * B]

    play(scene)


def test_the_first_bytes_do_not_wait_for_more() -> None:
    async def scene(it: Reads) -> None:
        for index in range(8):
            it.come(index)
        with it.readings.open(3, 16 * B - 5) as reading:
            assert await reading.read(100 * B) == it.data[3 : 6 * B]
            assert await reading.read(100 * B) == it.data[6 * B : 16 * B - 5]

    play(scene)


def test_the_engine_is_told_where_the_reader_is() -> None:
    async def scene(it: Reads) -> None:
        assert it.torrent.picker is not None
        wanted = it.torrent.picker.wanted
        it.torrent.set_priorities(dict.fromkeys(range(8), 0), 0.0)
        with it.readings.open(4 * B, 6 * B) as reading:
            assert list(wanted.needed) == [2]
            assert list(wanted.urgent) == [2]
            waiting = asyncio.create_task(reading.wait())
            await settle()
            it.come(2)
            await waiting
            assert (reading.position, it.torrent.wants_nothing) == (6 * B, True)
            assert it.armed > 1
        with it.readings.open(0, 2 * B):
            assert list(wanted.needed) == [0]
        assert it.torrent.wants_nothing
        assert not wanted.urgent

    play(scene)


def test_an_end_is_told_to_those_who_wait_and_those_who_come() -> None:
    async def scene(it: Reads) -> None:
        reading = it.readings.open(0, 3 * B)
        waiting = asyncio.create_task(reading.read(B))
        await settle()
        it.readings.end(Closed("gone"))
        for late in (waiting, reading.read(B), reading.wait()):
            with pytest.raises(Closed, match="gone"):
                await late
        with pytest.raises(Closed, match="gone"):
            it.readings.open(0, 1)
        it.torrent.close(it.now)
        reading.close()
        reading.close()

    play(scene)


def test_who_waits_no_more_leaves_nothing() -> None:
    async def scene(it: Reads) -> None:
        reading = it.readings.open(0, 3 * B)
        waiting = asyncio.create_task(reading.read(B))
        await settle()
        waiting.cancel()
        await settle()
        assert not any(it.readings._waiting.values())
        it.come(0)
        assert await reading.read(B) == it.data[:B], "it can go on all the same"

    play(scene)


def test_what_can_t_be_read_is_an_error() -> None:
    async def scene(it: Reads) -> None:
        it.come(0)
        it.store.error = StorageError("the disk is gone")
        with it.readings.open(0, B) as reading, pytest.raises(StorageError, match="the disk is gone"):
            await reading.read(B)

    play(scene)


def test_nothing_to_read() -> None:
    async def scene(it: Reads) -> None:
        with it.readings.open(B, B) as reading:
            assert await reading.read(B) == b""
            await reading.wait()

    play(scene)
