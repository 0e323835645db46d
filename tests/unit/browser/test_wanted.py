"""What a page selects, and what is fetched then."""

import pytest

from torrentide.browser.wanted import Wanted
from torrentide.errors import LocalError
from torrentide.pieces.bitfield import Bitfield
from unit.engine.remote import Fixture, Remote


def fetched(it: Fixture, seed: Remote | None = None) -> list[int]:
    """The pieces that a seed has delivered, in their order."""
    (seed or it.seed()).give()
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


def test_what_another_tab_fetches_is_not_asked_for_but_by_who_reads_it() -> None:
    it = Fixture(pieces=6)
    wanted = Wanted(it.torrent)
    elsewhere = Bitfield.full(6)
    elsewhere.remove(2)
    wanted.leave(elsewhere, 0.0)
    assert wanted.elsewhere
    seed = it.seed()
    assert fetched(it, seed) == [2]
    reader = it.torrent.open_reader(0, 1, 0.0)
    assert fetched(it, seed) == [2, 0]
    it.torrent.close_reader(reader, 0.0)
    wanted.leave(None, 0.0)
    assert sorted(fetched(it, seed)) == list(range(6))


def test_a_selection_holds_while_another_tab_fetches() -> None:
    it = Fixture(pieces=4)
    wanted = Wanted(it.torrent)
    wanted.leave(Bitfield.full(4), 0.0)
    wanted.select(bytes([4, 4, 0, 0]), [], 0.0)
    seed = it.seed()
    assert fetched(it, seed) == []
    wanted.leave(None, 0.0)
    assert sorted(fetched(it, seed)) == [0, 1]


def test_it_is_satisfied_by_what_is_selected() -> None:
    it = Fixture(pieces=3)
    wanted = Wanted(it.torrent)
    assert not wanted.satisfied
    wanted.select(bytes([0, 4, 0]), [], 0.0)
    wanted.verified(0)
    assert not wanted.satisfied
    wanted.verified(1)
    assert wanted.satisfied
    wanted.lost(1)
    assert not wanted.satisfied
