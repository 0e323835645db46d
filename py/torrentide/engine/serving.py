"""What we do for other peers: which requests are taken, who is unchoked, and which pieces we offer.

Owns the rules for requests and their abuse, the rounds of choking, the pieces that a choked newcomer may have
(BEP 6), and what a seed suggests or, in super-seeding, shows (BEP 16). Reading and sending the bytes is the
Uploader's work.
"""

import hashlib
import random
import struct
from collections.abc import Callable, Iterable

from torrentide.engine import choker
from torrentide.engine.peer import Peer
from torrentide.engine.spread import Spread
from torrentide.engine.upload import MAX_REQUEST, Uploader
from torrentide.errors import PeerError
from torrentide.metainfo.info import Info
from torrentide.pieces.picker import Picker
from torrentide.wire import messages

# How many requests we keep for a peer (told as BEP 10 `reqq`; libtorrent: 2,000).
REQUEST_QUEUE = 2000
# libtorrent 2.1: disconnects after 300 requests that must be refused; those within 2 s of a choke may have
# crossed it. A piece that is allowed to choked peers is served three times.
MAX_REFUSALS = 300
GRACE_SECONDS = 2.0
ALLOWED_FAST = 10
MAX_SERVED_FAST = 3
# Pieces that are suggested to a peer and not asked for yet: those that it should go on with. More of them lie
# idle with slow peers at the end.
SUGGESTIONS = 2


