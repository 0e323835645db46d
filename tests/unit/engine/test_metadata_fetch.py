"""Fetching an info dict from peers who may be slow, unwilling or lying."""

import hashlib
import random

import pytest

from torrentide.engine.metadata import ASK_TIMEOUT, MAX_ASKED, MetadataFetch
from torrentide.wire.extensions.metadata import MAX_METADATA, METADATA_PIECE

RAW = random.Random(1).randbytes(5 * METADATA_PIECE + 100)
FALSE = random.Random(2).randbytes(len(RAW))
PIECES = 6
GOOD, OTHER, LIAR = 1, 2, 9


def piece_of(raw: bytes, piece: int) -> bytes:
    return raw[piece * METADATA_PIECE : (piece + 1) * METADATA_PIECE]


def fetch_from(*peers: tuple[int, int], raw: bytes = RAW) -> MetadataFetch:
    """A fetch that knows peers by link and announced size."""
    fetch = MetadataFetch(hashlib.sha1(raw).digest())
    for link, size in peers:
        fetch.peer_has(link, size)
    return fetch


def converse(
    fetch: MetadataFetch, answers: dict[int, bytes | None], now: float = 0.0, limit: float = 60.0
) -> tuple[bytes | None, set[int], float]:
    """Let every peer answer from its bytes, or reject, or with no entry be silent; blamed peers leave. Gives
    what was found, who was blamed, and the time that it took."""
    blamed: set[int] = set()
    start, asks = now, fetch.requests(now)
    while now < start + limit:
        for link, piece in asks:
            if link not in answers or link in blamed:
                continue
            raw = answers[link]
            if raw is None:
                fetch.rejected(link, piece)
                continue
            result = fetch.received(link, piece, piece_of(raw, piece), len(raw))
            if isinstance(result, bytes):
                return result, blamed, now - start
            for liar in result or ():
                blamed.add(liar)
                fetch.peer_gone(liar)
        asks = fetch.requests(now)
        if not asks:
            now += 1.0
            asks = fetch.requests(now, again=True)
    return None, blamed, limit


@pytest.mark.parametrize("size", [1, METADATA_PIECE, METADATA_PIECE + 1, len(RAW)])
def test_one_peer_delivers(size: int) -> None:
    raw = RAW[:size]
    assert converse(fetch_from((GOOD, size), raw=raw), {GOOD: raw}) == (raw, set(), 0.0)


def test_a_few_requests_at_a_time_and_no_piece_twice() -> None:
    fetch = fetch_from((GOOD, len(RAW)), (OTHER, len(RAW)))
    asks = fetch.requests(0.0)
    assert asks == [(GOOD, 0), (GOOD, 1), (OTHER, 2), (OTHER, 3)]
    assert len(asks) == 2 * MAX_ASKED
    assert fetch.requests(0.0) == []
    assert fetch.received(GOOD, 0, piece_of(RAW, 0), len(RAW)) is None
    assert fetch.requests(0.0) == [(GOOD, 4)]


def test_peers_share_the_work() -> None:
    links = range(1, 4)
    fetch = fetch_from(*((link, len(RAW)) for link in links))
    assert {link for link, _ in fetch.requests(0.0)} == set(links)


@pytest.mark.parametrize("size", [0, -1, MAX_METADATA + 1])
def test_an_impossible_size_is_ignored(size: int) -> None:
    assert fetch_from((LIAR, size)).requests(0.0) == []


def test_nobody_to_ask() -> None:
    fetch = MetadataFetch(bytes(20))
    assert fetch.requests(0.0) == []
    assert fetch.requests(1.0, again=True) == []
    fetch.peer_gone(GOOD)
    fetch.rejected(GOOD, 0)
    assert fetch.received(GOOD, 0, b"x", 1) is None


def test_what_was_not_asked_for_is_ignored() -> None:
    fetch = fetch_from((GOOD, 100), raw=RAW[:100])
    assert fetch.received(GOOD, 0, RAW[:100], 100) is None
    fetch.requests(0.0)
    assert fetch.received(OTHER, 0, RAW[:100], 100) is None
    assert fetch.received(GOOD, 1, RAW[:100], 100) is None
    assert fetch.received(GOOD, 0, RAW[:100], 100) == RAW[:100]


