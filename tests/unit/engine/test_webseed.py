"""One web seed: how much it is asked for, its failures, and whole torrents from a server on a virtual
clock."""

import itertools
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.engine.webseed import (
    FIRST_RETRY_SECONDS,
    MAX_RETRY_SECONDS,
    MAX_RUN_BYTES,
    MAX_RUNS,
    MIN_RUN_BYTES,
    Slots,
    Web,
    WebSeed,
)
from torrentide.engine.webseed_answer import MAX_WHOLE_FILE, REFUSED_SECONDS
from torrentide.engine.webseed_run import SILENCE_SECONDS
from torrentide.engine.webseed_urls import FileAddresses, Files, PieceAddresses
from torrentide.errors import TorrentideError, WebSeedError
from torrentide.pieces.partial import BLOCK_LENGTH
from torrentide.ports import Answer, Fetch
from torrentide.timers import Timers
from unit.web_servers import Entry, HeldFetch, HeldFetches, LackingBlocks, WebServer, make_files

B = BLOCK_LENGTH
MIB = 1024 * 1024
SEED = "http://seed.example/"


class Fixture:
    """A web seed with the files of `entries`, and fetches that the test answers or a server does."""

    def __init__(
        self,
        entries: list[Entry],
        piece_length: int = 4 * B,
        *,
        served: bool = False,
        slots: Slots | None = None,
        by_pieces: bool = False,
        seed: int = 1,
    ) -> None:
        rng = random.Random(seed)
        self.info, self.files, self.whole = make_files(rng, piece_length, entries)
        self.timers = Timers()
        self.blocks = LackingBlocks(self.info)
        self.held = HeldFetches()
        self.server = WebServer(self.timers, rng, self.files)
        self.warnings: list[TorrentideError] = []
        fetch: Fetch = self.server if served else self.held
        addresses = FileAddresses(SEED, Files(self.info))
        self.seed = WebSeed(
            SEED,
            -1,
            PieceAddresses(SEED, self.info) if by_pieces else addresses,
            info=self.info,
            blocks=self.blocks,
            web=Web(fetch, "http://page.example", slots or Slots()),
            rng=rng,
            warn=self.warnings.append,
        )

    def download(self, limit: float = 1e5) -> bool:
        """Let the server serve until everything is here."""

        def check(now: float) -> None:
            self.seed.check(now)
            self.timers.at(now + 1.0, check)

        check(0.0)
        done = self.server.run(lambda: self.blocks.complete, limit)
        assert not done or self.blocks.data == self.whole
        return done

    def serve(self, fetch: HeldFetch, now: float = 0.0) -> None:
        """All that was asked for."""
        fetch.serve(self.files[fetch.url.removeprefix(SEED)], now)

    def prove(self) -> None:
        """The first fetch goes well."""
        self.seed.fill(0.0)
        self.serve(self.held.all.pop())

    @property
    def warning(self) -> str:
        """The last one."""
        error = self.warnings[-1]
        assert isinstance(error, WebSeedError)
        assert str(error).startswith(f"web seed {SEED}")
        return str(error)


# -- How much is asked for


def test_one_fetch_finds_out_whether_the_server_helps() -> None:
    it = Fixture([("f", 10 * MIB)])
    it.seed.fill(0.0)
    it.seed.fill(0.0)
    (first,) = it.held.all
    first.answer(206)
    it.seed.fill(0.0)
    assert len(it.held.all) == 1
    first.send(it.whole[first.span[0] :][:B] if first.span else b"")
    it.seed.fill(0.0)
    assert len(it.held.all) == MAX_RUNS


def test_several_at_a_time_for_different_bytes() -> None:
    it = Fixture([("f", 10 * MIB)])
    it.prove()
    assert len(it.held.all) == MAX_RUNS
    spans = sorted(fetch.span for fetch in it.held.all if fetch.span)
    assert all(first[1] < second[0] for first, second in itertools.pairwise(spans))
    assert len(it.blocks.asked) * B == sum(last - first + 1 for first, last in spans)


