"""Block lists: which addresses no connection is to be made to.

Owns the reading of the common list formats, and the look-up among hundreds of thousands of ranges. It never
knows where a list comes from, nor what an address is used for.
"""

import gzip
import io
import ipaddress
import re
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from torrentide.errors import LocalError

# The largest public lists have 20 MB of text.
MAX_LIST_BYTES = 64 * 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"

_OCTETS = r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})"
# `name:a-b` of PeerGuardian, in which a name may hold anything, and a plain `a-b`.
_IPV4_RANGE = re.compile(rf"(?:.*:)?\s*{_OCTETS}\s*-\s*{_OCTETS}\s*", re.ASCII)

type Range = tuple[int, int]


class BlockList:
    """Ranges of IPv4 and IPv6 addresses; none to begin with."""

    def __init__(self, ipv4: Iterable[Range] = (), ipv6: Iterable[Range] = ()) -> None:
        merged = list(_merged(ipv4))
        # As machine numbers a range takes 8 bytes: the largest lists have half a million.
        self._starts4 = array("I", (start for start, _ in merged))
        self._ends4 = array("I", (end for _, end in merged))
        merged = list(_merged(ipv6))
        self._starts6 = [start for start, _ in merged]
        self._ends6 = [end for _, end in merged]

    def __len__(self) -> int:
        """Ranges, those that touch counted as one."""
        return len(self._starts4) + len(self._starts6)

    def blocks(self, address: str) -> bool:
        """Whether an IP address, as text, is in the list. What is no address is not."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        if ip.version == 6 and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        starts, ends = (self._starts4, self._ends4) if ip.version == 4 else (self._starts6, self._ends6)
        index = bisect_right(starts, int(ip)) - 1
        return index >= 0 and int(ip) <= ends[index]


def parse_blocklist(data: bytes) -> BlockList:
    """Read a list, which may be gzipped. LocalError when it is too big, broken or no list at all.

    A line is a range `a-b`, PeerGuardian's `name:a-b`, a network `a/n` or an address; `#` begins a comment.
    Others are skipped: the lists that go round are made by hand.
    """
    if data.startswith(_GZIP_MAGIC):
        data = _unpacked(data)
    if len(data) > MAX_LIST_BYTES:
        raise LocalError(f"a block list of {len(data)} bytes; at most {MAX_LIST_BYTES} are read")
    ipv4: list[Range] = []
    ipv6: list[Range] = []
    lines = 0
    for raw in data.decode("utf-8-sig", "replace").splitlines():
        line = raw.partition("#")[0].strip()
        if not line:
            continue
        lines += 1
        found = _ipv4_range(line) or _other_range(line)
        if found is not None:
            (ipv4 if found[0] == 4 else ipv6).append(found[1:])
    if lines and not ipv4 and not ipv6:
        raise LocalError(f"no block list: none of {lines} lines holds an address")
    return BlockList(ipv4, ipv6)


def _unpacked(data: bytes) -> bytes:
    """All members of a gzip file. One that was cut off is an error: the addresses behind would be let
    through."""
    try:
        unpacked = gzip.GzipFile(fileobj=io.BytesIO(data)).read(MAX_LIST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise LocalError(f"the block list can't be unpacked: {error}") from None
    if len(unpacked) > MAX_LIST_BYTES:
        raise LocalError(f"a block list that unpacks to more than {MAX_LIST_BYTES} bytes")
    return unpacked


def _ipv4_range(line: str) -> tuple[int, int, int] | None:
    """The common form, without the price of an object for each address."""
    match = _IPV4_RANGE.fullmatch(line)
    if match is None:
        return None
    a, b, c, d, e, f, g, h = map(int, match.groups())
    if max(a, b, c, d, e, f, g, h) > 255:
        return None
    start, end = a << 24 | b << 16 | c << 8 | d, e << 24 | f << 16 | g << 8 | h
    return (4, start, end) if start <= end else None


def _other_range(line: str) -> tuple[int, int, int] | None:
    """A network, an address, or a range of IPv6, with or without a name before it."""
    for text in (line, line.partition(":")[2].strip()):
        first, dash, last = text.partition("-")
        try:
            if not dash:
                network = ipaddress.ip_network(text, strict=False)
                return network.version, int(network.network_address), int(network.broadcast_address)
            start, end = ipaddress.ip_address(first.strip()), ipaddress.ip_address(last.strip())
        except ValueError:
            continue
        if start.version == end.version and int(start) <= int(end):
            return start.version, int(start), int(end)
    return None


def _merged(ranges: Iterable[Range]) -> Iterator[Range]:
    """The same addresses in ranges that are sorted and apart."""
    held: Range | None = None
    for start, end in sorted(ranges):
        if held is None:
            held = start, end
        elif start <= held[1] + 1:
            held = held[0], max(held[1], end)
        else:
            yield held
            held = start, end
    if held is not None:
        yield held
