"""Bencode: both ways for all values, and the same error for all that is none."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.errors import InvalidTorrent
from torrentide.metainfo import bencode
from torrentide.metainfo.bencode import (
    MAX_DEPTH,
    BencodeError,
    decode,
    decode_prefix,
    encode,
    join_raw,
    raw_items,
)

values = st.recursive(
    st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=30),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.binary(max_size=8), inner, max_size=5),
    max_leaves=20,
)
# What looks like bencode goes deeper into the parser than any bytes do.
tokens = st.lists(
    st.sampled_from(
        [b"d", b"l", b"e", b"i", b"-", b"0", b"1", b":", b"3:abc", b"1:a", b"i7e", b"le", b"\xff"]
    ),
    max_size=25,
).map(b"".join)

PAIRS: list[tuple[Any, bytes]] = [
    (0, b"i0e"),
    (-1, b"i-1e"),
    (2**63 - 1, b"i9223372036854775807e"),
    (-(2**63), b"i-9223372036854775808e"),
    (b"", b"0:"),
    (b"spam:", b"5:spam:"),
    (b"0123456789", b"10:0123456789"),
    ([], b"le"),
    ({}, b"de"),
    ([b"a", [1, {}]], b"l1:ali1edeee"),
    ({b"": 1, b"a": [], b"b": b"c"}, b"d0:i1e1:ale1:b1:ce"),
]


@pytest.mark.parametrize(("value", "data"), PAIRS)
def test_known_values_both_ways(value: Any, data: bytes) -> None:
    assert encode(value) == data
    assert decode(data) == value
    assert decode(memoryview(data)) == value


def test_keys_come_out_sorted_by_their_bytes() -> None:
    assert encode({"b": 1, "é": 2, "aa": 3, "a": 4, "Z": 5}) == b"d1:Zi5e1:ai4e2:aai3e1:bi1e2:\xc3\xa9i2ee"


def test_order_and_repetition_of_keys_are_taken_as_they_come() -> None:
    assert decode(b"d1:bi1e1:ai2ee") == {b"b": 1, b"a": 2}
    assert decode(b"d1:ai1e1:ai2ee") == {b"a": 2}


@given(values)
def test_every_value_survives(value: Any) -> None:
    data = encode(value)
    assert decode(data) == value
    assert decode_prefix(data + b"rest") == (value, len(data))


@given(st.binary(max_size=60) | tokens)
def test_arbitrary_bytes_are_a_value_or_an_error(data: bytes) -> None:
    try:
        value = decode(data)
    except BencodeError:
        return
    assert decode(encode(value)) == value


@given(values, st.data())
def test_no_value_has_another_as_its_beginning(value: Any, data: st.DataObject) -> None:
    whole = encode(value)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(BencodeError):
        decode(whole[:cut])


@pytest.mark.parametrize(
    "data",
    [
        b"", b"x", b"e", b":", b"-", b"1", b"1:", b"2:a", b"01:a", b"00:", b"-1:a", b" 1:a", b"+1:a", b"1 :a",
        b"i", b"ie", b"i-e", b"i-0e", b"i00e", b"i01e", b"i-01e", b"i+1e", b"i1", b"i 1e", b"i1_0e", b"i1.5e",
        b"i0x1e", b"l", b"d", b"lle", b"d1:ae", b"d1:a", b"di1ei2ee", b"dlei1ee", b"d-3:", b"d-3:i1ee",
        b"l-3:e", b"d1:ai1e", b"lee", b"dee", b"i1ei2e", b"i1e ", b"1:ab", b"4294967296:a", b"9999999999:",
        b"99999999999:a", b"i" + b"9" * 21 + b"e", b"9" * 100_000 + b":", b"i" + b"9" * 100_000 + b"e",
        b"i\xd9\xa1e", b"\xd9\xa1:a",
    ],
)  # fmt: skip
def test_what_is_no_bencode_is_refused(data: bytes) -> None:
    with pytest.raises(BencodeError):
        decode(data)
    assert issubclass(BencodeError, InvalidTorrent)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"l1:ax", "unexpected byte 0x78 at offset 4"),
        (b"d1:ai1eX", "key at offset 7"),
        (b"l5:abc", "a string at offset 1 goes 2 bytes beyond the end"),
        (b"l-3:e", "unexpected byte 0x2d at offset 1"),
        (b"li1", "bad integer at offset 1"),
        (b"ll", "offset 2"),
        (b"i1e..", "2 bytes after the end of the bencoded value at offset 3"),
    ],
)
def test_an_error_tells_the_place(data: bytes, what: str) -> None:
    with pytest.raises(BencodeError, match=what):
        decode(data)


@pytest.mark.parametrize(("opening", "closing"), [(b"l", b"e"), (b"d0:", b"e")])
def test_depth_has_a_bound(opening: bytes, closing: bytes) -> None:
    inner = b"le"
    assert decode(opening * (MAX_DEPTH - 1) + inner + closing * (MAX_DEPTH - 1))
    for depth in (MAX_DEPTH, 500_000):
        with pytest.raises(BencodeError, match="deeper than 100"):
            decode(opening * depth + inner + closing * depth)


def test_the_number_of_values_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bencode, "MAX_TOKENS", 10)
    assert decode(b"l" + b"0:" * 8 + b"e") == [b""] * 8
    with pytest.raises(BencodeError, match="more than 10 values"):
        decode(b"l" + b"0:" * 9 + b"e")


@pytest.mark.parametrize(
    ("data", "items"),
    [
        (b"d4:infod1:bi1e1:ai2eee", {b"info": b"d1:bi1e1:ai2ee"}),
        (b"d1:ai1e4:infole1:z0:e", {b"a": b"i1e", b"info": b"le", b"z": b"0:"}),
        (b"d4:infoi1e1:ale4:infoi2ee", {b"info": b"i2e", b"a": b"le"}),
        (b"d1:a4:infoe", {b"a": b"4:info"}),
        (b"d0:0:e", {b"": b"0:"}),
        (b"de", {}),
    ],
)
def test_raw_values(data: bytes, items: dict[bytes, bytes]) -> None:
    assert raw_items(data) == items


@given(st.dictionaries(st.binary(max_size=5), values, max_size=6))
def test_every_value_is_found_as_raw_bytes_and_joined_again(value: dict[bytes, Any]) -> None:
    items = raw_items(encode(value))
    assert items == {key: encode(inner) for key, inner in value.items()}
    assert join_raw(items) == encode(value)


@pytest.mark.parametrize(
    "data", [b"", b"le", b"i1e", b"d", b"d1:a", b"d1:ai1e", b"di1ei1ee", b"d-3:", b"de "]
)
def test_raw_values_of_what_is_no_dictionary(data: bytes) -> None:
    with pytest.raises(BencodeError):
        raw_items(data)


def test_a_prefix_ends_where_its_value_ends() -> None:
    assert decode_prefix(b"d1:ai1ee\0\xffdata") == ({b"a": 1}, 8)
    with pytest.raises(BencodeError):
        decode_prefix(b"")
