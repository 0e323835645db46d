"""What a program may ask of a torrent of the Python API while it lives: which pieces come first, how fast,
and from whom.

Owns the selections, and the translation of what a program says into what the engine is told. How a torrent
begins and ends is Torrent's.
"""

from collections.abc import Callable, Mapping

from torrentide.counters import Counters
from torrentide.engine.limits import Bucket
from torrentide.engine.session import Session
from torrentide.engine.swarm import Swarm
from torrentide.errors import Closed, LocalError, TorrentideError
from torrentide.host import Host
from torrentide.metainfo.info import Info
from torrentide.pieces.selections import Selections

STRATEGIES = ("rarest", "sequential")

# What `piece_map` holds for a piece, as the JavaScript API's `pieceMap`.
MISSING, PARTIAL, HERE, UNWANTED = range(4)


class Controls(Counters):
    """A torrent of `host`. What is asked raises Closed when it is destroyed, and LocalError before it has
    joined its swarm, or, of pieces, before its metadata is here.

    `strategy`  in which order what is not urgent comes: `rarest` or `sequential`
    """

    def __init__(self, host: Host, session: Session, strategy: str) -> None:
        super().__init__(host)
        if strategy not in STRATEGIES:
            raise LocalError(f"a strategy of {strategy!r}, expected one of {', '.join(STRATEGIES)}")
        self.strategy = strategy
        self.url_list: tuple[str, ...] = ()
        self.destroyed = False
        self._session = session
        self._error: TorrentideError = Closed("the torrent was destroyed")
        self._selections: Selections | None = None

    # -- Pieces

    @property
    def piece_map(self) -> bytes:
        """One number a piece: 0 it lacks, 1 some of it is here, 2 it is here, 3 it is not wanted. Empty until
        the metadata is here."""
        chosen = self._selections
        if chosen is None or self._swarm is None or (picker := self._swarm.torrent.picker) is None:
            return b""
        pieces = bytearray(MISSING if priority else UNWANTED for priority in chosen.priorities)
        for index in picker.partial:
            pieces[index] = PARTIAL
        for index in picker.have:
            pieces[index] = HERE
        return bytes(pieces)

    def select(self, start: int = 0, end: int | None = None, priority: float = 0) -> None:
        """Download pieces `start` to `end` (exclusive, as in a slice; None: to the last one). A higher
        `priority` comes first: 0 is usual, 3 the highest, -3 the lowest. Of two selections of a piece the
        higher priority counts. LocalError for pieces that do not exist."""
        self._change(lambda chosen: chosen.select(start, end, priority))

    def deselect(self, start: int = 0, end: int | None = None) -> None:
        """Do not download these pieces, unless they are read. What of the range does not exist is no
        error."""
        self._change(lambda chosen: chosen.deselect(start, end))

    def critical(self, start: int = 0, end: int | None = None) -> None:
        """Fetch these pieces before all others but those that are being read. LocalError for pieces that do
        not exist."""
        chosen = self._chosen()
        chosen.add_critical(start, end)
        self._joined().torrent.set_critical(sorted(chosen.critical), self._host.now())
        self._host.arm()

    def select_file(self, place: int, priority: float) -> None:
        """See `file.Pieces`."""
        self._change(lambda chosen: chosen.select_file(place, priority))

    def deselect_file(self, place: int) -> None:
        """See `file.Pieces`."""
        self._change(lambda chosen: chosen.deselect_file(place))

    # -- Speed

    @property
    def download_limit(self) -> float:
        """Bytes per second that this torrent downloads at most; -1 is no limit, 0 stops it. The client's
        limit holds, too."""
        return limit_of(self._swarm.torrent.limits.down) if self._swarm is not None else -1

    @download_limit.setter
    def download_limit(self, rate: float) -> None:
        self._joined().torrent.limits.down.set_rate(rate_limit(rate), self._host.now())

    @property
    def upload_limit(self) -> float:
        """Bytes per second that this torrent uploads at most, as `download_limit`."""
        return limit_of(self._swarm.torrent.limits.up) if self._swarm is not None else -1

    @upload_limit.setter
    def upload_limit(self, rate: float) -> None:
        self._joined().torrent.limits.up.set_rate(rate_limit(rate), self._host.now())

    def throttle_download(self, rate: float) -> None:
        """Set `download_limit`."""
        self.download_limit = rate

    def throttle_upload(self, rate: float) -> None:
        """Set `upload_limit`."""
        self.upload_limit = rate

    def pause(self) -> None:
        """Ask for nothing and serve nobody; connections stay."""
        self._joined().torrent.pause(self._host.now())
        self._host.arm()

    def resume(self) -> None:
        """Go on after `pause`."""
        self._joined().torrent.resume(self._host.now())
        self._host.arm()

    # -- Sources

    def add_web_seed(self, url: str) -> None:
        """Fetch from this web server, too. A URL that is of no use is a `warning`."""
        self._joined().torrent.add_web_seeds([url], self._host.now())
        self.url_list = tuple(dict.fromkeys([*self.url_list, url]))
        self._host.arm()

    def remove_peer(self, peer_id: str) -> None:
        """Close the connection to a peer, by its id (40 hex digits). Nothing happens where there is none."""
        peers = self._joined().torrent.peers
        for link, peer in list(peers.items()):
            if peer.peer_id is not None and peer.peer_id.hex() == peer_id.lower():
                self._session.link_failed(link, "the program removed the peer", self._host.now())
        self._host.arm()

    # -- Inside

    def _check_open(self) -> None:
        if self.destroyed:
            raise self._error

    def _joined(self) -> Swarm:
        self._check_open()
        if self._swarm is None:
            raise LocalError("the torrent has not joined its swarm yet")
        return self._swarm

    def _chosen(self) -> Selections:
        self._check_open()
        if self._selections is None:
            raise LocalError("there are no pieces to select yet: the metadata is not here")
        return self._selections

    def _begin_selecting(self, info: Info, left_out: set[int]) -> None:
        """The metadata is here; the files at these places are not wanted."""
        chosen = self._selections = Selections(info)
        swarm = self._joined()
        assert swarm.torrent.picker is not None
        swarm.torrent.picker.sequential = self.strategy == "sequential"
        changes: dict[int, int] = {}
        for place in left_out:
            changes |= chosen.deselect_file(place)
        swarm.torrent.set_priorities(changes, self._host.now())

    def _change(self, change: Callable[[Selections], Mapping[int, int]]) -> None:
        changes = change(self._chosen())
        self._joined().torrent.set_priorities(changes, self._host.now())
        self._host.arm()


def rate_limit(given: float) -> float | None:
    """A limit of the API, in bytes per second, as the engine has it. LocalError for one without sense."""
    if given == -1:
        return None
    if not 0 <= given < float("inf"):
        raise LocalError(f"a limit of {given} bytes per second, expected 0 or more, or -1 for none")
    return float(given)


def limit_of(bucket: Bucket) -> float:
    """The limit that a bucket keeps, as the API has it."""
    return -1 if bucket.rate is None else bucket.rate
