"""One torrent's state machine: its peers, and what is done about each message of theirs.

Owns the peers of a torrent from the open channel to the end, the metadata, and the parts that fetch, serve
and choke. It is driven by calls that carry the time, acts through ports, and tells an Observer what happened.
It never knows how peers are found or where the page is.
"""

import random
from collections.abc import Callable
from typing import Protocol

from torrentide import __version__
from torrentide.discovery.glare import LinkKey, survivor
from torrentide.engine import choker
from torrentide.engine.download import Downloader
from torrentide.engine.metadata import MetadataFetch
from torrentide.engine.peer import MAX_UNSENT, Peer
from torrentide.engine.rate import RateMeter
from torrentide.engine.upload import MAX_REQUEST, Uploader
from torrentide.errors import PeerError, StorageError, TorrentideError
from torrentide.metainfo.info import Info, parse_info
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.picker import Picker
from torrentide.ports import Digest, Store, Transport
from torrentide.timers import Timers
from torrentide.wire import messages
from torrentide.wire.extensions import metadata as ut_metadata
from torrentide.wire.extensions.handshake import ExtendedHandshake
from torrentide.wire.handshake import Handshake

CLIENT = f"Torrentide {__version__}"
# How many requests we keep for a peer (told as BEP 10 `reqq`; libtorrent: 2,000) and how many messages we
# remember of a peer while the metadata is on its way.
REQUEST_QUEUE = 2000
MAX_TOLD = 10_000
# libtorrent: handshake 10 s; every client: keep-alive within 2 minutes; WebTorrent sends one every 55 s.
HANDSHAKE_SECONDS = 10.0
IDLE_SECONDS = 120.0
KEEP_ALIVE_SECONDS = 55.0
CHECK_SECONDS = 5.0
METADATA_SECONDS = 1.0


