"""One torrent's state machine: its peers, and which part deals with each message of theirs.

Owns the peers of a torrent from the open channel to the end, and the parts that fetch, check, serve, choke
and blame. It is driven by calls that carry the time, acts through ports, and tells an Observer what happened.
It never knows how peers are found or where the page is.
"""

import random
from collections.abc import Callable
from typing import Protocol

from torrentide import __version__
from torrentide.discovery.glare import LinkKey, survivor
from torrentide.engine import choker
from torrentide.engine.blame import Blame, Source
from torrentide.engine.download import Downloader
from torrentide.engine.interest import Interest
from torrentide.engine.limits import Limits
from torrentide.engine.metadata_exchange import MetadataExchange
from torrentide.engine.peer import MAX_UNSENT, Peer
from torrentide.engine.rate import RateMeter
from torrentide.engine.serving import REQUEST_QUEUE, Serving
from torrentide.engine.upload import Uploader
from torrentide.engine.verify import Verifier
from torrentide.errors import PeerError, StorageError, TorrentideError
from torrentide.metainfo.info import Info, parse_info
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.partial import PartialPiece
from torrentide.pieces.picker import Picker
from torrentide.ports import Digest, Store, Transport
from torrentide.timers import Timers
from torrentide.wire import messages
from torrentide.wire.extensions import donthave, upload_only
from torrentide.wire.extensions import metadata as ut_metadata
from torrentide.wire.extensions.handshake import ExtendedHandshake
from torrentide.wire.handshake import Handshake

CLIENT = f"Torrentide {__version__}"
# How many messages we remember of a peer while the metadata is on its way, and of its suggestions and pieces
# for the choked.
MAX_TOLD = 10_000
MAX_HINTS = 64
# libtorrent: handshake 10 s; every client: keep-alive within 2 minutes; WebTorrent sends one every 55 s.
HANDSHAKE_SECONDS = 10.0
IDLE_SECONDS = 120.0
KEEP_ALIVE_SECONDS = 55.0
CHECK_SECONDS = 5.0


class TorrentObserver(Protocol):
    """Is told what happens to a torrent. Nothing is told per block."""

    def metadata(self, now: float) -> None:
        """The info dict is known."""

    def verified(self, index: int, now: float) -> None:
        """A piece is here, checked and stored."""

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


