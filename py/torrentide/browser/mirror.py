"""What the page was told of one torrent, so that it is told what changed and no more.

Owns the messages of type `torrent` (web/src/protocol.ts) and the values that they carried last. It asks
nothing of the torrent but how it stands.
"""

from typing import Any

from torrentide.browser.files import FilesHere
from torrentide.browser.page import Page
from torrentide.browser.standing import partial_pieces, tracker_states, wire_row
from torrentide.engine.swarm import Swarm

_COUNTERS = ("downloaded", "received", "uploaded", "downloadSpeed", "uploadSpeed")


class Mirror:
    """Of the torrent that the page calls `number`. `swarm`, `files` and the URLs in `announce` are set when
    they are known."""

    def __init__(self, number: int, page: Page) -> None:
        self.swarm: Swarm | None = None
        self.files: FilesHere | None = None
        self.announce: list[str] = []
        # Bytes received and uploaded before this session.
        self.before = (0, 0)
        self._number = number
        self._page = page
        self._sent: dict[str, int | float] = dict.fromkeys(_COUNTERS, 0)
        self._rows: dict[int, list[int | float | str]] = {}
        self._partial: list[int] = []
        self._trackers: list[dict[str, Any]] = []

    def tell(self, state: dict[str, Any], *events: list[Any]) -> None:
        """Send a message: what changed, and the events behind it."""
        for name in _COUNTERS:
            if name in state:
                self._sent[name] = state[name]
        self._page.post({"type": "torrent", "torrent": self._number, "state": state, "events": list(events)})

    def progress(self, now: float) -> dict[str, Any]:
        """The counters that changed since they were told."""
        if self.swarm is None:
            return {}
        torrent = self.swarm.torrent
        received, uploaded = self.totals()
        values: dict[str, int | float] = {
            "downloaded": torrent.downloaded,
            "received": received,
            "uploaded": uploaded,
            "downloadSpeed": torrent.down.rate(now),
            "uploadSpeed": torrent.up.rate(now),
        }
        state: dict[str, Any] = {name: value for name, value in values.items() if value != self._sent[name]}
        if self.files is not None and self.files.moved:
            self.files.moved = False
            state["fileProgress"] = self.files.progress()
        return state

    def moved(self) -> list[list[Any]]:
        """Events of the bytes that came and went since the last message that said so."""
        if self.swarm is None:
            return []
        received, uploaded = self.totals()
        came = received - max(self._sent["received"], self.before[0])
        went = uploaded - max(self._sent["uploaded"], self.before[1])
        return [[name, count] for name, count in (("download", came), ("upload", went)) if count]

    def totals(self) -> tuple[int, int]:
        """Bytes received and uploaded, those of earlier sessions included."""
        received, uploaded = self.before
        if self.swarm is not None:
            received += self.swarm.torrent.down.total
            uploaded += self.swarm.torrent.up.total
        return received, uploaded

    def standing(self, now: float) -> dict[str, Any]:
        """The wires and begun pieces that changed since they were told."""
        if self.swarm is None:
            return {}
        torrent = self.swarm.torrent
        state: dict[str, Any] = {}
        peers = [peer for peer in torrent.peers.values() if peer.peer_id is not None]
        rows = {peer.link: wire_row(peer, now) for peer in peers}
        changed = [row for link, row in rows.items() if row != self._rows.get(link)]
        if changed:
            self._rows = rows
            state["wires"] = changed
        partial = partial_pieces(torrent.picker) if torrent.picker is not None else []
        if partial != self._partial:
            self._partial = state["partial"] = partial
        return state

    def trackers(self) -> dict[str, Any]:
        """All trackers, if one changed since they were told."""
        # While the torrent is being joined it is not known to us yet.
        trackers = tracker_states(self.swarm, self.announce) if self.swarm is not None else []
        if trackers == self._trackers:
            return {}
        self._trackers = trackers
        return {"trackers": trackers}

    def forget(self, link: int) -> None:
        """A wire is gone."""
        self._rows.pop(link, None)
