"""One run of blocks: cut from bodies of any cut, joined over files, or given up."""

import pytest

from torrentide.engine.webseed_answer import REFUSED_SECONDS, Trouble
from torrentide.engine.webseed_run import SILENCE_SECONDS, Run
from torrentide.engine.webseed_urls import Step
from torrentide.pieces.partial import BLOCK_LENGTH
from torrentide.pieces.picker import Block
from unit.web_servers import HeldFetch, HeldFetches

B = BLOCK_LENGTH
DATA = bytes(number * 7 % 251 for number in range(10 * B))


class Fixture:
    """A run for pieces of two blocks of DATA."""

    def __init__(self, blocks: list[Block], steps: list[Step], cancel_at: Block | None = None) -> None:
        self.fetches = HeldFetches()
        self.delivered: list[tuple[Block, bytes]] = []
        self.done: list[float] = []
        self.troubles: list[tuple[Step, Trouble]] = []
        self.whole = 0
        self.cancel_at = cancel_at
        self.run = Run(self, self.fetches, 2 * B, blocks, steps)
        self.run.start(0.0)

    def deliver(self, block: Block, data: memoryview, now: float) -> None:
        self.delivered.append((block, bytes(data)))
        if block == self.cancel_at:
            self.run.cancel()

    def whole_file(self, now: float) -> None:
        self.whole += 1

    def run_done(self, run: Run, now: float) -> None:
        assert run is self.run
        self.done.append(now)

    def run_failed(self, run: Run, step: Step, trouble: Trouble, now: float) -> None:
        assert run is self.run
        self.troubles.append((step, trouble))

    @property
    def fetch(self) -> HeldFetch:
        """The last one."""
        return self.fetches.all[-1]

    @property
    def trouble(self) -> str:
        """The one that there was; the fetch is over then."""
        ((_, trouble),) = self.troubles
        assert self.fetch.cancelled
        assert not self.done
        return str(trouble)

    def check_delivered(self, *blocks: Block) -> None:
        assert [block for block, _ in self.delivered] == list(blocks)
        for (index, begin, length), data in self.delivered:
            start = index * 2 * B + begin
            assert data == DATA[start : start + length]


