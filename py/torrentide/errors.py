"""The exceptions of Torrentide, in one tree.

    TorrentideError
    +-- LocalError          the caller did something wrong
    |   +-- InvalidTorrent      what was given is not a torrent, a magnet link or a list of files
    |   +-- DuplicateTorrent    the client already has this info-hash
    |   +-- Closed              the client or torrent was destroyed
    +-- RemoteError         a peer or a tracker did something wrong
    |   +-- PeerError           a peer broke the wire protocol
    |   +-- TrackerError        a tracker refused, closed or answered garbage
    |   +-- WebSeedError        a web seed can't be read, or does not have the torrent's data
    +-- StorageError        data could not be read or written
    +-- UnsupportedError    valid, but not something that can be done here

Each class carries a `code`, which the JavaScript API passes on as `error.code`. A message says what was
wrong, where, and what was expected. This module knows nothing of the rest of the package.
"""

from typing import Literal


class TorrentideError(Exception):
    """The root of the tree. `code` is a stable, machine-readable name."""

    code = "ERR_TORRENTIDE"


class LocalError(TorrentideError):
    """The caller did something wrong."""

    code = "ERR_LOCAL"


class InvalidTorrent(LocalError):
    """The input is not a torrent, a magnet link or a usable list of files."""

    code = "ERR_INVALID_TORRENT"


class DuplicateTorrent(LocalError):
    """The client already has a torrent with this info-hash."""

    code = "ERR_DUPLICATE_TORRENT"


class Closed(LocalError):
    """The client or the torrent was destroyed before the call could finish."""

    code = "ERR_CLOSED"


class RemoteError(TorrentideError):
    """A peer or a tracker did something wrong."""

    code = "ERR_REMOTE"


class PeerError(RemoteError):
    """A peer broke the wire protocol; its connection is closed."""

    code = "ERR_PEER"


class TrackerError(RemoteError):
    """A tracker refused, closed the connection or answered something that is not the protocol."""

    code = "ERR_TRACKER"


class WebSeedError(RemoteError):
    """A web seed can't be read, or does not have what the torrent says; others go on."""

    code = "ERR_WEB_SEED"


class StorageError(TorrentideError):
    """Stored data, or a file that is being seeded, could not be read or written. `kind` is "full" where there
    is no room for more, and "lost" where a piece is not in the store any more, or not what it was."""

    code = "ERR_STORAGE"

    def __init__(self, message: str, *, kind: Literal["", "full", "lost"] = "") -> None:
        super().__init__(message)
        self.kind = kind
        if kind == "full":
            self.code = "ERR_STORAGE_FULL"


class UnsupportedError(TorrentideError):
    """Valid input that asks for something that is not available here."""

    code = "ERR_UNSUPPORTED"
