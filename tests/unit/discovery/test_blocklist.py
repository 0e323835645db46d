"""Lists of addresses that are not to be met."""

import gzip
import ipaddress
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.discovery import blocklist
from torrentide.discovery.blocklist import BlockList, parse_blocklist
from torrentide.errors import LocalError

LIST = """\ufeff# a comment
Some name, Inc.:1.2.3.0-1.2.3.255
http://with.colons:1.2:3 - 4:5.6.7.8 - 5.6.7.9
leading zeros:010.000.000.001-010.000.000.009
20.0.0.0-20.0.0.255

30.0.0.0/8   # a network
40.0.0.1
2001:db8::/32
fe80::1-fe80::ff
v6 name:2a00::1-2a00::5
::1
"""


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ("1.2.3.0 1.2.3.77 1.2.3.255", "1.2.2.255 1.2.4.0"),
        ("5.6.7.8 5.6.7.9", "5.6.7.7 5.6.7.10"),
        ("10.0.0.1 10.0.0.9", "10.0.0.0 10.0.0.10"),
        ("20.0.0.0 20.0.0.255", "19.255.255.255 20.0.1.0"),
        ("30.0.0.0 30.255.255.255", "29.255.255.255 31.0.0.0"),
        ("40.0.0.1", "40.0.0.0 40.0.0.2"),
        ("2001:db8:: 2001:db8:ffff::1", "2001:db7::1 2001:db9::"),
        ("fe80::1 fe80::ff fe80::7%eth0", "fe80:: fe80::100"),
        ("2a00::1 2a00::5", "2a00:: 2a00::6"),
        ("::1", "::2 ::"),
        ("::ffff:1.2.3.4", "::ffff:1.2.4.0"),
        ("40.0.0.1", "nonsense 40.0.0 x.local 1.2.3.4:80"),
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_the_forms_of_a_list(inside: str, outside: str, packed: bool) -> None:
    data = LIST.encode()
    found = parse_blocklist(gzip.compress(data) if packed else data)
    assert all(found.blocks(address) for address in inside.split())
    assert not any(found.blocks(address) for address in outside.split())
    assert len(found) == 10


@pytest.mark.parametrize(
    "line",
    [
        "name:1.2.3.256-1.2.4.0",
        "name:1.2.3.9-1.2.3.4",
        "1.2.3.4/33",
        "fe80::9-fe80::1",
        "1.2.3.4-fe80::1",
        "1.2.3",
        "text",
        "-",
        ":",
        "1.2.3.4-",
    ],
)
def test_a_line_that_is_none_is_skipped(line: str) -> None:
    assert len(parse_blocklist(f"{line}\n9.9.9.9\n{line}".encode())) == 1
    with pytest.raises(LocalError, match="none of 1 lines"):
        parse_blocklist(line.encode())


def test_an_empty_list_blocks_nobody() -> None:
    for data in (b"", b"# nothing\n\n"):
        assert len(parse_blocklist(data)) == 0
    assert not BlockList().blocks("1.2.3.4")


def test_a_page_that_says_not_found_is_no_list() -> None:
    with pytest.raises(LocalError, match="no block list"):
        parse_blocklist(b"<html><body>404</body></html>\n")


def test_ranges_that_overlap_or_touch_are_one() -> None:
    found = BlockList([(5, 9), (1, 3), (4, 4), (7, 8), (20, 30), (25, 26)])
    assert len(found) == 2
    blocked = [number for number in range(40) if found.blocks(str(ipaddress.IPv4Address(number)))]
    assert blocked == [*range(1, 10), *range(20, 31)]


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 40)), max_size=20))
def test_any_ranges_hold_what_they_say(given_: list[tuple[int, int]]) -> None:
    ranges = [(start, start + length) for start, length in given_]
    found = BlockList(ranges, ranges)
    for number in range(345):
        expected = any(start <= number <= end for start, end in ranges)
        assert found.blocks(str(ipaddress.IPv4Address(number))) == expected
        assert found.blocks(str(ipaddress.IPv6Address(number))) == expected


@given(st.binary(max_size=300))
def test_any_bytes_are_a_list_or_an_error(data: bytes) -> None:
    for each in (data, b"\x1f\x8b" + data):
        try:
            parse_blocklist(each)
        except LocalError:
            pass


def test_a_broken_gzip() -> None:
    packed = gzip.compress(LIST.encode())
    with pytest.raises(LocalError, match="can't be unpacked"):
        parse_blocklist(packed[:10] + b"\xff" * 20)
    with pytest.raises(LocalError, match="can't be unpacked"):
        parse_blocklist(packed[:-20])


def test_a_gzip_of_several_members() -> None:
    found = parse_blocklist(gzip.compress(b"1.2.3.4\n") + gzip.compress(b"5.6.7.8\n"))
    assert found.blocks("1.2.3.4")
    assert found.blocks("5.6.7.8")


def test_lists_beyond_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocklist, "MAX_LIST_BYTES", 10_000)
    with pytest.raises(LocalError, match="at most 10000"):
        parse_blocklist(b"1.2.3.4\n" * 2000)
    bomb = zlib.compressobj(wbits=31)
    data = bomb.compress(b"\n" * 10_000_000) + bomb.flush()
    with pytest.raises(LocalError, match="more than 10000"):
        parse_blocklist(data)


def test_a_big_list_is_searched_not_scanned() -> None:
    rng = random.Random(1)
    starts = rng.sample(range(0, 2**32, 256), 100_000)
    found = BlockList((start, start + 10) for start in starts)
    for start in starts[:1000]:
        assert found.blocks(str(ipaddress.IPv4Address(start + 10)))
        assert not found.blocks(str(ipaddress.IPv4Address(start + 11)))
