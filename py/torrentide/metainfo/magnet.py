"""Magnet links: an info-hash with hints on where its peers are.

Owns reading and writing of `magnet:` URIs (BEP 9, BEP 53's sibling keys) and of bare info-hashes. It never
asks a network.
"""

import base64
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from torrentide.errors import InvalidTorrent, UnsupportedError
from torrentide.metainfo.metainfo import MAX_URL_CHARS, MAX_URLS

# Browsers stop at 2 MB for a URL, servers at 8 to 64 KiB; a magnet of 256 trackers stays below this.
MAX_MAGNET_CHARS = 256 * 1024

_HEX = re.compile("[0-9a-fA-F]{40}")
_BASE32 = re.compile("[a-zA-Z2-7]{32}")


@dataclass(frozen=True, slots=True)
class Magnet:
    """A parsed magnet link. `name` is what to show until the metadata is here."""

    info_hash: bytes
    name: str = ""
    trackers: tuple[str, ...] = ()
    web_seeds: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [f"xt=urn:btih:{self.info_hash.hex()}"]
        if self.name:
            parts.append("dn=" + _quote(self.name))
        parts += ["tr=" + _quote(url) for url in self.trackers]
        parts += ["ws=" + _quote(url) for url in self.web_seeds]
        return "magnet:?" + "&".join(parts)


def parse_magnet(uri: str) -> Magnet:
    """Read a magnet link. A value may contain `=`; `tr.1` counts as `tr`; unknown keys are ignored."""
    scheme, _, query = uri.strip().partition("?")
    if scheme.lower() not in ("magnet:", "stream-magnet:"):
        raise InvalidTorrent("a magnet link must begin with magnet:?")
    if len(uri) > MAX_MAGNET_CHARS:
        raise InvalidTorrent(f"a magnet link of {len(uri)} characters; at most {MAX_MAGNET_CHARS} are read")
    values: dict[str, list[str]] = {}
    for part in query.split("&"):
        key, _, value = part.partition("=")
        values.setdefault(key.partition(".")[0].lower(), []).append(unquote(value.replace("+", " ")))
    return Magnet(
        info_hash=_topic(values.get("xt", [])),
        name=values.get("dn", [""])[0],
        trackers=_urls(values.get("tr", [])),
        web_seeds=_urls(values.get("ws", []) + values.get("as", [])),
    )


def parse_info_hash(text: str) -> bytes | None:
    """20 bytes from 40 hex or 32 base32 characters; None for anything else."""
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    if _BASE32.fullmatch(text):
        return base64.b32decode(text.upper())
    return None


def _quote(value: str) -> str:
    """Percent-encode. Half a surrogate pair, which a page's text may hold, becomes a question mark."""
    return quote(value, safe="", errors="replace")


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


def _urls(urls: list[str]) -> tuple[str, ...]:
    kept = (url.strip() for url in urls[:MAX_URLS])
    return tuple(dict.fromkeys(url for url in kept if url and len(url) <= MAX_URL_CHARS))
