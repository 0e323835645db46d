"""The 68 bytes that open a connection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.errors import PeerError
from torrentide.wire.handshake import HANDSHAKE_LENGTH, Handshake, parse_handshake

ids = st.binary(min_size=20, max_size=20)


def test_known_bytes() -> None:
    handshake = Handshake(b"h" * 20, b"p" * 20)
    expected = b"\x13BitTorrent protocol" + b"\0\0\0\0\0\x10\0\x04" + b"h" * 20 + b"p" * 20
    assert handshake.to_bytes() == expected
    assert len(expected) == HANDSHAKE_LENGTH


@given(ids, ids, st.booleans(), st.booleans())
def test_survives(info_hash: bytes, peer_id: bytes, extended: bool, fast: bool) -> None:
    handshake = Handshake(info_hash, peer_id, extended, fast)
    assert parse_handshake(handshake.to_bytes()) == handshake


@pytest.mark.parametrize(
    ("reserved", "extended", "fast"),
    [
        (b"\0\0\0\0\0\0\0\0", False, False),
        (b"\xff\xff\xff\xff\xff\xff\xff\xff", True, True),
        (b"\x80\0\0\0\0\x10\0\x01", True, False),
        (b"\0\0\0\0\0\xef\0\x04", False, True),
    ],
)
def test_other_reserved_bits_mean_nothing(reserved: bytes, extended: bool, fast: bool) -> None:
    parsed = parse_handshake(b"\x13BitTorrent protocol" + reserved + b"h" * 20 + b"p" * 20)
    assert (parsed.extended, parsed.fast) == (extended, fast)


@pytest.mark.parametrize(
    "start", [b"\x13BitTorrent Protocol", b"\x12BitTorrent protocol", b"GET / HTTP/1.1\r\n...."]
)
def test_another_protocol(start: bytes) -> None:
    with pytest.raises(PeerError, match="expected a BitTorrent handshake"):
        parse_handshake(start + bytes(48))
