"""Who gets which extension's messages, under which numbers."""

import pytest

from torrentide.errors import PeerError
from torrentide.wire import messages
from torrentide.wire.extensions.handshake import MAX_EXTENSIONS, ExtendedHandshake
from torrentide.wire.extensions.registry import Extensions


@pytest.fixture
def got() -> list[tuple[str, bytes, float]]:
    return []


@pytest.fixture
def extensions(got: list[tuple[str, bytes, float]]) -> Extensions:
    extensions = Extensions()
    extensions.register("first", lambda payload, now: got.append(("first", payload, now)))
    extensions.register("second", lambda payload, now: got.append(("second", payload, now)))
    return extensions


def hear(extensions: Extensions, **ids: int) -> ExtendedHandshake:
    return extensions.receive_handshake(ExtendedHandshake(ids).to_bytes())


def test_ours_are_numbered_from_one(extensions: Extensions) -> None:
    assert extensions.ids == {"first": 1, "second": 2}
    assert Extensions().ids == {}


def test_a_message_goes_to_its_extension(extensions: Extensions, got: list[tuple[str, bytes, float]]) -> None:
    extensions.receive(2, b"two", 1.5)
    extensions.receive(1, b"one", 2.5)
    assert got == [("second", b"two", 1.5), ("first", b"one", 2.5)]


@pytest.mark.parametrize("number", [0, 3, 255])
def test_a_number_that_was_never_given(extensions: Extensions, number: int) -> None:
    with pytest.raises(PeerError, match=f"extension {number}"):
        extensions.receive(number, b"", 0.0)


def test_sending_takes_the_peers_number(extensions: Extensions) -> None:
    assert extensions.message("first", b"x") is None
    hear(extensions, first=9)
    assert extensions.message("first", b"x") == messages.extended(9, b"x")
    assert extensions.message("second", b"x") is None


def test_a_later_handshake_adds_and_zero_takes_away(extensions: Extensions) -> None:
    """BEP 10: the m dictionary is additive, and the number 0 disables."""
    hear(extensions, first=9, other=3)
    handshake = hear(extensions, first=0, second=4)
    assert handshake.ids == {"other": 3, "second": 4}
    assert extensions.message("first", b"") is None
    assert extensions.message("second", b"") == messages.extended(4, b"")


def test_a_later_handshake_repeats_only_what_changed(extensions: Extensions) -> None:
    first = ExtendedHandshake({"first": 1}, "Some 1.0", request_queue=500, metadata_size=100)
    extensions.receive_handshake(first.to_bytes())
    assert extensions.receive_handshake(ExtendedHandshake({"second": 2}, metadata_size=200).to_bytes()) == (
        ExtendedHandshake({"first": 1, "second": 2}, "Some 1.0", request_queue=500, metadata_size=200)
    )
    assert extensions.peer.request_queue == 500


def test_many_handshakes_pile_nothing_up(extensions: Extensions) -> None:
    for batch in range(5):
        hear(extensions, **{f"{batch}-{number}": 1 for number in range(MAX_EXTENSIONS)})
    assert len(extensions.peer.ids) == MAX_EXTENSIONS


def test_a_broken_handshake_changes_nothing(extensions: Extensions) -> None:
    hear(extensions, first=9)
    with pytest.raises(PeerError):
        extensions.receive_handshake(b"broken")
    assert extensions.peer.ids == {"first": 9}