class Serving:
    """Serves `peers()` what `picker` has. `super_seeding`: show each peer one piece at a time."""

    def __init__(
        self,
        info: Info,
        picker: Picker,
        uploader: Uploader,
        peers: Callable[[], Iterable[Peer]],
        rng: random.Random,
        *,
        slots: choker.Slots | None = None,
        super_seeding: bool = False,
    ) -> None:
        self.paused = False
        self.super_seeding = super_seeding
        self._info = info
        self._picker = picker
        self._uploader = uploader
        self._peers = peers
        self._rng = rng
        self._slots = slots or choker.Slots()
        self._spread: Spread | None = None

    # -- What we offer

    def greet(self, peer: Peer, now: float) -> None:
        """Tell a peer that joined what we have."""
        have = self._picker.have
        if self.super_seeding or not have.held:
            if peer.fast:
                peer.send(messages.HAVE_NONE, now)
        elif peer.fast and have.complete:
            peer.send(messages.HAVE_ALL, now)
        else:
            peer.send(messages.bitfield(have.to_wire()), now)
        if peer.fast and not self.super_seeding and self._slots.count:
            self._allow_fast(peer, now)
        if self.super_seeding:
            self._reveal(peer, now)

    def _allow_fast(self, peer: Peer, now: float) -> None:
        """A newcomer has nothing to trade: let it have some pieces while it is choked, but of a small torrent
        not all."""
        chosen = allowed_fast_set(peer.peer_id or b"", self._info.info_hash, self._info.piece_count)
        allowed = [index for index in chosen if index in self._picker.have]
        peer.granted = dict.fromkeys(allowed, 0)
        if allowed:
            peer.send(b"".join(map(messages.allowed_fast, allowed)), now)

    def stop_super_seeding(self, now: float) -> None:
        """Show every piece to everybody."""
        self.super_seeding = False
        haves = b"".join(map(messages.have, self._picker.have))
        for peer in self._peers():
            if peer.peer_id is not None:
                peer.send(haves, now)

    def told(self, peer: Peer, index: int, now: float) -> None:
        """The peer has a piece now: a seed gives out the next."""
        if not self._picker.have.complete:
            return
        spread = self._counts()
        passed_on = spread.seen(peer.link, index)
        if self.super_seeding:
            alone = all(
                other is peer or other.is_seed or other.upload_only
                for other in self._peers()
                if other.peer_id
            )
            due = {*passed_on, peer.link} if alone else set(passed_on)
            for link in due:
                spread.done(link, index)
            for other in list(self._peers()):
                if other.link in due:
                    self._reveal(other, now)
        else:
            spread.done(peer.link, index)
            self._used_hint(peer, index, now)

    def _reveal(self, peer: Peer, now: float) -> None:
        index = self._hand_out(peer)
        if index is not None:
            peer.send(messages.have(index), now)

    def _suggest(self, peer: Peer, now: float) -> None:
        """Name the pieces that the peer should ask for next, if we are a seed."""
        if not peer.fast or not self._picker.have.complete or self.super_seeding:
            return
        while len(peer.hinted) < SUGGESTIONS:
            index = self._hand_out(peer)
            if index is None:
                return
            peer.hinted.add(index)
            peer.send(messages.suggest(index), now)

    def _on_fetching(self, peer: Peer, index: int, now: float) -> None:
        """The peer asks for blocks of a piece: of that one no other copy has to be sent soon."""
        if self._picker.have.complete and not self.super_seeding:
            self._counts().takes(peer.link, index)
            self._used_hint(peer, index, now)

    def _used_hint(self, peer: Peer, index: int, now: float) -> None:
        if index in peer.hinted:
            peer.hinted.discard(index)
            self._suggest(peer, now)

    def _withdraw_hints(self, peer: Peer) -> None:
        for index in peer.hinted:
            self._counts().withdraw(peer.link, index)
        peer.hinted.clear()

    def _hand_out(self, peer: Peer) -> int | None:
        theirs = peer.pieces
        if theirs is not None and theirs.complete:
            return None
        return self._counts().hand_out(peer.link, theirs)

    def _counts(self) -> Spread:
        if self._spread is None:
            self._spread = Spread(self._info.piece_count, self._rng)
            for peer in self._peers():
                if peer.pieces is not None and not peer.pieces.complete:
                    for index in peer.pieces:
                        self._spread.has(index)
        return self._spread

    # -- Requests

    def request(self, peer: Peer, request: messages.Request, now: float) -> None:
        """Take or refuse a request; PeerError for one that no honest peer makes."""
        index, begin, length = request.index, request.begin, request.length
        if index >= self._info.piece_count or begin + length > self._info.piece_size(index):
            raise PeerError(f"a request for {length} bytes at {begin} of piece {index}, which does not exist")
        if not 0 < length <= MAX_REQUEST:
            raise PeerError(f"a request for {length} bytes; 1 to {MAX_REQUEST} are served at a time")
        if not self._takes(peer, index, length):
            self._refuse(peer, request, now)
            return
        peer.refusals = 0
        # Served behind the whole batch of messages, so that blocks are packed together.
        peer.uploads.append((index, begin, length))
        if not begin:
            self._on_fetching(peer, index, now)

    def _takes(self, peer: Peer, index: int, length: int) -> bool:
        if index not in self._picker.have or len(peer.uploads) >= REQUEST_QUEUE or self.paused:
            return False
        if not peer.am_choking:
            return True
        if index not in peer.granted:
            return False
        peer.granted[index] += length
        return peer.granted[index] <= MAX_SERVED_FAST * self._info.piece_size(index)

    def _refuse(self, peer: Peer, request: messages.Request, now: float) -> None:
        if not peer.am_choking or now - peer.choked_at > GRACE_SECONDS:
            peer.refusals += 1
            if peer.refusals > MAX_REFUSALS:
                raise PeerError(f"{MAX_REFUSALS} requests in a row that had to be refused")
        if peer.fast:
            peer.send(messages.reject(request.index, request.begin, request.length), now)

    def cancel(self, peer: Peer, cancel: messages.Cancel, now: float) -> None:
        """The peer takes a request back."""
        block = (cancel.index, cancel.begin, cancel.length)
        if block in peer.uploads:
            peer.uploads.remove(block)
            if peer.fast:
                peer.send(messages.reject(*block), now)

    def lost(self, index: int, now: float) -> None:
        """A piece is not here any more: its requests are refused."""
        self._uploader.forget(index)
        for peer in self._peers():
            blocks = [block for block in peer.uploads if block[0] == index]
            for block in blocks:
                peer.uploads.remove(block)
            if peer.fast and blocks:
                peer.send(b"".join(messages.reject(*block) for block in blocks), now)

    def serve(self, peer: Peer, now: float) -> None:
        """Send what the peer waits for, as much as its channel and the limit take."""
        if peer.uploads:
            self._uploader.serve(peer, now)

    # -- Choking

    def fill_slots(self, now: float) -> None:
        """A peer wants something, or one wants nothing any more: nobody waits for the next round while a slot
        is free."""
        if self.paused:
            return
        interested = [peer for peer in self._peers() if self._slots.wants(peer)]
        waiting = [peer for peer in interested if peer.am_choking]
        free = self._slots.count - len(interested) + len(waiting)
        waiting.sort(key=lambda peer: peer.unchoked_at)
        for peer in waiting[: max(0, free)]:
            self._unchoke(peer, now)

    def rechoke(self, now: float) -> None:
        """A round of choking."""
        chosen = set[Peer]()
        if not self.paused:
            chosen = choker.choose(
                self._peers(), self._picker.finished, self._info.piece_length, now, self._slots
            )
        for peer in list(self._peers()):
            if peer in chosen and peer.am_choking:
                self._unchoke(peer, now)
            elif peer not in chosen and not peer.am_choking:
                self._choke(peer, now)

    def _unchoke(self, peer: Peer, now: float) -> None:
        peer.am_choking = False
        peer.unchoked_at = now
        peer.served = 0
        # Before the unchoke, for that is answered with requests.
        self._suggest(peer, now)
        peer.send(messages.UNCHOKE, now)

    def _choke(self, peer: Peer, now: float) -> None:
        peer.am_choking = True
        peer.choked_at = now
        rejects = [messages.reject(*block) for block in peer.uploads] if peer.fast else []
        peer.uploads.clear()
        self._withdraw_hints(peer)
        peer.send(messages.CHOKE + b"".join(rejects), now)

    # -- The end

    def pause(self, now: float) -> None:
        """Serve nobody."""
        self.paused = True
        self.rechoke(now)

    def resume(self, now: float) -> None:
        """Go on."""
        self.paused = False
        self.rechoke(now)

    def gone(self, peer: Peer) -> None:
        """The peer left."""
        # A read for it may be under way.
        peer.uploads.clear()
        if self._spread is not None:
            self._spread.left(peer.link)

    def close(self) -> None:
        """Serve nothing more."""
        self._uploader.close()


def allowed_fast_set(peer_id: bytes, info_hash: bytes, count: int) -> list[int]:
    """The pieces out of `count` that a peer may have while it is choked, a tenth of them at most. They are
    drawn as in BEP 6, but by the peer's id, for no data channel tells an address."""
    chosen: dict[int, None] = {}
    digest = peer_id + info_hash
    size = min(ALLOWED_FAST, count // 10)
    while len(chosen) < size:
        digest = hashlib.sha1(digest, usedforsecurity=False).digest()
        for number in struct.unpack(">5I", digest):
            chosen[number % count] = None
    return list(chosen)[:size]
