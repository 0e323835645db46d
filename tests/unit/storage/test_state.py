"""The state record, as we write it and as anybody may have written it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.errors import StorageError
from torrentide.metainfo import bencode
from torrentide.storage.state import State, parse_state

STATE = State(
    have=b"\xa0",
    priorities=bytes([4, 0, 7]),
    magnet="magnet:?xt=urn:btih:00",
    trackers=["wss://a.example"],
    web_seeds=["https://b.example/"],
    order=1_700_000_000_000,
    received=5,
    uploaded=6,
    down=1000,
    paused=True,
    session=True,
)


def test_a_state_comes_back() -> None:
    assert parse_state(STATE.to_bytes()) == STATE
    assert parse_state(State().to_bytes()) == State()


def test_pieces_and_priorities_are_of_a_torrent_of_that_size_only() -> None:
    assert list(STATE.have_of(3)) == [0, 2]
    assert STATE.have_of(2).held == 0
    assert STATE.have_of(20).held == 0
    assert STATE.priorities_of(3) == bytes([4, 0, 7])
    assert STATE.priorities_of(4) is None
    assert State(priorities=bytes([8])).priorities_of(1) is None
    assert State().priorities_of(0) is None


def test_fields_of_wrong_types_are_as_if_they_were_not_there() -> None:
    wrong = dict.fromkeys((b"have", b"magnet", b"trackers", b"flags"), 5)
    numbers = dict.fromkeys((b"order", b"received", b"uploaded", b"down", b"up"), -7)
    assert parse_state(bencode.encode({**wrong, **numbers})) == State()
    assert parse_state(bencode.encode({b"trackers": [1, b"wss://a", [b"x"], b"u" * 3000]})).trackers == [
        "wss://a"
    ]
    assert parse_state(bencode.encode({b"order": 2**60})).order == 0


@pytest.mark.parametrize("data", [b"", b"i1e", b"le", b"d3:hav", b"nothing"])
def test_what_is_no_state_is_refused(data: bytes) -> None:
    with pytest.raises(StorageError):
        parse_state(data)


@given(st.binary(max_size=64))
def test_any_bytes_give_a_state_or_a_typed_error(data: bytes) -> None:
    try:
        parse_state(data)
    except StorageError:
        pass
