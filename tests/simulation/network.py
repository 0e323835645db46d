"""Wires: links between hosts that take time, and the bandwidth that the links of a host share.

A host's uplink serves its links in turn, a quantum each, and one that was idle before those that are not (as
fq_codel does), so that a request does not wait behind megabytes for others. What arrives passes the
receiver's downlink; a link may have no more under way than its share of what that downlink can take, which
stands in for congestion control. Messages arrive whole and in order, as those of a data channel do. A cut
link swallows what is sent until each side is told. An event per quantum, no work per byte.
"""

from collections import deque
from typing import Protocol

from simulation.clock import Clock
from torrentide.ports import Buffer, Transport

LATENCY = 0.01
# Bytes that a channel's sender may have unsent when it is told that it ran low.
LOW_WATER = 256 * 1024
# What a link sends before it is the next one's turn: a block, or more where that takes no time.
MIN_QUANTUM = 16 * 1024
QUANTUM_SECONDS = 0.02
# How long data may queue before a slow downlink.
QUEUE_SECONDS = 0.1
# WebRTC: ICE is "disconnected" after 5 s without an answer and "failed" after 15 to 30.
LOSS_SECONDS = (5.0, 30.0)


class Listener(Protocol):
    """What the wires tell a client: the part of `Session` that hears of links and sockets."""

    def link_local(self, link: int, sdp: str, now: float) -> None: ...
    def link_open(self, link: int, transport: Transport, now: float) -> None: ...
    def link_data(self, link: int, data: bytes, now: float) -> None: ...
    def link_drained(self, link: int, now: float) -> None: ...
    def link_failed(self, link: int, reason: str, now: float) -> None: ...
    def socket_open(self, url: str, now: float) -> None: ...
    def socket_text(self, url: str, text: str, now: float) -> None: ...
    def socket_closed(self, url: str, reason: str, now: float) -> None: ...


class Site(Protocol):
    """Where an end stands."""

    line: "Line"
    listener: Listener
    online: bool

    def link_gone(self, link: int) -> None:
        """An end here is closed."""


class Line:
    """A host's connection to the world: `upload` and `download` in bytes a second, `latency` (one way, to the
    middle of the network) and the most that `jitter` adds to it, in seconds."""

    def __init__(self, clock: Clock, upload: float, download: float, latency: float, jitter: float) -> None:
        self.upload = upload
        self.download = download
        self.latency = latency
        self.jitter = jitter
        self.sent = 0
        # Links with something under way to here.
        self.incoming = 0
        self._clock = clock
        self._quantum = max(MIN_QUANTUM, int(upload * QUANTUM_SECONDS))
        self._fresh: deque[End] = deque()
        self._turn: deque[End] = deque()
        self._sending = False
        # Whether a fresh one was served last.
        self._favoured = False
        self._down_free = 0.0

    def wake(self, end: "End") -> None:
        """A link that was idle, or held up, has something to send."""
        if not end.waiting:
            end.waiting = True
            self._fresh.append(end)
            if not self._sending:
                self._send()

    def arrival(self, size: int) -> float:
        """When `size` bytes that reach the downlink now are through it."""
        self._down_free = max(self._clock.now, self._down_free + size / self.download)
        return self._down_free

    def _send(self) -> None:
        self._sending = False
        while not self._sending and (self._fresh or self._turn):
            # A link that its receiver holds up is fresh whenever it may go on: every other place is for those
            # that wait their turn.
            self._favoured = bool(self._fresh) and not (self._favoured and self._turn)
            end = (self._fresh if self._favoured else self._turn).popleft()
            end.waiting = False
            if end.other is not None:
                self._send_from(end, end.other)

    def _send_from(self, end: "End", other: "End") -> None:
        size, whole = end.take(other, self._quantum)
        if size:
            self._sending = True
            self.sent += size
            self._clock.later(size / self.upload, lambda: self._sent(end, other, size, whole))

    def _sent(self, end: "End", other: "End", size: int, whole: list[bytes]) -> None:
        end.left(other, size, whole)
        # One that has nothing more for the moment keeps its place for a round: who gives its link one block
        # at a time would else be ever fresh, and starve the others.
        if not end.waiting:
            end.waiting = True
            self._turn.append(end)
        self._send()


