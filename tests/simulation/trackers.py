"""Trackers of the world: the real swarm logic behind sockets that take time, and a host's way to them.

A host that vanishes leaves its sockets behind; the tracker notices after a while, as a server does that waits
for TCP. It knows nothing of what a client announces.
"""

import random
from collections.abc import Callable
from typing import Protocol

from simulation.clock import Clock
from simulation.network import LATENCY, Listener
from torrentide.tracker.swarm import Tracker as TrackerServer

# How long a server keeps the socket of a host that is gone; browsers notice much sooner.
DEAD_SOCKET_SECONDS = 60.0
LOST_SECONDS = 5.0


class Client(Protocol):
    """Who opens sockets."""

    online: bool

    @property
    def listener(self) -> Listener: ...


class SimTracker:
    """A tracker, each message of which takes `delay()` seconds."""

    def __init__(self, clock: Clock, delay: Callable[[], float]) -> None:
        self._clock = clock
        self._delay = delay
        self._swarm = TrackerServer(random.Random(clock.rng.random()))
        self._sockets: dict[int, tuple[Client, str]] = {}
        # When the last message of each socket arrives: a socket never reorders.
        self._arrival: dict[tuple[int, bool], float] = {}
        self.received: list[tuple[int, str]] = []

    def connect(self, client: Client, url: str) -> int:
        """A new socket."""
        number = next(self._clock.numbers)
        self._sockets[number] = (client, url)
        self._deliver(number, False, lambda: client.listener.socket_open(url, self._clock.now))
        return number

    def send(self, number: int, text: str) -> None:
        """A client sends."""
        self._deliver(number, True, lambda: self._receive(number, text))

    def close(self, number: int) -> None:
        """A client closes, behind what it has sent."""
        self._deliver(number, True, lambda: self._closed(number))

    def abandon(self, number: int) -> None:
        """A client is gone without a word."""
        self._sockets.pop(number, None)
        self._clock.later(DEAD_SOCKET_SECONDS, lambda: self._swarm.closed(number, self._clock.now))

    def _closed(self, number: int) -> None:
        del self._sockets[number]
        self._swarm.closed(number, self._clock.now)

    def _receive(self, number: int, text: str) -> None:
        self.received.append((number, text))
        for target, reply in self._swarm.receive(number, text, self._clock.now):
            self._deliver(target, False, lambda target=target, reply=reply: self._reply(target, reply))  # type: ignore[misc]

    def _reply(self, number: int, text: str) -> None:
        client, url = self._sockets[number]
        client.listener.socket_text(url, text, self._clock.now)

    def _deliver(self, number: int, up: bool, call: Callable[[], None]) -> None:
        due = max(self._clock.now + self._delay(), self._arrival.get((number, up), 0.0))
        self._arrival[number, up] = due
        self._clock.at(due, lambda: call() if number in self._sockets else None)


class SimSockets:
    """The Sockets port of a host."""

    def __init__(self, clock: Clock, client: Client, trackers: dict[str, SimTracker]) -> None:
        self._clock = clock
        self._client = client
        self._trackers = trackers
        self._numbers: dict[str, int] = {}

    def open(self, url: str) -> None:
        """See `ports.Sockets`."""
        tracker = self._trackers.get(url)
        if tracker is None or not self._client.online:
            self._clock.later(LATENCY, lambda: self._fail(url, "no such host"))
        else:
            self._numbers[url] = tracker.connect(self._client, url)

    def send(self, url: str, text: str) -> None:
        """See `ports.Sockets`."""
        number = self._numbers.get(url)
        if number is not None:
            self._trackers[url].send(number, text)

    def close(self, url: str) -> None:
        """See `ports.Sockets`."""
        number = self._numbers.pop(url, None)
        if number is not None:
            self._trackers[url].close(number)

    def lose(self) -> None:
        """The host has gone offline."""
        for url, number in self._numbers.items():
            self._trackers[url].abandon(number)
            self._clock.later(LOST_SECONDS, lambda url=url: self._fail(url, "the connection was lost"))  # type: ignore[misc]
        self._numbers.clear()

    def _fail(self, url: str, reason: str) -> None:
        self._client.listener.socket_closed(url, reason, self._clock.now)
