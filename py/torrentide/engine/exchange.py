"""The exchange of pieces, once the info of a torrent is known.

Owns the parts that pick, ask, check, blame, serve and choke, and passes to each what concerns it. It never
knows handshakes, extensions or how the info came.
"""

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from torrentide.engine.blame import Blame, Source
from torrentide.engine.choker import Slots
from torrentide.engine.download import Downloader
from torrentide.engine.interest import Interest
from torrentide.engine.limits import Limit
from torrentide.engine.peer import Peer
from torrentide.engine.rate import RateMeter
from torrentide.engine.readers import Reader
from torrentide.engine.serving import Serving
from torrentide.engine.upload import Uploader
from torrentide.engine.verify import Verifier
from torrentide.engine.webseed import Web
from torrentide.engine.webseed_set import WebSeeds
from torrentide.errors import PeerError, StorageError, TorrentideError
from torrentide.metainfo.info import Info
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.partial import PartialPiece
from torrentide.pieces.picker import Picker
from torrentide.ports import Buffer, Digest, Store
from torrentide.timers import Timers
from torrentide.wire import messages

# While there is no room in the store, it is tried so often. Nobody is told when another site, or another
# torrent, has given some back.
ROOM_SECONDS = 5.0
# Suggestions and pieces for the choked that we remember of a peer.
MAX_HINTS = 64


class ExchangeObserver(Protocol):
    """Is told what the exchange brings about."""

    def verified(self, index: int, now: float) -> None:
        """A piece is here, checked and stored."""

    def unverified(self, index: int, now: float) -> None:
        """A piece that was here is not any more."""

    def full(self, error: StorageError, now: float) -> None:
        """There is no room for more. What is here is served, and the rest goes on when there is."""

    def room(self, now: float) -> None:
        """There is room again."""

    def finished(self, now: float) -> None:
        """Everything that is wanted is here, or no more."""

    def drop(self, peer: Peer, reason: str, now: float) -> None:
        """The peer is at fault."""

    def warning(self, error: TorrentideError) -> None:
        """Something went wrong; the exchange goes on."""

    def failed(self, error: TorrentideError) -> None:
        """The exchange can't go on."""


