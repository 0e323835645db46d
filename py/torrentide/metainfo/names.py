"""File names from strangers, made safe to show and to save under.

Owns the rules for one path of a torrent. It never knows which files exist, and renames nothing on a disk.
The rules follow libtorrent 2.1's `sanitize_append_path_element`.
"""

import re
from collections.abc import Iterable

# libtorrent cuts at 240 bytes and keeps an extension of up to 10 characters; paths are at most 100 segments
# deep.
MAX_SEGMENT_BYTES = 240
MAX_EXTENSION_CHARS = 10
MAX_DEPTH = 100

# Invisible and direction-changing characters: they make "exe.pdf" of "fdp.exe".
_INVISIBLE = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ufffd\ud800-\udfff]")
_SEPARATOR = re.compile(r"[/\\]")
# Refused by Windows in any name, and by Android: made safe everywhere, as a torrent's files travel.
_RESERVED = re.compile('[?<>"|*:]')
_DEVICE = re.compile(r"(con|prn|aux|nul|clock\$|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def safe_path(segments: Iterable[str]) -> tuple[str, ...]:
    """Make each segment safe and drop those that are "." or ".."; may come out empty."""
    safe = [_safe_segment(segment) for segment in segments if segment not in (".", "..")]
    return tuple(safe[:MAX_DEPTH])


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
    stem, dot, extension = segment.rpartition(".")
    if not stem or len(extension) > MAX_EXTENSION_CHARS:
        stem, dot, extension = segment, "", ""
    room = MAX_SEGMENT_BYTES - len((dot + extension).encode())
    return (stem.encode()[:room].decode(errors="ignore") + dot + extension).rstrip(". ")
