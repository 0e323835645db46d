"""Every message of the wire: its exact bytes, its way back, and its length when it lies."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.errors import PeerError
from torrentide.wire import messages
from torrentide.wire.messages import Message, Piece, Unknown, parse

numbers = st.integers(0, 2**32 - 1)

# Name, the bytes without their length, what they mean.
KNOWN: list[tuple[bytes, bytes, Message]] = [
    (messages.KEEP_ALIVE, b"", messages.KeepAlive()),
    (messages.CHOKE, b"\0", messages.Choke()),
    (messages.UNCHOKE, b"\1", messages.Unchoke()),
    (messages.INTERESTED, b"\2", messages.Interested()),
    (messages.NOT_INTERESTED, b"\3", messages.NotInterested()),
    (messages.have(258), b"\4\0\0\1\2", messages.Have(258)),
    (messages.bitfield(b"\xf0\0"), b"\5\xf0\0", messages.Bits(b"\xf0\0")),
    (messages.bitfield(b""), b"\5", messages.Bits(b"")),
    (messages.request(1, 2, 3), b"\6\0\0\0\1\0\0\0\2\0\0\0\3", messages.Request(1, 2, 3)),
    (messages.cancel(1, 2, 3), b"\x08\0\0\0\1\0\0\0\2\0\0\0\3", messages.Cancel(1, 2, 3)),
    (messages.HAVE_ALL, b"\x0e", messages.HaveAll()),
    (messages.HAVE_NONE, b"\x0f", messages.HaveNone()),
    (messages.reject(1, 2, 3), b"\x10\0\0\0\1\0\0\0\2\0\0\0\3", messages.Reject(1, 2, 3)),
    (messages.extended(0, b"de"), b"\x14\0de", messages.Extended(0, b"de")),
    (messages.extended(255, b""), b"\x14\xff", messages.Extended(255, b"")),
]  # fmt: skip


@pytest.mark.parametrize(("built", "body", "message"), KNOWN)
def test_known_bytes_both_ways(built: bytes, body: bytes, message: Message) -> None:
    assert built == len(body).to_bytes(4, "big") + body
    assert parse(memoryview(body)) == message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"\x09\x1a\xe1", messages.Port(6881)),
        (b"\x0d\0\0\0\7", messages.Suggest(7)),
        (b"\x11\0\0\0\7", messages.AllowedFast(7)),
        (b"\x0a", Unknown(10)),
        (b"\x15" + b"hashes" * 9, Unknown(21)),
        (b"\xff", Unknown(255)),
    ],
)
def test_messages_that_we_only_receive(body: bytes, message: Message) -> None:
    assert parse(memoryview(body)) == message


def test_a_piece_is_a_view_of_what_was_received() -> None:
    body = memoryview(messages.piece_header(3, 16384, 4)[4:] + b"data")
    piece = parse(body)
    assert isinstance(piece, Piece)
    assert (piece.index, piece.begin, bytes(piece.data)) == (3, 16384, b"data")
    assert piece.data.obj is body.obj
    assert messages.piece_header(3, 16384, 4) == b"\0\0\0\x0d\7\0\0\0\3\0\0\x40\0"
    assert len(messages.piece_header(0, 0, 0)) == messages.PIECE_HEADER.size == 13


@given(numbers, numbers, numbers)
@pytest.mark.parametrize(
    ("build", "kind"),
    [
        (messages.request, messages.Request),
        (messages.cancel, messages.Cancel),
        (messages.reject, messages.Reject),
    ],
)
def test_block_messages_survive(
    build: Callable[[int, int, int], bytes], kind: Callable[[int, int, int], Message], a: int, b: int, c: int
) -> None:
    assert parse(memoryview(build(a, b, c))[4:]) == kind(a, b, c)


@given(numbers, st.binary(max_size=50), st.integers(0, 255))
def test_the_others_survive(index: int, data: bytes, number: int) -> None:
    assert parse(memoryview(messages.have(index))[4:]) == messages.Have(index)
    assert parse(memoryview(messages.bitfield(data))[4:]) == messages.Bits(data)
    assert parse(memoryview(messages.extended(number, data))[4:]) == messages.Extended(number, data)


@pytest.mark.parametrize(
    "body",
    [
        *(bytes([number]) + b"x" for number in (0, 1, 2, 3, 14, 15)),
        *(bytes([number]) + bytes(size) for number in (4, 13, 17) for size in (0, 3, 5)),
        *(bytes([number]) + bytes(size) for number in (6, 8, 16) for size in (0, 11, 13)),
        *(b"\x09" + bytes(size) for size in (0, 1, 3)),
        *(b"\x07" + bytes(size) for size in (0, 4, 7)),
        b"\x14",
    ],
)
def test_a_length_that_does_not_fit_the_kind(body: bytes) -> None:
    with pytest.raises(PeerError, match=f"message {body[0]} with {len(body) - 1} bytes"):
        parse(memoryview(body))


@given(st.binary(max_size=40))
def test_any_bytes_are_a_message_or_a_peers_fault(body: bytes) -> None:
    try:
        assert isinstance(parse(memoryview(body)), Message)
    except PeerError:
        pass
