"""Extensions that a page speaks, between it and a peer."""

from typing import Any

import pytest

from torrentide.browser.wires import (
    MAX_EXTENSIONS,
    MAX_PAYLOAD,
    MAX_SENT,
    MAX_WAITING,
    MESSAGE_COST,
    PageWires,
)
from torrentide.engine.peer import Peer
from torrentide.errors import InvalidTorrent, LocalError
from torrentide.metainfo import bencode
from torrentide.wire import messages
from torrentide.wire.extensions.handshake import ExtendedHandshake
from unit.engine.remote import Fixture, Heard, Remote

OWN = {"ut_metadata": 1, "upload_only": 2, "lt_donthave": 3}


class Page(Heard):
    """An observer that does with wires what a page's torrent does, and all that it told of them."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[list[Any]] = []
        self.wires = PageWires(self.told.append)
        self.facts: list[dict[str, Any]] = []

    def peer_joined(self, peer: Peer, now: float) -> None:
        self.facts.append(self.wires.joined(peer))

    def peer_left(self, peer: Peer, reason: str, now: float) -> None:
        super().peer_left(peer, reason, now)
        self.wires.left(peer)


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
def it(page: Page) -> Fixture:
    return Fixture(heard=page)


@pytest.fixture
def remote(it: Fixture) -> Remote:
    remote = it.remote().hello()
    remote.heard()
    return remote


def use(it: Fixture, page: Page, remote: Remote, *names: str, others: bytes = b"de") -> None:
    page.wires.use(it.torrent, remote.link, list(names), others, it.now)


def handshakes(remote: Remote) -> list[Any]:
    heard = [message for message in remote.heard() if isinstance(message, messages.Extended)]
    return [bencode.decode(message.payload) for message in heard if not message.id]


@pytest.mark.parametrize("extended", [True, False])
def test_what_is_told_of_a_wire(page: Page, it: Fixture, extended: bool) -> None:
    it.remote().hello(extended=extended)
    assert page.facts == [{"extended": extended, "dht": False, "fast": True, "extensions": list(OWN)}]


def test_use_tells_the_peer_by_a_further_handshake(page: Page, it: Fixture, remote: Remote) -> None:
    use(it, page, remote, "ut_ping", "ut_pong", "ut_ping", others=bencode.encode({"name": "me", "m": 1}))
    (handshake,) = handshakes(remote)
    assert handshake[b"m"] == {
        **{name.encode(): number for name, number in OWN.items()},
        b"ut_ping": 4,
        b"ut_pong": 5,
    }
    assert handshake[b"name"] == b"me"
    assert handshake[b"v"].startswith(b"Torrentide")
    remote.say(messages.extended(5, b"hello"))
    assert page.told == [["extended", remote.link, "ut_pong", b"hello"]]


def test_names_can_be_added_and_keys_changed(page: Page, it: Fixture, remote: Remote) -> None:
    use(it, page, remote, "ut_ping", others=b"d1:ai1ee")
    use(it, page, remote, "ut_ping", "ut_pong", others=b"d1:bi2ee")
    first, second = handshakes(remote)
    assert (first[b"m"][b"ut_ping"], second[b"m"][b"ut_ping"], second[b"m"][b"ut_pong"]) == (4, 4, 5)
    assert b"a" in first
    assert b"a" not in second


def test_a_peer_without_extensions_hears_nothing(page: Page, it: Fixture) -> None:
    remote = it.remote().hello(extended=False)
    remote.heard()
    use(it, page, remote, "ut_ping")
    assert remote.heard() == []


def test_the_page_gets_each_handshake_as_it_came(page: Page, it: Fixture, remote: Remote) -> None:
    payload = bencode.encode({"m": {"ut_ping": 7}, "name": "you"})
    remote.say(messages.extended(0, payload))
    assert page.told == [["extended", remote.link, "", payload]]


def test_a_message_is_sent_under_the_peers_number(page: Page, it: Fixture, remote: Remote) -> None:
    page.wires.send(it.torrent, remote.link, 7, b"ping", it.now)
    assert remote.heard() == [messages.Extended(7, b"ping")]


def test_a_long_message_is_sent_in_parts(page: Page, it: Fixture, remote: Remote) -> None:
    payload = bytes(MAX_PAYLOAD)
    page.wires.send(it.torrent, remote.link, 7, payload, it.now)
    assert max(map(len, remote.transport.sends)) == MAX_SENT
    assert remote.heard() == [messages.Extended(7, payload)]
    with pytest.raises(LocalError):
        page.wires.send(it.torrent, remote.link, 7, payload + b"x", it.now)


def test_a_peer_that_is_gone_gets_nothing(page: Page, it: Fixture, remote: Remote) -> None:
    it.torrent.disconnected(remote.link, "gone", it.now)
    use(it, page, remote, "ut_ping")
    page.wires.send(it.torrent, remote.link, 7, b"ping", it.now)
    page.wires.took(remote.link, 4)
    assert remote.heard() == []


def test_a_peer_that_floods_the_page_is_dropped(page: Page, it: Fixture, remote: Remote) -> None:
    use(it, page, remote, "ut_ping")
    message = messages.extended(4, bytes(1000))
    for _ in range(MAX_WAITING // (1000 + MESSAGE_COST)):
        remote.say(message)
    page.wires.took(remote.link, 1000)
    remote.say(message)
    assert not remote.dropped
    remote.say(message)
    assert remote.dropped


@pytest.mark.parametrize(
    ("names", "others"),
    [
        ([f"ut_{number}" for number in range(MAX_EXTENSIONS)], b"de"),
        (["x" * 65], b"de"),
        (["ut_ping"], b"d1:a20000:" + bytes(20_000) + b"e"),
        (["ut_ping"], b"le"),
        (["ut_ping"], b"garbage"),
    ],
)
def test_bounds_of_what_a_page_may_ask(
    page: Page, it: Fixture, remote: Remote, names: list[str], others: bytes
) -> None:
    with pytest.raises((LocalError, InvalidTorrent)):
        use(it, page, remote, *names, others=others)
    assert remote.heard() == []


def test_further_keys_never_replace_our_own() -> None:
    handshake = ExtendedHandshake({"a": 1}, client="us", others={b"m": {}, b"v": b"them", b"zz": 1})
    assert bencode.decode(handshake.to_bytes()) == {b"m": {b"a": 1}, b"v": b"us", b"zz": 1}
