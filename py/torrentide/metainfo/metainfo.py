"""The .torrent file: an info dict with its trackers, web seeds and notes around it.

Owns reading and writing of the outer dictionary (BEP 3, 12, 19). The info dict is carried as the bytes it
came in. It never knows how a tracker is reached.
"""

from dataclasses import dataclass
from typing import Any

from torrentide.errors import InvalidTorrent
from torrentide.metainfo import bencode
from torrentide.metainfo.info import Info, parse_info

# libtorrent 2.1 reads .torrent files into a 10 MB buffer.
MAX_TORRENT_BYTES = 10_000_000
# More trackers or web seeds than anybody runs; the list is shown and dialled. A URL is cut off where browsers
# and servers do.
MAX_URLS = 256
MAX_URL_CHARS = 2048


@dataclass(frozen=True, slots=True)
class Metainfo:
    """A parsed .torrent. `trackers` are BEP 12 tiers, `creation_date` is in seconds since 1970."""

    info: Info
    trackers: tuple[tuple[str, ...], ...] = ()
    web_seeds: tuple[str, ...] = ()
    comment: str = ""
    created_by: str = ""
    creation_date: int | None = None

    def to_bytes(self) -> bytes:
        """The .torrent file, with the info dict byte for byte as it came."""
        outer: dict[str, Any] = {}
        if self.trackers:
            outer["announce"] = self.trackers[0][0]
            outer["announce-list"] = [list(tier) for tier in self.trackers]
        if self.comment:
            outer["comment"] = self.comment
        if self.created_by:
            outer["created by"] = self.created_by
        if self.creation_date is not None:
            outer["creation date"] = self.creation_date
        if self.web_seeds:
            outer["url-list"] = list(self.web_seeds)
        # bencode sorts keys; of these only url-list comes behind info.
        before = bencode.encode({key: value for key, value in outer.items() if key < "info"})
        behind = bencode.encode({key: value for key, value in outer.items() if key > "info"})
        return before[:-1] + b"4:info" + self.info.raw + behind[1:]


def parse_metainfo(data: bytes) -> Metainfo:
    """Read a .torrent file. InvalidTorrent says what is wrong; optional keys of a wrong type are ignored."""
    if len(data) > MAX_TORRENT_BYTES:
        raise InvalidTorrent(f"a .torrent file of {len(data)} bytes; at most {MAX_TORRENT_BYTES} are read")
    outer = bencode.decode(data)
    span = bencode.value_span(data, b"info") if isinstance(outer, dict) else None
    if span is None:
        raise InvalidTorrent("this is not a .torrent file: it has no info dictionary")
    date = outer.get(b"creation date")
    return Metainfo(
        info=parse_info(data[span[0] : span[1]]),
        trackers=_tiers(outer),
        web_seeds=tuple(_urls(outer.get(b"url-list"))),
        comment=_note(outer.get(b"comment")),
        created_by=_note(outer.get(b"created by")),
        creation_date=date if isinstance(date, int) and date >= 0 else None,
    )


def _tiers(outer: dict[bytes, Any]) -> tuple[tuple[str, ...], ...]:
    tiers = outer.get(b"announce-list")
    parsed: list[tuple[str, ...]] = []
    room = MAX_URLS
    for tier in tiers[:MAX_URLS] if isinstance(tiers, list) else ():
        urls = tuple(_urls(tier)[:room])
        if urls:
            parsed.append(urls)
            room -= len(urls)
    if parsed:
        return tuple(parsed)
    announce = tuple(_urls(outer.get(b"announce")))
    return (announce,) if announce else ()


def _urls(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    urls = (url.decode(errors="replace").strip() for url in values[:MAX_URLS] if isinstance(url, bytes))
    return [url for url in urls if url and len(url) <= MAX_URL_CHARS]


def _note(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else ""
