"""ut_metadata (BEP 9): the info dict in pieces of 16 KiB, asked of a peer.

Owns the three messages and the cutting of the info dict. Who is asked, and whether the result is true, is the
engine's business.
"""

from dataclasses import dataclass
from typing import Literal

from torrentide.errors import InvalidTorrent, PeerError
from torrentide.metainfo import bencode

NAME = "ut_metadata"
METADATA_PIECE = 16 * 1024
# libtorrent 2.1 refuses an announced size beyond 4 MiB, and closes on a message of more than 17 KiB.
MAX_METADATA = 4 * 1024 * 1024
MAX_MESSAGE = 17 * 1024

_REQUEST, _DATA, _REJECT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class MetadataMessage:
    """`data` is the piece's bytes and `total_size` the whole's, both of a data message only."""

    kind: Literal["request", "data", "reject"]
    piece: int
    data: bytes = b""
    total_size: int = 0

    def to_bytes(self) -> bytes:
        """The payload of the extended message."""
        number = {"request": _REQUEST, "data": _DATA, "reject": _REJECT}[self.kind]
        values: dict[str, int] = {"msg_type": number, "piece": self.piece}
        if self.kind == "data":
            values["total_size"] = self.total_size
        return bencode.encode(values) + self.data


def parse_metadata_message(payload: bytes) -> MetadataMessage | None:
    """Read a message; None for a kind that we don't know (BEP 9: to be ignored), PeerError when it is
    broken."""
    if len(payload) > MAX_MESSAGE:
        raise PeerError(f"a ut_metadata message of {len(payload)} bytes; at most {MAX_MESSAGE} are taken")
    try:
        values, end = bencode.decode_prefix(payload)
    except InvalidTorrent as error:
        raise PeerError(f"bad ut_metadata message: {error}") from None
    piece = isinstance(values, dict) and values.get(b"piece")
    if not isinstance(piece, int) or isinstance(piece, bool) or piece < 0:
        raise PeerError("a ut_metadata message without a piece number")
    kind = values.get(b"msg_type")
    if kind == _REQUEST:
        return MetadataMessage("request", piece)
    if kind == _DATA:
        size = values.get(b"total_size")
        return MetadataMessage("data", piece, payload[end:], size if isinstance(size, int) else 0)
    return MetadataMessage("reject", piece) if kind == _REJECT else None


def metadata_piece(raw: bytes, piece: int) -> MetadataMessage:
    """The reply to a request for `piece` of the info dict `raw`: data, or a reject when there is no such
    piece."""
    data = raw[piece * METADATA_PIECE : (piece + 1) * METADATA_PIECE]
    if not data:
        return MetadataMessage("reject", piece)
    return MetadataMessage("data", piece, data, len(raw))
