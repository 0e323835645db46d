"""upload_only (BEP 21): the sender wants nothing more, though it may lack pieces.

Owns the one message, which tells a change; in the handshake the key of the same name tells how it begins
(libtorrent sends both).
"""

from torrentide.errors import PeerError

NAME = "upload_only"


def to_bytes(upload_only: bool) -> bytes:
    """The payload of the extended message."""
    return b"\x01" if upload_only else b"\0"


def parse_upload_only(payload: bytes) -> bool:
    """Read a message; PeerError when it is not one byte."""
    if len(payload) != 1:
        raise PeerError(f"an upload_only message of {len(payload)} bytes, expected 1")
    return payload != b"\0"
