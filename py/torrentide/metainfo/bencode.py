"""Bencode: the one door to bencode.py, and the two things it lacks.

Owns the check of untrusted input before it is decoded, the raw values inside a document (an info-hash is of
the bytes as they came, never of a re-encoding), and the end of a value that has other bytes behind it
(ut_metadata). It never knows what the values mean.
"""

from collections.abc import Mapping
from typing import Any

import bencodepy

from torrentide.errors import InvalidTorrent

# libtorrent 2.1: bdecode depth limit 100, token limit 3,000,000 for .torrent files.
MAX_DEPTH = 100
MAX_TOKENS = 3_000_000
# A 64-bit integer has at most 20 characters, sign included.
MAX_INTEGER_CHARS = 20
# No string in a torrent is longer than the document: 10 digits name any 32-bit length.
MAX_LENGTH_CHARS = 10

_DIGITS = frozenset(b"0123456789")


class BencodeError(InvalidTorrent):
    """The bytes are not bencode, or go beyond a limit."""


def encode(value: Any) -> bytes:
    """Encode ints, strings, bytes, lists and dicts; dict keys come out sorted by their bytes (BEP 3)."""
    encoded: bytes = bencodepy.encode(value)
    return encoded


def decode(data: bytes | memoryview) -> Any:
    """Decode one whole document: ints, bytes, lists, dicts with bytes keys. BencodeError names the offset
    of a fault."""
    data = bytes(data)
    _check_end(data, value_end(data))
    return bencodepy.decode(data)


def decode_prefix(data: bytes | memoryview) -> tuple[Any, int]:
    """Decode the value at the start of `data`; return it with the offset of the first byte behind it."""
    data = bytes(data)
    end = value_end(data)
    return bencodepy.decode(data[:end]), end


def raw_items(data: bytes) -> dict[bytes, bytes]:
    """The values of a whole document that is a dict, each as the bytes that stand there, by key.

    Of a key that occurs twice the last one counts, as it does for `decode`.
    """
    if data[:1] != b"d":
        value_end(data)
        raise BencodeError("expected a dictionary")
    position, items = 1, {}
    while data[position : position + 1] != b"e":
        start, position = _string(data, position)
        end = value_end(data, position)
        items[data[start:position]] = data[position:end]
        position = end
    _check_end(data, position + 1)
    return items


def join_raw(items: Mapping[bytes, bytes]) -> bytes:
    """The opposite of `raw_items`: a dict of values that are bencoded already, its keys sorted (BEP 3)."""
    return b"d" + b"".join(encode(key) + items[key] for key in sorted(items)) + b"e"


def value_end(data: bytes, start: int = 0) -> int:
    """Offset behind the value at `start`. Checks the grammar and the limits; runs without recursion."""
    position = start
    # One entry per open container: True for a dict that awaits a key, False for one that awaits a value, None
    # for a list.
    awaits_key: list[bool | None] = []
    for _ in range(MAX_TOKENS):
        token = data[position] if position < len(data) else -1
        if awaits_key and token == 0x65 and awaits_key[-1] is not False:  # e
            awaits_key.pop()
            position += 1
        elif token in _DIGITS:
            position = _string(data, position)[1]
            if awaits_key and awaits_key[-1]:
                awaits_key[-1] = False
                continue
        elif awaits_key and awaits_key[-1]:
            raise BencodeError(f"expected a dictionary key at offset {position}")
        elif token == 0x69:  # i
            position = _integer(data, position)
        elif token in (0x6C, 0x64):  # l, d
            if len(awaits_key) == MAX_DEPTH:
                raise BencodeError(f"nested deeper than {MAX_DEPTH} at offset {position}")
            awaits_key.append(True if token == 0x64 else None)
            position += 1
            continue
        elif token == -1:
            raise BencodeError(f"ends in the middle of a value, at offset {position}")
        else:
            raise BencodeError(f"unexpected byte 0x{token:02x} at offset {position}")
        if not awaits_key:
            return position
        if awaits_key[-1] is False:
            awaits_key[-1] = True
    raise BencodeError(f"more than {MAX_TOKENS} values")


def _check_end(data: bytes, end: int) -> None:
    if end != len(data):
        raise BencodeError(f"{len(data) - end} bytes after the end of the bencoded value at offset {end}")


def _string(data: bytes, position: int) -> tuple[int, int]:
    """Start and end of the contents of the string at `position`."""
    colon = data.find(b":", position, position + MAX_LENGTH_CHARS + 1)
    digits = data[position:colon] if colon > position else b""
    if not digits or not _DIGITS.issuperset(digits) or (digits[:1] == b"0" and len(digits) > 1):
        raise BencodeError(f"bad string length at offset {position}")
    end = colon + 1 + int(digits)
    if end > len(data):
        raise BencodeError(f"a string at offset {position} goes {end - len(data)} bytes beyond the end")
    return colon + 1, end


def _integer(data: bytes, position: int) -> int:
    end = data.find(b"e", position, position + MAX_INTEGER_CHARS + 2)
    digits = data[position + 1 : end] if end > 0 else b""
    magnitude = digits.removeprefix(b"-")
    if not magnitude or not _DIGITS.issuperset(magnitude) or (magnitude[:1] == b"0" and len(digits) > 1):
        raise BencodeError(f"bad integer at offset {position}")
    return end + 1
