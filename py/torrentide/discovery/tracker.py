"""One WebSocket tracker: its connection, kept up, and who listens to it.

Owns the state of one tracker's socket and when to try again. All torrents of a client share it: a tracker
pins one peer id to a socket. It never knows what is announced.
"""

import random
from typing import Protocol
from urllib.parse import urlsplit

from torrentide.discovery.signalling import TrackerMessage, parse
from torrentide.errors import TrackerError, UnsupportedError
from torrentide.ports import Sockets
from torrentide.timers import Timer, Timers

# WebTorrent waits 160 s on average before its first retry; a viewer does not. Doubles from 2 s to 5 min, with
# jitter.
FIRST_RETRY_SECONDS = 2.0
MAX_RETRY_SECONDS = 300.0
# A socket that neither opens nor fails within this time is given up (libtorrent: 10 to 30 s).
CONNECT_SECONDS = 20.0
# Trackers answer an announce at once. A socket that stays silent for so long is dead, though nobody said so:
# a router forgot it, or the computer slept.
SILENT_SECONDS = 60.0


class Listener(Protocol):
    """What a torrent's announcer is told by its tracker."""

    def tracker_open(self, now: float) -> None:
        """The socket is open: announce."""

    def tracker_message(self, message: TrackerMessage, now: float) -> None:
        """A message for this torrent, or for all of them."""

    def tracker_trouble(self, error: TrackerError, now: float) -> None:
        """The tracker can't be reached, closed or made no sense."""


def tracker_url(url: str) -> str:
    """The URL in the form that names the tracker; UnsupportedError for other trackers than ws and wss."""
    try:
        parts = urlsplit(url.strip())
        # Reading the port raises ValueError where it is no number that a port can have.
        usable = parts.scheme in ("ws", "wss") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UnsupportedError(
            f"Unsupported tracker protocol: {url[:200]} (a web page can use ws:// and wss:// trackers)"
        )
    return url.strip().removesuffix("/")


class Tracker:
    """The tracker at `url`. Opens its socket when the first listener comes and closes it behind the last."""

    def __init__(self, url: str, sockets: Sockets, timers: Timers, rng: random.Random) -> None:
        self.url = url
        self.is_open = False
        self._sockets = sockets
        self._timers = timers
        self._rng = rng
        # What the next loss waits at most, in seconds.
        self._wait = FIRST_RETRY_SECONDS
        # Gives the socket up, or opens the next one. Whatever happens to the socket replaces or cancels it.
        self._timer: Timer | None = None
        self._listeners: dict[bytes, Listener] = {}

    def join(self, info_hash: bytes, listener: Listener, now: float) -> None:
        """Have `listener` told what concerns the torrent."""
        first = not self._listeners
        self._listeners[info_hash] = listener
        if first:
            self._connect(now)
        elif self.is_open:
            listener.tracker_open(now)

    def leave(self, info_hash: bytes) -> bool:
        """Tell a listener nothing more. True when it was the last: the socket is closed then."""
        self._listeners.pop(info_hash, None)
        if self._listeners:
            return False
        self._set_timer(None)
        self._sockets.close(self.url)
        self.is_open = False
        return True

    def send(self, text: str) -> bool:
        """Send a message; False when the socket is not open."""
        if self.is_open:
            self._sockets.send(self.url, text)
        return self.is_open

    def ask(self, text: str, now: float) -> None:
        """Send a message that trackers answer: the socket is opened anew when nothing comes for long."""
        if self.send(text) and self._timer is None:
            self._expect("answer", SILENT_SECONDS, now)

    def online(self, now: float) -> None:
        """The network is there again: open the socket now, if it is not open."""
        self._wait = FIRST_RETRY_SECONDS
        if self._listeners and not self.is_open:
            self._sockets.close(self.url)
            self._connect(now)

    def opened(self, now: float) -> None:
        """The socket opened."""
        self.is_open = True
        self._set_timer(None)
        for listener in list(self._listeners.values()):
            listener.tracker_open(now)

    def received(self, text: str, now: float) -> None:
        """A text message came. What is no protocol is a warning; the socket stays."""
        if self.is_open:
            self._set_timer(None)
        try:
            messages = parse(text)
        except TrackerError as fault:
            self._complain(str(fault), now)
            return
        # The tracker works: the next loss begins to wait from the start again.
        self._wait = FIRST_RETRY_SECONDS
        for message in messages:
            for listener in self._concerned(message.info_hash):
                listener.tracker_message(message, now)

    def closed(self, reason: str, now: float) -> None:
        """The socket closed, or never opened."""
        if not self._listeners:
            return
        self.is_open = False
        wait = self._wait * self._rng.uniform(0.5, 1.0)
        self._wait = min(MAX_RETRY_SECONDS, 2 * self._wait)
        self._complain(f"{reason or 'the connection was closed'}; trying again in {wait:.0f} s", now)
        self._set_timer(self._timers.at(now + wait, self._connect))

    def _connect(self, now: float) -> None:
        self._sockets.open(self.url)
        self._expect("connection", CONNECT_SECONDS, now)

    def _expect(self, what: str, seconds: float, now: float) -> None:
        """Give the socket up when the timer is not cancelled in time."""

        def give_up(now: float) -> None:
            self._sockets.close(self.url)
            self.closed(f"no {what} within {seconds:.0f} s", now)

        self._set_timer(self._timers.at(now + seconds, give_up))

    def _set_timer(self, timer: Timer | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = timer

    def _complain(self, what: str, now: float) -> None:
        for listener in self._concerned(None):
            listener.tracker_trouble(TrackerError(f"{self.url}: {what}"), now)

    def _concerned(self, info_hash: bytes | None) -> list[Listener]:
        """Who listens to a torrent, or everybody where the tracker names none."""
        if info_hash is None:
            return list(self._listeners.values())
        listener = self._listeners.get(info_hash)
        return [] if listener is None else [listener]
