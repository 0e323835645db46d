"""Videos that are watched while they come: scenes with few peers, peers that leave, seeks and company.

Owns the scenes, the figures of each and their bounds. A seed decides latencies, places and who leaves how.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import Pool

from simulation.nodes import MemoryStore, Node, Run
from simulation.origin import Origin
from simulation.viewers import Viewer, Watching
from simulation.world import World, make_torrent

TRACKER = "ws://tracker.test/announce"
WEB_SEED = "https://origin.test/random.bin"
MBIT = 1e6 / 8
VIDEO_RATE = 4 * MBIT
VIDEO_SECONDS = 60
PIECE_LENGTH = 256 * 1024
PEERS, PEER_RATE = 3, 2 * MBIT
LEAVE_SECONDS = 10.0
SEEKS, SEEK_SECONDS = 5, 8.0
# Viewers that watch together, and what each and the one seed can send.
TOGETHER, TOGETHER_RATE, SEED_RATE = 5, 5 * MBIT, 8 * MBIT
# What a web server can send, and the most that it should of what viewers who share receive.
ORIGIN_RATE = 50 * MBIT
MAX_ORIGIN_PART = 0.4
PATIENCE = 6
MAX_STALL = 2.0
MIN_GIVEN = 0.6


@dataclass
class Result:
    """What was seen. `overhead` is what a viewer received over the size of what it got, `given` what viewers
    sent over what viewers received, `origin` what a web server sent over what viewers got."""

    scene: str
    seed: int
    seen: list[Watching]
    overhead: float = 0.0
    given: float = 0.0
    origin: float = 0.0
    ended: bool = True
    trace: str = ""
    wall: float = 0.0
    problems: list[str] = field(default_factory=list)

    @property
    def start(self) -> float:
        """Seconds until the last viewer sees something."""
        return max((seen.started if seen.started is not None else 1e9) for seen in self.seen)

    @property
    def stalls(self) -> list[float]:
        """Of all viewers."""
        return [stall for seen in self.seen for stall in seen.stalls]

    @property
    def sought(self) -> list[float]:
        """Seconds from each seek to the first byte."""
        return [wait for seen in self.seen for wait in seen.sought]


class Stage:
    """A world with a video in it, and a tracker. The peers that have all of it are `seeds`."""

    def __init__(self, seed: int, seconds: float) -> None:
        self.world = World(seed)
        self.rng = self.world.rng
        self.world.tracker(TRACKER, lambda: self.world.noise.uniform(0.02, 0.1))
        self.info, self.data = make_torrent(self.rng, int(VIDEO_RATE * seconds), PIECE_LENGTH)
        self.seeds: list[Run] = []
        self.viewers: list[Viewer] = []
        self.origin: Origin | None = None

    def add_origin(self) -> None:
        """A web server that has everything: a web seed of all viewers that come later."""
        self.origin = Origin(self.world, ORIGIN_RATE, self.rng.uniform(0.005, 0.05))
        self.origin.files[WEB_SEED] = self.data

    def add_seed(self, rate: float) -> None:
        """A peer that has everything."""
        self.seeds.append(self._node(rate).seed(self.info, self.data, [TRACKER]))

    def add_viewer(self, rate: float) -> Viewer:
        """A peer that watches from now on."""
        node = self._node(rate)
        viewer = Viewer(node, MemoryStore(None, b"", node.network))
        # Whose torrent has a web seed has its metadata, too.
        info = self.info if self.origin is not None else None
        node.join(viewer, self.info.info_hash, [TRACKER], info, seeding=False)
        if self.origin is not None:
            viewer.swarm.torrent.add_web_seeds([WEB_SEED], self.world.now)
        viewer.watch(VIDEO_RATE, tells=self.origin is not None)
        self.viewers.append(viewer)
        return viewer

    def play(self, result: Result, limit: float) -> Result:
        """Let time pass until all viewers are through."""
        began = time.perf_counter()
        result.seen = [viewer.seen for viewer in self.viewers]
        result.ended = self.world.run(lambda: all(viewer.ended for viewer in self.viewers), limit)
        torrents = [viewer.swarm.torrent for viewer in self.viewers]
        received = sum(torrent.down.total for torrent in torrents)
        result.overhead = received / max(1, sum(torrent.downloaded for torrent in torrents))
        result.given = sum(torrent.up.total for torrent in torrents) / max(1, received)
        if self.origin is not None:
            result.origin = self.origin.sent / sum(torrent.downloaded for torrent in torrents)
        result.trace, result.wall = self.world.trace, time.perf_counter() - began
        if not result.ended:
            result.problems.append("the end was never seen")
        return result

    def leave(self, number: int) -> None:
        """Of the seeds, the one of longest standing goes: every other one without a word."""
        node = self.seeds.pop(0).node
        node.vanish() if number % 2 else node.leave()

    def _node(self, rate: float) -> Node:
        latency, jitter = self.rng.uniform(0.005, 0.05), self.rng.choice([0.0, 0.02])
        return self.world.node(rate, 40 * MBIT, latency, jitter, self.origin)


def steady(seed: int) -> Result:
    """Three peers that together are one and a half times as fast as the video."""
    stage = Stage(seed, VIDEO_SECONDS)
    for _ in range(PEERS):
        stage.add_seed(PEER_RATE)
    stage.add_viewer(PEER_RATE)
    result = stage.play(Result("steady", seed, []), PATIENCE * VIDEO_SECONDS)
    if result.stalls:
        result.problems.append(f"stalled {len(result.stalls)} times, {max(result.stalls):.1f} s at most")
    return result


def leaving(seed: int) -> Result:
    """Of the three one leaves every 10 s, and another one comes."""
    stage = Stage(seed, VIDEO_SECONDS)
    for _ in range(PEERS):
        stage.add_seed(PEER_RATE)
    stage.add_viewer(PEER_RATE)

    def change(number: int) -> None:
        stage.leave(number + seed)
        stage.add_seed(PEER_RATE)
        stage.world.later(LEAVE_SECONDS, lambda: change(number + 1))

    stage.world.later(LEAVE_SECONDS, lambda: change(0))
    result = stage.play(Result("leaving", seed, []), PATIENCE * VIDEO_SECONDS)
    if len(result.stalls) > 1 or sum(result.stalls) > MAX_STALL:
        result.problems.append(f"stalled {len(result.stalls)} times, {sum(result.stalls):.1f} s in all")
    return result


def seeking(seed: int) -> Result:
    """The three stay, and the viewer jumps about in what is not here yet."""
    stage = Stage(seed, 4 * VIDEO_SECONDS)
    for _ in range(PEERS):
        stage.add_seed(PEER_RATE)
    viewer = stage.add_viewer(PEER_RATE)

    def jump(left: int) -> None:
        picker = viewer.swarm.torrent.picker
        assert picker is not None
        lacking = [index for index in picker.needed if index < stage.info.piece_count - 24]
        viewer.seek(stage.rng.choice(lacking) * PIECE_LENGTH + stage.rng.randrange(PIECE_LENGTH))
        if left:
            stage.world.later(SEEK_SECONDS, lambda: jump(left - 1))
        else:
            stage.world.later(SEEK_SECONDS, lambda: viewer.seek(stage.info.length - 1))

    stage.world.later(SEEK_SECONDS, lambda: jump(SEEKS - 1))
    return stage.play(Result("seeking", seed, []), PATIENCE * VIDEO_SECONDS)


def together(seed: int) -> Result:
    """Viewers that began within some seconds, and a seed that can't serve half of them."""
    stage = Stage(seed, VIDEO_SECONDS)
    stage.add_seed(SEED_RATE)
    for _ in range(TOGETHER):
        stage.world.run(lambda: False, stage.rng.uniform(0.2, 2.0))
        stage.add_viewer(TOGETHER_RATE)
    result = stage.play(Result("together", seed, []), PATIENCE * VIDEO_SECONDS)
    if result.given < MIN_GIVEN:
        result.problems.append(f"of what viewers received they gave {result.given:.2f}")
    return result


