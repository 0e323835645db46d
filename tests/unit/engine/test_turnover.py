"""Who makes room for others."""

import pytest

from torrentide.engine.turnover import PROTECTED_SECONDS, Standing, leaving, useless

OLD = PROTECTED_SECONDS


def peers(count: int, **fields: object) -> list[Standing]:
    return [
        Standing(link, **{"wanted": True, "rate": 1000.0, "age": OLD + link, **fields})  # type: ignore[arg-type]
        for link in range(count)
    ]


@pytest.mark.parametrize(("count", "gone"), [(0, 0), (49, 0), (50, 2), (55, 2)])
def test_a_few_go_when_nearly_all_places_are_taken(count: int, gone: int) -> None:
    assert len(leaving(peers(count), 55)) == gone


def test_of_a_few_peers_none_goes() -> None:
    assert leaving(peers(24), 24) == []
    assert len(leaving(peers(25), 25)) == 1


def test_the_unwanted_go_before_the_slow_before_the_young() -> None:
    crowd = [
        *peers(46),
        Standing(100, True, 10.0, 500.0),
        Standing(101, True, 5.0, 500.0),
        Standing(102, False, 2000.0, 500.0),
        Standing(103, True, 5.0, 400.0),
    ]
    assert leaving(crowd, 50) == [102, 103]
    crowd = [peer for peer in crowd if peer.link not in (102, 103)] + peers(2)
    assert leaving(crowd, 50) == [101, 100]


def test_the_young_are_protected() -> None:
    assert leaving(peers(50, age=OLD - 1, wanted=False), 50) == []
    assert useless(peers(50, age=OLD - 1, wanted=False)) == []


def test_those_that_nobody_wants_are_useless() -> None:
    assert useless([]) == useless(peers(50)) == []
    crowd = [*peers(50), Standing(99, False, 0.0, OLD), Standing(98, False, 0.0, OLD + 1)]
    assert useless(crowd) == [99, 98]
