"""What a page selects, and what is fetched then."""

import pytest

from torrentide.browser.wanted import Wanted
from torrentide.errors import LocalError
from unit.engine.remote import Fixture


def fetched(it: Fixture) -> list[int]:
    """The pieces that a seed delivers, in their order."""
    it.seed().give()
    return [int(event.split()[1]) for event in it.heard.events if event.startswith("verified")]


def test_what_is_selected_is_fetched_and_critical_pieces_first() -> None:
    it = Fixture(pieces=6)
    wanted = Wanted(it.torrent)
    wanted.select(bytes([0, 4, 0, 4, 4, 0]), [4], 0.0)
    order = fetched(it)
    assert sorted(order) == [1, 3, 4]
    assert order[0] == 4


@pytest.mark.parametrize(
    ("priorities", "critical"), [(bytes(5), []), (bytes(7), []), (bytes([8] * 6), []), (bytes(6), [6])]
)
def test_a_selection_of_another_torrent_is_refused(priorities: bytes, critical: list[int]) -> None:
    wanted = Wanted(Fixture(pieces=6).torrent)
    with pytest.raises(LocalError):
        wanted.select(priorities, critical, 0.0)
