"""Hosts of the world: places on the network, each with a line, its links and its sockets.

A host is the Dialer of whoever listens on it, an engine or a hostile program, and knows how an offer meets
its answer. It knows nothing of what is sent.
"""

from dataclasses import dataclass, field

from descriptions import describe, described
from simulation.clock import Clock
from simulation.network import End, Line, Listener
from simulation.trackers import SimSockets, SimTracker

GATHER = 0.02


@dataclass
class Network:
    """What all hosts share: the clock, the trackers, and who holds which end (those of offers that wait for
    their answer too). `contents` has the true pieces of each torrent."""

    world: Clock
    trackers: dict[str, SimTracker] = field(default_factory=dict)
    ends: dict[int, End] = field(default_factory=dict)
    contents: dict[bytes, list[bytes]] = field(default_factory=dict)


class Host:
    """A place for a `listener`. A description is the text of a link number."""

    listener: Listener

    def __init__(self, network: Network, line: Line) -> None:
        self.network = network
        self.world = network.world
        self.line = line
        self.online = True
        self.sockets = SimSockets(self.world, self, network.trackers)
        self.ends: dict[int, End] = {}

    def vanish(self) -> None:
        """Go offline without a word."""
        self.online = False
        self.sockets.lose()
        for end in list(self.ends.values()):
            end.sever()

    def come_back(self) -> None:
        """Be online again; the listener tries its trackers by itself."""
        self.online = True

    def link_gone(self, link: int) -> None:
        """An end here is closed."""
        self.ends.pop(link, None)
        self.network.ends.pop(link, None)

    # -- Dialer

    def offer(self, link: int) -> None:
        """See `ports.Dialer`."""
        self._describe(link)

    def accept(self, link: int, sdp: str) -> None:
        """See `ports.Dialer`."""
        self._describe(link).other = self.network.ends.get(described(sdp))

    def answer(self, link: int, sdp: str) -> None:
        """See `ports.Dialer`."""
        end, other = self.ends[link], self.network.ends.get(described(sdp))
        if other is not None and other.other is end:
            end.other = other
            round_trip = 2 * (self.line.latency + other.line.latency)
            self.world.later(round_trip, lambda: self._open(end, other))

    def close(self, link: int) -> None:
        """See `ports.Dialer`."""
        end = self.ends.get(link)
        if end is not None:
            end.close()

    def _describe(self, link: int) -> End:
        end = self.ends[link] = self.network.ends[link] = End(self.world, self, link)
        self.world.later(GATHER, lambda: self.listener.link_local(link, describe(link), self.world.now))
        return end

    def _open(self, first: End, second: End) -> None:
        pair = (first, second)
        if all(end.site.online and self.network.ends.get(end.link) is end for end in pair):
            for end in pair:
                end.open = True
            for end in pair:
                end.site.listener.link_open(end.link, end, self.world.now)
