"""What peers call themselves."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide import __version__
from torrentide.engine.session import new_peer_id
from torrentide.wire.clients import UNKNOWN, ClientName, client_name


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (b"-WW0300-", "WebTorrent 3.0"),
        (b"-WW0212-", "WebTorrent 2.12"),
        (b"-WD0024-", "WebTorrent Desktop 0.24"),
        (b"-TD0100-", "Torrentide 0.1.0"),
        (b"-LT2110-", "libtorrent 2.1.1"),
        (b"-LT20A0-", "libtorrent 2.0.10"),
        (b"-lt0D80-", "rTorrent 0.13.8"),
        (b"-qB4630-", "qBittorrent 4.6.3"),
        (b"-qB46A5-", "qBittorrent 4.6.10.5"),
        (b"-TR4050-", "Transmission 4.0.5"),
        (b"-TR2940-", "Transmission 2.94"),
        (b"-TR300Z-", "Transmission 3.00"),
        (b"-DE13F0-", "Deluge 1.3.15"),
        (b"-UT355W-", "µTorrent 3.5.5.32"),
        (b"-AZ5760-", "Vuze 5.7.6"),
        (b"-BC0204-", "BitComet 2.04"),
        (b"-GT0003-", "anacrolix/torrent 0.0.0.3"),
        (b"-A~0123-", "Ares 0.1.2.3"),
        (b"-zz1234-", "zz 1.2.3.4"),
        (b"-7T0000-", "aTorrent 0.0.0"),
        (b"M7-10-3-", "BitTorrent 7.10.3"),
        (b"M4-3-6--", "BitTorrent 4.3.6"),
        (b"S58B-----", "Shadow's client 5.8.11"),
        (b"T03I-----", "BitTornado 0.3.18"),
        (b"A310--001v5Gysr4NxNK", ""),
        (b"R34------", "Tribler 3.4"),
        (b"exbc\x00\x38xxxx", "BitComet 0.56"),
        (b"exbc\x01\x05LORD", "BitLord 1.05"),
        (b"XBT054d-", "XBT Client 0.5.4"),
        (b"OP1234xx", "Opera 1234"),
        (b"", ""),
        (b"exbc", ""),
        (b"-WW0300", ""),
        (b"-WW03.0-", ""),
        (b"-<b0300-", ""),
        (b"Z12345---", ""),
        (bytes(20), ""),
        (b"\xff" * 20, ""),
    ],
)
def test_the_name_and_version_of_a_client(start: bytes, expected: str) -> None:
    peer_id = start.ljust(20, b"x") if start not in (b"", b"exbc") else start
    assert str(client_name(peer_id)) == expected
    assert (client_name(peer_id) == UNKNOWN) == (expected == "")


def test_our_own_id() -> None:
    assert client_name(new_peer_id(random.Random(1))) == ClientName("Torrentide", __version__)


@given(st.binary(max_size=40) | st.binary(max_size=20).map(lambda tail: b"-UT3560-" + tail))
def test_any_bytes_give_short_printable_text(peer_id: bytes) -> None:
    text = str(client_name(peer_id))
    assert text.isprintable()
    assert len(text) < 60


@given(st.from_regex(rb"[-A-Z][-.0-9A-Za-z<>&~]{19}", fullmatch=True))
def test_names_that_look_like_some_give_no_markup(peer_id: bytes) -> None:
    assert not set(str(client_name(peer_id))) & set('<>&"')
