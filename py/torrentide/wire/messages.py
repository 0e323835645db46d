"""The messages of the peer wire protocol, to bytes and back.

Owns the encoding of BEP 3, BEP 6 and BEP 10 messages and the check of each one's length. A message is one
small object; of a piece message the data is a view into what was received. It never knows what a peer may
send when.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from torrentide.errors import PeerError


@dataclass(slots=True)
class KeepAlive:
    """Nothing; the connection is alive."""


@dataclass(slots=True)
class Choke:
    """The sender will serve no requests."""


@dataclass(slots=True)
class Unchoke:
    """The sender will serve requests."""


@dataclass(slots=True)
class Interested:
    """The sender wants pieces of ours."""


@dataclass(slots=True)
class NotInterested:
    """The sender wants nothing of ours."""


@dataclass(slots=True)
class Have:
    """The sender has piece `index` now."""

    index: int


@dataclass(slots=True)
class Bits:
    """The pieces that the sender has, as a bitfield."""

    data: bytes


@dataclass(slots=True)
class Request:
    """Asks for `length` bytes at `begin` of piece `index`."""

    index: int
    begin: int
    length: int


@dataclass(slots=True)
class Piece:
    """Bytes of piece `index` from `begin` on. `data` is valid until the next bytes are received."""

    index: int
    begin: int
    data: memoryview


@dataclass(slots=True)
class Cancel:
    """Takes a request back."""

    index: int
    begin: int
    length: int


@dataclass(slots=True)
class Port:
    """The sender's DHT port (BEP 5); of no use to a web page."""

    port: int


@dataclass(slots=True)
class Suggest:
    """The sender would like to be asked for piece `index` (BEP 6)."""

    index: int


@dataclass(slots=True)
class HaveAll:
    """The sender has every piece (BEP 6)."""


@dataclass(slots=True)
class HaveNone:
    """The sender has no piece (BEP 6)."""


@dataclass(slots=True)
class Reject:
    """The sender will not serve this request (BEP 6)."""

    index: int
    begin: int
    length: int


@dataclass(slots=True)
class AllowedFast:
    """The sender serves piece `index` even while it chokes (BEP 6)."""

    index: int


@dataclass(slots=True)
class Extended:
    """A message of extension `id`, or with id 0 the extended handshake (BEP 10)."""

    id: int
    payload: bytes


@dataclass(slots=True)
class Unknown:
    """A message of a kind that we do not know; to be ignored (BEP 3)."""

    id: int


Message = (
    KeepAlive | Choke | Unchoke | Interested | NotInterested | Have | Bits | Request | Piece | Cancel | Port
    | Suggest | HaveAll | HaveNone | Reject | AllowedFast | Extended | Unknown
)  # fmt: skip

KEEP_ALIVE = bytes(4)
CHOKE = b"\0\0\0\1\0"
UNCHOKE = b"\0\0\0\1\1"
INTERESTED = b"\0\0\0\1\2"
NOT_INTERESTED = b"\0\0\0\1\3"
HAVE_ALL = b"\0\0\0\1\x0e"
HAVE_NONE = b"\0\0\0\1\x0f"

PIECE_ID = 7
PIECE_HEADER = struct.Struct(">IBII")
_INDEX = struct.Struct(">IBI")
_BLOCK = struct.Struct(">IBIII")
_ONE = struct.Struct(">I")
_TWO = struct.Struct(">II")
_THREE = struct.Struct(">III")


def have(index: int) -> bytes:
    """A have message."""
    return _INDEX.pack(5, 4, index)


def suggest(index: int) -> bytes:
    """A suggest message (BEP 6)."""
    return _INDEX.pack(5, 13, index)


def allowed_fast(index: int) -> bytes:
    """An allowed-fast message (BEP 6)."""
    return _INDEX.pack(5, 17, index)


def bitfield(data: bytes) -> bytes:
    """A bitfield message."""
    return struct.pack(">IB", len(data) + 1, 5) + data


def request(index: int, begin: int, length: int) -> bytes:
    """A request message."""
    return _BLOCK.pack(13, 6, index, begin, length)


def cancel(index: int, begin: int, length: int) -> bytes:
    """A cancel message."""
    return _BLOCK.pack(13, 8, index, begin, length)


def reject(index: int, begin: int, length: int) -> bytes:
    """A reject message (BEP 6)."""
    return _BLOCK.pack(13, 16, index, begin, length)


def piece_header(index: int, begin: int, length: int) -> bytes:
    """The 13 bytes before the data of a piece message."""
    return PIECE_HEADER.pack(9 + length, PIECE_ID, index, begin)


def extended(number: int, payload: bytes) -> bytes:
    """A message of extension `number` (BEP 10)."""
    return struct.pack(">IBB", len(payload) + 2, 20, number) + payload


def parse(body: memoryview) -> Message:
    """Read one message without its length prefix; PeerError when its length does not fit its kind."""
    if not len(body):
        return KeepAlive()
    number = body[0]
    parser = _PARSERS.get(number)
    if parser is None:
        return Unknown(number)
    try:
        return parser(body)
    except (struct.error, IndexError):
        raise PeerError(f"message {number} with {len(body) - 1} bytes, which does not fit its kind") from None


def _bare(kind: Callable[[], Message]) -> Callable[[memoryview], Message]:
    def parser(body: memoryview) -> Message:
        if len(body) != 1:
            raise IndexError
        return kind()

    return parser


def _numbers(kind: Callable[..., Message], form: struct.Struct) -> Callable[[memoryview], Message]:
    def parser(body: memoryview) -> Message:
        return kind(*form.unpack(body[1:]))

    return parser


def _piece(body: memoryview) -> Message:
    index, begin = _TWO.unpack_from(body, 1)
    return Piece(index, begin, body[9:])


_PARSERS: dict[int, Callable[[memoryview], Message]] = {
    0: _bare(Choke),
    1: _bare(Unchoke),
    2: _bare(Interested),
    3: _bare(NotInterested),
    4: _numbers(Have, _ONE),
    5: lambda body: Bits(bytes(body[1:])),
    6: _numbers(Request, _THREE),
    PIECE_ID: _piece,
    8: _numbers(Cancel, _THREE),
    9: _numbers(Port, struct.Struct(">H")),
    13: _numbers(Suggest, _ONE),
    14: _bare(HaveAll),
    15: _bare(HaveNone),
    16: _numbers(Reject, _THREE),
    17: _numbers(AllowedFast, _ONE),
    20: lambda body: Extended(body[1], bytes(body[2:])),
}
