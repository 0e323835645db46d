"""The handshake of BEP 10."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.errors import PeerError
from torrentide.metainfo import bencode
from torrentide.wire.extensions.handshake import (
    MAX_CLIENT_CHARS,
    MAX_EXTENSIONS,
    MAX_HANDSHAKE_BYTES,
    ExtendedHandshake,
    parse_extended_handshake,
)


def parse(**values: Any) -> ExtendedHandshake:
    return parse_extended_handshake(bencode.encode(values))


def test_known_bytes() -> None:
    handshake = ExtendedHandshake(
        {"ut_metadata": 1}, "Torrentide 0.1.0", request_queue=2000, metadata_size=500
    )
    data = b"d1:md11:ut_metadatai1ee13:metadata_sizei500e4:reqqi2000e1:v16:Torrentide 0.1.0e"
    assert handshake.to_bytes() == data
    assert parse_extended_handshake(data) == handshake
    assert ExtendedHandshake().to_bytes() == b"d1:mdee"


@given(
    ids=st.dictionaries(st.text(max_size=10), st.integers(0, 255), max_size=5),
    client=st.text(max_size=MAX_CLIENT_CHARS),
    request_queue=st.none() | st.integers(1, 10**9),
    metadata_size=st.none() | st.integers(1, 10**9),
)
def test_survives(
    ids: dict[str, int], client: str, request_queue: int | None, metadata_size: int | None
) -> None:
    handshake = ExtendedHandshake(ids, client, request_queue, metadata_size)
    assert parse_extended_handshake(handshake.to_bytes()) == handshake


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, ExtendedHandshake()),
        ({"m": {}, "p": 6881, "yourip": b"\x7f\0\0\1"}, ExtendedHandshake()),
        ({"m": 3, "v": 4, "reqq": b"9", "metadata_size": []}, ExtendedHandshake()),
        ({"m": [1], "v": {}, "reqq": -1, "metadata_size": 0}, ExtendedHandshake()),
        ({"m": {"a": 0, "b": 256, "c": -1, "d": b"1", "e": 255}}, ExtendedHandshake({"a": 0, "e": 255})),
        ({"m": {b"\xff": 1}, "v": b"\xc3\x28"}, ExtendedHandshake({"\ufffd": 1}, "\ufffd(")),
        ({"v": "x" * 1000}, ExtendedHandshake(client="x" * MAX_CLIENT_CHARS)),
    ],
)
def test_what_makes_no_sense_is_ignored(values: dict[str, Any], expected: ExtendedHandshake) -> None:
    assert parse(**values) == expected


def test_bytes_behind_the_dictionary_are_ignored() -> None:
    assert parse_extended_handshake(b"d1:v1:xe" + b"padding") == ExtendedHandshake(client="x")


def test_bounds() -> None:
    assert len(parse(m={f"{number:05}": 1 for number in range(1000)}).ids) == MAX_EXTENSIONS
    largest = b"d1:v%d:" % (MAX_HANDSHAKE_BYTES - 11)
    largest += b"x" * (MAX_HANDSHAKE_BYTES - len(largest) - 1) + b"e"
    assert parse_extended_handshake(largest)
    with pytest.raises(PeerError, match="at most 65536"):
        parse_extended_handshake(largest + b"x")


@pytest.mark.parametrize("payload", [b"", b"i1e", b"le", b"3:abc", b"d", b"d1:m", b"d-3:", b"\xff\xff"])
def test_what_is_no_dictionary(payload: bytes) -> None:
    with pytest.raises(PeerError):
        parse_extended_handshake(payload)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_handshake_or_a_peers_fault(payload: bytes) -> None:
    try:
        parse_extended_handshake(payload)
    except PeerError:
        pass
