"""The form of a WebRTC tracker's messages, as client and tracker both read and write it.

Owns what is the same at both ends: JSON objects of bounded depth, and values of 20 bytes as strings of 20
characters U+0000 to U+00FF, one for each byte. It never knows what a message means.
"""

import json
from collections.abc import Mapping
from typing import Any, NoReturn, TypeGuard

# Opening brackets in one message, and so its depth. CPython refuses a JSON text too deep for it, but Pyodide
# dies at a depth of some thousands. The fullest honest messages (ten offers, or 255 hashes of any bytes) have
# under 100.
MAX_BRACKETS = 500

_LENGTH = 20


def load(text: str) -> dict[str, Any]:
    """Read a message; ValueError says in a few words what it "is" or "has" wrong."""
    if text.count("[") + text.count("{") > MAX_BRACKETS:
        raise ValueError(f"has more than {MAX_BRACKETS} brackets")
    try:
        message = json.loads(text, parse_constant=_no_constant)
    except ValueError:
        # No JSON, or an integer beyond Python's limit of digits.
        raise ValueError("is not valid JSON") from None
    if not isinstance(message, dict):
        raise ValueError("is not a JSON object")
    return message


def dump(message: Mapping[str, object]) -> str:
    """Write a message."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def is_binary(value: object) -> TypeGuard[str]:
    """Whether a value of a message stands for 20 bytes."""
    return isinstance(value, str) and len(value) == _LENGTH and max(value) <= "\xff"


def to_bytes(value: object) -> bytes | None:
    """The 20 bytes that a value stands for, if it does."""
    return value.encode("latin-1") if is_binary(value) else None


def to_text(value: bytes) -> str:
    """The string that stands for bytes."""
    return value.decode("latin-1")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
