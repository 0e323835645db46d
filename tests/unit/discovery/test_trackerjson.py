"""The form of tracker messages, at both ends."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.discovery.trackerjson import MAX_BRACKETS, dump, is_binary, load, to_bytes, to_text


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "is not valid JSON"),
        ("{", "is not valid JSON"),
        ('{"a":NaN}', "is not valid JSON"),
        ('{"a":Infinity}', "is not valid JSON"),
        ('{"a":' + "9" * 10_000 + "}", "is not valid JSON"),
        ("[]", "is not a JSON object"),
        ("null", "is not a JSON object"),
        ('"{}"', "is not a JSON object"),
        ('{"a":' + "[" * MAX_BRACKETS, "has more than 500 brackets"),
        ('{"a":' * 100_000, "has more than 500 brackets"),
    ],
)
def test_what_is_no_message(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        load(text)


def test_the_deepest_message() -> None:
    depth = MAX_BRACKETS - 1
    assert "a" in load('{"a":' + "[" * depth + "]" * depth + "}")


@given(st.text(max_size=300))
def test_any_text_is_an_object_or_a_fault(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(load(text), dict)


@given(st.binary(min_size=20, max_size=20))
def test_20_bytes_there_and_back(value: bytes) -> None:
    text = to_text(value)
    assert is_binary(text)
    assert to_bytes(load(dump({"a": text}))["a"]) == to_bytes(json.loads(json.dumps(text))) == value


@pytest.mark.parametrize("value", [None, 20, b"x" * 20, "x" * 19, "x" * 21, "x" * 19 + "\u0100", ["x"] * 20])
def test_what_is_no_20_bytes(value: object) -> None:
    assert not is_binary(value)
    assert to_bytes(value) is None
