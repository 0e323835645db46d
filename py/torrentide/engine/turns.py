"""Peers that wait for something: each is looked at in its turn, by a timer or when there is reason to.

Owns the line of those who wait and the one timer for all of them. Who is taken out and has to wait again
stands behind the others. It never knows what they wait for.
"""

from collections.abc import Callable

from torrentide.engine.peer import Peer
from torrentide.timers import Timer, Timers


class Turns:
    """`look(peer, now)` is called for each while `open_(now)` says that there is something to be had;
    `delay(now)` is the seconds until the next look."""

    def __init__(
        self,
        timers: Timers,
        look: Callable[[Peer, float], None],
        open_: Callable[[float], bool],
        delay: Callable[[float], float],
    ) -> None:
        self._timers = timers
        self._look = look
        self._open = open_
        self._delay = delay
        self._waiting: dict[int, Peer] = {}
        self._wake: Timer | None = None

    def __contains__(self, peer: Peer) -> bool:
        return peer.link in self._waiting

    def wait(self, peer: Peer, now: float) -> None:
        """The peer stands in line; one that does already keeps its place."""
        self._waiting[peer.link] = peer
        self._schedule(now)

    def leave(self, peer: Peer) -> None:
        """The peer waits no more. Harmless when it did not."""
        self._waiting.pop(peer.link, None)

    def go_round(self, now: float) -> None:
        """Look at all who wait, as long as there is something to be had."""
        for link in list(self._waiting):
            if not self._open(now):
                break
            peer = self._waiting.pop(link, None)
            if peer is not None:
                self._look(peer, now)
        self._schedule(now)

    def close(self) -> None:
        """Nobody waits any more."""
        self._waiting.clear()
        if self._wake is not None:
            self._wake.cancel()

    def _schedule(self, now: float) -> None:
        if self._waiting and self._wake is None:
            self._wake = self._timers.at(now + self._delay(now), self._on_wake)

    def _on_wake(self, now: float) -> None:
        self._wake = None
        self.go_round(now)
