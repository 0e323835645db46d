"""Web seeds and the downloader together: real picking, checking and limits, a server on a virtual clock."""

import random

import pytest

from torrentide.engine.assist import ALONE_SECONDS, LATE_SECONDS
from torrentide.engine.download import Downloader
from torrentide.engine.limits import Bucket, Limit
from torrentide.engine.peer import Peer
from torrentide.engine.rate import RateMeter
from torrentide.engine.readers import IDLE_SECONDS
from torrentide.engine.verify import Verifier
from torrentide.engine.webseed import Web
from torrentide.engine.webseed_set import WebSeeds
from torrentide.errors import TorrentideError
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.partial import BLOCK_LENGTH, PartialPiece
from torrentide.pieces.picker import Picker
from torrentide.ports import Answer
from torrentide.timers import Timers
from unit.recorders import HeldDigest, HeldStore, RecordedTransport
from unit.web_servers import Entry, WebServer, make_files

B = BLOCK_LENGTH
MIB = 1024 * 1024


class Fixture:
    """A torrent that one web server has."""

    def __init__(self, entries: list[Entry], piece_length: int = 4 * B, limit: float | None = None) -> None:
        rng = random.Random(1)
        self.info, files, self.whole = make_files(rng, piece_length, entries)
        self.timers, self.warnings = Timers(), list[TorrentideError]()
        self.store = HeldStore(self.info)
        self.picker = Picker(self.info.piece_count, piece_length, self.info.length, rng)
        bucket = Bucket()
        bucket.set_rate(limit, 0.0)
        verifier = Verifier(
            self.info,
            self.picker,
            self.store,
            HeldDigest(),
            verified=self._verified,
            bad=self._bad,
            failed=lambda piece, error, now: pytest.fail(str(error)),
            full=lambda error, now: pytest.fail(str(error)),
        )
        self.peers: list[Peer] = []
        self.downloader = Downloader(
            self.picker, verifier, lambda: self.peers, Limit(bucket), self.timers, RateMeter()
        )
        self.server = WebServer(self.timers, rng, files)
        self.seeds = WebSeeds(
            self.info,
            web=Web(self.server, "http://page.example"),
            blocks=self.downloader,
            timers=self.timers,
            rng=rng,
            warn=self.warnings.append,
        )

    def _verified(self, piece: PartialPiece, now: float) -> None:
        self.downloader.settled(piece, now, good=True)

    def _bad(self, piece: PartialPiece, now: float) -> None:
        self.downloader.settled(piece, now, good=False)
        self.seeds.failed(-1, now)

    def download(self, limit: float = 1e4) -> bool:
        """Everything, from the web server alone."""
        self.seeds.add(["http://seed.example/" + ("f" if len(self.info.files) == 1 else "")], 0.0)
        self.seeds.start(0.0)
        done = self.server.run(lambda: self.picker.finished, limit)
        self.seeds.stop(self.server.now)
        if done:
            assert b"".join(piece for _, piece in sorted(self.store.pieces.items())) == self.whole
        return done


@pytest.mark.parametrize("ranges", [True, False])
def test_a_torrent(ranges: bool) -> None:
    it = Fixture([("f", 5 * MIB + 7)])
    it.server.ranges = ranges
    assert it.download()
    assert not it.warnings
    assert it.downloader.wasted == 0
    assert it.server.served < 3 * len(it.whole)


@pytest.mark.parametrize("ranges", [True, False])
def test_many_files(ranges: bool) -> None:
    it = Fixture([("a", 5), (".pad/0", 3 * B), ("b", 2 * MIB), ("c", 100_000), ("d", 7 * B)])
    it.server.ranges = ranges
    assert it.download()
    assert not it.warnings


def test_failures_lose_no_block() -> None:
    it = Fixture([("f", 2 * MIB)])
    it.server.refusals = [Answer(500), Answer(503), Answer(206, length=1)]
    it.server.breaks = 5
    assert it.download()
    assert len(it.warnings) >= 3


def test_the_limit_holds() -> None:
    it = Fixture([("f", 10 * MIB)], limit=MIB)
    it.server.rate = 20e6
    assert it.download()
    assert 9.0 < it.server.now < 11.0


