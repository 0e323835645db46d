"""Liars are found by their blocks; who is only near a bad piece is not."""

import random

import pytest

from torrentide.engine.blame import MAX_BLOCKS, MAX_SENDERS, MAX_SOURCES, Blame, Source

A, B, C = 1, 2, 3
GOOD = [b"one", b"two", b"three"]


def piece(*senders: int, false: tuple[int, ...] = ()) -> list[tuple[int, bytes]]:
    """The blocks of a piece by those who sent them; those in `false` are not true."""
    return [
        (sender, b"lie" if number in false else GOOD[number % 3]) for number, sender in enumerate(senders)
    ]


@pytest.mark.parametrize("sender", [A, -1])
def test_who_filled_a_bad_piece_alone_has_lied(sender: int) -> None:
    blame = Blame()
    assert blame.failed(0, piece(sender, sender, sender, false=(1,))) == {sender}
    assert blame.is_banned(sender)
    assert not blame.is_on_parole(sender)


def test_of_several_nobody_is_banned_yet() -> None:
    blame = Blame()
    assert blame.failed(0, piece(A, B, B, false=(0,))) == set()
    assert not blame.is_banned(A)
    assert blame.is_on_parole(A)
    assert blame.is_on_parole(B)
    assert not blame.is_on_parole(C)


def test_the_good_piece_shows_who_lied() -> None:
    blame = Blame()
    blame.failed(0, piece(A, B, C, false=(1,)))
    assert blame.suspected(0)
    assert blame.passed(0, GOOD) == {B}
    assert (blame.is_banned(A), blame.is_banned(B), blame.is_banned(C)) == (False, True, False)
    assert not blame.suspected(0)


def test_the_same_block_sent_in_two_ways_shows_it_before_the_piece_is_good() -> None:
    blame = Blame()
    blame.failed(0, piece(A, B, C, false=(1, 2)))
    assert blame.failed(0, piece(A, B, C, false=(2,))) == {B}
    assert blame.passed(0, GOOD) == {C}


def test_a_peer_is_known_by_its_id_through_all_its_connections() -> None:
    blame = Blame()
    for link in (A, B):
        blame.name(link, b"liar")
    blame.name(C, b"honest")
    blame.failed(0, piece(A, C, C, false=(0,)))
    assert blame.is_on_parole(b"liar")
    assert blame.failed(0, piece(B, C, C)) == {b"liar"}, "its first block differs now"
    assert blame.is_banned(b"liar")
    assert not blame.is_banned(b"honest")


def test_every_bad_round_is_remembered() -> None:
    blame = Blame()
    blame.failed(0, piece(A, B, A, false=(1,)))
    blame.failed(0, piece(B, A, C, false=(2,)))
    assert blame.passed(0, GOOD) == {B, C}


def test_parole_ends_with_a_good_piece() -> None:
    blame = Blame()
    blame.failed(0, piece(A, B, B, false=(0,)))
    blame.cleared(B)
    assert blame.is_on_parole(A)
    assert not blame.is_on_parole(B)
    blame.cleared(C)


def test_no_honest_source_is_ever_banned() -> None:
    """Whoever delivers what, in any order: the banned are liars."""
    rng = random.Random(7)
    for _ in range(200):
        blame = Blame()
        sources = list(range(6))
        liars: set[Source] = set(sources[:2])
        for _ in range(20):
            senders = [rng.choice(sources) for _ in range(3)]
            false = tuple(
                number for number, sender in enumerate(senders) if sender in liars and rng.random() < 0.5
            )
            index = rng.randrange(3)
            if false:
                assert blame.failed(index, piece(*senders, false=false)) <= liars
            elif blame.suspected(index):
                assert blame.passed(index, GOOD) <= liars
        assert {source for source in sources if blame.is_banned(source)} <= liars


def test_memory_has_bounds() -> None:
    blame = Blame()
    half = MAX_BLOCKS // 2
    for index in range(3):
        blame.failed(index, piece(*([A, B] * (half // 2))))
    assert [blame.suspected(index) for index in range(3)] == [False, True, True]
    for number in range(MAX_SOURCES + 1):
        blame.failed(5, piece(number, number, number, false=(0,)))
    assert not blame.is_banned(0)
    assert blame.is_banned(1)
    assert blame.is_banned(MAX_SOURCES)


def test_many_senders_of_one_block_push_out_the_first() -> None:
    blame = Blame()
    for number in range(MAX_SENDERS + 1):
        blame.failed(0, piece(-number, C, C, false=(0,)))
    liars = blame.passed(0, GOOD)
    assert liars == {-number for number in range(1, MAX_SENDERS + 1)}