def test_asks_for_a_few_seconds_worth() -> None:
    it = Fixture([("f", 40 * MIB)], 256 * 1024)
    it.seed.fill(0.0)
    assert len(it.blocks.asked) * B == MIN_RUN_BYTES
    sizes = []
    while it.held.open:
        fetch = it.held.open[0]
        assert fetch.span is not None
        sizes.append(fetch.span[1] - fetch.span[0] + 1)
        it.serve(fetch)
    assert it.blocks.complete
    assert sizes[0] == MIN_RUN_BYTES
    assert max(sizes) == MAX_RUN_BYTES
    assert MIN_RUN_BYTES < sizes[1] < MAX_RUN_BYTES


def test_big_pieces_are_asked_for_whole() -> None:
    it = Fixture([("f", 12 * MIB)], 4 * MIB)
    it.seed.fill(0.0)
    assert it.held.all[0].span in [(0, 4 * MIB - 1), (4 * MIB, 8 * MIB - 1), (8 * MIB, 12 * MIB - 1)]


def test_blocks_with_a_gap_are_two_fetches() -> None:
    it = Fixture([("f", 8 * B)], 8 * B)
    it.blocks.free.remove((0, 3 * B))
    it.seed.fill(0.0)
    assert [fetch.span for fetch in it.held.all] == [(0, 3 * B - 1)]
    it.serve(it.held.all[0])
    assert [fetch.span for fetch in it.held.all] == [(0, 3 * B - 1), (4 * B, 8 * B - 1)]


def test_asks_nothing_when_nothing_is_free() -> None:
    it = Fixture([("f", 8 * B)])
    it.blocks.free.clear()
    it.seed.fill(0.0)
    assert not it.held.all
    it.blocks.free.add((0, 0))
    it.seed.fill(1.0)
    assert it.held.all[0].span == (0, B - 1)