def assisted(seed: int) -> Result:
    """Viewers that began within some seconds, and a web server."""
    stage = Stage(seed, VIDEO_SECONDS)
    stage.add_origin()
    spread = stage.rng.choice([0.5, 2.0, 8.0])
    for _ in range(TOGETHER):
        stage.world.run(lambda: False, stage.rng.uniform(0.0, spread))
        stage.add_viewer(TOGETHER_RATE)
    result = stage.play(Result("assisted", seed, []), PATIENCE * VIDEO_SECONDS)
    if result.origin > MAX_ORIGIN_PART:
        result.problems.append(f"the web server sent {result.origin:.2f} of what viewers got")
    if result.stalls:
        result.problems.append(f"stalled {len(result.stalls)} times, {max(result.stalls):.1f} s at most")
    return result


def alone(seed: int) -> Result:
    """One viewer, and a web server."""
    stage = Stage(seed, VIDEO_SECONDS)
    stage.add_origin()
    stage.add_viewer(TOGETHER_RATE)
    result = stage.play(Result("alone", seed, []), PATIENCE * VIDEO_SECONDS)
    if result.stalls:
        result.problems.append(f"stalled {len(result.stalls)} times, {max(result.stalls):.1f} s at most")
    return result


SCENES: dict[str, Callable[[int], Result]] = {
    "steady": steady, "leaving": leaving, "seeking": seeking, "together": together,
    "assisted": assisted, "alone": alone,
}  # fmt: skip


