"""Torrentide: BitTorrent in the browser.

In the Python of a web page (Pyodide):

    from torrentide import Client

    async with Client() as client:
        torrent = await client.add("magnet:?xt=urn:btih:...")
        await torrent.save("data")

On a native Python this package is the home of the tracker and the command line. Nothing is imported before it
is asked for, so that importing a part never pays for the whole.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torrentide.client import Client, TorrentId, TrackerOptions
    from torrentide.counters import Tracker, Wire
    from torrentide.diagnosis import Attempt, Diagnosis, Finding, TorrentDiagnosis
    from torrentide.errors import (
        Closed,
        DuplicateTorrent,
        InvalidTorrent,
        LocalError,
        PeerError,
        RemoteError,
        StorageError,
        TorrentideError,
        TrackerError,
        UnsupportedError,
        WebSeedError,
    )
    from torrentide.file import File
    from torrentide.seeding import SeedInput
    from torrentide.torrent import Torrent

__version__ = "0.1.0"

_HOME = {
    "Client": "client",
    "TorrentId": "client",
    "TrackerOptions": "client",
    "Attempt": "diagnosis",
    "Diagnosis": "diagnosis",
    "Finding": "diagnosis",
    "TorrentDiagnosis": "diagnosis",
    "Tracker": "counters",
    "Wire": "counters",
    "File": "file",
    "SeedInput": "seeding",
    "Torrent": "torrent",
}
__all__ = [
    "Attempt",
    "Client",
    "Closed",
    "Diagnosis",
    "DuplicateTorrent",
    "File",
    "Finding",
    "InvalidTorrent",
    "LocalError",
    "PeerError",
    "RemoteError",
    "SeedInput",
    "StorageError",
    "Torrent",
    "TorrentDiagnosis",
    "TorrentId",
    "TorrentideError",
    "Tracker",
    "TrackerError",
    "TrackerOptions",
    "UnsupportedError",
    "WebSeedError",
    "Wire",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME.get(name, 'errors')}"), name)
    globals()[name] = value
    return value