def blocks_of(start: int, end: int, last: int = B) -> list[Block]:
    """Blocks number `start` to `end` (exclusive)."""
    return [(each // 2, each % 2 * B, last if each == end - 1 else B) for each in range(start, end)]


def single(start: int, end: int, last: int = B) -> tuple[list[Block], Step]:
    """A run in a single file that is all of DATA."""
    return blocks_of(start, end, last), Step("http://h/f", start * B, (end - 1) * B + last, 0, len(DATA))


@pytest.mark.parametrize("chunk", [1000, B - 1, B, B + 1, 3 * B, 10 * B])
def test_cuts_the_body_into_blocks(chunk: int) -> None:
    blocks, step = single(3, 7, last=5)
    it = Fixture(blocks, [step])
    assert it.fetch.span == (3 * B, 6 * B + 4)
    it.fetch.answer(206)
    body = DATA[step.start : step.end]
    for start in range(0, len(body), chunk):
        assert not it.done
        it.fetch.send(body[start : start + chunk])
    it.check_delivered(*blocks)
    it.fetch.end(8.0)
    assert it.done == [8.0]
    assert it.run.blocks == []
    assert not it.whole


def test_joins_files_and_padding() -> None:
    """Blocks that lie over borders are put together."""
    blocks = blocks_of(0, 4, last=B)
    steps = [
        Step("http://h/a", 0, B + 10, 0, B + 10),
        Step("http://h/b", B + 10, B + 20, B + 10, 10),
        Step(None, B + 20, 2 * B + 5, B + 20, B),
        Step("http://h/c", 2 * B + 5, 4 * B, 2 * B + 5, 5 * B),
    ]
    it = Fixture(blocks, steps)
    data = DATA[: B + 20] + bytes(B - 15) + DATA[2 * B + 5 : 4 * B]
    for step in [steps[0], steps[1], steps[3]]:
        assert (it.fetch.url, it.fetch.span) == (step.url, step.span)
        it.fetch.answer(206)
        it.fetch.send(data[step.start : step.end])
        it.fetch.end()
    assert it.done == [0.0]
    assert [block for block, _ in it.delivered] == blocks
    assert b"".join(each for _, each in it.delivered) == data


def test_padding_alone_is_never_fetched() -> None:
    it = Fixture(blocks_of(0, 3, last=9), [Step(None, 0, 2 * B + 9, 0, 3 * B)])
    assert [data for _, data in it.delivered] == [bytes(B), bytes(B), bytes(9)]
    assert it.done == [0.0]
    assert not it.fetches.all


def test_takes_what_it_needs_of_a_whole_file() -> None:
    blocks, step = single(3, 5)
    it = Fixture(blocks, [step])
    it.fetch.answer(200, length=len(DATA))
    assert it.whole == 1
    for start in range(0, 6 * B, 2000):
        if it.done:
            break
        it.fetch.send(DATA[start : start + 2000])
    it.check_delivered(*blocks)
    assert it.done
    assert it.fetch.cancelled


def test_takes_blocks_with_gaps_of_one_file() -> None:
    blocks = [*blocks_of(1, 2), *blocks_of(4, 6), *blocks_of(8, 9)]
    it = Fixture(blocks, [Step("http://h/f", B, 9 * B, 0, len(DATA))])
    it.fetch.answer(200)
    it.fetch.send(DATA[: 4 * B + 3])
    it.fetch.send(DATA[4 * B + 3 :])
    it.check_delivered(*blocks)
    assert it.done


def test_a_whole_file_where_it_was_asked_for() -> None:
    blocks, step = single(0, 10)
    it = Fixture(blocks, [step])
    it.fetch.answer(200)
    assert not it.whole
    it.fetch.send(DATA)
    assert not it.done
    it.fetch.end()
    it.check_delivered(*blocks)
    assert it.done


# -- Wrong answers


@pytest.mark.parametrize("code", [200, 206])
def test_a_body_that_is_too_short(code: int) -> None:
    blocks, step = single(0, 10)
    it = Fixture(blocks, [step])
    it.fetch.answer(code)
    it.fetch.send(DATA[: 3 * B + 7])
    it.fetch.end()
    assert it.trouble == f"its server left out the last {7 * B - 7} bytes"
    it.check_delivered(*blocks[:3])
    assert it.run.blocks == blocks[3:]


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("code", [200, 206])
def test_a_body_that_is_too_long(code: int, at_once: bool) -> None:
    blocks, step = single(0, 10)
    it = Fixture(blocks, [step])
    it.fetch.answer(code)
    if at_once:
        it.fetch.send(DATA + b"x")
    else:
        it.fetch.send(DATA)
        it.fetch.send(b"x")
    assert "more bytes than were asked for" in it.trouble
    it.check_delivered(*blocks)


def test_bytes_too_many_never_come_into_the_next_file() -> None:
    steps = [Step("http://h/a", 0, B - 10, 0, B - 10), Step("http://h/b", B - 10, 2 * B, B - 10, 2 * B)]
    it = Fixture(blocks_of(0, 2), steps)
    it.fetch.answer(206)
    it.fetch.send(DATA[: 2 * B])
    assert "more bytes" in it.trouble
    assert not it.delivered


def test_an_answer_without_data() -> None:
    blocks, step = single(0, 10)
    it = Fixture(blocks, [step])
    it.fetch.answer(404)
    assert "not there" in it.trouble
    assert it.troubles[0][0] == step
    assert it.run.blocks == blocks


def test_no_answer() -> None:
    it = Fixture(*_one())
    it.fetch.fail("no way")
    assert it.trouble == "no way"


def test_a_connection_that_is_lost() -> None:
    blocks, step = single(0, 10)
    it = Fixture(blocks, [step])
    it.fetch.answer(206)
    it.fetch.send(DATA[: B + 1])
    it.fetch.fail("lost")
    assert it.trouble == "lost"
    assert it.run.blocks == blocks[1:]


def test_trouble_in_a_later_file_names_that_file() -> None:
    steps = [Step("http://h/a", 0, B, 0, B), Step("http://h/b", B, 2 * B, B, B)]
    it = Fixture(blocks_of(0, 2), steps)
    it.fetch.serve(DATA)
    it.fetch.answer(404)
    assert it.troubles[0][0] == steps[1]
    assert it.run.blocks == blocks_of(1, 2)


# -- BEP 17


def _one() -> tuple[list[Block], list[Step]]:
    return blocks_of(0, 1), [Step("http://h/?piece=0", 0, B, 0, B, ranged=False)]


def test_a_piece_without_a_range_header() -> None:
    it = Fixture(*_one())
    assert it.fetch.span is None
    it.fetch.answer(200)
    it.fetch.send(DATA[:B])
    it.fetch.end()
    assert it.done
    assert not it.whole


@pytest.mark.parametrize(
    ("body", "wait"),
    [(b"120", 120.0), (b" 7\n", 7.0), (b"0", 1.0), (b"999999999", REFUSED_SECONDS), (b"", None)],
)
def test_a_busy_script_writes_how_long_to_wait(body: bytes, wait: float | None) -> None:
    it = Fixture(*_one())
    it.fetch.answer(503)
    for byte in body:
        it.fetch.send(bytes([byte]))
    it.fetch.end()
    assert "too much to do" in it.trouble
    assert it.troubles[0][1].wait == wait


@pytest.mark.parametrize("body", [b"soon", b"-5", "٣".encode(), b"1" * 100, b"<html>" * 100])
def test_a_busy_script_that_writes_something_else(body: bytes) -> None:
    it = Fixture(*_one())
    it.fetch.answer(503, retry_after=5.0)
    it.fetch.send(body)
    if not it.troubles:
        it.fetch.end()
    assert "too much to do" in it.trouble
    assert it.troubles[0][1].wait == 5.0


def test_a_busy_file_server_is_not_listened_to() -> None:
    blocks, step = single(0, 1)
    it = Fixture(blocks, [step])
    it.fetch.answer(503)
    assert "too much to do" in it.trouble


# -- Time


@pytest.mark.parametrize("answered", [True, False])
def test_silence_is_trouble(answered: bool) -> None:
    it = Fixture(*_one())
    if answered:
        it.fetch.answer(200, now=0.0)
    it.run.check(SILENCE_SECONDS)
    assert not it.troubles
    it.run.check(SILENCE_SECONDS + 1)
    assert "sent nothing for 30 s" in it.trouble
    it.run.check(SILENCE_SECONDS * 3)
    assert len(it.troubles) == 1


def test_a_trickle_is_silence() -> None:
    blocks, step = single(0, 10)
    it = Fixture(blocks, [step])
    it.fetch.answer(206)
    for second in range(31):
        it.run.check(second)
        it.fetch.send(b"x", now=second)
    it.run.check(31.0)
    assert "sent nothing" in it.trouble


def test_a_slow_server_is_not() -> None:
    blocks, step = single(0, 10)
    it = Fixture(blocks, [step])
    it.fetch.answer(206)
    for block in range(10):
        now = block * 29.0
        it.run.check(now)
        it.fetch.send(DATA[block * B : (block + 1) * B], now)
    it.fetch.end(300.0)
    it.check_delivered(*blocks)


# -- The end


def test_nothing_is_told_once_it_is_cancelled() -> None:
    blocks, step = single(0, 10)
    it = Fixture(blocks, [step])
    it.fetch.answer(206)
    it.run.cancel()
    assert it.fetch.cancelled
    it.run.check(100.0)
    assert not it.troubles


@pytest.mark.parametrize("code", [200, 206])
def test_the_owner_may_cancel_in_the_middle_of_a_chunk(code: int) -> None:
    blocks, step = single(0, 4)
    it = Fixture(blocks, [step], cancel_at=blocks[1])
    it.fetch.answer(code)
    it.fetch.send(DATA)
    it.check_delivered(*blocks[:2])
    assert it.run.blocks == blocks[2:]
    assert not it.done
    assert not it.troubles
    assert len(it.fetches.all) == 1


def test_the_owner_may_cancel_in_padding() -> None:
    steps = [Step(None, 0, 2 * B, 0, 2 * B), Step("http://h/b", 2 * B, 4 * B, 2 * B, 2 * B)]
    it = Fixture(blocks_of(0, 4), steps, cancel_at=(0, 0, B))
    assert len(it.delivered) == 1
    assert not it.fetches.all
    assert not it.done