class Torrent:
    """The torrent with `info_hash`, as the peer `peer_id`. `open_store` is called once, when the info is
    known. `client_limits` are shared with other torrents; `limits` are this one's."""

    def __init__(
        self,
        info_hash: bytes,
        peer_id: bytes,
        *,
        observer: Observer,
        open_store: Callable[[Info], Store],
        digest: Digest,
        timers: Timers,
        rng: random.Random,
        client_limits: Limits | None = None,
    ) -> None:
        self.info_hash = info_hash
        self.info: Info | None = None
        self.picker: Picker | None = None
        self.limits = Limits()
        self.blame = Blame()
        self.closed = False
        self.paused = False
        self.peers: dict[int, Peer] = {}
        self.down = RateMeter()
        self.up = RateMeter()
        self._peer_id = peer_id
        self._observer = observer
        self._open_store = open_store
        self._digest = digest
        self._timers = timers
        self._rng = rng
        self._client_limits = client_limits or Limits()
        self._by_id: dict[bytes, Peer] = {}
        self._metadata = MetadataExchange(info_hash, self.peers, timers, self._metadata_fetched, self._drop)
        self._store: Store | None = None
        # The parts that exist once the info is known.
        self._interest: Interest | None = None
        self._downloader: Downloader | None = None
        self._verifier: Verifier | None = None
        self._serving: Serving | None = None
        self._verified_bytes = 0

    # -- What a shell asks

    def start(
        self, now: float, info: Info | None = None, *, seeding: bool = False, super_seeding: bool = False
    ) -> None:
        """Begin, with the info if it is known; `seeding`: the store holds every piece; `super_seeding`: and
        each is to be uploaded as seldom as possible (BEP 16)."""
        if info is not None:
            self._set_info(info, now, seeding=seeding, super_seeding=super_seeding)
        else:
            self._metadata.start(now)
        self._timers.at(now + choker.RECHOKE_SECONDS, self._rechoke)

    @property
    def complete(self) -> bool:
        """Whether every piece is here."""
        return self.picker is not None and self.picker.have.complete

    @property
    def finished(self) -> bool:
        """Whether everything that is wanted is here."""
        return self.picker is not None and self.picker.finished

    @property
    def left(self) -> int | None:
        """Bytes that lack; None while the metadata is unknown."""
        return None if self.info is None else self.info.length - self._verified_bytes

    @property
    def downloaded(self) -> int:
        """Bytes of verified pieces and of blocks that wait for the rest of their piece."""
        return self._verified_bytes + (self._downloader.unverified if self._downloader else 0)

    @property
    def wasted(self) -> int:
        """Bytes of blocks that came in vain."""
        return self._downloader.wasted if self._downloader else 0

    @property
    def store(self) -> Store | None:
        """Where the pieces are; None while the metadata is unknown."""
        return self._store

    def knows(self, peer_id: bytes) -> bool:
        """Whether a peer with this id is connected, or has been banned."""
        return peer_id in self._by_id or self.blame.is_banned(peer_id)

    def pause(self, now: float) -> None:
        """Take requests back and serve nobody. Connections stay."""
        self.paused = True
        if self._downloader is not None and self._serving is not None:
            self._downloader.pause(now)
            self._serving.pause(now)

    def resume(self, now: float) -> None:
        """Go on."""
        self.paused = False
        if self._downloader is not None and self._serving is not None:
            self._downloader.resume(now)
            self._serving.resume(now)

    def set_priorities(self, priorities: dict[int, int], now: float) -> None:
        """Change the priorities of pieces: 0 is not wanted, 7 comes first. The info must be known."""
        assert self.picker is not None
        assert self._downloader is not None
        assert self._interest is not None
        finished = self.picker.finished
        for index, priority in priorities.items():
            self.picker.set_priority(index, priority)
        for peer in list(self.peers.values()):
            self._interest.recount(peer, now)
            self._downloader.changed(peer, now)
        if self.picker.finished != finished:
            self._on_finished(now)

    def stop_super_seeding(self, now: float) -> None:
        """Be a seed like any other."""
        if self._serving is not None and self._serving.super_seeding:
            self._serving.stop_super_seeding(now)

    def close(self, now: float) -> None:
        """Part with every peer and with the store."""
        self.closed = True
        for peer in list(self.peers.values()):
            self._drop(peer, "the torrent was removed", now)
        self._metadata.close()
        if self._verifier is not None:
            self._verifier.closed = True
        for part in (self._downloader, self._serving, self._store):
            if part is not None:
                part.close()

    # -- What comes from a connection

    def connected(self, link: int, key: LinkKey | None, transport: Transport, now: float) -> None:
        """A channel opened: greet the peer."""
        peer = self.peers[link] = Peer(link, key, transport, now)
        extensions = peer.extensions
        extensions.register(ut_metadata.NAME, lambda data, then: self._metadata.receive(peer, data, then))
        extensions.register(upload_only.NAME, lambda data, then: self._on_upload_only(peer, data))
        extensions.register(donthave.NAME, lambda data, then: self._on_donthave(peer, data, then))
        peer.send(Handshake(self.info_hash, self._peer_id).to_bytes(), now)
        self._timers.at(now + HANDSHAKE_SECONDS, lambda then: self._check(peer, then))

    def received(self, link: int, data: bytes, now: float) -> None:
        """Bytes came from a peer. One that breaks the protocol is dropped."""
        peer = self.peers.get(link)
        if peer is None:
            return
        peer.last_heard = now
        try:
            for event in peer.connection.receive(data):
                if type(event) is messages.Piece:
                    self._on_piece(peer, event, now)
                elif isinstance(event, Handshake):
                    self._on_handshake(peer, event, now)
                else:
                    self._on_message(peer, event, now)
                if link not in self.peers:
                    return
        except PeerError as error:
            self._drop(peer, str(error), now)
            return
        if self._downloader is not None:
            self._downloader.fill(peer, now)
        self._serve(peer, now)
        if peer.unsent > MAX_UNSENT:
            self._drop(peer, f"more than {MAX_UNSENT} bytes wait unsent: the peer does not read", now)

    def drained(self, link: int, now: float) -> None:
        """A channel's queue has run low: more can be sent."""
        peer = self.peers.get(link)
        if peer is not None:
            peer.unsent = 0
            self._serve(peer, now)

    def disconnected(self, link: int, reason: str, now: float) -> None:
        """The connection is gone."""
        peer = self.peers.get(link)
        if peer is not None:
            self._forget(peer, reason, now)

    # -- The handshake

    def _on_handshake(self, peer: Peer, handshake: Handshake, now: float) -> None:
        if handshake.info_hash != self.info_hash:
            raise PeerError(f"a handshake for {handshake.info_hash.hex()}, expected {self.info_hash.hex()}")
        if handshake.peer_id == self._peer_id:
            raise PeerError("a connection to ourselves")
        if self.blame.is_banned(handshake.peer_id):
            raise PeerError("the peer sent false data before")
        other = self._by_id.get(handshake.peer_id)
        if other is not None:
            kept = survivor(other.key, peer.key) if other.key and peer.key else other.key
            loser = peer if kept == other.key else other
            self._drop(loser, "another connection to the same peer is kept", now)
            if loser is peer:
                return
        peer.peer_id = handshake.peer_id
        peer.fast = handshake.fast
        self._by_id[handshake.peer_id] = peer
        self.blame.name(peer.link, handshake.peer_id)
        peer.on_parole = self.blame.is_on_parole(handshake.peer_id)
        if handshake.extended:
            self._send_extended_handshake(peer, now)
        if self._serving is not None:
            self._serving.greet(peer, now)
        elif peer.fast:
            peer.send(messages.HAVE_NONE, now)
        self._observer.peer_joined(peer, now)

    def _send_extended_handshake(self, peer: Peer, now: float) -> None:
        handshake = ExtendedHandshake(
            ids=peer.extensions.ids,
            client=CLIENT,
            request_queue=REQUEST_QUEUE,
            metadata_size=self._metadata.size,
            upload_only=True if self.finished else None,
        )
        peer.send(messages.extended(0, handshake.to_bytes()), now)

    # -- Messages

    def _on_message(self, peer: Peer, message: messages.Message, now: float) -> None:
        match message:
            case messages.Choke():
                peer.peer_choking = True
                if self._downloader is not None:
                    self._downloader.choked(peer, now)
            case messages.Unchoke():
                peer.peer_choking = False
                peer.last_block = now
                self._can_give_more(peer, now)
            case messages.Extended():
                self._on_extended(peer, message, now)
            case messages.Have() | messages.Bits() | messages.HaveAll() | messages.HaveNone():
                self._on_pieces(peer, message, now)
            case messages.NotInterested():
                peer.peer_interested = False
            case messages.Interested():
                peer.peer_interested = True
                if self._serving is not None:
                    self._serving.interested(peer, now)
            case _ if self._serving is not None and self._downloader is not None:
                self._on_request(self._serving, self._downloader, peer, message, now)

    def _on_request(
        self,
        serving: Serving,
        downloader: Downloader,
        peer: Peer,
        message: messages.Message,
        now: float,
    ) -> None:
        """Messages about blocks, which mean nothing before the metadata is known."""
        match message:
            case messages.Request():
                serving.request(peer, message, now)
            case messages.Cancel():
                serving.cancel(peer, message, now)
            case messages.Reject():
                downloader.rejected(peer, message.index, message.begin, now)
            case messages.AllowedFast(index):
                self._on_hint(peer, peer.allowed_fast, index, now)
            case messages.Suggest(index):
                self._on_hint(peer, peer.suggested, index, now)
            case _:
                pass  # Keep-alive, port and unknown ones ask nothing of us.

    def _on_hint(self, peer: Peer, hints: dict[int, None], index: int, now: float) -> None:
        assert self.picker is not None
        if index < self.picker.have.count and index in self.picker.needed:
            if len(hints) >= MAX_HINTS:
                del hints[next(iter(hints))]
            hints[index] = None
            self._can_give_more(peer, now)

    def _can_give_more(self, peer: Peer, now: float) -> None:
        if self._downloader is not None:
            self._downloader.changed(peer, now)

    def _on_piece(self, peer: Peer, piece: messages.Piece, now: float) -> None:
        size = len(piece.data)
        peer.down.add(size, now)
        self.down.add(size, now)
        if self._downloader is not None:
            self._downloader.receive(peer, piece, now)

    def _on_pieces(self, peer: Peer, message: messages.Message, now: float) -> None:
        if self._interest is None:
            # All but a have tell everything anew. To keep ten thousand bitfields would take 10 GiB.
            if not isinstance(message, messages.Have):
                peer.told.clear()
            if len(peer.told) >= MAX_TOLD:
                raise PeerError(f"more than {MAX_TOLD} messages before the metadata is known")
            peer.told.append(message)
            return
        if self._interest.told(peer, message, now):
            self._can_give_more(peer, now)
        if self._serving is not None and isinstance(message, messages.Have):
            self._serving.told(peer, message.index, now)

    # -- Extensions

    def _on_extended(self, peer: Peer, message: messages.Extended, now: float) -> None:
        if message.id:
            peer.extensions.receive(message.id, message.payload, now)
            return
        told = peer.extensions.receive_handshake(message.payload)
        peer.upload_only = bool(told.upload_only)
        self._metadata.shook_hands(peer, now)

    @staticmethod
    def _on_upload_only(peer: Peer, payload: bytes) -> None:
        peer.upload_only = upload_only.parse_upload_only(payload)

    def _on_donthave(self, peer: Peer, payload: bytes, now: float) -> None:
        index = donthave.parse_donthave(payload)
        if self._interest is not None:
            self._interest.lost(peer, index, now)

    # -- The metadata

    def _metadata_fetched(self, raw: bytes, now: float) -> None:
        try:
            info = parse_info(raw)
        except TorrentideError as error:
            self._observer.failed(error)
            return
        self._set_info(info, now, seeding=False, super_seeding=False)

    def _set_info(self, info: Info, now: float, *, seeding: bool, super_seeding: bool) -> None:
        self.info = info
        self._metadata.known(info.raw)
        self._make_parts(info, seeding=seeding, super_seeding=super_seeding)
        self._observer.metadata(now)
        for peer in list(self.peers.values()):
            self._catch_up(peer, now)
        if seeding:
            self._observer.done(now)

    def _make_parts(self, info: Info, *, seeding: bool, super_seeding: bool) -> None:
        picker = self.picker = Picker(info.piece_count, info.piece_length, info.length, self._rng)
        store = self._store = self._open_store(info)
        if seeding:
            picker.have = Bitfield.full(info.piece_count)
            picker.needed = Bitfield(info.piece_count)
            self._verified_bytes = info.length
        ours, client = self.limits, self._client_limits
        self._verifier = Verifier(
            info, picker, store, self._digest, self._on_verified, self._on_bad_piece, self._on_not_stored
        )
        self._downloader = Downloader(
            picker, self._verifier, self.peers.values, client.down_with(ours), self._timers
        )
        uploader = Uploader(
            store, info.piece_size, self._on_sent, self._on_store_error, client.up_with(ours), self._timers
        )
        self._interest = Interest(picker)
        self._serving = Serving(
            info, picker, uploader, self.peers.values, self._rng, super_seeding=super_seeding
        )
        self._downloader.paused = self._serving.paused = self.paused

    def _catch_up(self, peer: Peer, now: float) -> None:
        """Take in what a peer told before the metadata was known, and tell it that we have the metadata
        now."""
        if peer.peer_id is None:
            return
        told, peer.told = peer.told, []
        try:
            for message in told:
                self._on_pieces(peer, message, now)
        except PeerError as error:
            self._drop(peer, str(error), now)
            return
        if peer.extensions.peer.ids:
            self._send_extended_handshake(peer, now)
        self._can_give_more(peer, now)
        if peer.peer_interested and self._serving is not None:
            self._serving.interested(peer, now)

    # -- Pieces that came

    def _on_verified(self, piece: PartialPiece, now: float) -> None:
        assert self._downloader is not None
        index = piece.index
        self._verified_bytes += piece.length
        self._downloader.settled(piece)
        self._acquit(piece, now)
        self._observer.verified(index, now)
        self._tell_have(index, now)
        if self.finished:
            self._on_finished(now)

    def _tell_have(self, index: int, now: float) -> None:
        """Everybody hears of it, as with libtorrent (`send_redundant_have`): a seed that counts copies gives
        out others."""
        assert self._interest is not None
        have = messages.have(index)
        for peer in list(self.peers.values()):
            peer.suggested.pop(index, None)
            peer.allowed_fast.pop(index, None)
            if peer.peer_id is not None:
                peer.send(have, now)
            if peer.pieces is not None and index in peer.pieces:
                self._interest.verified(peer, index, now)

    def _on_finished(self, now: float) -> None:
        """We want nothing more, or something again: tell who understands it (BEP 21)."""
        for peer in list(self.peers.values()):
            data = peer.extensions.message(upload_only.NAME, upload_only.to_bytes(self.finished))
            if data is not None:
                peer.send(data, now)
        if self.finished:
            self._observer.done(now)

    def _acquit(self, piece: PartialPiece, now: float) -> None:
        """A good piece shows who lied when it was bad, and clears who delivered it alone."""
        if self.blame.suspected(piece.index):
            self._ban(self.blame.passed(piece.index, [data for _, data in piece.blocks()]), now)
        peer = self.peers.get(piece.sources[0])
        if peer is not None and peer.on_parole and set(piece.sources) == {peer.link}:
            peer.on_parole = False
            self.blame.cleared(peer.peer_id or b"")

    def _on_bad_piece(self, piece: PartialPiece, now: float) -> None:
        assert self._downloader is not None
        self._downloader.settled(piece)
        self._observer.warning(PeerError(f"piece {piece.index} failed verification; it is fetched again"))
        liars = self.blame.failed(piece.index, piece.blocks())
        for peer in self.peers.values():
            if peer.peer_id is not None:
                peer.on_parole = self.blame.is_on_parole(peer.peer_id)
        self._ban(liars, now)
        self._downloader.refill(now)

    def _ban(self, liars: set[Source], now: float) -> None:
        for peer in list(self.peers.values()):
            if peer.peer_id in liars:
                self._drop(peer, "it sent false data", now)

    def _on_not_stored(self, piece: PartialPiece, error: Exception, now: float) -> None:
        assert self._downloader is not None
        self._downloader.settled(piece)
        self._on_store_error(error)

    def _on_store_error(self, error: Exception) -> None:
        self._observer.failed(error if isinstance(error, TorrentideError) else StorageError(str(error)))

    # -- Serving

    def _serve(self, peer: Peer, now: float) -> None:
        if self._serving is not None:
            self._serving.serve(peer, now)

    def _on_sent(self, peer: Peer, count: int, now: float) -> None:
        peer.up.add(count, now)
        peer.served += count
        self.up.add(count, now)

    def _rechoke(self, now: float) -> None:
        if self.closed:
            return
        if self._serving is not None:
            self._serving.rechoke(now)
        self._timers.at(now + choker.RECHOKE_SECONDS, self._rechoke)

    # -- The end of a connection

    def _check(self, peer: Peer, now: float) -> None:
        """Every few seconds for each peer: time-outs and keep-alives."""
        if self.peers.get(peer.link) is not peer:
            return
        if peer.peer_id is None:
            self._drop(peer, f"no handshake within {HANDSHAKE_SECONDS:.0f} s", now)
            return
        if now - peer.last_heard > IDLE_SECONDS:
            self._drop(peer, f"nothing heard for {IDLE_SECONDS:.0f} s", now)
            return
        if now - peer.last_sent > KEEP_ALIVE_SECONDS:
            peer.send(messages.KEEP_ALIVE, now)
        if self._downloader is not None:
            self._downloader.check(peer, now)
        self._timers.at(now + CHECK_SECONDS, lambda then: self._check(peer, then))

    def _drop(self, peer: Peer, reason: str, now: float) -> None:
        """Close a connection ourselves."""
        peer.transport.close()
        self._forget(peer, reason, now)
        self._observer.link_closed(peer.link)

    def _forget(self, peer: Peer, reason: str, now: float) -> None:
        if self.peers.pop(peer.link, None) is None:
            return
        if peer.peer_id is not None and self._by_id.get(peer.peer_id) is peer:
            del self._by_id[peer.peer_id]
            self._observer.peer_left(peer, reason, now)
        self._metadata.gone(peer)
        if self._interest is not None and self._serving is not None:
            self._interest.uncount(peer)
            self._serving.gone(peer)
        if self._downloader is not None and not self.closed:
            self._downloader.gone(peer, now)
