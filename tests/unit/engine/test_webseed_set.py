"""The web seeds of a torrent: which are used, under which numbers, and when."""

import random

import pytest

from torrentide.engine.webseed import Slots, Web
from torrentide.engine.webseed_set import CHECK_SECONDS, MAX_WEB_SEEDS, WebSeeds
from torrentide.errors import TorrentideError, UnsupportedError, WebSeedError
from torrentide.pieces.partial import BLOCK_LENGTH
from torrentide.timers import Timers
from unit.web_servers import HeldFetches, LackingBlocks, make_files

B = BLOCK_LENGTH
MIB = 1024 * 1024


class Fixture:
    """The web seeds of a torrent of 4 MiB with a page somewhere public."""

    def __init__(self, slots: Slots | None = None) -> None:
        rng = random.Random(1)
        self.info, _, self.whole = make_files(rng, 4 * B, [("f", 4 * MIB)])
        self.timers, self.blocks, self.held = Timers(), LackingBlocks(self.info), HeldFetches()
        self.warnings: list[TorrentideError] = []
        self.seeds = WebSeeds(
            self.info,
            web=Web(self.held, "https://page.example", slots or Slots()),
            blocks=self.blocks,
            timers=self.timers,
            rng=rng,
            warn=self.warnings.append,
        )

    @property
    def urls(self) -> list[str]:
        """Of the fetches under way."""
        return [fetch.url for fetch in self.held.open]


def test_each_has_a_number_below_zero() -> None:
    it = Fixture()
    it.seeds.start(0.0)
    it.seeds.add(["https://a.example/f", "https://b.example/", "https://a.example/f"], 0.0)
    it.seeds.add(["https://b.example/#again", " https://c.example/f"], 0.0)
    assert it.urls == ["https://a.example/f", "https://b.example/f", "https://c.example/f"]
    assert set(it.blocks.asked.values()) == {-1, -2, -3}
    assert not it.warnings


def test_begins_when_it_is_told_to() -> None:
    it = Fixture()
    it.seeds.add(["https://a.example/f"], 0.0)
    it.seeds.fill(0.0)
    assert not it.urls
    it.seeds.start(1.0)
    assert len(it.urls) == 1


def test_piece_scripts() -> None:
    it = Fixture()
    it.seeds.start(0.0)
    it.seeds.add(["https://a.example/seed.php"], 0.0, pieces=True)
    assert it.urls[0].startswith("https://a.example/seed.php?info_hash=")
    assert it.held.all[0].span is None


@pytest.mark.parametrize("url", ["ftp://a.example/f", "http://a.example/f", "https://192.168.0.1/f", ""])
def test_one_that_can_not_be_used_is_a_warning(url: str) -> None:
    it = Fixture()
    it.seeds.start(0.0)
    it.seeds.add([url, "https://a.example/f"], 0.0)
    assert it.urls == ["https://a.example/f"]
    (warning,) = it.warnings
    assert isinstance(warning, UnsupportedError)
    assert f"web seed {url} is not used" in str(warning)


def test_a_torrent_has_so_many() -> None:
    it = Fixture()
    it.seeds.start(0.0)
    it.seeds.add([f"https://{number}a.example/f" for number in range(MAX_WEB_SEEDS + 5)], 0.0)
    assert len(it.urls) == MAX_WEB_SEEDS
    assert [str(warning) for warning in it.warnings] == ["of the web seeds, only the first 16 are used"]


def test_tries_again_by_itself() -> None:
    it = Fixture()
    it.seeds.add(["https://a.example/f"], 0.0)
    it.seeds.start(0.0)
    it.held.open[0].answer(503, retry_after=5.0)
    for second in range(5):
        it.timers.run(float(second))
        assert not it.urls
    it.timers.run(5.0)
    assert len(it.urls) == 1


def test_takes_up_what_became_free() -> None:
    it = Fixture()
    free = set(it.blocks.free)
    it.blocks.free.clear()
    it.seeds.add(["https://a.example/f"], 0.0)
    it.seeds.start(0.0)
    it.blocks.free = free
    it.seeds.fill(0.1)
    assert len(it.urls) == 1


def test_bad_data_bans_its_source_alone() -> None:
    it = Fixture()
    it.seeds.start(0.0)
    it.seeds.add(["https://a.example/f", "https://b.example/f"], 0.0)
    it.seeds.failed(-1, 0.0)
    assert it.urls == ["https://b.example/f"]
    assert set(it.blocks.asked.values()) == {-2}
    (warning,) = it.warnings
    assert isinstance(warning, WebSeedError)
    assert str(warning) == (
        "web seed https://a.example/f: its data does not match the torrent; it is not used any more"
    )
    it.seeds.failed(7, 0.0)
    it.seeds.failed(-3, 0.0)
    assert len(it.warnings) == 1


def test_a_pause_gives_everything_back_at_once() -> None:
    it = Fixture()
    free = set(it.blocks.free)
    it.seeds.add(["https://a.example/f", "https://b.example/f"], 0.0)
    it.seeds.start(0.0)
    it.seeds.stop(0.5)
    assert not it.urls
    assert it.blocks.free == free
    it.timers.run(100.0)
    assert it.timers.next_due is None
    it.seeds.fill(100.0)
    assert not it.urls
    it.seeds.start(100.0)
    assert len(it.urls) == 2


def test_a_pause_that_ends_at_once_leaves_one_round() -> None:
    it = Fixture()
    it.seeds.start(0.0)
    it.seeds.stop(0.1)
    it.seeds.start(0.2)
    it.seeds.start(0.3)
    it.timers.run(CHECK_SECONDS)
    due = it.timers.next_due
    it.timers.run(0.2 + CHECK_SECONDS)
    assert due == 0.2 + CHECK_SECONDS
    assert it.timers.next_due == 0.2 + 2 * CHECK_SECONDS


def test_a_pause_takes_nobody_elses_place() -> None:
    """While one after the other is stopped, those that wait for a slot must not take it."""
    slots = Slots(1)
    it, other = Fixture(slots), Fixture(slots)
    for each in (it, other):
        each.seeds.add(["https://a.example/f", "https://b.example/f"], 0.0)
        each.seeds.start(0.0)
    assert (len(it.held.all), len(other.held.all)) == (1, 0)
    it.seeds.stop(0.0)
    assert (len(it.held.all), len(other.held.all)) == (1, 1)
    other.seeds.stop(0.0)
    assert slots.take(lambda now: None)
