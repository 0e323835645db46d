"""BEP 21's message."""

import pytest

from torrentide.errors import PeerError
from torrentide.wire.extensions.upload_only import parse_upload_only, to_bytes


@pytest.mark.parametrize("value", [True, False])
def test_says_whether_anything_is_wanted(value: bool) -> None:
    assert parse_upload_only(to_bytes(value)) is value


def test_any_other_byte_is_true() -> None:
    assert parse_upload_only(b"\x07")


@pytest.mark.parametrize("payload", [b"", b"\0\0", b"de"])
def test_a_wrong_length(payload: bytes) -> None:
    with pytest.raises(PeerError, match=f"{len(payload)} bytes, expected 1"):
        parse_upload_only(payload)