class TorrentObserver(Protocol):
    """Is told what happens to a torrent. Nothing is told per block."""

    def metadata(self, now: float) -> None:
        """The info dict is known."""

    def verified(self, index: int, now: float) -> None:
        """A piece is here, checked and stored."""

    def done(self, now: float) -> None:
        """Every piece is here."""

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
    known."""

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
    ) -> None:
        self.info_hash = info_hash
        self.info: Info | None = None
        self.picker: Picker | None = None
        self.closed = False
        self.peers: dict[int, Peer] = {}
        self.down = RateMeter()
        self.up = RateMeter()
        self._peer_id = peer_id
        self._observer = observer
        self._open_store = open_store
        self._digest = digest
        self._timers = timers
        self._rng = rng
        self._by_id: dict[bytes, Peer] = {}
        self._fetch: MetadataFetch | None = MetadataFetch(info_hash)
        self._store: Store | None = None
        self._downloader: Downloader | None = None
        self._uploader: Uploader | None = None
        self._verified_bytes = 0

    # -- What a shell asks

    def start(self, now: float, info: Info | None = None, *, seeding: bool = False) -> None:
        """Begin, with the info if it is known; `seeding`: the store holds every piece."""
        if info is not None:
            self._set_info(info, now, seeding=seeding)
        else:
            self._timers.at(now + METADATA_SECONDS, self._ask_for_metadata)
        self._timers.at(now + choker.RECHOKE_SECONDS, self._rechoke)

    @property
    def complete(self) -> bool:
        """Whether every piece is here."""
        return self.picker is not None and self.picker.have.complete

    @property
    def left(self) -> int | None:
        """Bytes that lack; None while the metadata is unknown."""
        return None if self.info is None else self.info.length - self._verified_bytes

    @property
    def downloaded(self) -> int:
        """Bytes of verified pieces and of blocks that wait for the rest of their piece."""
        return self._verified_bytes + (self._downloader.unverified if self._downloader else 0)

    @property
    def store(self) -> Store | None:
        """Where the pieces are; None while the metadata is unknown."""
        return self._store

    def knows(self, peer_id: bytes) -> bool:
        """Whether a peer with this id is connected."""
        return peer_id in self._by_id

    def close(self, now: float) -> None:
        """Part with every peer and with the store."""
        self.closed = True
        for peer in list(self.peers.values()):
            self._drop(peer, "the torrent was removed", now)
        for part in (self._downloader, self._uploader, self._store):
            if part is not None:
                part.close()

    # -- What comes from a connection

    def connected(self, link: int, key: LinkKey | None, transport: Transport, now: float) -> None:
        """A channel opened: greet the peer."""
        peer = self.peers[link] = Peer(link, key, transport, now)
        peer.extensions.register(
            ut_metadata.NAME, lambda payload, then: self._on_metadata(peer, payload, then)
        )
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
        if handshake.extended:
            self._send_extended_handshake(peer, now)
        self._send_bitfield(peer, now)
        self._observer.peer_joined(peer, now)

    def _send_extended_handshake(self, peer: Peer, now: float) -> None:
        handshake = ExtendedHandshake(
            ids=peer.extensions.ids,
            client=CLIENT,
            request_queue=REQUEST_QUEUE,
            metadata_size=len(self.info.raw) if self.info else None,
        )
        peer.send(messages.extended(0, handshake.to_bytes()), now)

    def _send_bitfield(self, peer: Peer, now: float) -> None:
        have = self.picker.have if self.picker else None
        if peer.fast and (have is None or not have.held):
            peer.send(messages.HAVE_NONE, now)
        elif peer.fast and have is not None and have.complete:
            peer.send(messages.HAVE_ALL, now)
        elif have is not None and have.held:
            peer.send(messages.bitfield(have.to_wire()), now)

    # -- Messages

    def _on_message(self, peer: Peer, message: messages.Message, now: float) -> None:
        match message:
            case messages.Choke():
                self._on_choke(peer)
            case messages.Unchoke():
                peer.peer_choking = False
                peer.last_block = now
            case messages.Interested():
                peer.peer_interested = True
                self._unchoke_if_room(peer, now)
            case messages.NotInterested():
                peer.peer_interested = False
            case messages.Request():
                self._on_request(peer, message, now)
            case messages.Cancel():
                self._on_cancel(peer, message, now)
            case messages.Reject() if self._downloader is not None:
                self._downloader.rejected(peer, message.index, message.begin)
            case messages.Extended():
                self._on_extended(peer, message, now)
            case messages.Have() | messages.Bits() | messages.HaveAll() | messages.HaveNone():
                self._on_pieces(peer, message, now)
            case _:
                pass  # Keep-alive, port, suggestions, allowed-fast and unknown ones ask nothing of us.

    def _on_choke(self, peer: Peer) -> None:
        peer.peer_choking = True
        # BEP 6: with the fast extension each request is rejected by itself.
        if self._downloader is not None and not peer.fast:
            self._downloader.forget(peer)

    def _on_piece(self, peer: Peer, piece: messages.Piece, now: float) -> None:
        size = len(piece.data)
        peer.down.add(size, now)
        self.down.add(size, now)
        if self._downloader is not None:
            self._downloader.receive(peer, piece, now)

    def _on_request(self, peer: Peer, request: messages.Request, now: float) -> None:
        if self.info is None or self.picker is None:
            return
        index, begin, length = request.index, request.begin, request.length
        if index >= self.info.piece_count or begin + length > self.info.piece_size(index):
            raise PeerError(f"a request for {length} bytes at {begin} of piece {index}, which does not exist")
        if not 0 < length <= MAX_REQUEST:
            raise PeerError(f"a request for {length} bytes; 1 to {MAX_REQUEST} are served at a time")
        if peer.am_choking or index not in self.picker.have or len(peer.uploads) >= REQUEST_QUEUE:
            if peer.fast:
                peer.send(messages.reject(index, begin, length), now)
            return
        # Served behind the whole batch of messages, so that blocks are packed together.
        peer.uploads.append((index, begin, length))

    def _on_cancel(self, peer: Peer, cancel: messages.Cancel, now: float) -> None:
        block = (cancel.index, cancel.begin, cancel.length)
        if block in peer.uploads:
            peer.uploads.remove(block)
            if peer.fast:
                peer.send(messages.reject(*block), now)

    # -- What a peer has

    def _on_pieces(self, peer: Peer, message: messages.Message, now: float) -> None:
        if self.info is None or self.picker is None:
            # All but a have tell everything anew. To keep ten thousand bitfields would take 10 GiB.
            if not isinstance(message, messages.Have):
                peer.told.clear()
            if len(peer.told) >= MAX_TOLD:
                raise PeerError(f"more than {MAX_TOLD} messages before the metadata is known")
            peer.told.append(message)
            return
        count = self.info.piece_count
        match message:
            case messages.Have(index):
                self._on_have(peer, index, count)
            case messages.Bits(data):
                self._set_pieces(peer, Bitfield.from_wire(count, data))
            case messages.HaveAll():
                self._set_pieces(peer, Bitfield.full(count))
            case messages.HaveNone():
                self._set_pieces(peer, Bitfield(count))
        self._show_interest(peer, now)

    def _on_have(self, peer: Peer, index: int, count: int) -> None:
        if index >= count:
            raise PeerError(f"a have for piece {index} of {count}")
        assert self.picker is not None
        if peer.pieces is None:
            self._set_pieces(peer, Bitfield(count))
        pieces = peer.pieces
        assert pieces is not None
        if pieces.add(index):
            self.picker.availability.increase(index)
            if index not in self.picker.have:
                peer.wanted += 1

    def _set_pieces(self, peer: Peer, pieces: Bitfield) -> None:
        assert self.picker is not None
        self._uncount(peer)
        peer.pieces = pieces
        peer.wanted = pieces.lacking(self.picker.have)
        peer.counted_as_seed = pieces.complete
        if pieces.complete:
            self.picker.availability.seeds += 1
        else:
            self.picker.availability.add_all(pieces)

    def _uncount(self, peer: Peer) -> None:
        """Take a peer's pieces out of the availability."""
        if self.picker is None or peer.pieces is None:
            return
        if peer.counted_as_seed:
            self.picker.availability.seeds -= 1
        else:
            self.picker.availability.remove_all(peer.pieces)

    def _show_interest(self, peer: Peer, now: float) -> None:
        interested = peer.wanted > 0
        if interested != peer.am_interested:
            peer.am_interested = interested
            peer.send(messages.INTERESTED if interested else messages.NOT_INTERESTED, now)

    # -- Metadata

    def _on_extended(self, peer: Peer, message: messages.Extended, now: float) -> None:
        if message.id:
            peer.extensions.receive(message.id, message.payload, now)
            return
        handshake = peer.extensions.receive_handshake(message.payload)
        if self._fetch is not None and handshake.metadata_size and ut_metadata.NAME in handshake.ids:
            self._fetch.peer_has(peer.link, handshake.metadata_size)
            self._send_metadata_requests(now)

    def _on_metadata(self, peer: Peer, payload: bytes, now: float) -> None:
        message = ut_metadata.parse_metadata_message(payload)
        if message is None:
            return
        if message.kind == "request":
            self._serve_metadata(peer, message.piece, now)
        elif self._fetch is None:
            return
        elif message.kind == "reject":
            self._fetch.rejected(peer.link, message.piece)
        else:
            result = self._fetch.received(peer.link, message.piece, message.data, message.total_size)
            if isinstance(result, bytes):
                self._metadata_fetched(result, now)
                return
            for link in result or ():
                self._drop(self.peers[link], "metadata that does not match the info-hash", now)
            self._send_metadata_requests(now)

    def _serve_metadata(self, peer: Peer, piece: int, now: float) -> None:
        reply = (
            ut_metadata.metadata_piece(self.info.raw, piece)
            if self.info is not None
            else ut_metadata.MetadataMessage("reject", piece)
        )
        data = peer.extensions.message(ut_metadata.NAME, reply.to_bytes())
        if data is not None and peer.writable:
            peer.send(data, now)

    def _send_metadata_requests(self, now: float, *, again: bool = False) -> None:
        assert self._fetch is not None
        for link, piece in self._fetch.requests(now, again=again):
            peer = self.peers[link]
            data = peer.extensions.message(
                ut_metadata.NAME, ut_metadata.MetadataMessage("request", piece).to_bytes()
            )
            if data is not None:
                peer.send(data, now)

    def _ask_for_metadata(self, now: float) -> None:
        if self._fetch is not None and not self.closed:
            self._send_metadata_requests(now, again=True)
            self._timers.at(now + METADATA_SECONDS, self._ask_for_metadata)

    def _metadata_fetched(self, raw: bytes, now: float) -> None:
        try:
            info = parse_info(raw)
        except TorrentideError as error:
            self._observer.failed(error)
            return
        self._set_info(info, now, seeding=False)

    def _set_info(self, info: Info, now: float, *, seeding: bool) -> None:
        self.info = info
        self._fetch = None
        self.picker = Picker(info.piece_count, info.piece_length, info.length, self._rng)
        self._store = self._open_store(info)
        if seeding:
            self.picker.have = Bitfield.full(info.piece_count)
            self._verified_bytes = info.length
        self._downloader = Downloader(
            info,
            self.picker,
            self._store,
            self._digest,
            peers=self.peers.values,
            verified=self._on_verified,
            bad_piece=self._on_bad_piece,
            failed=self._on_store_error,
        )
        self._uploader = Uploader(self._store, info.piece_size, self._on_sent, self._on_store_error)
        self._observer.metadata(now)
        for peer in list(self.peers.values()):
            self._catch_up(peer, now)
        if seeding:
            self._observer.done(now)

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
        assert self._downloader is not None
        self._downloader.fill(peer, now)

    # -- Pieces that came

    def _on_verified(self, index: int, now: float) -> None:
        assert self.info is not None
        self._verified_bytes += self.info.piece_size(index)
        self._observer.verified(index, now)
        have = messages.have(index)
        for peer in list(self.peers.values()):
            if peer.pieces is None:
                if peer.peer_id is not None:
                    peer.send(have, now)
            elif index not in peer.pieces:
                peer.send(have, now)
            else:
                peer.wanted -= 1
                self._show_interest(peer, now)
        if self.complete:
            self._observer.done(now)

    def _on_bad_piece(self, index: int, links: set[int], now: float) -> None:
        self._observer.warning(PeerError(f"piece {index} failed verification; it is fetched again"))
        if len(links) == 1:
            for link in links & self.peers.keys():
                self._drop(self.peers[link], f"piece {index} does not match its hash", now)
        for peer in list(self.peers.values()):
            if self._downloader is not None:
                self._downloader.fill(peer, now)

    def _on_store_error(self, error: Exception) -> None:
        self._observer.failed(error if isinstance(error, TorrentideError) else StorageError(str(error)))

    # -- Serving

    def _serve(self, peer: Peer, now: float) -> None:
        if self._uploader is not None:
            self._uploader.serve(peer, now)

    def _on_sent(self, peer: Peer, count: int, now: float) -> None:
        peer.up.add(count, now)
        self.up.add(count, now)

    def _unchoke_if_room(self, peer: Peer, now: float) -> None:
        """A newcomer does not wait for the next round while a slot is free."""
        if peer.am_choking:
            taken = sum(1 for other in self.peers.values() if not other.am_choking and other.peer_interested)
            if taken < choker.UPLOAD_SLOTS:
                self._unchoke(peer, now)

    def _rechoke(self, now: float) -> None:
        if self.closed:
            return
        chosen = choker.choose(self.peers.values(), self.complete, now)
        for peer in list(self.peers.values()):
            if peer in chosen and peer.am_choking:
                self._unchoke(peer, now)
            elif peer not in chosen and not peer.am_choking:
                self._choke(peer, now)
        self._timers.at(now + choker.RECHOKE_SECONDS, self._rechoke)

    def _unchoke(self, peer: Peer, now: float) -> None:
        peer.am_choking = False
        peer.unchoked_at = now
        peer.send(messages.UNCHOKE, now)

    def _choke(self, peer: Peer, now: float) -> None:
        peer.am_choking = True
        rejects = [messages.reject(*block) for block in peer.uploads] if peer.fast else []
        peer.uploads.clear()
        peer.send(messages.CHOKE + b"".join(rejects), now)

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
            if self._downloader.check(peer, now):
                self._fill_others(peer, now)
            else:
                self._downloader.fill(peer, now)
        self._timers.at(now + CHECK_SECONDS, lambda then: self._check(peer, then))

    def _fill_others(self, peer: Peer, now: float) -> None:
        """Blocks became free: whoever has room asks for them."""
        assert self._downloader is not None
        for other in list(self.peers.values()):
            if other is not peer:
                self._downloader.fill(other, now)

    def _drop(self, peer: Peer, reason: str, now: float) -> None:
        """Close a connection ourselves."""
        peer.transport.close()
        self._forget(peer, reason, now)
        self._observer.link_closed(peer.link)

    def _forget(self, peer: Peer, reason: str, now: float) -> None:
        if self.peers.pop(peer.link, None) is None:
            return
        # A read for it may be under way.
        peer.uploads.clear()
        if peer.peer_id is not None and self._by_id.get(peer.peer_id) is peer:
            del self._by_id[peer.peer_id]
            self._observer.peer_left(peer, reason, now)
        self._uncount(peer)
        if self._fetch is not None:
            self._fetch.peer_gone(peer.link)
        if self._downloader is not None and not self.closed:
            self._downloader.forget(peer)
            self._fill_others(peer, now)
