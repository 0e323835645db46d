"""A chunk store of the page, asked by messages."""

import asyncio
import hashlib
import time
from typing import Any

import pytest

from torrentide.browser.page_store import ANSWER_SECONDS, ASKED_AT_ONCE, PageStore
from torrentide.errors import StorageError
from torrentide.metainfo import bencode
from torrentide.metainfo.info import Info, parse_info
from torrentide.timers import Timers
from unit.recorders import HeldDigest

PIECES = [bytes([number]) * 16384 for number in range(20)] + [b"end"]


def made_of(pieces: list[bytes]) -> Info:
    hashes = b"".join(hashlib.sha1(piece).digest() for piece in pieces)
    length = sum(map(len, pieces))
    fields = {b"length": length, b"name": b"t", b"piece length": len(pieces[0]), b"pieces": hashes}
    return parse_info(bencode.encode(fields))


class World:
    """A store, and what it asked, told and broke by."""

    def __init__(self, slots: int = 0) -> None:
        self.info: Info = made_of(PIECES)
        self.timers = Timers()
        self.asked: list[dict[str, Any]] = []
        self.given: list[Any] = []
        self.broken: list[StorageError] = []
        broken = self.broken.append
        self.store = PageStore(self.info, self.timers, self.asked.append, b"".join, broken, slots)
        self.opening = self.asked.pop()

    def opened(self) -> None:
        self.store.answer(self.opening["job"], None, None)

    def take(self, value: Any, now: float) -> None:
        self.given.append(value)


@pytest.fixture
def world() -> World:
    world = World()
    world.opened()
    return world


def test_what_the_store_is_made_of() -> None:
    world = World()
    assert world.opening["act"] == "open"
    assert world.opening["pieceLength"] == 16384
    assert world.opening["length"] == world.info.length
    assert world.opening["name"] == f"{world.info.name} - {world.info.info_hash.hex()[:8]}"
    world.store.answer(world.opening["job"], None, "no disk")
    assert "can't be opened: no disk" in str(world.broken[0])


def test_bytes_go_in_and_out(world: World) -> None:
    world.store.write(3, memoryview(PIECES[3]), world.take)
    put = world.asked.pop()
    assert (put["act"], put["index"], put["data"]) == ("put", 3, PIECES[3])
    world.store.answer(put["job"], None, None)
    assert world.given == [None]
    world.store.read(3, 5, 7, world.take)
    get = world.asked.pop()
    assert (get["act"], get["index"], get["offset"], get["length"]) == ("get", 3, 5, 7)
    world.store.answer(get["job"], memoryview(PIECES[3][5:12]), None)
    assert world.given[1:] == [PIECES[3][5:12]]
    assert not world.broken
    assert len(world.timers) == 0


def test_few_questions_at_a_time(world: World) -> None:
    for index in range(ASKED_AT_ONCE + 2):
        world.store.read(index, 0, 1, world.take)
    assert len(world.asked) == ASKED_AT_ONCE
    world.store.answer(world.asked[0]["job"], b"x", None)
    assert len(world.asked) == ASKED_AT_ONCE + 1


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"x", None, "gave 1 bytes of piece 0 where 2 were asked for"),
        (None, None, "gave no bytes of piece 0"),
        (None, "gone", "can't give piece 0: gone"),
    ],
)
def test_wrong_answers_end_it(world: World, data: bytes | None, error: str | None, words: str) -> None:
    world.store.read(0, 0, 2, world.take)
    world.store.answer(world.asked[0]["job"], data, error)
    assert words in str(world.broken[0])
    assert world.given == []


def test_a_failed_put_ends_it(world: World) -> None:
    world.store.write(0, PIECES[0], world.take)
    world.store.answer(world.asked[0]["job"], None, "full")
    assert "can't keep piece 0: full" in str(world.broken[0])


def test_two_calls_back_end_it(world: World) -> None:
    world.store.read(0, 0, 1, world.take)
    for _ in range(2):
        world.store.answer(world.asked[0]["job"], b"x", None)
    assert [str(error) for error in world.broken] == ["the page's store called back twice for one call"]


def test_no_call_back_ends_it(world: World) -> None:
    world.store.read(0, 0, 1, world.take)
    world.timers.run(time.monotonic() + ANSWER_SECONDS + 1)
    assert "did not call back within 60 seconds" in str(world.broken[0])
    world.store.answer(world.asked[0]["job"], b"x", None)
    assert len(world.broken) == 1
    assert len(world.timers) == 0


def test_a_blob_is_read_by_pieces(world: World) -> None:
    world.store.blob(16380, 16390, True, world.take)
    for count in (4, 6):
        get = world.asked.pop()
        assert get["length"] == count
        world.store.answer(get["job"], bytes(count), None)
    assert world.given == [bytes(10)]


def test_a_piece_that_was_read_stays_in_memory() -> None:
    world = World(slots=2)
    world.opened()
    for begin in (5, 9):
        world.store.read(3, begin, 4, world.take)
    [get] = world.asked
    assert (get["offset"], get["length"]) == (0, 16384), "it is asked once, for the whole piece"
    world.store.answer(get["job"], PIECES[3], None)
    world.store.read(3, 0, 2, world.take)
    assert [bytes(data) for data in world.given] == [PIECES[3][:4], PIECES[3][:4], PIECES[3][:2]]
    assert len(world.asked) == 1
    world.store.write(3, PIECES[4], world.take)
    world.store.read(3, 0, 2, world.take)
    assert [request["act"] for request in world.asked] == ["get", "put", "get"], (
        "what was written is read anew"
    )


def test_a_piece_that_cant_be_read_ends_it_with_a_cache_too() -> None:
    world = World(slots=2)
    world.opened()
    world.store.read(0, 0, 2, world.take)
    world.store.answer(world.asked[0]["job"], None, "gone")
    assert "can't give piece 0: gone" in str(world.broken[0])
    assert world.given == []


@pytest.mark.native
def test_only_good_pieces_are_found(world: World) -> None:
    async def look() -> list[int]:
        finding = asyncio.ensure_future(world.store.found(HeldDigest(), range(1, len(PIECES))))
        while not finding.done():
            for get in world.asked:
                index = get["index"]
                data = bytes(get["length"]) if index == 2 else PIECES[index]
                world.store.answer(get["job"], data, "Chunk not found" if index == 5 else None)
            world.asked.clear()
            await asyncio.sleep(0)
        return list(finding.result())

    assert asyncio.run(look()) == [index for index in range(1, len(PIECES)) if index not in (2, 5)]
    assert not world.broken
