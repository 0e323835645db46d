"""The web seeds of a torrent.

Owns which URLs are used and the source number of each, below zero: what they bring is blocks like any peer's.
It never knows what one web seed does.
"""

import random
from collections.abc import Callable, Container, Iterable

from torrentide.engine.webseed import Blocks, Web, WebSeed
from torrentide.engine.webseed_urls import Addresses, FileAddresses, Files, PieceAddresses, web_seed_url
from torrentide.errors import TorrentideError, UnsupportedError
from torrentide.metainfo.info import Info
from torrentide.timers import Timers

# libtorrent has 3 web seeds of a torrent connected at a time; no honest torrent names many more than that.
MAX_WEB_SEEDS = 16
# Less than a speed limit saves up (`limits.BURST_SECONDS`), so that nothing of it is lost.
CHECK_SECONDS = 0.25


class WebSeeds:
    """The web seeds of a torrent."""

    def __init__(
        self,
        info: Info,
        *,
        web: Web,
        blocks: Blocks,
        timers: Timers,
        rng: random.Random,
        warn: Callable[[TorrentideError], None],
    ) -> None:
        self._info = info
        self._web = web
        self._blocks = blocks
        self._timers = timers
        self._rng = rng
        self._warn = warn
        self._files: Files | None = None
        self._seeds: list[WebSeed] = []
        self._running = False
        self._round = 0

    def add(self, urls: Iterable[str], now: float, *, pieces: bool = False) -> None:
        """Use these too: servers with the files (BEP 19), or with `pieces`, scripts that serve pieces (BEP
        17). What can't be used is a warning."""
        known = {seed.url for seed in self._seeds}
        for given in urls:
            try:
                url = web_seed_url(given, self._web.origin, pieces=pieces)
            except UnsupportedError as error:
                self._warn(error)
                continue
            if url in known:
                continue
            if len(self._seeds) == MAX_WEB_SEEDS:
                self._warn(UnsupportedError(f"of the web seeds, only the first {MAX_WEB_SEEDS} are used"))
                break
            known.add(url)
            self._seeds.append(self._make(url, pieces))
        self.fill(now)

    def start(self, now: float) -> None:
        """Begin to fetch, or go on."""
        if not self._running:
            self._running = True
            self._round += 1
            self._check(self._round, now)

    def fill(self, now: float) -> None:
        """Blocks may have become free."""
        for seed in self._seeds if self._running else ():
            seed.fill(now)

    def make_way(self, ahead: Container[int], now: float) -> None:
        """Somebody reads at another place: what lies `ahead` of readers comes first."""
        for seed in self._seeds if self._running else ():
            seed.make_way(ahead, now)

    def failed(self, source: int, now: float) -> None:
        """A piece that came from this source alone does not match its hash: it is not asked again
        (libtorrent)."""
        for seed in self._seeds:
            if seed.source == source:
                seed.ban(now)

    def stop(self, now: float) -> None:
        """Break everything off, and give the blocks back; `start` goes on."""
        self._running = False
        for seed in self._seeds:
            self._web.slots.leave(seed.fill)
        for seed in self._seeds:
            seed.stop(now)

    def _make(self, url: str, pieces: bool) -> WebSeed:
        addresses: Addresses
        if pieces:
            addresses = PieceAddresses(url, self._info)
        else:
            self._files = self._files or Files(self._info)
            addresses = FileAddresses(url, self._files)
        return WebSeed(
            url,
            -1 - len(self._seeds),
            addresses,
            info=self._info,
            blocks=self._blocks,
            web=self._web,
            rng=self._rng,
            warn=self._warn,
        )

    def _check(self, round_: int, now: float) -> None:
        if not self._running or round_ != self._round:
            return
        for seed in self._seeds:
            seed.check(now)
        self._timers.at(now + CHECK_SECONDS, lambda then: self._check(round_, then))
