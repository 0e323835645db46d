"""One torrent's state machine: its peers, from the open channel to the end.

Owns handshakes, the messages about the connection itself, the metadata and the memory of liars; what concerns
pieces it passes to its Exchange. It is driven by calls that carry the time, acts through ports, and tells an
Observer what happened. It never knows how peers are found or where the page is.
"""

import random
from collections.abc import Callable, Iterable, Mapping

from torrentide import __version__
from torrentide.discovery.glare import LinkKey, survivor
from torrentide.engine import choker
from torrentide.engine.blame import Blame
from torrentide.engine.exchange import Exchange
from torrentide.engine.limits import Limits
from torrentide.engine.metadata_exchange import MetadataExchange
from torrentide.engine.observer import Observer
from torrentide.engine.peer import MAX_UNSENT, Peer
from torrentide.engine.rate import RateMeter
from torrentide.engine.readers import Reader
from torrentide.engine.serving import REQUEST_QUEUE
from torrentide.engine.webseed import Web
from torrentide.errors import PeerError, StorageError, TorrentideError
from torrentide.metainfo.info import Info, parse_info
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.picker import Picker
from torrentide.ports import Buffer, Digest, Store, Transport
from torrentide.timers import Timers
from torrentide.wire import messages
from torrentide.wire.extensions import donthave, upload_only
from torrentide.wire.extensions import metadata as ut_metadata
from torrentide.wire.extensions.handshake import ExtendedHandshake
from torrentide.wire.handshake import Handshake

