"""Why there is no peer, in plain words: of the network, and of each torrent.

Owns the conclusions and their words. It looks at how things stand and changes nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torrentide.discovery.announcer import Status
from torrentide.engine.swarm import Swarm


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` is stable and for programs, as `no-tracker`; `message` is for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of an attempt to connect to a peer, `connected` or `failed`, and the types of the ICE
    candidates of both sides: `host`, `srflx`, `prflx` or `relay`."""

    outcome: str
    local: Sequence[str]
    remote: Sequence[str]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the place knows: whether it is on a network, and the last attempts, the last one last."""

    online: bool
    attempts: Sequence[Attempt]


@dataclass(frozen=True, slots=True)
class TorrentDiagnosis:
    """What concerns one torrent; `info_hash` is '' until it is known, as `name`."""

    info_hash: str
    name: str
    num_peers: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`summary` has all findings, one a line; `findings` are those that concern all torrents; `attempts` are
    the last ones to connect to a peer, the last one last."""

    summary: str
    findings: tuple[Finding, ...]
    torrents: tuple[TorrentDiagnosis, ...]
    attempts: tuple[Attempt, ...]


def diagnosis(
    findings: Sequence[Finding], torrents: Sequence[TorrentDiagnosis], attempts: Sequence[Attempt]
) -> Diagnosis:
    """The whole report."""
    lines = [finding.message for finding in findings]
    for torrent in torrents:
        of = torrent.name or torrent.info_hash or "A torrent"
        lines += [f"{of}: {finding.message}" for finding in torrent.findings]
    return Diagnosis("\n".join(lines), tuple(findings), tuple(torrents), tuple(attempts))


def of_network(around: Surroundings, torrents: int) -> Iterator[Finding]:
    """What concerns all torrents of a client that has so many."""
    attempts = around.attempts
    if not around.online:
        yield Finding("offline", "The browser says that it is offline.")
    failed = [attempt for attempt in attempts if attempt.outcome == "failed"]
    if failed:
        yield _of_failures(failed, len(attempts))
    if not torrents:
        yield Finding("no-torrent", "The client has no torrent.")


def of_torrent(
    swarm: Swarm | None, named: int, *, paused: bool, trackers_used: bool, attempted: bool
) -> Iterator[Finding]:
    """What concerns a torrent, which names so many trackers and peers that a page may not be able to use;
    `attempted`: somebody was tried to be reached, for whatever torrent."""
    if paused:
        yield Finding("paused", "It is paused: no data flows, and no new peers are looked for.")
    count = connected(swarm)
    if count:
        peers = "one peer" if count == 1 else f"{count} peers"
        yield Finding("connected", f"It is connected to {peers}.")
    elif swarm is None:
        yield Finding(
            "no-info-hash",
            "What it is is not known yet: its .torrent file or its data is still being read.",
        )
    else:
        trackers = swarm.trackers()
        if not trackers:
            yield _without_tracker(named, trackers_used)
        for status in trackers:
            yield _of_tracker(status, attempted)


def connected(swarm: Swarm | None) -> int:
    """How many peers have shaken hands."""
    return sum(peer.peer_id is not None for peer in swarm.torrent.peers.values()) if swarm is not None else 0


def _of_failures(failed: Sequence[Attempt], attempts: int) -> Finding:
    ours = _types([attempt.local for attempt in failed])
    theirs = _types([attempt.remote for attempt in failed])
    advice = "Behind strict NATs and firewalls a TURN server is needed: name one in the RTC configuration."
    if "relay" in ours:
        advice = "A TURN server was used, and did not help."
    return Finding(
        "ice-failed",
        f"{len(failed)} of the last {attempts} attempts to connect to a peer found no network path (ICE "
        f"failed). Our candidates: {ours}; theirs: {theirs}. {advice}",
    )


def _types(sides: Sequence[Sequence[str]]) -> str:
    return ", ".join(dict.fromkeys(kind for side in sides for kind in side)) or "none"


def _without_tracker(named: int, trackers_used: bool) -> Finding:
    if not trackers_used:
        return Finding(
            "trackers-off",
            "The client was told to use no tracker (`tracker` is false), so nobody can be found.",
        )
    if named:
        return Finding(
            "no-websocket-tracker",
            "It names trackers or peers for other BitTorrent clients alone, which a web page can not use. "
            "Add a wss:// tracker that somebody who has the data uses, too.",
        )
    return Finding(
        "no-tracker", "It names no tracker, and none was given: add a wss:// tracker by `announce`."
    )


def _of_tracker(status: Status, attempted: bool) -> Finding:
    if status.trouble:
        return Finding("tracker-trouble", f"The tracker does not work: {status.trouble}.")
    if status.state != "working":
        return Finding("tracker-waiting", f"The tracker {status.url} has not answered yet.")
    # We are counted ourselves.
    others = max(0, (status.seeds or 0) + (status.leechers or 0) - 1)
    if not others:
        words = f"The tracker {status.url} works, and knows nobody else who has or wants this torrent."
        return Finding("nobody", words)
    plural = "" if others == 1 else "s"
    whom = f"The tracker {status.url} knows {others} other{plural} ({status.seeds or 0} with everything)"
    if attempted:
        return Finding("not-connected", f"{whom}, and no connection to them stands.")
    return Finding(
        "no-answer",
        f"{whom}, and none has answered yet. They may be gone, have all the peers they want, or speak no "
        "WebRTC.",
    )
