"""ut_metadata between us and the peers of a torrent (BEP 9): asking while the info dict lacks, serving after.

Owns the messages and the timer. Which piece is asked of whom, and who lied, is `MetadataFetch`'s to say. It
never knows what is in the info dict.
"""

from collections.abc import Callable, Mapping

from torrentide.engine.metadata import MetadataFetch
from torrentide.engine.peer import Peer
from torrentide.timers import Timer, Timers
from torrentide.wire.extensions import metadata as ut_metadata
from torrentide.wire.extensions.metadata import MetadataMessage

ASK_SECONDS = 1.0


class MetadataExchange:
    """The info dict of `info_hash` among `peers`, by link. `fetched(raw, now)` gets it when it is true,
    `drop(peer, reason, now)` those who sent false ones."""

    def __init__(
        self,
        info_hash: bytes,
        peers: Mapping[int, Peer],
        timers: Timers,
        fetched: Callable[[bytes, float], None],
        drop: Callable[[Peer, str, float], None],
    ) -> None:
        self._peers = peers
        self._timers = timers
        self._fetched = fetched
        self._drop = drop
        self._fetch: MetadataFetch | None = MetadataFetch(info_hash)
        self._raw: bytes | None = None
        self._timer: Timer | None = None

    @property
    def size(self) -> int | None:
        """Bytes of the info dict; None while it lacks."""
        return None if self._raw is None else len(self._raw)

    def start(self, now: float) -> None:
        """Ask for it until it is here."""
        self._timer = self._timers.at(now + ASK_SECONDS, self._ask_again)

    def known(self, raw: bytes) -> None:
        """The info dict is here: serve it."""
        self._raw = raw
        self._fetch = None
        self.close()

    def close(self) -> None:
        """Ask no more."""
        if self._timer is not None:
            self._timer.cancel()

    def shook_hands(self, peer: Peer, now: float) -> None:
        """The peer has told its extensions."""
        told = peer.extensions.peer
        if self._fetch is not None and told.metadata_size and ut_metadata.NAME in told.ids:
            self._fetch.peer_has(peer.link, told.metadata_size)
            self._ask(now)

    def gone(self, peer: Peer) -> None:
        """The peer left."""
        if self._fetch is not None:
            self._fetch.peer_gone(peer.link)

    def receive(self, peer: Peer, payload: bytes, now: float) -> None:
        """A ut_metadata message came; PeerError when it is broken."""
        message = ut_metadata.parse_metadata_message(payload)
        if message is None:
            return
        if message.kind == "request":
            self._serve(peer, message.piece, now)
        elif self._fetch is None:
            return
        elif message.kind == "reject":
            self._fetch.rejected(peer.link, message.piece)
        else:
            self._received(self._fetch, peer, message, now)

    def _received(self, fetch: MetadataFetch, peer: Peer, message: MetadataMessage, now: float) -> None:
        result = fetch.received(peer.link, message.piece, message.data, message.total_size)
        if isinstance(result, bytes):
            self._fetched(result, now)
            return
        for link in result or ():
            self._drop(self._peers[link], "metadata that does not match the info-hash", now)
        self._ask(now)

    def _serve(self, peer: Peer, piece: int, now: float) -> None:
        reply = (
            MetadataMessage("reject", piece)
            if self._raw is None
            else ut_metadata.metadata_piece(self._raw, piece)
        )
        data = peer.extensions.message(ut_metadata.NAME, reply.to_bytes())
        if data is not None and peer.writable:
            peer.send(data, now)

    def _ask(self, now: float, *, again: bool = False) -> None:
        assert self._fetch is not None
        for link, piece in self._fetch.requests(now, again=again):
            peer = self._peers[link]
            request = MetadataMessage("request", piece).to_bytes()
            data = peer.extensions.message(ut_metadata.NAME, request)
            if data is not None:
                peer.send(data, now)

    def _ask_again(self, now: float) -> None:
        if self._fetch is not None:
            self._ask(now, again=True)
            self._timer = self._timers.at(now + ASK_SECONDS, self._ask_again)
