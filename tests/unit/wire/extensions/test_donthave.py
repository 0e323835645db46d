"""BEP 54's message."""

import pytest

from torrentide.errors import PeerError
from torrentide.wire.extensions.donthave import parse_donthave, to_bytes


@pytest.mark.parametrize(("index", "payload"), [(0, bytes(4)), (258, b"\0\0\1\2"), (2**32 - 1, b"\xff" * 4)])
def test_names_a_piece(index: int, payload: bytes) -> None:
    assert to_bytes(index) == payload
    assert parse_donthave(payload) == index


@pytest.mark.parametrize("payload", [b"", b"\0\0\0", bytes(5)])
def test_a_wrong_length(payload: bytes) -> None:
    with pytest.raises(PeerError, match=f"{len(payload)} bytes, expected 4"):
        parse_donthave(payload)
