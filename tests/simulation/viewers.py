"""Viewers: peers that play what they download, as a media player does.

A viewer reads ahead of what it shows up to a bound, starts when enough is buffered, and stalls when nothing
is left. Owns the measure of that: the start, the stalls, the seeks. It knows nothing of how pieces come.
"""

from dataclasses import dataclass, field

from simulation.nodes import Run
from torrentide.engine.readers import Reader

# Shaka Player's `rebufferingGoal`: it plays as soon as so many seconds are buffered, at first and after a
# stall. It buffers 10 s ahead (`bufferingGoal`), hls.js 30.
START_SECONDS = 2.0
BUFFER_SECONDS = 20.0
# How often it looks whether there is room in its buffer.
LOOK_SECONDS = 0.1


@dataclass
class Watching:
    """What a viewer saw, in seconds. A stall is the time from the last frame until it goes on."""

    started: float | None = None
    stalls: list[float] = field(default_factory=list)
    # From each seek to the first byte behind it, and until it plays there.
    sought: list[float] = field(default_factory=list)
    resumed: list[float] = field(default_factory=list)


class Viewer(Run):
    """Plays the whole torrent at `rate` bytes a second."""

    rate = 0.0
    asked_at = 0.0
    # The bytes before these have been shown, and read.
    shown = 0.0
    read = 0
    playing = False
    seen_at = 0.0

    def watch(self, rate: float, *, tells: bool = False) -> None:
        """Begin to play when the metadata is here. `tells`: the engine learns the rate, and how much is in
        the buffer."""
        self.rate = rate
        self.tells = tells
        self.seen = Watching()
        self.reader: Reader | None = None
        self.waiting_since: float | None = None
        self.first_byte_due: float | None = None
        self.seeking = False
        self.asked_at = self.seen_at = self.node.world.now
        self._look()

    @property
    def ended(self) -> bool:
        """Whether the end was shown."""
        info = self.swarm.torrent.info
        return info is not None and self.shown >= info.length

    def seek(self, position: int) -> None:
        """Jump there."""
        now = self.node.world.now
        self._play_on(now)
        if self.reader is not None:
            self.swarm.torrent.close_reader(self.reader, now)
            self.reader = None
        self.shown, self.read = float(position), position
        self.playing = False
        self.waiting_since = self.first_byte_due = now
        self.seeking = True
        self._pump(now)

    def verified(self, index: int, now: float) -> None:
        """Hear of a piece."""
        super().verified(index, now)
        self._pump(now)

    def _look(self) -> None:
        if not self.ended and self.node.online:
            self._pump(self.node.world.now)
            self.node.world.later(LOOK_SECONDS, self._look)

    def _pump(self, now: float) -> None:
        """Show what there was until now, and read on."""
        torrent = self.swarm.torrent
        info, picker = torrent.info, torrent.picker
        if info is None or picker is None or torrent.closed:
            return
        self._play_on(now)
        if self.reader is None:
            self.reader = torrent.open_reader(self.read, info.length, now)
        room = min(self.shown + BUFFER_SECONDS * self.rate, info.length)
        before = self.read
        while self.read < room and self.read // info.piece_length in picker.have:
            self.read = min((self.read // info.piece_length + 1) * info.piece_length, info.length)
        if self.read > before:
            if self.first_byte_due is not None:
                self.seen.sought.append(now - self.first_byte_due)
                self.first_byte_due = None
            torrent.move_reader(self.reader, self.read, now)
            if self.tells:
                slack = (self.read - self.shown) / self.rate if self.playing else 0.0
                torrent.pace_reader(self.reader, self.rate, slack, now)
        if not self.playing and self.read >= min(self.shown + START_SECONDS * self.rate, info.length):
            self._start(now)

    def _start(self, now: float) -> None:
        self.playing, self.seen_at = True, now
        if self.seen.started is None:
            self.seen.started = now - self.asked_at
        elif self.waiting_since is not None:
            (self.seen.resumed if self.seeking else self.seen.stalls).append(now - self.waiting_since)
        self.waiting_since, self.seeking = None, False

    def _play_on(self, now: float) -> None:
        if not self.playing:
            return
        self.shown += (now - self.seen_at) * self.rate
        self.seen_at = now
        info = self.swarm.torrent.info
        assert info is not None
        if self.shown >= self.read and self.read < info.length:
            self.playing = False
            self.waiting_since = now - (self.shown - self.read) / self.rate
            self.shown = float(self.read)