# -- Unwilling peers


def test_a_silent_peer_is_given_up_in_time() -> None:
    fetch = fetch_from((LIAR, 100), raw=RAW[:100])
    assert fetch.requests(0.0) == [(LIAR, 0)]
    fetch.peer_has(GOOD, 100)
    assert fetch.requests(ASK_TIMEOUT - 0.1) == []
    assert fetch.requests(ASK_TIMEOUT) == [(GOOD, 0)]
    assert fetch.received(LIAR, 0, RAW[:100], 100) is None, "too late"


def test_a_rejected_piece_is_asked_of_another() -> None:
    fetch = fetch_from((OTHER, 100), (GOOD, 100), raw=RAW[:100])
    assert fetch.requests(0.0) == [(OTHER, 0)]
    fetch.rejected(OTHER, 5)
    assert fetch.requests(0.0) == []
    fetch.rejected(OTHER, 0)
    assert fetch.requests(0.0) == [(GOOD, 0)]


def test_only_a_timer_asks_again_who_has_refused() -> None:
    fetch = fetch_from((GOOD, 100), raw=RAW[:100])
    fetch.requests(0.0)
    fetch.rejected(GOOD, 0)
    assert fetch.requests(0.0) == []
    assert fetch.requests(1.0) == []
    assert fetch.requests(1.0, again=True) == [(GOOD, 0)]


def test_who_refuses_one_piece_keeps_what_it_gave() -> None:
    fetch = fetch_from((GOOD, len(RAW)))
    fetch.requests(0.0)
    fetch.received(GOOD, 0, piece_of(RAW, 0), len(RAW))
    fetch.rejected(GOOD, 1)
    assert converse(fetch, {GOOD: RAW}, now=1.0)[0] == RAW
    assert (GOOD, 0) not in fetch.requests(100.0, again=True)


def test_what_a_peer_was_asked_is_asked_of_others_when_it_leaves() -> None:
    fetch = fetch_from((OTHER, len(RAW)), (GOOD, len(RAW)))
    fetch.requests(0.0)
    fetch.received(OTHER, 0, piece_of(RAW, 0), len(RAW))
    fetch.peer_gone(OTHER)
    assert fetch.requests(0.0) == [], "enough is asked of the other one for now"
    fetch.received(GOOD, 2, piece_of(RAW, 2), len(RAW))
    assert fetch.requests(0.0) == [(GOOD, 1)]


# -- Lies


def test_who_delivers_a_false_whole_alone_is_blamed() -> None:
    fetch = fetch_from((LIAR, len(FALSE)))
    assert converse(fetch, {LIAR: FALSE}, limit=5.0)[:2] == (None, {LIAR})


def test_a_piece_of_a_wrong_length_is_blamed_at_once() -> None:
    for data in (b"", bytes(METADATA_PIECE - 1), bytes(METADATA_PIECE + 1)):
        fetch = fetch_from((LIAR, len(RAW)))
        fetch.requests(0.0)
        assert fetch.received(LIAR, 0, data, len(RAW)) == {LIAR}


def test_another_total_than_announced_is_a_refusal() -> None:
    fetch = fetch_from((OTHER, 100), (GOOD, 100), raw=RAW[:100])
    fetch.requests(0.0)
    assert fetch.received(OTHER, 0, RAW[:100], 0) is None
    assert fetch.requests(0.0) == [(GOOD, 0)]


@pytest.mark.parametrize("order", [(LIAR, GOOD, OTHER), (GOOD, LIAR, OTHER), (GOOD, OTHER, LIAR)])
def test_a_liar_among_honest_peers_is_found_by_asking_one_alone(order: tuple[int, ...]) -> None:
    fetch = fetch_from(*((link, len(RAW)) for link in order))
    answers = {GOOD: RAW, OTHER: RAW, LIAR: FALSE}
    found, blamed, seconds = converse(fetch, dict.fromkeys(order) | answers)
    assert found == RAW
    assert blamed <= {LIAR}
    assert seconds <= 3.0


