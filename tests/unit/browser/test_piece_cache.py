"""Pieces that were read lately."""

import pytest

from torrentide.browser import piece_cache
from torrentide.browser.piece_cache import Done, PieceCache
from torrentide.errors import StorageError
from torrentide.ports import Buffer


class Reads:
    """A cache, what it fetches, and what came."""

    def __init__(self, slots: int) -> None:
        self.cache = PieceCache(slots)
        self.fetched: list[int] = []
        self.fetching: list[Done] = []
        self.came: list[Buffer | StorageError] = []

    def read(self, index: int) -> None:
        def fetch(done: Done) -> None:
            self.fetched.append(index)
            self.fetching.append(done)

        self.cache.read(index, fetch, self.came.append)

    def answer(self, data: Buffer | StorageError) -> None:
        self.fetching.pop(0)(data)

    def load(self, index: int, data: bytes) -> None:
        self.read(index)
        self.answer(data)


def test_the_piece_that_was_read_longest_ago_goes() -> None:
    reads = Reads(2)
    reads.load(0, b"0")
    reads.load(1, b"1")
    reads.read(0)
    reads.load(2, b"2")
    reads.read(0)
    reads.read(1)
    assert reads.fetched == [0, 1, 2, 1]


def test_who_comes_while_a_piece_is_read_waits_for_it() -> None:
    reads = Reads(2)
    reads.read(0)
    reads.read(0)
    reads.answer(b"0")
    assert reads.came == [b"0", b"0"]
    assert reads.fetched == [0]


def test_a_failure_is_told_to_all_and_not_kept() -> None:
    reads = Reads(2)
    reads.read(0)
    reads.read(0)
    reads.answer(StorageError("gone"))
    assert [str(error) for error in reads.came] == ["gone", "gone"]
    reads.read(0)
    assert reads.fetched == [0, 0]


def test_what_was_read_before_a_change_is_not_kept() -> None:
    reads = Reads(2)
    reads.load(0, b"old")
    reads.cache.drop(0)
    reads.read(0)
    reads.cache.drop(0)
    reads.answer(b"older")
    reads.load(0, b"new")
    reads.read(0)
    assert reads.came == [b"old", b"older", b"new", b"new"]


def test_the_bytes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piece_cache, "MAX_CACHED_BYTES", 10)
    reads = Reads(20)
    for index in range(4):
        reads.load(index, bytes(4))
    for index in (2, 3, 1):
        reads.read(index)
    assert reads.fetched == [0, 1, 2, 3, 1]
    reads.answer(bytes(4))
    reads.load(5, bytes(11))
    reads.read(5)
    assert reads.fetched[-2:] == [5, 5], "one that is bigger than that is not kept"