CLIENT = f"Torrentide {__version__}"
# How many messages we remember of a peer while the metadata is on its way.
MAX_TOLD = 10_000
# libtorrent: handshake 10 s; every client: keep-alive within 2 minutes; WebTorrent sends one every 55 s.
HANDSHAKE_SECONDS = 10.0
IDLE_SECONDS = 120.0
KEEP_ALIVE_SECONDS = 55.0
CHECK_SECONDS = 5.0
# Two connections to a peer cross while links are made, which takes less than a minute. Who comes later under
# the id of one that is there and talks may be anybody: ids are public.
CROSSING_SECONDS = 60.0
TALKING_SECONDS = 10.0


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
        web: Web | None = None,
    ) -> None:
        self.info_hash = info_hash
        self.info: Info | None = None
        self.limits = Limits()
        self.slots = choker.Slots()
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
        self._web = web
        # Web seeds that wait for the info, and whether they are of BEP 17.
        self._web_urls: list[tuple[str, bool]] = []
        self._by_id: dict[bytes, Peer] = {}
        self._metadata = MetadataExchange(info_hash, self.peers, timers, self._metadata_fetched, self.drop)
        self._exchange: Exchange | None = None

    # -- What a shell asks

    def start(
        self,
        now: float,
        info: Info | None = None,
        *,
        seeding: bool = False,
        super_seeding: bool = False,
        have: Bitfield | None = None,
    ) -> None:
        """Begin, with the info if it is known; the store holds the pieces `have`, or, `seeding`, every piece;
        `super_seeding`: each is to be uploaded as seldom as possible (BEP 16)."""
        if info is not None:
            have = Bitfield.full(info.piece_count) if seeding else have
            self._set_info(info, now, have=have, super_seeding=super_seeding)
        else:
            self._metadata.start(now)
        self._timers.at(now + choker.RECHOKE_SECONDS, self._rechoke)

    @property
    def picker(self) -> Picker | None:
        """The pieces; None while the metadata is unknown."""
        return None if self._exchange is None else self._exchange.picker

    @property
    def complete(self) -> bool:
        """Whether every piece is here."""
        return self.picker is not None and self.picker.have.complete

    @property
    def wants_nothing(self) -> bool:
        """Whether everything that is wanted is here."""
        return self.picker is not None and self.picker.finished

    @property
    def left(self) -> int | None:
        """Bytes that lack; None while the metadata is unknown."""
        return None if self._exchange is None else self._exchange.info.length - self._exchange.verified_bytes

    @property
    def downloaded(self) -> int:
        """Bytes of verified pieces and of blocks that wait for the rest of their piece."""
        exchange = self._exchange
        return 0 if exchange is None else exchange.verified_bytes + exchange.unverified

    @property
    def wasted(self) -> int:
        """Bytes of blocks that came in vain."""
        return 0 if self._exchange is None else self._exchange.wasted

    @property
    def store(self) -> Store | None:
        """Where the pieces are; None while the metadata is unknown."""
        return None if self._exchange is None else self._exchange.store

    def knows(self, peer_id: bytes) -> bool:
        """Whether a peer with this id is connected, or has been banned."""
        return peer_id in self._by_id or self.blame.is_banned(peer_id)

    def pause(self, now: float) -> None:
        """Take requests back and serve nobody. Connections stay."""
        self.paused = True
        if self._exchange is not None:
            self._exchange.pause(now)

    def resume(self, now: float) -> None:
        """Go on."""
        self.paused = False
        if self._exchange is not None:
            self._exchange.resume(now)

    def set_priorities(self, priorities: Mapping[int, int], now: float) -> None:
        """Change the priorities of pieces: 0 is not wanted, 7 comes first. The info must be known."""
        assert self._exchange is not None, "priorities before the metadata is known"
        self._exchange.set_priorities(priorities, now)

    def fresh(self, index: int) -> Buffer | None:
        """The bytes of a piece that is checked and not stored yet."""
        return None if self._exchange is None else self._exchange.fresh(index)

    def on_checked(self, told: Callable[[int], None]) -> None:
        """Tell `told(index)` of each piece that is checked before it is stored. The info must be known."""
        assert self._exchange is not None, "pieces before the metadata is known"
        self._exchange.on_checked(told)

    def open_reader(self, start: int, end: int, now: float, rate: float | None = None) -> Reader:
        """Somebody reads bytes `start` to `end` (exclusive) of the torrent in order, `rate` of them a second
        if that is known: they are fetched before others, in time for that. The info must be known."""
        assert self._exchange is not None, "a reader before the metadata is known"
        return self._exchange.open_reader(start, end, now, rate)

    def move_reader(self, reader: Reader, position: int, now: float) -> None:
        """A reader has read all bytes before `position`."""
        if self._exchange is not None and not self.closed:
            self._exchange.move_reader(reader, position, now)

    def pace_reader(self, reader: Reader, rate: float | None, slack: float, now: float) -> None:
        """A reader needs what comes next in `slack` seconds, and `rate` bytes a second from there on, if that
        is known."""
        if self._exchange is not None and not self.closed:
            self._exchange.pace_reader(reader, rate, slack, now)

    def close_reader(self, reader: Reader, now: float) -> None:
        """A reader reads no more."""
        if self._exchange is not None and not self.closed:
            self._exchange.close_reader(reader, now)

    def set_critical(self, indexes: Iterable[int], now: float) -> None:
        """Fetch these pieces before all others but those that readers come to. The info must be known."""
        assert self._exchange is not None, "critical pieces before the metadata is known"
        self._exchange.set_critical(indexes, now)

    def add_web_seeds(self, urls: Iterable[str], now: float, *, pieces: bool = False) -> None:
        """Fetch from these web servers, too: they have the files (BEP 19) or serve `pieces` (BEP 17)."""
        if self._exchange is not None:
            self._exchange.add_web_seeds(urls, now, pieces=pieces)
        else:
            self._web_urls += [(url, pieces) for url in urls]

    def learn(self, info: Info, have: Bitfield, now: float) -> None:
        """The info is known from elsewhere, and the store holds the pieces `have`. Nothing happens when it
        was known."""
        if self.info is None:
            self._set_info(info, now, have=have, super_seeding=False)

    def found(self, index: int, now: float) -> None:
        """A piece is in the store that was not known to be. The info must be known."""
        assert self._exchange is not None, "pieces before the metadata is known"
        self._exchange.found(index, now)

    def lost(self, index: int, now: float) -> None:
        """A piece is not in the store any more, or not what it was: fetch it again. The info must be
        known."""
        assert self._exchange is not None, "pieces before the metadata is known"
        self._exchange.lost(index, now)

    def stop_super_seeding(self, now: float) -> None:
        """Be a seed like any other."""
        if self._exchange is not None:
            self._exchange.stop_super_seeding(now)

    def close(self, now: float) -> None:
        """Part with every peer and with the store."""
        self.closed = True
        for peer in list(self.peers.values()):
            self.drop(peer, "the torrent was removed", now)
        self._metadata.close()
        if self._exchange is not None:
            self._exchange.close(now)
            self._exchange.store.close()

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
                    if self._exchange is not None:
                        self._exchange.piece(peer, event, now)
                elif isinstance(event, Handshake):
                    self._on_handshake(peer, event, now)
                else:
                    self._on_message(peer, event, now)
                if link not in self.peers:
                    return
        except PeerError as error:
            self.drop(peer, str(error), now)
            return
        if self._exchange is not None:
            self._exchange.fill(peer, now)
        self.check_unsent(peer, now)

    def check_unsent(self, peer: Peer, now: float) -> None:
        """Part with a peer that does not read what it is sent."""
        if peer.unsent > MAX_UNSENT:
            self.drop(peer, f"more than {MAX_UNSENT} bytes wait unsent: the peer does not read", now)

    def drained(self, link: int, now: float) -> None:
        """A channel's queue has run low: more can be sent."""
        peer = self.peers.get(link)
        if peer is not None:
            peer.unsent = 0
            if self._exchange is not None:
                self._exchange.drained(peer, now)

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
            loser = self._loser(other, peer, now)
            self.drop(loser, "another connection to the same peer is kept", now)
            if loser is peer:
                return
        peer.peer_id = handshake.peer_id
        peer.fast = handshake.fast
        self._by_id[handshake.peer_id] = peer
        self.blame.name(peer.link, handshake.peer_id)
        peer.on_parole = self.blame.is_on_parole(handshake.peer_id)
        self.tell_extensions(peer, now)
        if self._exchange is not None:
            self._exchange.joined(peer, now)
        elif peer.fast:
            peer.send(messages.HAVE_NONE, now)
        self._observer.peer_joined(peer, now)

    @staticmethod
    def _loser(old: Peer, new: Peer, now: float) -> Peer:
        """Which of two connections under the same id ends."""
        if now - old.opened_at > CROSSING_SECONDS and now - old.last_heard < TALKING_SECONDS:
            return new
        kept = survivor(old.key, new.key) if old.key and new.key else old.key
        return new if kept == old.key else old

    def tell_extensions(self, peer: Peer, now: float) -> None:
        """Send our extended handshake, or a later one when it has changed (BEP 10), to who knows of any."""
        greeting = peer.connection.handshake
        if greeting is None or not greeting.extended:
            return
        handshake = ExtendedHandshake(
            ids=peer.extensions.ids,
            others=peer.extensions.others,
            client=CLIENT,
            request_queue=REQUEST_QUEUE,
            metadata_size=self._metadata.size,
            upload_only=True if self.wants_nothing else None,
        )
        peer.send(messages.extended(0, handshake.to_bytes()), now)

    # -- Messages

    def _on_message(self, peer: Peer, message: messages.Message, now: float) -> None:
        match message:
            case messages.Extended():
                self._on_extended(peer, message, now)
                return
            case messages.Choke():
                peer.peer_choking = True
            case messages.Unchoke():
                peer.peer_choking = False
                peer.last_block = now
            case messages.Interested():
                peer.peer_interested = True
            case messages.NotInterested():
                peer.peer_interested = False
            case _:
                pass
        if self._exchange is not None:
            self._exchange.message(peer, message, now)
        elif isinstance(message, messages.Have | messages.Bits | messages.HaveAll | messages.HaveNone):
            self._remember(peer, message)

    @staticmethod
    def _remember(peer: Peer, message: messages.Message) -> None:
        """What a peer has is of use once the metadata is known. All but a have tell everything anew: to keep
        ten thousand bitfields would take 10 GiB."""
        if not isinstance(message, messages.Have):
            peer.told.clear()
        if len(peer.told) >= MAX_TOLD:
            raise PeerError(f"more than {MAX_TOLD} messages before the metadata is known")
        peer.told.append(message)

    # -- Extensions

    def _on_extended(self, peer: Peer, message: messages.Extended, now: float) -> None:
        if message.id:
            peer.extensions.receive(message.id, message.payload, now)
            return
        told = peer.extensions.receive_handshake(message.payload)
        peer.upload_only = bool(told.upload_only)
        self._metadata.shook_hands(peer, now)
        if peer.extensions.listener is not None and peer.link in self.peers:
            peer.extensions.listener(message.payload, now)

    @staticmethod
    def _on_upload_only(peer: Peer, payload: bytes) -> None:
        peer.upload_only = upload_only.parse_upload_only(payload)

    def _on_donthave(self, peer: Peer, payload: bytes, now: float) -> None:
        index = donthave.parse_donthave(payload)
        if self._exchange is not None:
            self._exchange.lost_piece(peer, index, now)

    # -- The metadata

    def _metadata_fetched(self, raw: bytes, now: float) -> None:
        try:
            info = parse_info(raw)
        except TorrentideError as error:
            self._observer.failed(error)
            return
        self._set_info(info, now, have=None, super_seeding=False)

    def _set_info(self, info: Info, now: float, *, have: Bitfield | None, super_seeding: bool) -> None:
        self.info = info
        self._metadata.known(info.raw)
        exchange = self._exchange = Exchange(
            info,
            self._open_store(info),
            self.peers,
            observer=self,
            blame=self.blame,
            digest=self._digest,
            timers=self._timers,
            rng=self._rng,
            web=self._web,
            down=self.down,
            up=self.up,
            down_limit=self._client_limits.down_with(self.limits),
            up_limit=self._client_limits.up_with(self.limits),
            slots=self.slots,
            own_id=self._peer_id,
            have=have,
            super_seeding=super_seeding,
        )
        self._observer.metadata(now)
        for url, pieces in self._web_urls:
            exchange.add_web_seeds([url], now, pieces=pieces)
        exchange.start(now, paused=self.paused)
        for peer in list(self.peers.values()):
            self._catch_up(exchange, peer, now)
        if self.complete and have is not None:
            self._observer.done(now)

    def _catch_up(self, exchange: Exchange, peer: Peer, now: float) -> None:
        """Take in what a peer told before the metadata was known, and tell it that we have the metadata
        now."""
        if peer.peer_id is None:
            return
        told, peer.told = peer.told, []
        try:
            for message in told:
                exchange.message(peer, message, now)
        except PeerError as error:
            self.drop(peer, str(error), now)
            return
        if peer.extensions.peer.ids:
            self.tell_extensions(peer, now)
        exchange.fill(peer, now)
        if peer.peer_interested:
            exchange.message(peer, messages.Interested(), now)

    # -- Observer of the exchange

    def verified(self, index: int, now: float) -> None:
        """See `exchange.ExchangeObserver`."""
        self._observer.verified(index, now)

    def unverified(self, index: int, now: float) -> None:
        """See `exchange.ExchangeObserver`. Who understands it hears of it (BEP 54)."""
        for peer in list(self.peers.values()):
            data = peer.extensions.message(donthave.NAME, donthave.to_bytes(index))
            if data is not None:
                peer.send(data, now)
        self._observer.unverified(index, now)

    def full(self, error: StorageError, now: float) -> None:
        """See `exchange.ExchangeObserver`."""
        self._observer.full(error, now)

    def room(self, now: float) -> None:
        """See `exchange.ExchangeObserver`."""
        self._observer.room(now)

    def finished(self, now: float) -> None:
        """See `exchange.ExchangeObserver`. Who understands it hears of it (BEP 21)."""
        for peer in list(self.peers.values()):
            data = peer.extensions.message(upload_only.NAME, upload_only.to_bytes(self.wants_nothing))
            if data is not None:
                peer.send(data, now)
        if self.wants_nothing:
            self._observer.done(now)

    def warning(self, error: TorrentideError) -> None:
        """See `exchange.ExchangeObserver`."""
        self._observer.warning(error)

    def failed(self, error: TorrentideError) -> None:
        """See `exchange.ExchangeObserver`."""
        self._observer.failed(error)

    def drop(self, peer: Peer, reason: str, now: float) -> None:
        """Close a connection ourselves."""
        peer.transport.close()
        self._forget(peer, reason, now)
        self._observer.link_closed(peer.link)

    def _rechoke(self, now: float) -> None:
        if self.closed:
            return
        if self._exchange is not None:
            self._exchange.rechoke(now)
        self._timers.at(now + choker.RECHOKE_SECONDS, self._rechoke)

    # -- The end of a connection

    def _check(self, peer: Peer, now: float) -> None:
        """Every few seconds for each peer: time-outs and keep-alives."""
        if self.peers.get(peer.link) is not peer:
            return
        if peer.peer_id is None:
            self.drop(peer, f"no handshake within {HANDSHAKE_SECONDS:.0f} s", now)
            return
        if now - peer.last_heard > IDLE_SECONDS:
            self.drop(peer, f"nothing heard for {IDLE_SECONDS:.0f} s", now)
            return
        if now - peer.last_sent > KEEP_ALIVE_SECONDS:
            peer.send(messages.KEEP_ALIVE, now)
        if self._exchange is not None:
            self._exchange.check(peer, now)
        self._timers.at(now + CHECK_SECONDS, lambda then: self._check(peer, then))

    def _forget(self, peer: Peer, reason: str, now: float) -> None:
        if self.peers.pop(peer.link, None) is None:
            return
        if peer.peer_id is not None and self._by_id.get(peer.peer_id) is peer:
            del self._by_id[peer.peer_id]
            self._observer.peer_left(peer, reason, now)
        self._metadata.gone(peer)
        if self._exchange is not None:
            self._exchange.gone(peer, now, closing=self.closed)
