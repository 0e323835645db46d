"""Which extension gets which message.

Owns the numbers of BEP 10 on one wire: ours, given in the order of registration, and the peer's, told by its
handshake. An extension is a name and a function for its messages; it knows nothing of numbers.
"""

from collections.abc import Callable
from typing import Any

from torrentide.errors import PeerError
from torrentide.wire import messages
from torrentide.wire.extensions.handshake import (
    MAX_EXTENSIONS,
    ExtendedHandshake,
    parse_extended_handshake,
)

Handler = Callable[[bytes, float], None]
"""Takes the payload of one message and the time."""


class Extensions:
    """The extensions of one wire. `peer` is what the peer told in its handshakes; `others` are further keys
    of ours, and `listener` is given each of the peer's as it came."""

    __slots__ = ("_handlers", "_names", "listener", "others", "peer")

    def __init__(self) -> None:
        self.peer = ExtendedHandshake()
        self.others: dict[bytes, Any] = {}
        self.listener: Handler | None = None
        self._names: list[str] = []
        self._handlers: list[Handler] = []

    def register(self, name: str, handler: Handler) -> None:
        """Have the messages of extension `name` given to `handler`. The peer knows of it behind
        our next handshake."""
        self._names.append(name)
        self._handlers.append(handler)

    @property
    def ids(self) -> dict[str, int]:
        """Our numbers, for our handshake."""
        return {name: number for number, name in enumerate(self._names, 1)}

    def receive_handshake(self, payload: bytes) -> ExtendedHandshake:
        """Take the peer's handshake; gives all that is known with it. A later one tells what changed, and
        takes an extension back with the number 0 (BEP 10)."""
        before, handshake = self.peer, parse_extended_handshake(payload)
        ids = {name: number for name, number in {**before.ids, **handshake.ids}.items() if number}
        self.peer = ExtendedHandshake(
            ids=dict(list(ids.items())[:MAX_EXTENSIONS]),
            client=handshake.client or before.client,
            request_queue=handshake.request_queue or before.request_queue,
            metadata_size=handshake.metadata_size or before.metadata_size,
            upload_only=before.upload_only if handshake.upload_only is None else handshake.upload_only,
        )
        return self.peer

    def receive(self, number: int, payload: bytes, now: float) -> None:
        """Give a message to its extension; PeerError when the number is none of ours."""
        if not 1 <= number <= len(self._handlers):
            raise PeerError(f"a message for extension {number}, which was never agreed on")
        self._handlers[number - 1](payload, now)

    def message(self, name: str, payload: bytes) -> bytes | None:
        """The message of extension `name` for this peer; None when the peer doesn't speak it."""
        number = self.peer.ids.get(name)
        return None if number is None else messages.extended(number, payload)
