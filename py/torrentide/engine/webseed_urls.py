"""Where the bytes of a torrent are on a web server, and which servers a torrent may send a page to.

Owns the rules for URLs from strangers, and the two ways to name a range of the torrent by URLs: files (BEP
19) and pieces (BEP 17). It never fetches and never knows what became of a fetch.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit

from torrentide.errors import UnsupportedError
from torrentide.metainfo.info import Info, raw_paths

# Names that lead into the visitor's own network: mDNS, RFC 6761, RFC 8375, ICANN's reserve for private use.
_LOCAL_NAME = re.compile(r"[^.]+|(.*\.)?(localhost|local|internal|home\.arpa)")
# What browsers turn into something else is refused: percent-encoding, full-width digits, backslashes.
_HOST = re.compile(r"[a-z0-9._-]+")
# The parameters of BEP 17. libtorrent refuses URLs that bring their own (`ssrf_mitigation`).
_OUR_PARAMETERS = {"info_hash", "piece", "ranges"}


@dataclass(frozen=True, slots=True)
class Step:
    """One fetch: bytes `start` to `end` (exclusive) of the torrent are in the `size` bytes at `url`, whose
    first is byte `base` of the torrent. Without a `url` they are padding. `ranged`: ask by a Range header,
    otherwise the URL itself names the bytes."""

    url: str | None
    start: int
    end: int
    base: int
    size: int
    ranged: bool = True

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last byte to ask for."""
        return (self.start - self.base, self.end - 1 - self.base) if self.ranged else None


class Addresses(Protocol):
    """Names ranges of the torrent."""

    def steps(self, ranges: Iterable[tuple[int, int]]) -> list[Step]:
        """The fetches, in order, that bring the ranges (start, end) of the torrent, which are ascending."""


class Files:
    """The files of a torrent under the names that it gives them, which are not safe for a disk."""

    def __init__(self, info: Info) -> None:
        self.files = info.files
        self._info = info
        self._paths = raw_paths(info)
        self.single = bool(self._paths) and len(self._paths[0]) == 1

    def cut(self, start: int, end: int) -> Iterator[tuple[int | None, int, int]]:
        """Cut bytes `start` to `end` (exclusive) of the torrent along files: (place in `files`, start, end).
        The place is None for padding (BEP 47), which no server has."""
        for place, offset, count in self._info.files_in(start, end - start):
            first = self.files[place].offset + offset
            if start < first:
                yield None, start, first
            start = first + count
            yield place, first, start
        if start < end:
            yield None, start, end

    def path(self, place: int) -> str:
        """The path with the torrent's name in front, percent-encoded."""
        # A browser takes "." and ".." out of a path, however they are written, and so leaves the folder.
        parts = [part for part in self._paths[place] if part not in (b"", b".", b"..")]
        return "/".join(quote(part, safe="") for part in parts)


class FileAddresses:
    """Files below a URL (BEP 19)."""

    def __init__(self, url: str, files: Files) -> None:
        self._url = url
        self._files = files

    def steps(self, ranges: Iterable[tuple[int, int]]) -> list[Step]:
        """See `Addresses`. Ranges in one file become one fetch from the first to the last of them."""
        steps: list[Step] = []
        last = None
        for start, end in ranges:
            for place, first, behind in self._files.cut(start, end):
                if place is None:
                    steps.append(Step(None, first, behind, first, behind - first))
                elif place == last:
                    steps[-1] = replace(steps[-1], end=behind)
                else:
                    file = self._files.files[place]
                    steps.append(Step(self._file_url(place), first, behind, file.offset, file.length))
                last = place
        return steps

    def _file_url(self, place: int) -> str:
        if self._files.single and not self._url.endswith("/"):
            return self._url
        return self._url.removesuffix("/") + "/" + self._files.path(place)


class PieceAddresses:
    """A script that serves pieces (BEP 17)."""

    def __init__(self, url: str, info: Info) -> None:
        self._url = url + ("&" if "?" in url else "?") + "info_hash=" + quote(info.info_hash, safe="")
        self._info = info

    def steps(self, ranges: Iterable[tuple[int, int]]) -> list[Step]:
        """See `Addresses`."""
        steps = []
        size = self._info.piece_length
        for start, end in ranges:
            while start < end:
                index, begin = divmod(start, size)
                behind = min(end, index * size + self._info.piece_size(index))
                url = f"{self._url}&piece={index}"
                if behind - start < self._info.piece_size(index):
                    url += f"&ranges={begin}-{begin + behind - start - 1}"
                steps.append(Step(url, start, behind, start, behind - start, ranged=False))
                start = behind
        return steps


