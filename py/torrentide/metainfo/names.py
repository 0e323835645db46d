"""File names from strangers, made safe to show and to save under.

Owns the rules for the paths of a torrent, one by one and among each other. It never knows which files exist,
and renames nothing on a disk. The rules follow libtorrent 2.1's `sanitize_append_path_element` and
`resolve_duplicate_filenames`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from torrentide.errors import InvalidTorrent

# libtorrent cuts at 240 bytes and keeps an extension of up to 10 characters; paths are at most 100 segments
# deep. It gives up after 500 names that were taken already.
MAX_SEGMENT_BYTES = 240
MAX_EXTENSION_CHARS = 10
MAX_DEPTH = 100
MAX_COLLISIONS = 500

Path = tuple[str, ...]

# Invisible and direction-changing characters: they make "exe.pdf" of "fdp.exe".
_INVISIBLE = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ufffd\ud800-\udfff]")
_SEPARATOR = re.compile(r"[/\\]")
# Refused by Windows in any name, and by Android: made safe everywhere, as a torrent's files travel.
_RESERVED = re.compile('[?<>"|*:]')
_DEVICE = re.compile(r"(con|prn|aux|nul|clock\$|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def safe_path(segments: Sequence[str]) -> Path:
    """Make each segment safe and drop those that are "." or ".."; may come out empty. InvalidTorrent for
    more than MAX_DEPTH segments, whatever they are."""
    if len(segments) > MAX_DEPTH:
        raise InvalidTorrent(f"a path of {len(segments)} segments; at most {MAX_DEPTH} are read")
    return tuple(_safe_segment(segment) for segment in segments if segment not in (".", ".."))


def unique_paths(paths: Sequence[Path]) -> list[Path]:
    """Rename each file whose path an earlier file or a folder has, compared without case: the second "a.txt"
    becomes "a.1.txt". InvalidTorrent after MAX_COLLISIONS names that were taken."""
    unique = list(paths)
    keys = [_key(path) for path in paths]
    losers = _losers(keys)
    if not losers:
        return unique
    homes = {keys[number].rpartition("/")[0] for number in losers}
    taken = {*keys, *(folder for folder in _folders(keys) if folder.rpartition("/")[0] in homes)}
    counts = Counter[str]()
    for number in losers:
        *folder, name = paths[number]
        while (key := _key(unique[number])) in taken:
            counts[keys[number]] += 1
            if counts.total() > MAX_COLLISIONS:
                raise InvalidTorrent(f"more than {MAX_COLLISIONS} names of files are taken by others")
            unique[number] = (*folder, _numbered(name, counts[keys[number]]))
        taken.add(key)
    return unique


def _losers(keys: Sequence[str]) -> list[int]:
    """The numbers of those whose key an earlier one or a folder has."""
    names = set(keys)
    seen = {folder for folder in _folders(keys) if folder in names}
    if len(names) == len(keys) and not seen:
        return []
    losers = []
    for number, key in enumerate(keys):
        if key in seen:
            losers.append(number)
        seen.add(key)
    return losers


def _folders(keys: Iterable[str]) -> Iterator[str]:
    """The keys of all folders, some of them often. One by one: together they can be a hundred times as long
    as the paths."""
    before = ""
    for key in keys:
        folder = key.rpartition("/")[0]
        if folder != before:
            before = folder
            while folder:
                yield folder
                folder = folder.rpartition("/")[0]


def _key(path: Path) -> str:
    """What is the same for paths that a file system without case takes for the same."""
    return "/".join(path).casefold()


def _safe_segment(segment: str) -> str:
    segment = _SEPARATOR.sub("", _INVISIBLE.sub("", segment))
    segment = _cut(_RESERVED.sub("_", _CONTROL.sub("_", segment)))
    if _DEVICE.fullmatch(segment):
        segment = _cut("_" + segment)
    return segment or "_"


def _cut(segment: str) -> str:
    """At most MAX_SEGMENT_BYTES, and no dot or space at the end: Windows drops them."""
    segment = segment.rstrip(". ")
    if len(segment.encode()) <= MAX_SEGMENT_BYTES:
        return segment
    return _fit(*_split(segment)).rstrip(". ")


def _numbered(segment: str, number: int) -> str:
    stem, extension = _split(segment)
    return _fit(stem, f".{number}{extension}")


def _split(segment: str) -> tuple[str, str]:
    """Stem and extension, the dot with the latter; a long extension is part of the stem."""
    stem, dot, extension = segment.rpartition(".")
    if not stem or len(extension) > MAX_EXTENSION_CHARS:
        return segment, ""
    return stem, dot + extension


def _fit(stem: str, tail: str) -> str:
    """Join both, with as much of the stem as there is room for."""
    room = MAX_SEGMENT_BYTES - len(tail.encode())
    return stem.encode()[:room].decode(errors="ignore") + tail
