"""Magnet links: an info-hash with hints on where its peers are.

Owns reading and writing of `magnet:` URIs (BEP 9 and 53) and of bare info-hashes. It never asks a network.
"""

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote

from torrentide.errors import InvalidTorrent, UnsupportedError
from torrentide.metainfo.files import MAX_FILES, Span
from torrentide.metainfo.metainfo import MAX_URL_CHARS, MAX_URLS, Metainfo
from torrentide.metainfo.names import safe_path

# Browsers stop at 2 MB for a URL, servers at 8 to 64 KiB; a magnet of 256 trackers stays below this.
MAX_MAGNET_CHARS = 256 * 1024

_HEX = re.compile("[0-9a-fA-F]{40}")
_BASE32 = re.compile("[a-zA-Z2-7]{32}")
# A multihash: 12 is SHA-256, 20 its length of 32 bytes.
_MULTIHASH = re.compile("1220([0-9a-fA-F]{64})")
# A key that occurs several times may carry a number: tr.1, tr.2.
_NUMBER = re.compile(r"\.[0-9]+$")
# A host name, an IPv4 address or an IPv6 address in brackets; a port.
_PEER = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[^\s:/?#@\[\]]{1,255}):([0-9]{1,5})", re.IGNORECASE)
_RANGE = re.compile("([0-9]{1,6})(?:-([0-9]{1,6}))?")


@dataclass(frozen=True, slots=True)
class Magnet:
    """A parsed magnet link. `name` is what to show until the metadata is here; `exact_sources` (`xs`) are
    URLs of the .torrent file; `peers` (`x.pe`) are hosts with ports; `select` (`so`) are the files to
    download as ranges (first, last), in order and apart, and empty for all of them; `keywords` (`kt`) are of
    its maker. `info_hash_v2` is the SHA-256 of a hybrid torrent's info dict."""

    info_hash: bytes
    name: str = ""
    trackers: tuple[str, ...] = ()
    web_seeds: tuple[str, ...] = ()
    exact_sources: tuple[str, ...] = ()
    peers: tuple[tuple[str, int], ...] = ()
    select: tuple[Span, ...] = ()
    keywords: tuple[str, ...] = ()
    info_hash_v2: bytes | None = None

    @property
    def safe_name(self) -> str:
        """The name as safe to show and to save under as that of a torrent; may be empty."""
        return "".join(safe_path([self.name])) if self.name else ""

    @property
    def tiers(self) -> tuple[tuple[str, ...], ...]:
        """Each tracker in a tier of its own (libtorrent): all of them are asked."""
        return tuple((url,) for url in self.trackers)

    def __str__(self) -> str:
        parts = [f"xt=urn:btih:{self.info_hash.hex()}"]
        if self.info_hash_v2 is not None:
            parts.append(f"xt=urn:btmh:1220{self.info_hash_v2.hex()}")
        if self.name:
            parts.append("dn=" + _quote(self.name))
        for key, urls in (("tr", self.trackers), ("ws", self.web_seeds), ("xs", self.exact_sources)):
            parts += [f"{key}={_quote(url)}" for url in urls]
        parts += [f"x.pe={_quote(host, '[:]')}:{port}" for host, port in self.peers]
        if self.select:
            parts.append("so=" + ",".join(f"{a}-{b}" if a < b else f"{a}" for a, b in self.select))
        if self.keywords:
            parts.append("kt=" + "+".join(map(_quote, self.keywords)))
        return "magnet:?" + "&".join(parts)


def parse_magnet(uri: str) -> Magnet:
    """Read a magnet link. A value may contain `=`; `tr.1` counts as `tr`; unknown keys, and values that make
    no sense, are ignored. InvalidTorrent where there is no usable info-hash, UnsupportedError where there is
    one of BitTorrent v2 alone."""
    if len(uri) > MAX_MAGNET_CHARS:
        raise InvalidTorrent(f"a magnet link of {len(uri)} characters; at most {MAX_MAGNET_CHARS} are read")
    scheme, _, query = uri.strip().partition("?")
    if scheme.lower() not in ("magnet:", "stream-magnet:"):
        raise InvalidTorrent("a magnet link must begin with magnet:?")
    raw: dict[str, list[str]] = {}
    for part in query.split("&"):
        key, _, value = part.partition("=")
        raw.setdefault(_NUMBER.sub("", key.lower()), []).append(value)

    def values(*keys: str, decode: Callable[[str], str] = unquote) -> list[str]:
        return [decode(value) for key in keys for value in raw.get(key, [])]

    topics = values("xt")
    return Magnet(
        info_hash=_topic(topics),
        name=next(iter(values("dn", decode=_text)), ""),
        trackers=_urls(values("tr")),
        web_seeds=_urls(values("ws", "as")),
        exact_sources=_urls(values("xs")),
        peers=_peers(values("x.pe")),
        select=_ranges(token for value in values("so") for token in value.split(",")),
        keywords=tuple(
            filter(None, (unquote(word) for value in raw.get("kt", []) for word in value.split("+")))
        ),
        info_hash_v2=_topic_v2(topics),
    )


def magnet_of(metainfo: Metainfo) -> Magnet:
    """What a .torrent is as a magnet link."""
    return Magnet(metainfo.info.info_hash, metainfo.info.name, metainfo.trackers, metainfo.web_seeds)


def parse_info_hash(text: str) -> bytes | None:
    """20 bytes from 40 hex or 32 base32 characters; None for anything else."""
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    if _BASE32.fullmatch(text):
        return base64.b32decode(text.upper())
    return None


def _quote(value: str, safe: str = "") -> str:
    """Percent-encode. Half a surrogate pair, which a page's text may hold, becomes a question mark."""
    return quote(value, safe=safe, errors="replace")


def _text(value: str) -> str:
    """Percent-decode text, in which `+` is a blank (as in a form, and not as in a URL)."""
    return unquote(value.replace("+", " "))


def _topic(topics: list[str]) -> bytes:
    for topic in topics:
        urn, _, value = topic.rpartition(":")
        if urn.lower() == "urn:btih":
            info_hash = parse_info_hash(value)
            if info_hash is None:
                raise InvalidTorrent(f"xt=urn:btih: needs 40 hex or 32 base32 characters, not {value[:60]!r}")
            return info_hash
    if any(topic.lower().startswith("urn:btmh:") for topic in topics):
        raise UnsupportedError("this magnet link is BitTorrent v2 only (btmh); v1 (btih) is supported")
    raise InvalidTorrent("the magnet link has no info-hash (xt=urn:btih:...)")


def _topic_v2(topics: list[str]) -> bytes | None:
    for topic in topics:
        urn, _, value = topic.rpartition(":")
        multihash = _MULTIHASH.fullmatch(value)
        if urn.lower() == "urn:btmh" and multihash:
            return bytes.fromhex(multihash[1])
    return None


def _urls(urls: list[str]) -> tuple[str, ...]:
    kept = (url.strip() for url in urls[:MAX_URLS])
    return tuple(dict.fromkeys(url for url in kept if url and len(url) <= MAX_URL_CHARS))


def _peers(values: list[str]) -> tuple[tuple[str, int], ...]:
    found = (_PEER.fullmatch(value.strip()) for value in values[:MAX_URLS])
    peers = ((match[1], int(match[2])) for match in found if match)
    return tuple(dict.fromkeys((host, port) for host, port in peers if 0 < port < 65536))


def _ranges(tokens: Iterable[str]) -> tuple[Span, ...]:
    """BEP 53's "0,2,4-6", in order, with what touches or overlaps made one. They stay ranges: a list of the
    files could be of any length."""
    found = [match for match in map(_RANGE.fullmatch, tokens) if match]
    ranges: list[Span] = []
    for first, last in sorted((int(match[1]), int(match[2] or match[1])) for match in found):
        if first > last or last >= MAX_FILES:
            continue
        if ranges and first <= ranges[-1][1] + 1:
            first, before = ranges.pop()
            last = max(last, before)
        ranges.append((first, last))
    return tuple(ranges)
