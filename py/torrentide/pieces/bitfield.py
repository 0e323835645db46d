"""A set of piece numbers as the wire protocol writes it: one bit a piece, high bit first (BEP 3)."""

from collections.abc import Iterator

from torrentide.errors import PeerError


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

    def __contains__(self, index: int) -> bool:
        return bool(self._bits[index >> 3] >> (7 - (index & 7)) & 1)

    def add(self, index: int) -> bool:
        """Set a bit; False when it was set before."""
        if index in self:
            return False
        self._bits[index >> 3] |= 0x80 >> (index & 7)
        self.held += 1
        return True

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

    def lacking(self, other: "Bitfield") -> int:
        """How many pieces are set here and clear in `other`."""
        ours = int.from_bytes(self._bits, "big")
        return (ours & ~int.from_bytes(other._bits, "big")).bit_count()

    def to_wire(self) -> bytes:
        """The bytes of the bitfield message."""
        return bytes(self._bits)
