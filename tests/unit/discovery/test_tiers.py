"""The order of trackers."""

import random

from torrentide.discovery.tiers import in_order


def test_a_tier_comes_before_the_next_one() -> None:
    tiers = [["a", "b", "c"], ["d"], ["e", "f"]]
    for seed in range(20):
        ordered = in_order(tiers, random.Random(seed))
        assert [set(ordered[:3]), set(ordered[3:4]), set(ordered[4:])] == [{"a", "b", "c"}, {"d"}, {"e", "f"}]


def test_a_tier_is_shuffled_within() -> None:
    orders = {tuple(in_order([["a", "b", "c"]], random.Random(seed))) for seed in range(100)}
    assert len(orders) == 6


def test_each_tracker_comes_once_where_it_is_named_first() -> None:
    assert in_order([["a"], [], ["b", "a"], ["b"]], random.Random(1)) == ["a", "b"]


def test_what_is_given_stays_as_it_is() -> None:
    tier = ["a", "b", "c", "d"]
    in_order([tier], random.Random(3))
    assert tier == ["a", "b", "c", "d"]
