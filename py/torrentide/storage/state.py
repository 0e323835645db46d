"""What is kept of a torrent beside its bytes and its metadata: which pieces are here, and how it was used.

Owns the form of the state record. What it reads may have been written by anybody who can run a script on the
site: every field is checked, and one that is wrong is as if it was not there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torrentide.errors import InvalidTorrent, PeerError, StorageError
from torrentide.metainfo import bencode
from torrentide.metainfo.metainfo import MAX_URL_CHARS, MAX_URLS
from torrentide.pieces.availability import MAX_PRIORITY
from torrentide.pieces.bitfield import Bitfield

# A magnet link with 256 trackers of the greatest length is longer than any that works.
MAX_MAGNET_CHARS = 64 * 1024
# What JavaScript counts exactly: bytes, bytes per second, milliseconds since 1970.
MAX_NUMBER = 2**53 - 1


@dataclass(slots=True)
class State:
    """`have` and `priorities` are of the wire's form and one byte a piece, empty while the metadata is
    unknown; `priorities` is empty, too, where all pieces are wanted alike. `magnet` is the link that it was
    added by, '' for a .torrent file; `trackers` and `web_seeds` were given with it, besides its own. `order`
    is when it was added, in milliseconds since 1970; `received` and `uploaded` are bytes over all sessions,
    `down` and `up` limits in bytes per second, -1 for none. `session`: a session brings it back."""

    have: bytes = b""
    priorities: bytes = b""
    magnet: str = ""
    trackers: list[str] = field(default_factory=list)
    web_seeds: list[str] = field(default_factory=list)
    order: int = 0
    received: int = 0
    uploaded: int = 0
    down: int = -1
    up: int = -1
    paused: bool = False
    sequential: bool = False
    session: bool = False

    def to_bytes(self) -> bytes:
        """The payload of the record."""
        return bencode.encode(
            {
                b"have": self.have,
                b"priorities": self.priorities,
                b"magnet": self.magnet,
                b"trackers": self.trackers,
                b"web seeds": self.web_seeds,
                b"order": self.order,
                b"received": self.received,
                b"uploaded": self.uploaded,
                b"down": self.down,
                b"up": self.up,
                b"flags": [name for name in ("paused", "sequential", "session") if getattr(self, name)],
            }
        )

    def have_of(self, count: int) -> Bitfield:
        """The pieces that are here, of `count`; none where the record speaks of another torrent."""
        try:
            return Bitfield.from_wire(count, self.have)
        except PeerError:
            return Bitfield(count)

    def priorities_of(self, count: int) -> bytes | None:
        """The priority of each of `count` pieces; None where all are wanted alike, or it is unknown."""
        fits = len(self.priorities) == count > 0 and max(self.priorities) <= MAX_PRIORITY
        return self.priorities if fits else None


def parse_state(payload: bytes) -> State:
    """Read the payload of a record. StorageError for what is none."""
    try:
        values = bencode.decode(payload)
    except InvalidTorrent as error:
        raise StorageError(f"a state that can't be read: {error}") from None
    if not isinstance(values, dict):
        raise StorageError("a state must be a dictionary")
    flags = values.get(b"flags")
    flags = flags if isinstance(flags, list) else []
    number = _reader(values, int, 0)
    data = _reader(values, bytes, b"")
    magnet = data(b"magnet")
    return State(
        have=data(b"have"),
        priorities=data(b"priorities"),
        magnet=magnet.decode(errors="replace") if len(magnet) <= MAX_MAGNET_CHARS else "",
        trackers=_urls(values.get(b"trackers")),
        web_seeds=_urls(values.get(b"web seeds")),
        order=_within(number(b"order"), 0),
        received=_within(number(b"received"), 0),
        uploaded=_within(number(b"uploaded"), 0),
        down=_within(number(b"down"), -1),
        up=_within(number(b"up"), -1),
        paused=b"paused" in flags,
        sequential=b"sequential" in flags,
        session=b"session" in flags,
    )


def _reader[T](values: dict[bytes, Any], kind: type[T], otherwise: T) -> Callable[[bytes], T]:
    def read(key: bytes) -> T:
        value = values.get(key)
        return value if isinstance(value, kind) else otherwise

    return read


def _within(value: int, low: int) -> int:
    return value if low <= value <= MAX_NUMBER else low


def _urls(value: object) -> list[str]:
    urls = value[:MAX_URLS] if isinstance(value, list) else []
    return [
        url.decode(errors="replace") for url in urls if isinstance(url, bytes) and len(url) <= MAX_URL_CHARS
    ]
