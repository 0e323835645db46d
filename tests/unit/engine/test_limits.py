"""Token buckets: the mean holds, bursts are short, and large blocks pass."""

from math import inf

import pytest

from torrentide.engine.limits import BURST_SECONDS, Bucket, Limit


def flow(limit: Bucket | Limit, block: int, seconds: float, start: float = 0.0, step: float = 0.01) -> int:
    """Bytes that pass when somebody always has a block ready."""
    passed, now = 0, start
    while now < start + seconds:
        while limit.level(now) > 0 and passed < 10**9:
            limit.take(block, now)
            passed += block
        now += step
    return passed


@pytest.mark.parametrize("rate", [20_000, 100_000, 5_000_000])
@pytest.mark.parametrize("block", [100, 16 * 1024, 64 * 1024])
def test_the_mean_holds_whatever_the_blocks(rate: int, block: int) -> None:
    bucket = Bucket(rate)
    assert flow(bucket, block, 60.0) == pytest.approx(60 * rate, rel=0.08)


def test_no_limit() -> None:
    bucket = Bucket()
    bucket.take(10**12, 0.0)
    assert bucket.level(0.0) == inf


def test_nothing_at_all() -> None:
    bucket = Bucket(0)
    assert flow(bucket, 1, 60.0) == 0
    assert bucket.level(1000.0) == 0.0


def test_what_was_not_used_is_not_saved_up() -> None:
    bucket = Bucket(1000)
    assert flow(bucket, 1, 0.01, start=3600.0) == pytest.approx(1000 * BURST_SECONDS, abs=20)


def test_a_debt_is_paid_before_anything_flows() -> None:
    bucket = Bucket(1000)
    bucket.level(10.0)
    bucket.take(16_500, 10.0)
    assert bucket.level(25.9) <= 0
    assert bucket.level(26.1) > 0


def test_what_was_taken_in_vain_is_given_back() -> None:
    bucket = Bucket(1000)
    bucket.take(5000, 10.0)
    bucket.take(-5000, 10.0)
    assert bucket.level(10.0) > 0


def test_a_limit_changes_at_once() -> None:
    bucket = Bucket(10)
    bucket.take(16 * 1024, 0.0)
    bucket.set_rate(1_000_000, 1.0)
    assert flow(bucket, 1000, 2.0, start=1.0) == pytest.approx(2_000_000, rel=0.05)
    bucket.set_rate(None, 3.0)
    assert bucket.level(3.0) == inf
    assert bucket.rate is None


@pytest.mark.parametrize(("client", "torrent"), [(50_000, 200_000), (200_000, 50_000), (None, 50_000)])
def test_the_lower_of_two_limits_holds(client: float | None, torrent: float) -> None:
    limit = Limit(Bucket(client), Bucket(torrent))
    assert flow(limit, 16 * 1024, 60.0) == pytest.approx(60 * 50_000, rel=0.08)


def test_torrents_share_the_limit_of_the_client() -> None:
    client = Bucket(100_000)
    limits = [Limit(client, Bucket()) for _ in range(2)]
    total = 0
    for step in range(6000):
        for limit in limits:
            if limit.level(step / 100) > 0:
                limit.take(1000, step / 100)
                total += 1000
    assert total == pytest.approx(6_000_000, rel=0.05)
