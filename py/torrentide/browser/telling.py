"""What the page is told of one torrent, and when: counters a few times a second, never per block; events at
once, with the state that they speak of. It takes no decision about the torrent.
"""

from collections.abc import Callable
from typing import Any

from torrentide.browser.calls import Calls
from torrentide.browser.facilities import Facilities
from torrentide.browser.files import FilesHere
from torrentide.browser.keeping import Keeping
from torrentide.browser.mirror import Mirror
from torrentide.browser.page import error_fields
from torrentide.browser.sharing import Sharing
from torrentide.browser.standing import client_of
from torrentide.browser.wanted import Wanted
from torrentide.browser.wires import PageWires
from torrentide.discovery.signalling import AnnounceReply
from torrentide.engine.peer import Peer
from torrentide.engine.torrent import Torrent
from torrentide.errors import StorageError, TorrentideError
from torrentide.timers import Timer

# Often enough for a moving progress bar; a message costs about as much as three blocks.
REFRESH_SECONDS = 0.2

# Peers, trackers and begun pieces are for people to look at: once in so many refreshes.
STANDING_REFRESHES = 5
# Whether the files are still there is looked at so often.
LOOK_REFRESHES = 50
# What was sent and received is stored with all else, and each minute if only it moved.
STATISTICS_REFRESHES = 300


class Telling:
    """The observer of a torrent's swarm (`SwarmObserver`). `opened` is called when the metadata is here,
    `ended` when the torrent can't go on."""

    def __init__(
        self,
        facilities: Facilities,
        mirror: Mirror,
        keeping: Keeping,
        sharing: Sharing,
        calls: Calls,
        opened: Callable[[float], None],
        ended: Callable[[Exception], None],
    ) -> None:
        self.wires = PageWires(lambda event: mirror.tell({}, event))
        self._timers = facilities.timers
        self._mirror = mirror
        self._keeping = keeping
        self._sharing = sharing
        self._calls = calls
        self._opened = opened
        self._ended = ended
        # None until the metadata is here.
        self._files: FilesHere | None = None
        self._wanted: Wanted | None = None
        self._is_ready = self._is_done = False
        self._refreshing: Timer | None = None
        self._refreshes = 0

    def start(self, now: float) -> None:
        """Keep the counters of the page up to date from now on."""
        self._refreshing = self._timers.at(now + REFRESH_SECONDS, self._refresh)

    def ready(self, files: FilesHere, wanted: Wanted, now: float) -> None:
        """The page can use the torrent, of which `files` are here and `wanted` is selected."""
        self._files, self._wanted = files, wanted
        self._is_ready = True
        self._mirror.tell({"ready": True}, ["ready"], *(["file-done", file] for file in files.done()))
        if self._torrent.wants_nothing and not self._torrent.complete:
            self.done(now)

    def close(self) -> None:
        """Tell no more by itself."""
        if self._refreshing is not None:
            self._refreshing.cancel()

    # -- Observer of the swarm

    def metadata(self, now: float) -> None:
        """See `SwarmObserver`: what is in the torrent is known."""
        self._opened(now)

    def verified(self, index: int, now: float) -> None:
        """See `SwarmObserver`: a piece is here."""
        assert self._files is not None
        assert self._wanted is not None
        done = [["file-done", file] for file in self._files.verified(index)]
        self._mirror.tell(self._mirror.progress(now) if done else {}, ["verified", index], *done)
        self._calls.verified(index)
        self._sharing.verified(index)
        self._wanted.verified(index)
        # The engine wants nothing while another tab fetches, and says nothing at the end.
        if self._wanted.elsewhere and self._wanted.satisfied and not self._torrent.complete:
            self.done(now)

    def unverified(self, index: int, now: float) -> None:
        """See `SwarmObserver`: a piece is lost."""
        assert self._files is not None
        assert self._wanted is not None
        lacking = [["file-lost", file] for file in self._files.lost(index)]
        state = self._mirror.progress(now)
        if self._is_done:
            self._is_done = state["done"] = False
        self._mirror.tell(state, ["unverified", index], *lacking)
        self._keeping.lost(index)
        self._sharing.lost(index)
        self._wanted.lost(index)

    def full(self, error: StorageError, now: float) -> None:
        """See `SwarmObserver`: the download waits for room."""
        self._mirror.tell({"storageFull": True}, ["storageFull", error_fields(error)])

    def room(self, now: float) -> None:
        """See `SwarmObserver`: the download goes on."""
        self._mirror.tell({"storageFull": False}, ["storageRoom"])

    def done(self, now: float) -> None:
        """See `SwarmObserver`: everything that is wanted is here."""
        if not self._is_ready or self._wanted is None or not self._wanted.satisfied:
            return
        self._keeping.save()
        events = self._mirror.moved()
        state: dict[str, Any] = {**self._mirror.progress(now), **self._mirror.standing(now)}
        if self._torrent.complete and not self._is_done:
            self._is_done = state["done"] = True
            events.append(["done"])
        self._mirror.tell(state, *events, ["idle"])

    def peer_joined(self, peer: Peer, now: float) -> None:
        """See `SwarmObserver`."""
        wire = {
            "link": peer.link,
            "peerId": (peer.peer_id or b"").hex(),
            "client": client_of(peer),
            **self.wires.joined(peer),
        }
        self._mirror.tell({}, ["wire", wire])

    def peer_left(self, peer: Peer, reason: str, now: float) -> None:
        """See `SwarmObserver`."""
        self._mirror.forget(peer.link)
        self.wires.left(peer)
        self._mirror.tell({}, ["wire-closed", peer.link])

    def announced(self, reply: AnnounceReply) -> None:
        """See `SwarmObserver`."""
        self._mirror.tell(self._mirror.trackers(), ["trackerAnnounce"])

    def no_peers(self, now: float) -> None:
        """See `SwarmObserver`."""
        self._mirror.tell({}, ["noPeers", "tracker"])

    def failed(self, error: TorrentideError) -> None:
        """See `SwarmObserver`: the torrent can't go on."""
        self._ended(error)

    def warning(self, error: TorrentideError) -> None:
        """See `SwarmObserver`."""
        self._mirror.tell(self._mirror.trackers(), ["warning", error_fields(error)])

    @property
    def _torrent(self) -> Torrent:
        assert self._mirror.swarm is not None
        return self._mirror.swarm.torrent

    def _refresh(self, now: float) -> None:
        events = self._mirror.moved()
        state = self._mirror.progress(now)
        self._refreshes += 1
        self._keeping.count(due=self._refreshes % STATISTICS_REFRESHES == 0)
        if self._refreshes % LOOK_REFRESHES == 0:
            self._keeping.look()
        if self._refreshes % STANDING_REFRESHES == 0:
            state |= {**self._mirror.trackers(), **self._mirror.standing(now)}
            self._sharing.refresh(now)
        if state:
            self._mirror.tell(state, *events)
        self.start(now)
