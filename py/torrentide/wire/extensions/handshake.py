"""The extended handshake (BEP 10): which extensions a peer speaks, under which numbers, and a few facts
about it."""

from dataclasses import dataclass, field
from typing import Any

from torrentide.errors import InvalidTorrent, PeerError
from torrentide.metainfo import bencode

# libtorrent 2.1 reads at most 64 KiB of extended handshake; a client name is for people to read.
MAX_HANDSHAKE_BYTES = 64 * 1024
MAX_EXTENSIONS = 64
MAX_CLIENT_CHARS = 64

_OURS = frozenset((b"m", b"v", b"reqq", b"metadata_size", b"upload_only"))


@dataclass(slots=True)
class ExtendedHandshake:
    """`ids` maps an extension's name to its number. `client` is the name and version, `request_queue`
    (reqq) how many requests the sender keeps, `metadata_size` the bytes of its info dict (BEP 9),
    `upload_only` whether it wants nothing more (BEP 21; None when it does not say). `others` are further keys
    that are sent; of a received one they are not kept."""

    ids: dict[str, int] = field(default_factory=dict)
    client: str = ""
    request_queue: int | None = None
    metadata_size: int | None = None
    upload_only: bool | None = None
    others: dict[bytes, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The payload of message 20, number 0."""
        values: dict[str | bytes, Any] = {"m": self.ids}
        values |= {key: value for key, value in self.others.items() if key not in _OURS}
        if self.client:
            values["v"] = self.client
        if self.request_queue is not None:
            values["reqq"] = self.request_queue
        if self.metadata_size is not None:
            values["metadata_size"] = self.metadata_size
        if self.upload_only is not None:
            values["upload_only"] = int(self.upload_only)
        return bencode.encode(values)


def parse_extended_handshake(payload: bytes) -> ExtendedHandshake:
    """Read a peer's handshake. Keys of a wrong type are ignored; PeerError when it is no dictionary."""
    if len(payload) > MAX_HANDSHAKE_BYTES:
        raise PeerError(
            f"an extended handshake of {len(payload)} bytes; at most {MAX_HANDSHAKE_BYTES} are read"
        )
    try:
        values = bencode.decode_prefix(payload)[0]
    except InvalidTorrent as error:
        raise PeerError(f"bad extended handshake: {error}") from None
    if not isinstance(values, dict):
        raise PeerError("an extended handshake that is no dictionary")
    client = values.get(b"v")
    return ExtendedHandshake(
        ids=_ids(values.get(b"m")),
        client=client.decode(errors="replace")[:MAX_CLIENT_CHARS] if isinstance(client, bytes) else "",
        request_queue=_positive(values.get(b"reqq")),
        metadata_size=_positive(values.get(b"metadata_size")),
        upload_only=_flag(values.get(b"upload_only")),
    )


def _ids(numbers: object) -> dict[str, int]:
    if not isinstance(numbers, dict):
        return {}
    named = list(numbers.items())[:MAX_EXTENSIONS]
    return {
        name.decode(errors="replace"): number
        for name, number in named
        if isinstance(number, int) and 0 <= number < 256
    }


def _positive(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _flag(value: object) -> bool | None:
    return bool(value) if isinstance(value, int) else None