class End:
    """One end of a link: an engine's Transport, once open."""

    __slots__ = (
        "_arrival", "_head", "_unsent", "clock", "cut", "line", "link", "low_water", "most_unsent", "open",
        "other", "outgoing", "sends", "sent", "site", "under_way", "waiting",
    )  # fmt: skip

    def __init__(self, clock: Clock, site: Site, link: int) -> None:
        self.clock = clock
        self.site = site
        self.line = site.line
        self.link = link
        self.other: End | None = None
        self.open = False
        self.cut = False
        # Messages that have not left yet; of the first one `_head` bytes have.
        self.outgoing: deque[bytes] = deque()
        self.waiting = False
        self._unsent = 0
        self.low_water = LOW_WATER
        self.most_unsent = 0
        self.under_way = 0
        self.sent = 0
        self.sends = 0
        self._head = 0
        self._arrival = 0.0

    # -- Transport

    def send(self, data: Buffer) -> int:
        """See `ports.Transport`."""
        copy = bytes(data)
        self._unsent += len(copy)
        self.most_unsent = max(self.most_unsent, self._unsent)
        self.sent += len(copy)
        self.sends += 1
        self.outgoing.append(copy)
        self.line.wake(self)
        return self._unsent

    def unsent(self) -> int:
        """See `ports.Transport`."""
        return self._unsent

    def set_low_water(self, count: int) -> None:
        """See `ports.Transport`."""
        self.low_water = count

    def close(self) -> None:
        """See `ports.Transport`. The other side hears of it, unless the link is cut."""
        self._end()
        other, self.other = self.other, None
        if other is not None and other.open and not self.cut:
            other.other = None
            self.clock.later(self._delay(other), lambda: other.lost())

    # -- What befalls it

    def connect(self) -> None:
        """The channel opens."""
        self.open = True
        self.site.listener.link_open(self.link, self, self.clock.now)

    def sever(self) -> None:
        """Nothing passes any more, either way; each side is told after a while."""
        for end in (self, self.other):
            if end is not None and end.open and not end.cut:
                end.cut = True
                wait = self.clock.noise.uniform(*LOSS_SECONDS)
                self.clock.later(wait, lambda end=end: end.lost("the connection was lost"))  # type: ignore[misc]

    def lost(self, reason: str = "the other side closed") -> None:
        """This side learns that the link is no more."""
        if self.open:
            self._end()
            self.site.listener.link_failed(self.link, reason, self.clock.now)

    def _end(self) -> None:
        self.open = False
        self.outgoing.clear()
        self.site.link_gone(self.link)

    # -- On the way

    def take(self, other: "End", quantum: int) -> tuple[int, list[bytes]]:
        """Take what goes on the wire next: how many bytes, and the messages that are whole with them. Nothing
        when the link is held up; the next arrival wakes it then."""
        whole: list[bytes] = []
        if self.cut or not self.outgoing or not self._may_send(other):
            return 0, whole
        size = 0
        while self.outgoing and size < quantum:
            rest = len(self.outgoing[0]) - self._head
            part = min(rest, quantum - size)
            size += part
            self._head += part
            if part == rest:
                whole.append(self.outgoing.popleft())
                self._head = 0
        if not self.under_way:
            other.line.incoming += 1
        self.under_way += size
        return size, whole

    def left(self, other: "End", size: int, whole: list[bytes]) -> None:
        """What was taken has left the uplink."""
        clock = self.clock
        self._unsent -= size
        self._arrival = max(self._arrival, clock.now + self._delay(other))
        clock.at(self._arrival, lambda: self._reach(other, size, whole))
        if self.open and self._unsent <= self.low_water < self._unsent + size:
            self.site.listener.link_drained(self.link, clock.now)

    def _reach(self, other: "End", size: int, whole: list[bytes]) -> None:
        """It is at the other side's downlink."""
        due = other.line.arrival(size)
        if due > self.clock.now:
            self.clock.at(due, lambda: self._arrived(other, size, whole))
        else:
            self._arrived(other, size, whole)

    def _arrived(self, other: "End", size: int, whole: list[bytes]) -> None:
        self.under_way -= size
        if not self.under_way:
            other.line.incoming -= 1
        if self.outgoing:
            self.line.wake(self)
        clock = self.clock
        for data in whole:
            if other.open and not other.cut:
                clock.note(other.link, data)
                other.site.listener.link_data(other.link, data, clock.now)

    def _may_send(self, other: "End") -> bool:
        line = other.line
        window = line.download * (self.line.latency + line.latency + QUEUE_SECONDS)
        return not self.under_way or self.under_way < window / max(1, line.incoming)

    def _delay(self, other: "End") -> float:
        jitter = self.line.jitter + other.line.jitter
        noise = self.clock.noise.uniform(0.0, jitter) if jitter else 0.0
        return self.line.latency + other.line.latency + noise