def test_a_seek_breaks_off_what_brings_nothing_of_what_lies_ahead() -> None:
    it = Fixture([("f", 10 * MIB)])
    it.prove()
    near, far = it.held.open[0], it.held.open[1:]
    assert near.span is not None
    it.seed.make_way([near.span[0] // (4 * B)], 0.0)
    assert not near.cancelled
    assert all(fetch.cancelled for fetch in far)
    assert len(it.held.open) == MAX_RUNS, "others take their place"
    assert len(it.blocks.asked) * B == sum(f.span[1] - f.span[0] + 1 for f in it.held.open if f.span)


# -- Slots


def test_a_page_has_so_many_fetches_at_a_time() -> None:
    slots = Slots(MAX_RUNS + 1)
    one, other, third = (Fixture([("f", 10 * MIB)], slots=slots) for _ in range(3))
    for each in (one, other):
        each.seed.fill(0.0)
    one.serve(one.held.all[0])
    assert (len(one.held.all), len(other.held.all)) == (1 + MAX_RUNS, 1)
    third.seed.fill(0.0)
    assert not third.held.all
    one.serve(one.held.all[1])
    assert len(third.held.all) == 1, "who waited longest is next"
    assert len(one.held.open) == MAX_RUNS - 1


def test_a_slot_goes_on_to_one_who_can_use_it() -> None:
    slots = Slots(1)
    one, done, gone, last = (Fixture([("f", 10 * MIB)], slots=slots) for _ in range(4))
    for each in (one, done, gone, last):
        each.seed.fill(0.0)
    done.blocks.free.clear()
    gone.seed.stop(0.0)
    one.seed.stop(0.0)
    assert [len(each.held.all) for each in (one, done, gone, last)] == [1, 0, 0, 1]


def test_who_is_in_trouble_does_not_take_the_slot_of_who_is_not() -> None:
    slots = Slots(2)
    one, other = (Fixture([("f", 10 * MIB)], slots=slots) for _ in range(2))
    one.prove()
    other.seed.fill(0.0)
    assert (len(one.held.open), len(other.held.open)) == (2, 0)
    one.held.all[0].fail("no way")
    assert (len(one.held.open), len(other.held.open)) == (1, 1)


def test_many_runs_of_padding_end_one_after_the_other() -> None:
    """Not one inside the other, which Python's stack could not hold."""
    it = Fixture([("f", B), (".pad/0", 1200 * B)], 1201 * B)
    it.blocks.free = {(0, begin * B) for begin in range(1, 1200, 2)}
    it.seed.fill(0.0)
    assert it.blocks.complete
    assert not it.held.all


# -- Failures


def test_failures_in_a_row_wait_longer_and_longer() -> None:
    it = Fixture([("f", 10 * MIB)])
    now, waits = 0.0, []
    for number in range(40):
        it.seed.check(now)
        assert len(it.held.open) == 1
        it.held.open[0].fail("no way", now)
        assert len(it.warnings) == number + 1
        assert "no way; trying again in" in it.warning
        start = now
        while not it.held.open:
            now += 0.5
            it.seed.check(now)
        waits.append(now - start)
    assert FIRST_RETRY_SECONDS / 2 <= waits[0] <= FIRST_RETRY_SECONDS + 0.5
    assert all(waits[number + 2] > waits[number] for number in range(6))
    assert min(waits[20:]) >= MAX_RETRY_SECONDS / 2
    assert max(waits) <= MAX_RETRY_SECONDS + 0.5
    assert len(set(waits)) > 20, "jitter keeps visitors apart"


def test_a_run_that_goes_well_ends_the_row() -> None:
    it = Fixture([("f", 10 * MIB)])
    now = 0.0
    for _ in range(5):
        it.seed.fill(now)
        it.held.open[0].fail("no way", now)
        now += MAX_RETRY_SECONDS
    it.seed.fill(now)
    it.serve(it.held.open[0], now)
    for fetch in it.held.open[1:]:
        fetch.fail("no way", now)
    assert f"in {FIRST_RETRY_SECONDS:.0f} s" in it.warning or "in 1 s" in it.warning
    assert len(it.warnings) == 6, "one cause, one warning"


def test_other_runs_go_on() -> None:
    it = Fixture([("f", 10 * MIB)])
    it.prove()
    first, second, *_ = it.held.all
    first.fail("no way")
    brought = it.blocks.brought[-1]
    it.serve(second)
    assert it.blocks.brought[-1] > brought
    assert len(it.held.open) == MAX_RUNS - 2


def test_behind_a_failure_one_fetch_finds_out_again() -> None:
    it = Fixture([("f", 10 * MIB)])
    it.prove()
    for number, fetch in enumerate(it.held.open, 1):
        fetch.fail("no way")
        assert it.blocks.left == [-1] * number
    assert not it.blocks.asked
    it.held.all.clear()
    it.seed.fill(FIRST_RETRY_SECONDS)
    assert len(it.held.all) == 1


def test_a_verdict_for_ever_counts_behind_others() -> None:
    it = Fixture([("f", MAX_WHOLE_FILE + MIB)], MIB)
    it.prove()
    it.held.open[0].fail("no way")
    it.held.open[0].answer(200)
    assert len(it.warnings) == 2
    assert "it is not used any more" in it.warning


@pytest.mark.parametrize("code", [403, 404, 410, 416])
def test_a_refusal_of_the_only_file_is_believed_for_long(code: int) -> None:
    it = Fixture([("f", 10 * MIB)])
    it.seed.fill(0.0)
    it.held.all[0].answer(code)
    assert f"(status {code}); trying again in {REFUSED_SECONDS:.0f} s" in it.warning
    assert not it.blocks.asked
    it.seed.check(REFUSED_SECONDS - 1)
    assert len(it.held.all) == 1
    it.seed.check(REFUSED_SECONDS)
    assert len(it.held.all) == 2


def test_retry_after_is_honoured() -> None:
    it = Fixture([("f", 10 * MIB)])
    it.seed.fill(0.0)
    it.held.all[0].answer(503, retry_after=77.0)
    assert "in 77 s" in it.warning
    it.seed.check(76.9)
    assert len(it.held.all) == 1
    it.seed.check(77.0)
    assert len(it.held.all) == 2


def test_a_server_that_is_busy_with_four_is_asked_for_fewer() -> None:
    it = Fixture([("f", 10 * MIB)])
    it.prove()
    for fetch in it.held.all[2:]:
        fetch.answer(429, retry_after=1.0)
    for fetch in it.held.all[:2]:
        it.serve(fetch)
    it.held.all.clear()
    it.seed.fill(1.0)
    it.serve(it.held.all[0], 1.0)
    assert len(it.held.all) == 1 + 2


def test_a_file_that_is_not_there_is_not_asked_for_again() -> None:
    it = Fixture([("a", 8 * B), ("b", 8 * B), ("c", 8 * B)], served=True)
    missing = it.files.pop("top/b")
    assert not it.download(limit=5000.0)
    assert it.blocks.data[: 8 * B] == it.whole[: 8 * B]
    assert it.blocks.data[16 * B :] == it.whole[16 * B :]
    assert [url for url, _ in it.server.requests].count(SEED + "top/b") == 1
    assert re.search("top/b: it is not there .* in [12] s", it.warning)
    assert {index for index, _ in it.blocks.free} == {2, 3}
    assert -1 in it.blocks.left
    assert missing not in it.blocks.data


def test_a_script_that_is_not_there_is_left_alone_for_long() -> None:
    it = Fixture([("a", 8 * B), ("b", 8 * B)], by_pieces=True)
    it.seed.fill(0.0)
    it.held.all[0].answer(404)
    assert f"trying again in {REFUSED_SECONDS:.0f} s" in it.warning


def test_silence_is_a_failure() -> None:
    it = Fixture([("f", 10 * MIB)])
    it.seed.fill(0.0)
    it.seed.check(SILENCE_SECONDS + 1)
    assert "sent nothing for 30 s" in it.warning
    assert it.held.all[0].cancelled
    assert not it.blocks.asked


def test_a_server_without_ranges_and_a_big_file() -> None:
    it = Fixture([("f", MAX_WHOLE_FILE + 1)], 4 * MIB)
    it.seed.fill(0.0)
    it.held.all[0].answer(200)
    assert "does not send parts of files" in it.warning
    assert "it is not used any more" in it.warning
    it.seed.check(1e9)
    assert len(it.held.all) == 1
    assert not it.blocks.asked


def test_bad_data_is_the_end() -> None:
    it = Fixture([("f", 10 * MIB)])
    it.prove()
    it.seed.ban(1.0)
    it.seed.ban(1.0)
    assert len(it.warnings) == 1
    assert "does not match the torrent; it is not used any more" in it.warning
    assert not it.held.open
    assert not it.blocks.asked
    it.seed.check(1e9)
    assert not it.held.open


def test_a_ban_may_come_with_a_block() -> None:
    """The last block of a piece brings its verdict."""
    it = Fixture([("f", 10 * MIB)])
    it.blocks.on_deliver = lambda source, index, now: it.seed.ban(now)
    it.seed.fill(0.0)
    fetch = it.held.all[0]
    fetch.answer(206)
    fetch.send(it.whole[: 4 * B])
    assert len(it.held.all) == 1
    assert fetch.cancelled
    assert it.blocks.brought[-1] == B
    assert not it.blocks.asked


def test_stop_gives_everything_back() -> None:
    it = Fixture([("f", 16 * B)], 16 * B, slots=Slots(1))
    it.blocks.free -= {(0, 3 * B), (0, 6 * B)}
    for _ in range(2):
        it.seed.fill(0.0)
        assert len(it.held.open) == 1
        assert len(it.blocks.asked) == 14
        it.seed.stop(0.0)
        assert not it.held.open
        assert len(it.blocks.free) == 14
        assert it.blocks.left.pop() == -1


# -- Whole torrents


def test_downloads_a_file() -> None:
    it = Fixture([("f", 3 * MIB + 5)], served=True)
    assert it.download()
    assert it.server.most == MAX_RUNS
    assert it.server.served == 3 * MIB + 5
    assert not it.warnings


def test_downloads_without_ranges_in_one_go() -> None:
    it = Fixture([("f", 3 * MIB + 5)], served=True)
    it.server.ranges = False
    assert it.download()
    assert it.server.served <= 2 * len(it.whole)
    assert len(it.server.requests) <= 3
    assert not it.warnings


def test_a_whole_file_that_is_needed_here_and_there_comes_once_more() -> None:
    """Once to find out, and once for all that lacks."""
    it = Fixture([("f", 16 * B)], 16 * B, served=True)
    it.server.ranges = False
    for begin in range(0, 16, 3):
        it.blocks.free.remove((0, begin * B))
        it.blocks.data[begin * B : (begin + 1) * B] = it.whole[begin * B : (begin + 1) * B]
    assert it.download()
    assert len(it.server.requests) == 2


def test_whole_files_come_one_at_a_time() -> None:
    it = Fixture([("a", 12 * MIB), ("b", 12 * MIB), ("c", 12 * MIB)], MIB, served=True)
    it.server.ranges, it.server.chunk = False, MIB
    assert it.download()
    assert it.server.most == 1
    assert it.server.served < 2 * len(it.whole)


def test_downloads_what_a_server_that_stumbles_has() -> None:
    it = Fixture([("f", 3 * MIB)], served=True)
    it.server.refusals = [
        Answer(500),
        Answer(429),
        Answer(206, "bytes 1-2/9"),
        Answer(206, length=3),
        Answer(503),
    ]
    assert it.download(limit=200.0)
    assert len(it.warnings) == 5


def test_downloads_by_pieces() -> None:
    """BEP 17."""
    it = Fixture([("f", 20 * B + 7)], served=True, by_pieces=True)
    for step in PieceAddresses(SEED, it.info).steps([(0, it.info.length)]):
        assert step.url is not None
        it.files[step.url.removeprefix(SEED)] = it.whole[step.start : step.end]
    assert it.download()
    assert {span for _, span in it.server.requests} == {None}
    assert not it.warnings


PATHS = ["a", "dir/b", "dir/c", "ü b", "100%?#", "d", "e"]


@given(
    lengths=st.lists(st.integers(0, 5 * B), min_size=1, max_size=len(PATHS)).filter(any),
    pads=st.lists(st.integers(0, 3 * B), max_size=len(PATHS)),
    piece_blocks=st.integers(1, 4),
    chunk=st.integers(500, 3 * B),
    ranges=st.booleans(),
    tells=st.booleans(),
    lacking=st.sets(st.integers(0, 50)),
    seed=st.integers(0, 2**32),
)
def test_any_torrent_comes_whole(
    lengths: list[int],
    pads: list[int],
    piece_blocks: int,
    chunk: int,
    ranges: bool,
    tells: bool,
    lacking: set[int],
    seed: int,
) -> None:
    """Files and padding of any length, cut anywhere, with any blocks here already."""
    entries: list[Entry] = []
    for number, length in enumerate(lengths):
        entries.append((PATHS[number], length))
        if number < len(pads):
            entries.append((f".pad/{number}", pads[number]))
    it = Fixture(entries, piece_blocks * B, served=True, seed=seed)
    it.server.ranges, it.server.tells, it.server.chunk = ranges, tells, chunk
    for number, key in enumerate(sorted(it.blocks.free)):
        if number in lacking:
            it.blocks.free.remove(key)
            start = key[0] * it.info.piece_length + key[1]
            it.blocks.data[start : start + B] = it.whole[start : start + B]
    assert it.download()
    assert not it.warnings
    assert len(it.blocks.data) == it.info.length
