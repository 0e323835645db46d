"""The messages of BEP 9."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.errors import PeerError
from torrentide.metainfo import bencode
from torrentide.wire.extensions.metadata import (
    MAX_MESSAGE,
    METADATA_PIECE,
    MetadataMessage,
    metadata_piece,
    parse_metadata_message,
)

KNOWN = [
    (MetadataMessage("request", 0), b"d8:msg_typei0e5:piecei0ee"),
    (MetadataMessage("data", 1, b"abc", 34256), b"d8:msg_typei1e5:piecei1e10:total_sizei34256eeabc"),
    (MetadataMessage("reject", 2), b"d8:msg_typei2e5:piecei2ee"),
]


@pytest.mark.parametrize(("message", "payload"), KNOWN)
def test_known_bytes_both_ways(message: MetadataMessage, payload: bytes) -> None:
    assert message.to_bytes() == payload
    assert parse_metadata_message(payload) == message


@given(st.integers(0, 2**63), st.binary(max_size=100), st.integers(0, 2**63))
def test_data_survives_whatever_it_holds(piece: int, data: bytes, size: int) -> None:
    message = MetadataMessage("data", piece, data, size)
    assert parse_metadata_message(message.to_bytes()) == message


def test_an_unknown_kind_is_ignored() -> None:
    assert parse_metadata_message(b"d8:msg_typei3e5:piecei0ee") is None
    assert parse_metadata_message(b"d8:msg_type1:x5:piecei0ee") is None
    assert parse_metadata_message(b"d5:piecei0ee") is None


def test_data_without_a_usable_size_has_none() -> None:
    for size in (b"", b"10:total_size1:9"):
        message = parse_metadata_message(b"d8:msg_typei1e5:piecei0e" + size + b"edata")
        assert message == MetadataMessage("data", 0, b"data", 0)


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"data", b"i0e", b"le", b"0:", b"de", b"d8:msg_typei0ee", b"d8:msg_typei0e5:piecei-1ee",
        b"d8:msg_typei0e5:piece1:0e", b"d8:msg_typei0e5:piecei0e", b"d8:msg_typei0e5:pieceleee", b"d-3:",
    ],
)  # fmt: skip
def test_what_is_broken(payload: bytes) -> None:
    with pytest.raises(PeerError):
        parse_metadata_message(payload)


def test_size_has_a_bound() -> None:
    head = MetadataMessage("data", 0, b"", 99).to_bytes()
    assert parse_metadata_message(head + bytes(MAX_MESSAGE - len(head)))
    with pytest.raises(PeerError, match="at most"):
        parse_metadata_message(head + bytes(MAX_MESSAGE - len(head) + 1))


@pytest.mark.parametrize("size", [1, METADATA_PIECE - 1, METADATA_PIECE, METADATA_PIECE + 1, 50_000])
def test_the_pieces_of_an_info_dict(size: int) -> None:
    raw = bencode.encode(bytes(size))[-size:]
    count = -(-size // METADATA_PIECE)
    replies = [metadata_piece(raw, piece) for piece in range(count)]
    assert b"".join(reply.data for reply in replies) == raw
    assert all(reply.kind == "data" and reply.total_size == size for reply in replies)
    assert all(len(reply.data) == METADATA_PIECE for reply in replies[:-1])
    assert all(len(reply.to_bytes()) <= MAX_MESSAGE for reply in replies)


@pytest.mark.parametrize("piece", [1, 2, 10**6, 2**62, 10**19])
def test_a_piece_that_does_not_exist_is_rejected(piece: int) -> None:
    assert metadata_piece(b"x" * METADATA_PIECE, piece) == MetadataMessage("reject", piece)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_a_peers_fault(payload: bytes) -> None:
    try:
        parse_metadata_message(payload)
    except PeerError:
        pass
