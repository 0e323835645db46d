"""The .torrent file: an info dict with its trackers, web seeds and notes around it.

Owns reading and writing of the outer dictionary (BEP 3, 5, 12, 17, 19). The info dict, and what it does not
know, it carries as the bytes that came. It never knows how a tracker is reached.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from torrentide.errors import InvalidTorrent
from torrentide.metainfo import bencode
from torrentide.metainfo.info import Info, parse_info

# libtorrent 2.1 reads .torrent files into a 10 MB buffer.
MAX_TORRENT_BYTES = 10_000_000
# More trackers, web seeds or nodes than anybody runs; the list is shown and dialled. A URL is cut off where
# browsers and servers do.
MAX_URLS = 256
MAX_URL_CHARS = 2048
# ECMAScript's last date, in seconds: a page makes a Date of it.
MAX_DATE = 8_640_000_000_000
# RFC 1035: a host name has at most 255 characters.
MAX_HOST_CHARS = 255

_READ = frozenset(
    b"announce,announce-list,comment,created by,creation date,httpseeds,nodes,url-list".split(b",")
)


@dataclass(frozen=True, slots=True)
class Metainfo:
    """A parsed .torrent. `tiers` are the trackers as BEP 12 groups them, `web_seeds` are of BEP 19 and
    `http_seeds` of BEP 17, `nodes` host and port of DHT nodes (BEP 5); `creation_date` is in seconds since
    1970. `others` are the keys that are not read here, by name, with their values as bencoded."""

    info: Info
    tiers: tuple[tuple[str, ...], ...] = ()
    web_seeds: tuple[str, ...] = ()
    comment: str = ""
    created_by: str = ""
    creation_date: int | None = None
    http_seeds: tuple[str, ...] = ()
    nodes: tuple[tuple[str, int], ...] = ()
    others: tuple[tuple[bytes, bytes], ...] = field(default=(), repr=False)

    @property
    def trackers(self) -> tuple[str, ...]:
        """All trackers, tier by tier."""
        return tuple(url for tier in self.tiers for url in tier)

    def to_bytes(self) -> bytes:
        """The .torrent file, with the info dict, and every value that is not read here, byte for byte as it
        came."""
        values: dict[bytes, Any] = {
            b"announce": self.trackers[0] if self.tiers else None,
            b"announce-list": [list(tier) for tier in self.tiers],
            b"comment": self.comment,
            b"created by": self.created_by,
            b"httpseeds": list(self.http_seeds),
            b"nodes": [list(node) for node in self.nodes],
            b"url-list": list(self.web_seeds),
        }
        items = {key: bencode.encode(value) for key, value in values.items() if value}
        if self.creation_date is not None:
            items[b"creation date"] = bencode.encode(self.creation_date)
        return bencode.join_raw({**dict(self.others), **items, b"info": self.info.raw})


def parse_metainfo(data: bytes) -> Metainfo:
    """Read a .torrent file. InvalidTorrent says what is wrong; optional keys of a wrong type are ignored."""
    if len(data) > MAX_TORRENT_BYTES:
        raise InvalidTorrent(f"a .torrent file of {len(data)} bytes; at most {MAX_TORRENT_BYTES} are read")
    raw = bencode.raw_items(data)
    if b"info" not in raw:
        raise InvalidTorrent("this is not a .torrent file: it has no info dictionary")
    outer = {key: bencode.decode(value) for key, value in raw.items() if key in _READ}
    date = outer.get(b"creation date")
    return Metainfo(
        info=parse_info(raw[b"info"]),
        tiers=_tiers(outer),
        web_seeds=tuple(_urls(outer.get(b"url-list"))),
        comment=_note(outer.get(b"comment")),
        created_by=_note(outer.get(b"created by")),
        creation_date=date if isinstance(date, int) and 0 <= date <= MAX_DATE else None,
        http_seeds=tuple(_urls(outer.get(b"httpseeds"))),
        nodes=tuple(_nodes(outer.get(b"nodes"))),
        others=tuple(sorted((key, value) for key, value in raw.items() if key not in _READ | {b"info"})),
    )


def _tiers(outer: dict[bytes, Any]) -> tuple[tuple[str, ...], ...]:
    """BEP 12: where there is a usable list, `announce` does not count. A URL counts where it stands first."""
    tiers = outer.get(b"announce-list")
    parsed: list[tuple[str, ...]] = []
    seen: set[str] = set()
    for tier in tiers[:MAX_URLS] if isinstance(tiers, list) else ():
        urls = [url for url in _urls(tier) if url not in seen][: MAX_URLS - len(seen)]
        seen.update(urls)
        if urls:
            parsed.append(tuple(urls))
    if parsed:
        return tuple(parsed)
    announce = tuple(_urls(outer.get(b"announce")))
    return (announce,) if announce else ()


def _urls(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    urls = (url.decode(errors="replace").strip() for url in values[:MAX_URLS] if isinstance(url, bytes))
    return list(dict.fromkeys(url for url in urls if 0 < len(url) <= MAX_URL_CHARS))


def _nodes(value: object) -> Iterator[tuple[str, int]]:
    for node in value[:MAX_URLS] if isinstance(value, list) else ():
        match node:
            case [bytes(host), int(port)] if 0 < len(host) <= MAX_HOST_CHARS and 0 < port < 65536:
                yield host.decode(errors="replace"), port


def _note(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else ""
