"""Waits before an announce that comes before its time."""

import random

import pytest

from torrentide.discovery.healing import ALONE_SECONDS, LOST_SECONDS, Healing


@pytest.mark.parametrize(("lost", "first"), [(False, ALONE_SECONDS), (True, LOST_SECONDS)])
def test_each_try_doubles_the_wait(lost: bool, first: tuple[float, float]) -> None:
    for seed in range(20):
        healing = Healing(random.Random(seed))
        if lost:
            healing.lost()
        for tries in range(6):
            assert first[0] * 2**tries <= healing.wait(1e9) <= first[1] * 2**tries
            healing.tried()


def test_waits_are_jittered_and_bounded() -> None:
    healings = [Healing(random.Random(seed)) for seed in range(20)]
    assert len({healing.wait(1e9) for healing in healings}) == 20
    for _ in range(10_000):
        healings[0].tried()
    assert healings[0].wait(86_400.0) == 86_400.0


def test_what_is_over_begins_anew() -> None:
    healing = Healing(random.Random(1))
    healing.lost()
    for _ in range(5):
        healing.tried()
    healing.over()
    assert ALONE_SECONDS[0] <= healing.wait(1e9) <= ALONE_SECONDS[1]
    healing.lost()
    assert LOST_SECONDS[0] <= healing.wait(1e9) <= LOST_SECONDS[1]