def web_seed_url(url: str, origin: str, *, pieces: bool = False) -> str:
    """The URL of a web seed as it may be fetched by a page at `origin`; UnsupportedError says why it may not.

    The rules are libtorrent's `ssrf_mitigation` as far as a page can hold them: which address a name has and
    where a redirect leads is only the browser's to know. `pieces`: it is one of BEP 17.
    """
    url = url.strip().partition("#")[0]
    try:
        parts = urlsplit(url)
        host = _host(parts)
    except ValueError as error:
        raise _refusal(url, str(error)) from None
    page = _page(origin)
    local = _is_local(host)
    if parts.scheme == "http" and page.scheme == "https" and not _is_loopback(host):
        raise _refusal(url, "a page that came by https may read https alone")
    if local and not _is_local(page.hostname or "."):
        raise _refusal(url, "it is in the visitor's own network, where no torrent may send a page to")
    if local and parts.query and f"{parts.scheme}://{parts.netloc}" != origin:
        raise _refusal(url, "a URL in the local network may not have a query")
    if pieces and _OUR_PARAMETERS & {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}:
        raise _refusal(url, "it brings parameters of its own that only a client may set")
    return url


def check_tracker(url: str, origin: str) -> None:
    """UnsupportedError where no torrent may send a page at `origin` to this tracker: to whatever listens in
    the visitor's own network, but for what has the path of a tracker (libtorrent's `ssrf_mitigation`)."""
    parts = urlsplit(url)
    if parts.path.startswith("/announce") or _is_local(_page(origin).hostname or "."):
        return
    try:
        local = _is_local(_plain_host(parts))
    except ValueError as error:
        raise UnsupportedError(f"tracker {url[:200]} is not used: {error}") from None
    if local:
        raise UnsupportedError(
            f"tracker {url[:200]} is not used: it is in the visitor's own network, where a torrent may send "
            "a page to paths that begin with /announce alone"
        )


def _host(parts: SplitResult) -> str:
    """The host of a web seed in lower case, without brackets. ValueError says what is wrong with the URL."""
    if parts.scheme not in ("http", "https"):
        raise ValueError("a web page can read http and https alone")
    return _plain_host(parts)


def _plain_host(parts: SplitResult) -> str:
    if "@" in parts.netloc:
        raise ValueError("it carries a user name or password")
    host = (parts.hostname or "").removesuffix(".")
    if ":" in host:
        ipaddress.IPv6Address(host)
    elif not _HOST.fullmatch(host):
        raise ValueError("its host is not written in plain letters and digits")
    else:
        _ipv4(host)
    if parts.port == 0:
        raise ValueError("there is no port 0")
    return host


def _ipv4(host: str) -> ipaddress.IPv4Address | None:
    """The address that browsers read a host as (WHATWG URL: 127.1, 0x7f000001, 017700000001); None for a
    name."""
    labels = host.split(".")
    if not re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        return None
    try:
        *high, low = [_number(label) for label in labels]
        return ipaddress.IPv4Address(bytes(high) + low.to_bytes(4 - len(high)))
    except (ValueError, OverflowError):
        raise ValueError("its host is no address") from None


def _number(label: str) -> int:
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if label.startswith("0") and label != "0" else 10)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    if ":" not in host:
        return _ipv4(host)
    address = ipaddress.IPv6Address(host)
    return address.ipv4_mapped or address


def _is_local(host: str) -> bool:
    address = _address(host)
    if address is None:
        return _LOCAL_NAME.fullmatch(host) is not None
    return not address.is_global or address.is_multicast


def _is_loopback(host: str) -> bool:
    """Browsers let https pages read http from these."""
    address = _address(host)
    return host == "localhost" or host.endswith(".localhost") if address is None else address.is_loopback


def _page(origin: str) -> SplitResult:
    """The parts of a page's origin, which is "null" for pages that have none."""
    return urlsplit(origin if "://" in origin else "")


def _refusal(url: str, why: str) -> UnsupportedError:
    return UnsupportedError(f"web seed {url[:200]} is not used: {why}")
