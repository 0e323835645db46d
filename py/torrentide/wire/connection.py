"""Cuts a peer's byte stream into a handshake and messages.

Owns the receive buffer of one connection and its bound. Peers may split messages anywhere and join them at
will (libtorrent sends the header of a piece and its data apart). It never knows what the messages mean to a
torrent.
"""

from torrentide.errors import PeerError
from torrentide.wire import messages
from torrentide.wire.handshake import HANDSHAKE_LENGTH, Handshake, parse_handshake

# libtorrent 2.1 closes on messages beyond 1 MiB. The longest that is honest is the bitfield of a torrent of
# 0x200000 pieces.
MAX_MESSAGE_LENGTH = 1024 * 1024


class Connection:
    """The receiving half of one wire. After a PeerError the connection must be closed."""

    __slots__ = ("_buffer", "_needed", "handshake")

    def __init__(self) -> None:
        self.handshake: Handshake | None = None
        self._buffer = bytearray()
        self._needed = HANDSHAKE_LENGTH

    def receive(self, data: bytes) -> list[Handshake | messages.Message]:
        """Take bytes as they came; give what is complete with them. Views in it are good until the next
        call."""
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._needed:
                return []
            data = bytes(self._buffer)
            self._buffer.clear()
        events: list[Handshake | messages.Message] = []
        view = memoryview(data)
        position = 0
        if self.handshake is None:
            if len(data) < HANDSHAKE_LENGTH:
                self._check_start(data)
                self._buffer += data
                return events
            self.handshake = parse_handshake(data[:HANDSHAKE_LENGTH])
            events.append(self.handshake)
            position = HANDSHAKE_LENGTH
        size = len(data)
        while size - position >= 4:
            length = int.from_bytes(view[position : position + 4], "big")
            if length > MAX_MESSAGE_LENGTH:
                raise PeerError(f"a message of {length} bytes; at most {MAX_MESSAGE_LENGTH} are taken")
            end = position + 4 + length
            if end > size:
                self._needed = end - position
                break
            events.append(messages.parse(view[position + 4 : end]))
            position = end
        else:
            self._needed = 4
        if position < size:
            self._buffer += view[position:]
        return events

    @staticmethod
    def _check_start(data: bytes) -> None:
        if data[:20] != b"\x13BitTorrent protocol"[: len(data)]:
            raise PeerError("expected a BitTorrent handshake")
