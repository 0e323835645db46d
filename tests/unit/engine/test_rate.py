"""The speed over the last seconds, against adding up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.engine.rate import RateMeter

# Half seconds, as the meter has them; the last ten count.
WINDOW = 10


def test_nothing_flowed() -> None:
    meter = RateMeter()
    assert meter.rate(100.0) == 0.0
    assert meter.total == 0


@pytest.mark.parametrize(
    ("adds", "now", "rate"),
    [
        ([(0.0, 100)], 0.0, 200.0),
        ([(0.0, 100)], 0.9, 100.0),
        ([(0.0, 100)], 4.9, 20.0),
        ([(0.0, 100)], 5.0, 0.0),
        ([(1000.0, 100)], 1000.0, 200.0),
        ([(0.0, 100), (1.0, 100), (2.0, 100), (3.0, 100), (4.0, 100)], 4.9, 100.0),
        # After a pause it is the speed since the new beginning.
        ([(0.0, 1000), (60.0, 100)], 60.4, 200.0),
        ([(0.0, 1000)], 60.0, 0.0),
    ],
)
def test_the_mean_of_the_last_five_seconds(adds: list[tuple[float, int]], now: float, rate: float) -> None:
    meter = RateMeter()
    for when, count in adds:
        meter.add(count, when)
    assert meter.rate(now) == rate
    assert meter.total == sum(count for _, count in adds)


@given(
    st.lists(st.tuples(st.integers(0, 15), st.integers(1, 1000)), min_size=1, max_size=20), st.integers(0, 15)
)
def test_any_flow_against_adding_up(steps: list[tuple[int, int]], wait: int) -> None:
    """Times go on in half seconds."""
    meter, slot, flow = RateMeter(), 0, list[tuple[int, int]]()
    first = 0
    for gap, count in steps:
        slot += gap
        recent = [each for each in flow if slot - each[0] < WINDOW]
        first = first if recent else slot
        flow.append((slot, count))
        meter.add(count, slot / 2)
    slot += wait
    counts = [count for when, count in flow if slot - when < WINDOW]
    expected = 2 * sum(counts) / min(WINDOW, slot - first + 1) if counts else 0.0
    assert meter.rate(slot / 2) == pytest.approx(expected)
    assert meter.total == sum(count for _, count in flow)


def test_a_clock_that_goes_back_loses_nothing() -> None:
    meter = RateMeter()
    meter.add(100, 10.0)
    meter.add(100, 5.0)
    assert meter.rate(10.0) == 400.0
    assert meter.total == 200