def line(result: Result) -> str:
    """The figures of a scene."""
    sought = (
        f"{statistics.median(result.sought):6.2f} {max(result.sought):6.2f}" if result.sought else " " * 13
    )
    return (
        f"{result.scene:9} {result.seed:5} {result.start:6.2f}s {len(result.stalls):6} "
        f"{max(result.stalls, default=0.0):7.2f}s {sought} {result.overhead:9.3f} "
        f"{result.given:6.2f} {result.origin:6.2f} {result.wall:5.1f}s  {result.trace}"
    )


HEADER = "scene      seed   start stalls  longest   seek: median, worst  overhead  given origin   wall  trace"


def summary(results: list[Result]) -> str:
    """What all seeds of a scene show."""
    starts = [result.start for result in results]
    stalls = [stall for result in results for stall in result.stalls]
    sought = [wait for result in results for wait in result.sought]
    resumed = [wait for result in results for seen in result.seen for wait in seen.resumed]
    words = (
        f"{results[0].scene}: {len(results)} seeds, {sum(bool(r.problems) for r in results)} with problems; "
        f"start: median {statistics.median(starts):.2f} s, worst {max(starts):.2f} s; "
        f"stalls: {len(stalls)} in {sum(bool(r.stalls) for r in results)} seeds, "
        f"longest {max(stalls, default=0):.2f} s; "
        f"received over used: median {statistics.median(r.overhead for r in results):.3f}, "
        f"worst {max(r.overhead for r in results):.3f}; "
        f"given over received: {statistics.median(r.given for r in results):.2f}"
    )
    if any(result.origin for result in results):
        words += (
            f"; web server over received: median {statistics.median(r.origin for r in results):.2f}, "
            f"worst {max(r.origin for r in results):.2f}"
        )
    if sought:
        words += (
            f"; seek to first byte: median {statistics.median(sought):.2f} s, worst {max(sought):.2f} s; "
            f"to playing: median {statistics.median(resumed):.2f} s, worst {max(resumed):.2f} s"
        )
    return words


def main() -> int:
    """Run what the environment asks for: SCENE, SEED or SEEDS, JOBS; 1 when a scene missed a bound."""
    wish = os.environ.get
    first, count = int(wish("SEED") or 1), 1 if wish("SEED") else int(wish("SEEDS") or 100)
    scenes = [wish("SCENE") or ""] if wish("SCENE") else list(SCENES)
    summaries, bad = [], False
    print(HEADER)
    with Pool(int(wish("JOBS") or 2)) as pool:
        for scene in scenes:
            results = []
            for result in pool.imap(SCENES[scene], range(first, first + count)):
                results.append(result)
                print(line(result), *result.problems, sep="\n          ", flush=True)
            summaries.append(summary(results))
            bad = bad or any(result.problems for result in results)
    print(*summaries, sep="\n")
    return bad


if __name__ == "__main__":
    sys.exit(main())
