"""Web seeds and the downloader together: real picking, checking and limits, a server on a virtual clock."""

import random

import pytest

from torrentide.engine.download import Downloader
from torrentide.engine.limits import Bucket, Limit
from torrentide.engine.rate import RateMeter
from torrentide.engine.verify import Verifier
from torrentide.engine.webseed import Web
from torrentide.engine.webseed_set import WebSeeds
from torrentide.errors import TorrentideError
from torrentide.pieces.partial import BLOCK_LENGTH, PartialPiece
from torrentide.pieces.picker import Picker
from torrentide.ports import Answer
from torrentide.timers import Timers
from unit.recorders import HeldDigest, HeldStore
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
        self.downloader = Downloader(
            self.picker, verifier, lambda: (), Limit(bucket), self.timers, RateMeter()
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
