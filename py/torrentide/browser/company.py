"""What a tab needs to keep company with others that have the same torrent, as Protocols; and what is done
with metadata that another one gives."""

import time
from collections.abc import Callable
from typing import Protocol

from torrentide.browser.shim import JsBuffer
from torrentide.engine.torrent import Torrent
from torrentide.errors import InvalidTorrent, StorageError
from torrentide.metainfo.metainfo import MAX_TORRENT_BYTES, parse_metainfo
from torrentide.pieces.bitfield import Bitfield
from torrentide.ports import Buffer


class Line(Protocol):
    """To all other tabs that have the torrent. `kind` names what is told, `index` a piece."""

    def tell(self, kind: str, index: int = 0) -> None:
        """Tell all others."""

    def tell_bytes(self, kind: str, data: Buffer) -> None:
        """Tell all others, with bytes."""

    def tell_piece(self, kind: str, index: int, data: JsBuffer) -> None:
        """Tell all others, with the bytes of a piece."""


class Shared(Protocol):
    """A store whose files another tab has; see shared.py."""

    def offer_all(self) -> None:
        """Bring everything that is in memory to the tab that stores it."""

    def check(self, index: int, done: Callable[[StorageError | None, float], None]) -> None:
        """Whether the other tab has stored the piece: an error where it is not what it should be."""

    def stored(self, index: int) -> None:
        """The piece is in the files, and good: it is not kept here."""

    def holds(self, index: int) -> bool:
        """Whether the piece does not depend on the other tab."""


def learn(torrent: Torrent, data: bytes) -> None:
    """Take the .torrent file that another tab gives, if it is this torrent's and lacks."""
    if torrent.info is not None or torrent.closed or len(data) > MAX_TORRENT_BYTES:
        return
    try:
        info = parse_metainfo(data).info
    except InvalidTorrent:
        return
    if info.info_hash == torrent.info_hash:
        torrent.learn(info, Bitfield(info.piece_count), time.monotonic())
