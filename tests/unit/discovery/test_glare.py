"""The rule for crossed connections: both ends must come to the same one."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.discovery.glare import LinkKey, survivor

SMALL, GREAT = b"A" * 20, b"B" * 20
keys = st.builds(
    LinkKey, st.sampled_from([SMALL, GREAT]), st.binary(min_size=20, max_size=20) | st.just(b"o" * 20)
)


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (LinkKey(SMALL, b"1"), LinkKey(GREAT, b"2"), LinkKey(GREAT, b"2")),
        (LinkKey(SMALL, b"2"), LinkKey(GREAT, b"1"), LinkKey(GREAT, b"1")),
        (LinkKey(GREAT, b"2"), LinkKey(GREAT, b"1"), LinkKey(GREAT, b"1")),
        (LinkKey(b"\x80" * 20, b"1"), LinkKey(b"\x7f" * 20, b"1"), LinkKey(b"\x80" * 20, b"1")),
    ],
)
def test_the_greater_peers_offer_wins_then_the_smaller_offer_id(
    first: LinkKey, second: LinkKey, kept: LinkKey
) -> None:
    assert survivor(first, second) == kept


@given(keys, keys)
def test_both_ends_agree_in_whatever_order_they_learn_of_them(first: LinkKey, second: LinkKey) -> None:
    assert survivor(first, second) == survivor(second, first) in (first, second)


@given(st.lists(keys, min_size=1, max_size=4))
def test_of_many_the_same_one_remains_whatever_the_order(found: list[LinkKey]) -> None:
    """Each end settles them by pairs, as handshakes come in."""
    remaining = set()
    for order in itertools.permutations(found):
        kept = order[0]
        for key in order[1:]:
            kept = survivor(kept, key)
        remaining.add(kept)
    assert len(remaining) == 1
