"""What must be true of honest nodes at any time and at the end, whatever happens around them.

A Watch looks at runs and keeps what it finds wrong, in words. It looks at what a session shows and at the
wires, not at how the engine does it.
"""

from collections.abc import Iterable
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from simulation.network import End
from simulation.nodes import Run

# What an engine may leave unsent on one channel, as Peer.MAX_UNSENT, and one message more.
MAX_UNSENT = 8 * 1024 * 1024 + 256 * 1024


# Why an honest peer may lose another one: nobody is at fault.
BLAMELESS = frozenset(
    {
        "the other side closed",
        "the connection was lost",
        "the torrent was removed",
        "the network changed",
        "another connection to the same peer is kept",
        "nothing heard for 120 s",
    }
)


class Watch:
    """Watches `runs`, all of them honest; `alone` says that nobody else is there. `problems` is what was
    wrong."""

    def __init__(self, runs: list[Run], *, alone: bool = True) -> None:
        self.runs = runs
        self.alone = alone
        self.problems: list[str] = []
        self._least_left: dict[int, int] = {}
        self._told: set[tuple[int, str]] = set()

    def look(self) -> None:
        """What must hold at any time."""
        for number, run in enumerate(self.runs):
            for problem in self._at_any_time(number, run):
                self._tell(number, problem)

    def look_at_end(self) -> None:
        """What must hold of those who are complete, once all is over."""
        self.look()
        for number, run in enumerate(self.runs):
            if run.is_done:
                for problem in _when_complete(run):
                    self._tell(number, problem)
        honest = {run.node.session.peer_id for run in self.runs}
        for number, run in enumerate(self.runs):
            for peer_id, reason in run.parted:
                if peer_id in honest and reason not in BLAMELESS:
                    self._tell(number, f"parted with an honest peer: {reason}")
        down = sum(run.swarm.torrent.down.total for run in self.runs)
        up = sum(run.swarm.torrent.up.total for run in self.runs)
        if self.alone and down > up:
            self.problems.append(f"{down} bytes were received and {up} sent")

    def _tell(self, number: int, problem: str) -> None:
        # The same complaint of the same peer once, whatever its numbers.
        kind = (number, problem.partition(":")[0])
        if kind not in self._told:
            self._told.add(kind)
            self.problems.append(f"peer {number}: {problem}")

    def _at_any_time(self, number: int, run: Run) -> Iterable[str]:
        torrent = run.swarm.torrent
        ids = [peer.peer_id for peer in torrent.peers.values() if peer.peer_id is not None]
        if len(ids) != len(set(ids)):
            yield "two links to the same peer"
        for end in run.node.ends.values():
            if end.most_unsent > MAX_UNSENT:
                yield f"unsent bytes on a link: {end.most_unsent}"
        left, info = torrent.left, torrent.info
        if left is not None and info is not None:
            stored = sum(len(piece) for piece in run.store.pieces.values())
            if left != info.length - stored:
                yield f"left is not what lacks: {left} of {info.length}, {stored} are stored"
            if left > self._least_left.get(number, left):
                yield f"left has grown: {left}"
            self._least_left[number] = left
            if not info.length - left <= torrent.downloaded <= info.length:
                yield f"downloaded is not within bounds: {torrent.downloaded}, {left} of {info.length} lack"
        if run.errors:
            yield f"failed: {run.errors[0]}"


def _when_complete(run: Run) -> Iterable[str]:
    torrent = run.swarm.torrent
    info = torrent.info
    assert info is not None
    true = run.node.network.contents[info.info_hash]
    if [run.store.pieces.get(index) for index in range(info.piece_count)] != true:
        yield "its bytes are not those of the seed"
    if not torrent.complete or torrent.left != 0:
        yield f"done, but not complete: {torrent.left} bytes are left"
    if run.verified_count not in (0, info.piece_count):
        yield f"heard of another number of pieces than there are: {run.verified_count}"
    if run.verified_count and torrent.down.total < info.length:
        yield f"has more than it downloaded: {torrent.down.total} of {info.length}"


def footprint(root: object) -> int:
    """Entries and bytes that an engine object keeps: of all objects of ours that can be reached from it, and
    of the containers between them. Ends and functions lead to the rest of the world and are not followed."""
    seen: set[int] = set()
    waiting: list[Any] = [root]
    size = 0
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, _BORDER):
            continue
        seen.add(id(thing))
        size += len(thing) if isinstance(thing, bytes | bytearray | str | memoryview) else 1
        waiting.extend(_parts(thing))
    return size


_BORDER = (End, FunctionType, MethodType, BuiltinFunctionType, ModuleType, type)


def _parts(thing: Any) -> Iterable[Any]:
    if isinstance(thing, dict):
        return [*thing.keys(), *thing.values()]
    if isinstance(thing, list | tuple | set | frozenset) or type(thing).__name__ in ("deque", "array"):
        return list(thing)
    if type(thing).__module__.startswith("torrentide"):
        slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
        return [*getattr(thing, "__dict__", {}).values(), *(getattr(thing, name, None) for name in slots)]
    return ()
