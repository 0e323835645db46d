"""Pieces that are compared before they are given away."""

from collections.abc import Callable

from torrentide.browser.unchecked import Unchecked
from torrentide.errors import StorageError
from torrentide.pieces.bitfield import Bitfield
from torrentide.ports import Buffer
from unit.engine.remote import B, Fixture


class Stored:
    """Three pieces of two blocks, none of them compared."""

    def __init__(self) -> None:
        self.it = Fixture()
        self.data = bytearray(self.it.data)
        self.reads: list[tuple[int, int, int]] = []
        pieces = Bitfield(3)
        for index in range(3):
            pieces.add(index)
        self.unchecked = Unchecked(self.it.info, self.it.digest, self.read_file, pieces)

    def read_file(
        self, index: int, begin: int, length: int, done: Callable[[Buffer | Exception, float], None]
    ) -> None:
        self.reads.append((index, begin, length))
        start = index * 2 * B + begin
        done(bytes(self.data[start : start + length]), self.it.now)

    def read(self, index: int, begin: int, length: int) -> bytes | Exception:
        found: list[Buffer | Exception] = []
        self.unchecked.read(index, begin, length, lambda data, now: found.append(data))
        (data,) = found
        return data if isinstance(data, Exception) else bytes(data)


def test_what_is_read_first_is_compared_and_read_once() -> None:
    stored = Stored()
    assert stored.read(1, 5, B) == stored.it.data[2 * B + 5 : 3 * B + 5]
    assert stored.reads == [(1, 0, 2 * B)]
    assert stored.read(1, 7, 9) == stored.it.data[2 * B + 7 : 2 * B + 16]
    assert stored.reads[1:] == [(1, 7, 9)]


def test_what_is_not_what_it_was_is_not_given() -> None:
    stored = Stored()
    stored.data[2 * B - 1] ^= 1
    error = stored.read(0, 0, 10)
    assert isinstance(error, StorageError)
    assert error.kind == "lost"
    assert stored.read(2, 0, 10) == stored.it.data[4 * B : 4 * B + 10]
