"""What the page does with single peers of a torrent: it brings them, parts with them, and speaks extensions
of its own with them. It never knows how peers are found.
"""

import time
from collections.abc import Callable

from torrentide.browser.mirror import Mirror
from torrentide.browser.wires import PageWires
from torrentide.engine.session import Session
from torrentide.errors import LocalError


class PagePeers:
    """Peers of the torrent that `mirror` tells of. `warn` is told when one can't be added."""

    def __init__(
        self, session: Session, mirror: Mirror, wires: PageWires, warn: Callable[[LocalError], None]
    ) -> None:
        self._session = session
        self._mirror = mirror
        self._wires = wires
        self._warn = warn

    def add(self, link: int) -> bool:
        """Whether a connection that the page made can be link number `link`."""
        swarm = self._mirror.swarm
        if swarm is None:
            return False
        taken = self._session.adopt(swarm.torrent.info_hash, link, time.monotonic())
        if not taken:
            self._warn(LocalError("a peer can't be added: the page has as many connections as it may have"))
        return taken

    def remove(self, link: int) -> None:
        """Close the connection to a peer; nothing happens when it is gone already."""
        if self._mirror.swarm is not None:
            self._session.link_failed(link, "the page removed the peer", time.monotonic())

    def use_extensions(self, link: int, names: list[str], others: bytes) -> None:
        """The page speaks these extensions on a wire; see `PageWires.use`."""
        if self._mirror.swarm is not None:
            self._wires.use(self._mirror.swarm.torrent, link, names, others, time.monotonic())

    def send_extended(self, link: int, number: int, payload: bytes) -> None:
        """Send a message of an extension; see `PageWires.send`."""
        if self._mirror.swarm is not None:
            self._wires.send(self._mirror.swarm.torrent, link, number, payload, time.monotonic())

    def took_extended(self, link: int, size: int) -> None:
        """The page has dealt with a message of an extension."""
        self._wires.took(link, size)