def test_a_pause() -> None:
    it = Fixture([("f", 5 * MIB)])
    it.timers.at(1.0, it.downloader.pause)
    it.timers.at(1.0, it.seeds.stop)
    it.timers.at(500.0, it.downloader.resume)
    it.timers.at(500.0, it.seeds.start)
    assert it.download()
    assert it.server.now > 500


def reserved(it: Fixture, now: float) -> list[int]:
    """The pieces that a web seed is given until nothing is left for it; it gives them back."""
    given = list[tuple[int, int, int]]()
    while blocks := it.downloader.reserve(-1, 16, now):
        given += blocks
    for index, begin, _ in given:
        it.downloader.release(-1, index, begin, now)
    it.downloader.leave(-1, now)
    return sorted({index for index, _, _ in given})


def watch(it: Fixture, *theirs: int, slack: float = 0.0) -> None:
    """Read from piece 10 on, one piece a second, `slack` seconds before it is needed, beside a viewer that
    has these pieces and gives them."""
    if theirs:
        fellow = Peer(1, None, RecordedTransport(), 0.0)
        fellow.peer_id, fellow.pieces = b"-XX0001-000000000001", Bitfield(it.picker.have.count)
        fellow.peer_choking = False
        for index in theirs:
            fellow.pieces.add(index)
        it.peers.append(fellow)
    reader, _ = it.downloader.readers.open(10 * 4 * B, it.info.length, 0.0, 4.0 * B)
    if slack:
        reader.pace(4.0 * B, slack, 0.0)
    it.downloader.deadlines.plan(0.0)


def test_a_viewer_alone_gets_what_comes_next_and_all_else_when_nobody_came() -> None:
    it = Fixture([("f", 5 * MIB)])
    watch(it)
    assert reserved(it, 0.0) == list(range(10, 10 + int(LATE_SECONDS)))
    assert reserved(it, 1.01 * ALONE_SECONDS) == list(range(it.picker.have.count))


def test_what_another_viewer_has_is_left_to_it_until_it_is_late() -> None:
    it = Fixture([("f", 5 * MIB)])
    watch(it, *range(40))
    late = int(LATE_SECONDS)
    assert reserved(it, 0.0) == list(range(10, 10 + late))
    assert reserved(it, 4.5) == list(range(10, 10 + late + 5))


def test_nothing_is_late_for_who_has_it_in_a_buffer() -> None:
    it = Fixture([("f", 5 * MIB)])
    watch(it, *range(40), slack=20.0)
    assert reserved(it, 0.0) == []
    assert reserved(it, 20.0 - LATE_SECONDS + 0.5) == [10]


def test_a_web_seed_brings_what_nobody_has_when_it_is_our_share() -> None:
    it = Fixture([("f", 5 * MIB)])
    watch(it, 10, slack=20.0)
    ours = set(range(10, 30)) - {10} - set(it.downloader.deadlines.turns)
    assert ours
    assert set(reserved(it, 0.0)) == ours
    assert set(range(11, 30)) - ours, "the other viewer has a share"


def test_who_does_not_read_any_more_downloads_all() -> None:
    it = Fixture([("f", 5 * MIB)])
    watch(it, *range(40), slack=20.0)
    (reader,) = it.downloader.readers._readers
    for index in range(10, 30):
        it.picker.have.add(index)
        it.picker.availability.remove(index)
    it.downloader.deadlines.plan(0.0)
    assert reserved(it, 1.0) == []
    assert len(reserved(it, IDLE_SECONDS + 1.0)) == it.picker.have.count - 20
    reader.move(reader.position, IDLE_SECONDS + 1.0)
    assert reserved(it, IDLE_SECONDS + 2.0) == []


def test_blocks_that_a_peer_would_bring_too_late_are_taken_back_for_a_web_seed() -> None:
    it = Fixture([("f", 5 * MIB)])
    watch(it, *range(40))
    (slow,) = it.peers
    assert it.downloader.reserve(-1, 16, 0.0)
    slow.am_interested = True
    slow.queue = 100
    it.downloader.changed(slow, 0.0)
    asked = list(slow.requests)
    assert asked
    it.downloader.readers.plan(100.0, 0.0)
    blocks = it.downloader.reserve(-1, 16, 6.0)
    taken = [key for key in asked if key not in slow.requests]
    assert taken
    assert {(index, begin) for index, begin, _ in blocks} >= set(taken)
