"""What a torrent tells of itself. Nothing here holds code."""

from typing import Protocol

from torrentide.engine.peer import Peer
from torrentide.errors import StorageError, TorrentideError


class TorrentObserver(Protocol):
    """Is told what happens to a torrent. Nothing is told per block."""

    def metadata(self, now: float) -> None:
        """The info dict is known."""

    def verified(self, index: int, now: float) -> None:
        """A piece is here, checked and stored."""

    def unverified(self, index: int, now: float) -> None:
        """A piece that was here is not any more; it is fetched again."""

    def full(self, error: StorageError, now: float) -> None:
        """There is no room for more; the download waits for some."""

    def room(self, now: float) -> None:
        """There is room again, and the download goes on."""

    def done(self, now: float) -> None:
        """Everything that is wanted is here."""

    def peer_joined(self, peer: Peer, now: float) -> None:
        """Handshakes were exchanged."""

    def peer_left(self, peer: Peer, reason: str, now: float) -> None:
        """A peer that had joined is gone."""

    def warning(self, error: TorrentideError) -> None:
        """Something went wrong; the torrent goes on."""

    def failed(self, error: TorrentideError) -> None:
        """The torrent can't go on."""


class Observer(TorrentObserver, Protocol):
    """Holds the connections of a torrent, too."""

    def link_closed(self, link: int) -> None:
        """The torrent has closed a connection, joined or not."""
