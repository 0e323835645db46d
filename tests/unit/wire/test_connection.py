"""The cutting of a byte stream: the same events however it was split, and an end to what is no protocol."""

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.errors import PeerError
from torrentide.wire import messages
from torrentide.wire.connection import MAX_MESSAGE_LENGTH, Connection
from torrentide.wire.handshake import Handshake

GREETING = Handshake(b"h" * 20, b"p" * 20)

numbers = st.integers(0, 2**32 - 1)
wire_messages = st.one_of(
    st.sampled_from([messages.KEEP_ALIVE, messages.CHOKE, messages.UNCHOKE, messages.HAVE_ALL]),
    numbers.map(messages.have),
    st.binary(max_size=40).map(messages.bitfield),
    st.builds(messages.request, numbers, numbers, numbers),
    st.builds(messages.extended, st.integers(0, 255), st.binary(max_size=40)),
    st.binary(max_size=300).map(lambda data: messages.piece_header(1, 2, len(data)) + data),
)


def feed(chunks: Iterable[bytes]) -> list[object]:
    """All events, copied: a piece's data is good until the next bytes come."""
    connection = Connection()
    events: list[object] = []
    for chunk in chunks:
        for event in connection.receive(chunk):
            if isinstance(event, messages.Piece):
                events.append((event.index, event.begin, bytes(event.data)))
            else:
                events.append(event)
    return events


def split(stream: bytes, cuts: Iterable[int]) -> list[bytes]:
    places = [0, *sorted(cuts), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(places)]


@given(st.lists(wire_messages, max_size=8), st.data())
def test_splits_change_nothing(parts: list[bytes], data: st.DataObject) -> None:
    stream = GREETING.to_bytes() + b"".join(parts)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=12))
    whole = feed([stream])
    assert whole[0] == GREETING
    assert len(whole) == 1 + len(parts)
    assert feed(split(stream, cuts)) == whole


def test_byte_by_byte() -> None:
    stream = GREETING.to_bytes() + messages.HAVE_ALL + messages.piece_header(0, 0, 3) + b"abc" + bytes(8)
    assert feed(bytes([byte]) for byte in stream) == feed([stream])
    assert len(feed([stream])) == 5


def test_a_header_and_its_block_may_come_apart() -> None:
    """libtorrent sends them so."""
    connection = Connection()
    connection.receive(GREETING.to_bytes())
    assert connection.receive(messages.piece_header(7, 0, 16384)) == []
    (piece,) = connection.receive(b"x" * 16384 + messages.CHOKE[:2])
    assert isinstance(piece, messages.Piece)
    assert piece.data == b"x" * 16384
    assert connection.receive(messages.CHOKE[2:]) == [messages.Choke()]


@pytest.mark.parametrize("cut", [0, 1, 19, 20, 67])
def test_the_handshake_is_awaited(cut: int) -> None:
    connection = Connection()
    assert connection.receive(GREETING.to_bytes()[:cut]) == []
    assert connection.handshake is None
    assert connection.receive(GREETING.to_bytes()[cut:]) == [GREETING]
    assert connection.handshake == GREETING


@pytest.mark.parametrize(
    "chunks",
    [
        [b"\x13BitTorrent protocoL" + bytes(48)],
        [b"x"],
        [b"\x13BitTorx"],
        [b"GET / HTTP/1.1\r\n"],
        [b"\x13Bit", b"Torrent protocoL" + bytes(48)],
        [GREETING.to_bytes(), GREETING.to_bytes()],
    ],
)
def test_what_is_no_protocol(chunks: list[bytes]) -> None:
    with pytest.raises(PeerError):
        feed(chunks)


@pytest.mark.parametrize("split_at", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("length", [MAX_MESSAGE_LENGTH + 1, 2**31, 2**32 - 1])
def test_a_message_too_long_is_refused_by_its_length_alone(length: int, split_at: int) -> None:
    stream = messages.have(1) + length.to_bytes(4, "big") + b"\7"
    at = len(messages.have(1)) + split_at
    with pytest.raises(PeerError, match=f"a message of {length} bytes"):
        feed([GREETING.to_bytes(), stream[:at], stream[at:]])


def test_the_longest_message_is_taken() -> None:
    field = messages.bitfield(b"\xff" * (MAX_MESSAGE_LENGTH - 1))
    events = feed([GREETING.to_bytes(), field[:100_000], field[100_000:] + messages.CHOKE])
    assert events[1:] == [messages.Bits(b"\xff" * (MAX_MESSAGE_LENGTH - 1)), messages.Choke()]


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_garbage_is_a_peers_fault_or_waits(garbage: bytes, cuts: list[int]) -> None:
    chunks = split(garbage, [cut for cut in cuts if cut <= len(garbage)])
    try:
        feed([GREETING.to_bytes(), *chunks])
    except PeerError:
        with pytest.raises(PeerError):
            feed([GREETING.to_bytes() + garbage])
    else:
        feed([GREETING.to_bytes() + garbage])