def test_after_a_false_result_one_peer_is_asked_for_the_whole() -> None:
    fetch = fetch_from((LIAR, len(RAW)), (GOOD, len(RAW)))
    while asks := fetch.requests(0.0):
        for link, piece in asks:
            result = fetch.received(link, piece, piece_of(FALSE if link == LIAR else RAW, piece), len(RAW))
    assert result == set(), "two delivered it: nobody can be blamed yet"
    asked = set()
    asks = fetch.requests(1.0, again=True)
    while asks:
        asked |= {link for link, _ in asks}
        assert len(asks) <= MAX_ASKED
        for link, piece in asks:
            result = fetch.received(link, piece, piece_of(FALSE, piece), len(RAW))
        asks = [] if result else fetch.requests(1.0)
    assert result == asked
    assert len(asked) == 1


@pytest.mark.parametrize("how", ["leaves", "rejects", "falls silent"])
def test_who_is_asked_alone_may_fail_us(how: str) -> None:
    fetch = fetch_from((LIAR, len(RAW)), (GOOD, len(RAW)))
    while asks := fetch.requests(0.0):
        for link, piece in asks:
            fetch.received(link, piece, piece_of(FALSE if link == LIAR else RAW, piece), len(RAW))
    ((alone, _), *_) = fetch.requests(1.0, again=True)
    assert alone == LIAR
    if how == "leaves":
        fetch.peer_gone(LIAR)
        answers: dict[int, bytes | None] = {GOOD: RAW}
    else:
        answers = {GOOD: RAW, LIAR: None} if how == "rejects" else {GOOD: RAW}
        if how == "rejects":
            fetch.rejected(LIAR, 0)
    found, blamed, seconds = converse(fetch, answers, now=1.0)
    assert (found, blamed) == (RAW, set())
    assert seconds <= (ASK_TIMEOUT + 1 if how == "falls silent" else 1.0)


# -- Sizes


def test_the_size_that_most_name_is_believed() -> None:
    fetch = fetch_from((LIAR, 100), (GOOD, len(RAW)), (OTHER, len(RAW)))
    assert {link for link, _ in fetch.requests(0.0)} == {GOOD, OTHER}


@pytest.mark.parametrize("size", [100, len(RAW) + METADATA_PIECE])
@pytest.mark.parametrize("order", [(LIAR, GOOD), (GOOD, LIAR)])
@pytest.mark.parametrize("answer", ["silent", "rejects", "lies"])
def test_a_false_size_holds_nothing_up_for_long(size: int, order: tuple[int, ...], answer: str) -> None:
    sizes = {LIAR: size, GOOD: len(RAW)}
    fetch = fetch_from(*((link, sizes[link]) for link in order))
    answers: dict[int, bytes | None] = {GOOD: RAW}
    if answer != "silent":
        answers[LIAR] = None if answer == "rejects" else bytes(size)
    found, _, seconds = converse(fetch, answers)
    assert found == RAW
    assert seconds <= 2 * ASK_TIMEOUT


def test_many_false_sizes_are_worked_through() -> None:
    liars = range(10, 14)
    fetch = fetch_from(*((link, 50 if link % 2 else 60) for link in liars), (GOOD, len(RAW)))
    found, blamed, _ = converse(fetch, {GOOD: RAW, **{link: bytes(50 if link % 2 else 60) for link in liars}})
    assert found == RAW
    assert GOOD not in blamed


@pytest.mark.parametrize("how", ["leaves", "falls silent"])
def test_a_part_of_a_false_size_is_not_kept_for_ever(how: str) -> None:
    """The liar delivers one piece of a size that nobody else names, and no more."""
    fetch = fetch_from((LIAR, len(RAW) - METADATA_PIECE))
    assert fetch.requests(0.0) == [(LIAR, 0), (LIAR, 1)]
    fetch.received(LIAR, 0, piece_of(FALSE, 0), len(RAW) - METADATA_PIECE)
    fetch.peer_has(GOOD, len(RAW))
    if how == "leaves":
        fetch.peer_gone(LIAR)
    found, blamed, seconds = converse(fetch, {GOOD: RAW})
    assert (found, blamed) == (RAW, set())
    assert seconds <= 2 * ASK_TIMEOUT