class Exchange:
    """Pieces of `info` between `store` and `peers`. `down` and `up` count the bytes of blocks, within
    `down_limit` and `up_limit`. `have`: the store holds these pieces; `super_seeding`: each is to be uploaded
    as seldom as possible."""

    def __init__(
        self,
        info: Info,
        store: Store,
        peers: Mapping[int, Peer],
        *,
        observer: ExchangeObserver,
        blame: Blame,
        digest: Digest,
        timers: Timers,
        rng: random.Random,
        web: Web | None,
        down: RateMeter,
        up: RateMeter,
        down_limit: Limit,
        up_limit: Limit,
        slots: Slots,
        own_id: bytes,
        have: Bitfield | None,
        super_seeding: bool,
    ) -> None:
        self.info = info
        self.store = store
        self.picker = Picker(info.piece_count, info.piece_length, info.length, rng, info.pads_in, have)
        # Bytes of pieces that are here and checked.
        self.verified_bytes = _bytes_of(self.picker.have, info)
        self._finished = self.picker.finished
        self._peers = peers
        self._observer = observer
        self._blame = blame
        self._up = up
        self._timers = timers
        self._paused = False
        self._is_full = False
        self._verifier = Verifier(
            info,
            self.picker,
            store,
            digest,
            self._on_verified,
            self._on_bad_piece,
            self._on_not_stored,
            self._on_full,
        )
        self._downloader = Downloader(
            self.picker, self._verifier, peers.values, down_limit, timers, down, own_id
        )
        uploader = Uploader(store, info.piece_size, self._on_sent, self._on_not_read, up_limit, timers)
        self._interest = Interest(self.picker)
        self._serving = Serving(
            info, self.picker, uploader, peers.values, rng, slots=slots, super_seeding=super_seeding
        )
        self._web_seeds: WebSeeds | None = None
        if web is not None:
            self._web_seeds = WebSeeds(
                info, web=web, blocks=self._downloader, timers=timers, rng=rng, warn=observer.warning
            )

    # -- What a shell asks

    @property
    def unverified(self) -> int:
        """Bytes of blocks that wait for the rest of their piece."""
        return self._downloader.unverified

    @property
    def wasted(self) -> int:
        """Bytes of blocks that came in vain."""
        return self._downloader.wasted

    def fresh(self, index: int) -> Buffer | None:
        """The bytes of a piece that is checked and not stored yet."""
        piece = self._verifier.fresh.get(index)
        return None if piece is None else piece.buffer

    def on_checked(self, told: Callable[[int], None]) -> None:
        """Tell `told` of each piece that is checked before it is stored."""
        self._verifier.checked = told

    def start(self, now: float, *, paused: bool) -> None:
        """Begin. Pieces that are nothing but padding need nobody."""
        for piece in self.picker.begin_padding():
            self._verifier.verify(piece)
        if paused:
            self.pause(now)
        else:
            self._run_web_seeds(now)

    def pause(self, now: float) -> None:
        """Take requests back and serve nobody."""
        self._paused = True
        self._downloader.pause(now)
        self._serving.pause(now)
        self._run_web_seeds(now)

    def resume(self, now: float) -> None:
        """Go on."""
        self._paused = False
        if not self._is_full:
            self._downloader.resume(now)
        self._serving.resume(now)
        self._run_web_seeds(now)

    def set_priorities(self, priorities: Mapping[int, int], now: float) -> None:
        """Change the priorities of pieces: 0 is not wanted, 7 comes first."""
        for index, priority in priorities.items():
            self.picker.wanted.choose(index, priority)
        self._recount(now)

    def _recount(self, now: float) -> None:
        """What is needed has changed."""
        for peer in list(self._peers.values()):
            self._interest.recount(peer, now)
            self._downloader.changed(peer, now)
        if self.picker.finished != self._finished:
            self._on_finished(now)

    def found(self, index: int, now: float) -> None:
        """A piece is in the store that was not known to be. One that waits for its check comes by itself."""
        piece = self.picker.partial.get(index)
        if index in self.picker.have or (piece is not None and not piece.missing):
            return
        if piece is not None:
            self._downloader.needless(piece, now)
        self.picker.verified(index)
        self.verified_bytes += self.info.piece_size(index)
        self._observer.verified(index, now)
        self._tell_have(index, now)
        if self.picker.finished and (not self._finished or self.picker.have.complete):
            self._on_finished(now)

    def lost(self, index: int, now: float) -> None:
        """A piece is not in the store any more, or not what it was: it is fetched again."""
        if index not in self.picker.have:
            return
        self.picker.lost(index)
        self.verified_bytes -= self.info.piece_size(index)
        self._serving.lost(index, now)
        self._observer.unverified(index, now)
        self._downloader.deadlines.plan(now)
        self._recount(now)

    def open_reader(self, start: int, end: int, now: float, rate: float | None) -> Reader:
        """See `Torrent.open_reader`."""
        reader, more = self._downloader.readers.open(start, end, now, rate)
        if more:
            self._recount(now)
        self._downloader.deadlines.plan(now, sought=True)
        if self._web_seeds is not None and any(map(self.picker.is_free, self.picker.wanted.urgent)):
            self._web_seeds.make_way(self.picker.wanted.ahead, now)
        return reader

    def move_reader(self, reader: Reader, position: int, now: float) -> None:
        """See `Torrent.move_reader`."""
        reader.move(position, now)
        self._downloader.deadlines.moved(reader, now)

    def pace_reader(self, reader: Reader, rate: float | None, slack: float, now: float) -> None:
        """See `Torrent.pace_reader`."""
        reader.pace(rate, slack, now)
        self._downloader.deadlines.paced(reader, now)

    def close_reader(self, reader: Reader, now: float) -> None:
        """See `Torrent.close_reader`."""
        fewer = self._downloader.readers.close(reader)
        self._downloader.deadlines.plan(now, sought=True)
        if fewer:
            self._recount(now)

    def set_critical(self, indexes: Iterable[int], now: float) -> None:
        """See `Torrent.set_critical`."""
        self._downloader.readers.set_critical(indexes)
        self._downloader.deadlines.plan(now)

    def add_web_seeds(self, urls: Iterable[str], now: float, *, pieces: bool) -> None:
        """Fetch from these web servers, too: they have the files (BEP 19) or serve `pieces` (BEP 17)."""
        if self._web_seeds is not None:
            self._web_seeds.add(urls, now, pieces=pieces)

    def stop_super_seeding(self, now: float) -> None:
        """Be a seed like any other."""
        if self._serving.super_seeding:
            self._serving.stop_super_seeding(now)

    def close(self, now: float) -> None:
        """End everything, but the store."""
        self._verifier.closed = True
        self._downloader.close()
        self._serving.close()
        if self._web_seeds is not None:
            self._web_seeds.stop(now)

    # -- Peers

    def joined(self, peer: Peer, now: float) -> None:
        """A peer shook hands: tell it what we have."""
        self._serving.greet(peer, now)

    def fill(self, peer: Peer, now: float) -> None:
        """Ask the peer for what its queue should hold, and send it what it waits for."""
        self._downloader.fill(peer, now)
        self._serving.serve(peer, now)

    def drained(self, peer: Peer, now: float) -> None:
        """The peer's channel has room."""
        self._serving.serve(peer, now)

    def check(self, peer: Peer, now: float) -> None:
        """Every few seconds: does the peer deliver?"""
        self._downloader.check(peer, now)

    def rechoke(self, now: float) -> None:
        """A round of choking."""
        self._serving.rechoke(now)

    def gone(self, peer: Peer, now: float, *, closing: bool) -> None:
        """The peer left."""
        self._interest.uncount(peer)
        self._serving.gone(peer)
        if not closing:
            self._downloader.gone(peer, now)
            self._serving.fill_slots(now)

    def lost_piece(self, peer: Peer, index: int, now: float) -> None:
        """The peer no longer has a piece (BEP 54)."""
        self._interest.lost(peer, index, now)

    # -- Messages

    def piece(self, peer: Peer, piece: messages.Piece, now: float) -> None:
        """A block came."""
        self._downloader.receive(peer, piece, now)

    def message(self, peer: Peer, message: messages.Message, now: float) -> None:
        """Any other message; PeerError when it breaks the protocol."""
        match message:
            case messages.Have() | messages.Bits() | messages.HaveAll() | messages.HaveNone():
                self._on_pieces(peer, message, now)
            case messages.Request():
                self._serving.request(peer, message, now)
            case messages.Cancel():
                self._serving.cancel(peer, message, now)
            case messages.Reject():
                self._downloader.rejected(peer, message.index, message.begin, now)
            case messages.Choke():
                self._downloader.choked(peer, now)
            case messages.Unchoke():
                self._downloader.changed(peer, now)
            case messages.Interested() | messages.NotInterested():
                self._serving.fill_slots(now)
            case messages.AllowedFast(index):
                self._on_hint(peer, peer.allowed_fast, index, now)
            case messages.Suggest(index):
                self._on_hint(peer, peer.suggested, index, now)
            case _:
                pass  # Keep-alive, port and unknown ones ask nothing of us.

    def _on_pieces(self, peer: Peer, message: messages.Message, now: float) -> None:
        more = self._interest.told(peer, message, now)
        if isinstance(message, messages.Have):
            self._serving.told(peer, message.index, now)
            more = more and self.picker.is_free(message.index)
        if more:
            self._downloader.changed(peer, now)

    def _on_hint(self, peer: Peer, hints: dict[int, None], index: int, now: float) -> None:
        if index < self.picker.have.count and index in self.picker.needed:
            if len(hints) >= MAX_HINTS:
                del hints[next(iter(hints))]
            hints[index] = None
            self._downloader.changed(peer, now)

    # -- Pieces that came

    def _on_verified(self, piece: PartialPiece, now: float) -> None:
        self.verified_bytes += piece.length
        self._downloader.settled(piece, now, good=True)
        self._acquit(piece, now)
        self._observer.verified(piece.index, now)
        self._tell_have(piece.index, now)
        if self.picker.finished:
            self._on_finished(now)

    def _tell_have(self, index: int, now: float) -> None:
        """Everybody hears of it, as with libtorrent (`send_redundant_have`): a seed that counts copies gives
        out others."""
        have = messages.have(index)
        for peer in list(self._peers.values()):
            peer.suggested.pop(index, None)
            peer.allowed_fast.pop(index, None)
            if peer.peer_id is not None:
                peer.send(have, now)
            if peer.pieces is not None and index in peer.pieces:
                self._interest.verified(peer, index, now)

    def _on_finished(self, now: float) -> None:
        self._finished = self.picker.finished
        self._run_web_seeds(now)
        self._observer.finished(now)

    def _run_web_seeds(self, now: float) -> None:
        if self._web_seeds is None:
            return
        if self.picker.finished or self._downloader.paused:
            self._web_seeds.stop(now)
        else:
            self._web_seeds.start(now)

    def _acquit(self, piece: PartialPiece, now: float) -> None:
        """A good piece shows who lied when it was bad, and clears who delivered it alone."""
        if self._blame.suspected(piece.index):
            self._ban(self._blame.passed(piece.index, [data for _, data in piece.blocks()]), now)
        authors = {source for source, _ in piece.blocks()}
        peer = self._peers.get(next(iter(authors))) if len(authors) == 1 else None
        if peer is not None and peer.on_parole:
            peer.on_parole = False
            self._blame.cleared(peer.peer_id or b"")

    def _on_bad_piece(self, piece: PartialPiece, now: float) -> None:
        self._downloader.settled(piece, now, good=False)
        self._observer.warning(PeerError(f"piece {piece.index} failed verification; it is fetched again"))
        liars = self._blame.failed(piece.index, piece.blocks())
        for peer in self._peers.values():
            if peer.peer_id is not None:
                peer.on_parole = self._blame.is_on_parole(peer.peer_id)
        self._ban(liars, now)
        self._downloader.refill(now)

    def _ban(self, liars: set[Source], now: float) -> None:
        for peer in list(self._peers.values()):
            if peer.peer_id in liars:
                self._observer.drop(peer, "it sent false data", now)
        for source in liars:
            if isinstance(source, int) and self._web_seeds is not None:
                self._web_seeds.failed(source, now)

    def _on_not_stored(self, piece: PartialPiece, error: Exception, now: float) -> None:
        self._downloader.settled(piece, now, good=False)
        if isinstance(error, StorageError) and error.kind == "lost":
            self._downloader.refill(now)
        else:
            self._on_store_error(error)

    def _on_not_read(self, index: int, error: Exception, now: float) -> None:
        if isinstance(error, StorageError) and error.kind == "lost":
            self._observer.warning(error)
            self.lost(index, now)
        else:
            self._on_store_error(error)

    def _on_full(self, error: StorageError, now: float) -> None:
        if not self._is_full:
            self._is_full = True
            self._downloader.pause(now)
            self._run_web_seeds(now)
            self._observer.full(error, now)
            self._timers.at(now + ROOM_SECONDS, self._try_room)

    def _try_room(self, now: float) -> None:
        """See whether there is room for a piece that waits for it, then for the others, and go on."""
        if self._verifier.closed:
            return
        held = len(self._verifier.held)
        while self._verifier.held:
            self._verifier.retry()
            if len(self._verifier.held) >= held:
                self._timers.at(now + ROOM_SECONDS, self._try_room)
                return
            held = len(self._verifier.held)
        self._is_full = False
        if not self._paused:
            self._downloader.resume(now)
        self._run_web_seeds(now)
        self._observer.room(now)

    def _on_store_error(self, error: Exception) -> None:
        self._observer.failed(error if isinstance(error, TorrentideError) else StorageError(str(error)))

    def _on_sent(self, peer: Peer, count: int, now: float) -> None:
        peer.up.add(count, now)
        peer.served += count
        self._up.add(count, now)


def _bytes_of(have: Bitfield, info: Info) -> int:
    """Bytes of these pieces."""
    last = info.piece_count - 1
    short = info.piece_length - info.piece_size(last) if last in have else 0
    return have.held * info.piece_length - short
