"""lt_donthave (BEP 54): the sender no longer has a piece, as after it was removed from its store.

Owns the one message: the piece's number in four bytes, like a have.
"""

from torrentide.errors import PeerError

NAME = "lt_donthave"


def to_bytes(index: int) -> bytes:
    """The payload of the extended message."""
    return index.to_bytes(4, "big")


def parse_donthave(payload: bytes) -> int:
    """Read a message; PeerError when it is not four bytes."""
    if len(payload) != 4:
        raise PeerError(f"an lt_donthave message of {len(payload)} bytes, expected 4")
    return int.from_bytes(payload, "big")
