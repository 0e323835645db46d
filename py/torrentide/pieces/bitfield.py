"""A set of piece numbers as the wire protocol writes it: one bit a piece, high bit first (BEP 3)."""

from collections.abc import Iterable, Iterator

from torrentide.errors import PeerError

# Bytes that are compared at a time.
_STRETCH = 256


class Bitfield:
    """`count` bits, all clear at first. `held` is the number of set bits."""

    __slots__ = ("_bits", "count", "held")

    def __init__(self, count: int) -> None:
        self.count = count
        self.held = 0
        self._bits = bytearray((count + 7) // 8)

    @classmethod
    def full(cls, count: int) -> "Bitfield":
        """All bits set."""
        field = cls(count)
        field._bits = bytearray(b"\xff" * len(field._bits))
        if count % 8:
            field._bits[-1] = 0xFF << (8 - count % 8) & 0xFF
        field.held = count
        return field

    @classmethod
    def from_wire(cls, count: int, data: bytes) -> "Bitfield":
        """Read a peer's bitfield. PeerError when the length is wrong or a spare bit is set (BEP 3)."""
        field = cls(count)
        if len(data) != len(field._bits):
            raise PeerError(f"a bitfield of {len(data)} bytes; {count} pieces need {len(field._bits)}")
        if count % 8 and data[-1] & (0xFF >> count % 8):
            raise PeerError("a bitfield with spare bits set")
        field._bits[:] = data
        field.held = int.from_bytes(data, "big").bit_count()
        return field

    def copy(self) -> "Bitfield":
        """The same pieces, to be changed apart."""
        same = Bitfield(self.count)
        same._bits[:] = self._bits
        same.held = self.held
        return same

    def inverse(self) -> "Bitfield":
        """The pieces that are not in it."""
        rest = Bitfield.full(self.count)
        rest._bits[:] = bytes(full & ~bits for full, bits in zip(rest._bits, self._bits, strict=True))
        rest.held = self.count - self.held
        return rest

    def __contains__(self, index: int) -> bool:
        return bool(self._bits[index >> 3] >> (7 - (index & 7)) & 1)

    def add(self, index: int) -> bool:
        """Set a bit; False when it was set before."""
        if index in self:
            return False
        self._bits[index >> 3] |= 0x80 >> (index & 7)
        self.held += 1
        return True

    def remove(self, index: int) -> bool:
        """Clear a bit; False when it was clear before."""
        if index not in self:
            return False
        self._bits[index >> 3] &= ~(0x80 >> (index & 7))
        self.held -= 1
        return True

    def without(self, indexes: Iterable[int]) -> "Bitfield":
        """A copy that lacks these."""
        field = Bitfield(self.count)
        field._bits[:] = self._bits
        field.held = self.held
        for index in indexes:
            field.remove(index)
        return field

    @property
    def complete(self) -> bool:
        """Whether every bit is set."""
        return self.held == self.count

    def __iter__(self) -> Iterator[int]:
        for place, byte in enumerate(self._bits):
            while byte:
                bit = 8 - byte.bit_length()
                yield place * 8 + bit
                byte &= 0x7F >> bit

    def common(self, other: "Bitfield") -> int:
        """How many pieces are in both, which are of the same count."""
        return (int.from_bytes(self._bits, "big") & int.from_bytes(other._bits, "big")).bit_count()

    def some_common(self, other: "Bitfield", start: int, most: int) -> list[int]:
        """Up to `most` pieces in both, from `start` on and near each other: the first stretch that has any
        is not left. So the cost hangs on how many pieces both have, not on how many there are."""
        ours, theirs = self._bits, other._bits
        place = start >> 3
        while place < len(ours):
            end = place + _STRETCH
            both = int.from_bytes(ours[place:end], "big") & int.from_bytes(theirs[place:end], "big")
            size = 8 * (min(end, len(ours)) - place)
            if both and start & 7:
                both &= (1 << size - (start & 7)) - 1
            if both:
                return _numbers(both, size, place * 8, most)
            place, start = end, 0
        return []

    def to_wire(self) -> bytes:
        """The bytes of the bitfield message."""
        return bytes(self._bits)


def _numbers(bits: int, size: int, first: int, most: int) -> list[int]:
    """The first `most` pieces of `bits`, of which the highest of `size` stands for piece `first`."""
    found: list[int] = []
    while bits and len(found) < most:
        length = bits.bit_length()
        found.append(first + size - length)
        bits ^= 1 << length - 1
    return found
