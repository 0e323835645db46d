"""Which extension gets which message.

Owns the numbers of BEP 10 on one wire: ours, given in the order of registration, and the peer's, told by its
handshake. An extension is a name and a function for its messages; it knows nothing of numbers.
"""

from collections.abc import Callable

from torrentide.errors import PeerError
from torrentide.wire import messages
from torrentide.wire.extensions.handshake import ExtendedHandshake, parse_extended_handshake

Handler = Callable[[bytes, float], None]
"""Takes the payload of one message and the time."""


class Extensions:
    """The extensions of one wire. `peer` is the last handshake that the peer sent."""

    __slots__ = ("_handlers", "_names", "peer")

    def __init__(self) -> None:
        self.peer = ExtendedHandshake()
        self._names: list[str] = []
        self._handlers: list[Handler] = []

    def register(self, name: str, handler: Handler) -> None:
        """Have the messages of extension `name` given to `handler`. Must come before the handshake is
        sent."""
        self._names.append(name)
        self._handlers.append(handler)

    @property
    def ids(self) -> dict[str, int]:
        """Our numbers, for our handshake."""
        return {name: number for number, name in enumerate(self._names, 1)}

    def receive_handshake(self, payload: bytes) -> ExtendedHandshake:
        """Take the peer's handshake. A later one adds to the numbers of an earlier one (BEP 10)."""
        handshake = parse_extended_handshake(payload)
        handshake.ids = {**self.peer.ids, **handshake.ids}
        self.peer = handshake
        return handshake

    def receive(self, number: int, payload: bytes, now: float) -> None:
        """Give a message to its extension; PeerError when the number is none of ours."""
        if not 1 <= number <= len(self._handlers):
            raise PeerError(f"a message for extension {number}, which was never agreed on")
        self._handlers[number - 1](payload, now)

    def message(self, name: str, payload: bytes) -> bytes | None:
        """The message of extension `name` for this peer; None when the peer doesn't speak it."""
        number = self.peer.ids.get(name)
        return messages.extended(number, payload) if number else None
