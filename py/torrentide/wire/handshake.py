"""The handshake that opens every connection (BEP 3), with the reserved bits of BEP 6 and BEP 10."""

from dataclasses import dataclass

from torrentide.errors import PeerError

HANDSHAKE_LENGTH = 68
_PROTOCOL = b"\x13BitTorrent protocol"


@dataclass(frozen=True, slots=True)
class Handshake:
    """Both ids are 20 bytes; `extended` is BEP 10, `fast` is BEP 6, `dht` is BEP 5."""

    info_hash: bytes
    peer_id: bytes
    extended: bool = True
    fast: bool = True
    dht: bool = False

    def to_bytes(self) -> bytes:
        """The 68 bytes."""
        reserved = bytearray(8)
        reserved[5] |= 0x10 if self.extended else 0
        reserved[7] |= (0x04 if self.fast else 0) | (0x01 if self.dht else 0)
        return _PROTOCOL + reserved + self.info_hash + self.peer_id


def parse_handshake(data: bytes) -> Handshake:
    """Read 68 bytes; PeerError when they open some other protocol."""
    if not data.startswith(_PROTOCOL):
        raise PeerError("expected a BitTorrent handshake")
    return Handshake(
        info_hash=data[28:48],
        peer_id=data[48:68],
        extended=bool(data[25] & 0x10),
        fast=bool(data[27] & 0x04),
        dht=bool(data[27] & 0x01),
    )
