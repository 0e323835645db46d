"""A client's torrents: what comes from outside reaches the one that it concerns."""

import itertools
import json
import random
import re
from collections.abc import Iterable
from typing import Any

import pytest

from descriptions import describe
from simulation.world import MemoryStore, make_torrent
from torrentide import __version__
from torrentide.discovery.blocklist import parse_blocklist
from torrentide.engine.peer import HIGH_WATER, Peer
from torrentide.engine.session import Session, new_peer_id
from torrentide.engine.swarm import Swarm
from torrentide.engine.webseed import Web
from torrentide.errors import DuplicateTorrent, TorrentideError
from torrentide.metainfo.info import Info
from torrentide.ports import FetchHandle, FetchSink
from torrentide.timers import Timers
from torrentide.wire import messages
from torrentide.wire.handshake import HANDSHAKE_LENGTH, Handshake, parse_handshake
from unit.recorders import HeldDigest, RecordedDialer, RecordedSockets, RecordedTransport

OURS, THEIRS = b"-TD0100-MMMMMMMMMMMM", b"-XX0001-NNNNNNNNNNNN"
ONE, TWO = b"1" * 20, b"2" * 20
URL, OTHER_URL = "wss://one.test", "wss://two.test"


class Told:
    """An observer that keeps what tests ask for."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.joined: list[int] = []
        self.left: list[str] = []

    def metadata(self, now: float) -> None: ...

    def verified(self, index: int, now: float) -> None: ...

    def done(self, now: float) -> None: ...

    def peer_joined(self, peer: Peer, now: float) -> None:
        self.joined.append(peer.link)

    def peer_left(self, peer: Peer, reason: str, now: float) -> None:
        self.left.append(reason)

    def announced(self, reply: object) -> None: ...

    def unverified(self, index: int, now: float) -> None: ...

    def full(self, error: TorrentideError, now: float) -> None: ...

    def room(self, now: float) -> None: ...

    def no_peers(self, now: float) -> None: ...

    def warning(self, error: TorrentideError) -> None:
        self.warnings.append(str(error))

    def failed(self, error: TorrentideError) -> None:
        raise error


class NoFetch:
    """A web that is not asked."""

    def fetch(self, url: str, span: tuple[int, int] | None, sink: FetchSink) -> FetchHandle:
        raise AssertionError(url)


class Fixture:
    def __init__(self, web: Web | None = None) -> None:
        self.dialer, self.sockets, self.timers = RecordedDialer(), RecordedSockets(), Timers()
        self.told: dict[bytes, Told] = {}
        self.session = Session(
            OURS,
            dialer=self.dialer,
            sockets=self.sockets,
            digest=HeldDigest(),
            timers=self.timers,
            rng=random.Random(1),
            numbers=itertools.count(1),
            web=web,
        )

    def add(
        self, info_hash: bytes, *urls: str, info: Info | None = None, foreign: Iterable[str] = ()
    ) -> Swarm:
        told = Told()
        swarm = self.session.add(
            info_hash,
            urls,
            observer=told,
            open_store=lambda info: MemoryStore(None, b""),
            now=0.0,
            info=info,
            foreign=foreign,
        )
        self.told[info_hash] = told
        return swarm

    def incoming(self, info_hash: bytes, peer_id: bytes = THEIRS) -> int:
        """An offer from a peer, through the tracker; the link that it got."""
        offer = {"type": "offer", "sdp": describe(7)}
        self.hear(URL, info_hash, peer_id=peer_id.decode(), offer_id="o" * 20, offer=offer)
        return self.dialer.accepted[-1][0]

    def connect(self, info_hash: bytes, peer_id: bytes = THEIRS) -> tuple[int, RecordedTransport]:
        """A channel with a peer, which has not shaken hands yet."""
        link, transport = self.incoming(info_hash, peer_id), RecordedTransport()
        self.session.link_local(link, describe(link), 0.0)
        self.session.link_open(link, transport, 0.0)
        return link, transport

    def hear(self, url: str, info_hash: bytes, **message: Any) -> None:
        text = json.dumps({"action": "announce", "info_hash": info_hash.decode("latin-1"), **message})
        self.session.socket_text(url, text, 0.0)

    def heard(self, url: str) -> list[dict[str, Any]]:
        return [json.loads(text) for to, text in self.sockets.sent if to == url]


@pytest.fixture
def it() -> Fixture:
    return Fixture()


# -- Peer ids


def test_the_peer_id_tells_client_and_version() -> None:
    peer_id = new_peer_id(random.Random(1))
    assert re.fullmatch(rb"-TD\d{4}-[0-9a-zA-Z]{12}", peer_id)
    assert peer_id[3:6].decode() == __version__.replace(".", "")
    assert len({new_peer_id(random.Random(seed)) for seed in range(50)}) == 50


# -- Torrents


def test_a_torrent_is_added_once(it: Fixture) -> None:
    swarm = it.add(ONE)
    with pytest.raises(DuplicateTorrent, match=f"Cannot add duplicate torrent {ONE.hex()}"):
        it.add(ONE)
    assert it.session.swarms == {ONE: swarm}
    it.session.remove(ONE, 1.0)
    assert swarm.torrent.closed
    assert it.session.swarms == {}
    assert it.add(ONE) is not swarm


def test_removing_what_is_not_here_does_nothing(it: Fixture) -> None:
    it.session.remove(ONE, 0.0)
    it.add(TWO, URL)
    it.session.remove(ONE, 0.0)
    assert it.sockets.closed == []


def test_closing_removes_every_torrent(it: Fixture) -> None:
    swarms = [it.add(ONE, URL), it.add(TWO, URL, OTHER_URL)]
    it.session.close(1.0)
    assert all(swarm.torrent.closed for swarm in swarms)
    assert sorted(it.sockets.closed) == [URL, OTHER_URL]
    it.timers.run(1000.0)
    assert it.timers.next_due is None


# -- Trackers


def test_unusable_trackers_are_warnings(it: Fixture) -> None:
    it.add(ONE, "udp://tracker.test:80", URL, "http://tracker.test", "nonsense", "ws://bad:port")
    assert it.sockets.opened == [URL]
    assert len(it.told[ONE].warnings) == 4
    assert all(warning.startswith("Unsupported tracker protocol") for warning in it.told[ONE].warnings)


def test_a_torrent_sends_no_page_into_its_visitors_network_but_the_page_itself_may() -> None:
    it = Fixture(web=Web(NoFetch(), "https://page.example"))
    it.add(ONE, "ws://192.168.0.1/admin", "ws://[::1]:9222/devtools", URL)
    assert it.sockets.opened == [URL]
    assert [warning.split()[1] for warning in it.told[ONE].warnings] == [
        "ws://192.168.0.1/admin",
        "ws://[::1]:9222/devtools",
    ]
    it.add(TWO, foreign=["ws://192.168.0.1/tracker"])
    assert it.sockets.opened == [URL, "ws://192.168.0.1/tracker"]


def test_a_tracker_named_twice_is_asked_once(it: Fixture) -> None:
    it.add(ONE, URL, URL + "/", f" {URL} ")
    assert it.sockets.opened == [URL]
    assert it.told[ONE].warnings == []


def test_torrents_share_the_socket_of_a_tracker(it: Fixture) -> None:
    it.add(ONE, URL)
    it.add(TWO, URL, OTHER_URL)
    assert it.sockets.opened == [URL, OTHER_URL]
    it.session.socket_open(URL, 0.0)
    for link in list(it.dialer.offered):
        it.session.link_local(link, describe(link), 0.0)
    assert {message["info_hash"] for message in it.heard(URL)} == {"1" * 20, "2" * 20}
    assert {message["peer_id"] for message in it.heard(URL)} == {OURS.decode()}
    it.session.remove(ONE, 1.0)
    assert it.sockets.closed == []
    assert it.heard(URL)[-1]["event"] == "stopped"
    it.session.remove(TWO, 2.0)
    assert sorted(it.sockets.closed) == [URL, OTHER_URL]


def test_a_tracker_that_was_left_is_joined_anew(it: Fixture) -> None:
    it.add(ONE, URL)
    it.session.remove(ONE, 1.0)
    it.add(TWO, URL)
    assert it.sockets.opened == [URL, URL]


def test_a_refusal_reaches_its_torrent_alone(it: Fixture) -> None:
    it.add(ONE, URL)
    it.add(TWO, URL)
    it.session.socket_open(URL, 0.0)
    it.hear(URL, TWO, **{"failure reason": "no"})
    assert (it.told[ONE].warnings, len(it.told[TWO].warnings)) == ([], 1)
    it.session.socket_closed(URL, "lost", 1.0)
    assert len(it.told[ONE].warnings) == 1


def test_sockets_that_are_not_ours_do_nothing(it: Fixture) -> None:
    it.add(ONE, URL)
    it.session.socket_open(OTHER_URL, 0.0)
    it.session.socket_text(OTHER_URL, "garbage", 0.0)
    it.session.socket_closed(OTHER_URL, "lost", 0.0)
    assert it.told[ONE].warnings == []


# -- Links


def test_a_link_belongs_to_the_torrent_that_asked_for_it(it: Fixture) -> None:
    one, two = it.add(ONE, URL), it.add(TWO, URL)
    it.session.socket_open(URL, 0.0)
    (first, first_channel), (second, second_channel) = it.connect(ONE), it.connect(TWO)
    assert (list(one.torrent.peers), list(two.torrent.peers)) == ([first], [second])
    assert parse_handshake(first_channel.take()[:HANDSHAKE_LENGTH]).info_hash == ONE
    assert parse_handshake(second_channel.take()[:HANDSHAKE_LENGTH]).info_hash == TWO
    it.session.link_data(second, Handshake(TWO, THEIRS).to_bytes(), 0.0)
    assert (it.told[ONE].joined, it.told[TWO].joined) == ([], [second])
    it.session.link_failed(second, "lost", 1.0)
    assert it.told[TWO].left == ["lost"]
    assert it.dialer.closed == [second]


@pytest.mark.parametrize("state", ["offered", "accepted", "open"])
def test_a_lost_link_is_closed_once_and_forgotten(it: Fixture, state: str) -> None:
    it.add(ONE, URL)
    it.session.socket_open(URL, 0.0)
    if state == "offered":
        link = it.dialer.offered[0]
    else:
        link = it.incoming(ONE) if state == "accepted" else it.connect(ONE)[0]
    it.session.link_failed(link, "lost", 1.0)
    it.session.link_failed(link, "lost", 1.0)
    it.session.link_local(link, "late", 1.0)
    it.session.link_open(link, RecordedTransport(), 1.0)
    it.session.link_data(link, b"late", 1.0)
    it.session.link_drained(link, 1.0)
    assert it.dialer.closed == [link]


def test_a_peer_that_we_drop_leaves_no_link_behind(it: Fixture) -> None:
    swarm = it.add(ONE, URL)
    it.session.socket_open(URL, 0.0)
    link, transport = it.connect(ONE)
    it.session.link_data(link, b"garbage", 0.0)
    assert transport.closed
    assert it.dialer.closed == [link]
    assert swarm.torrent.peers == {}
    assert link not in it.session._link_swarm, "they would pile up over a long session"


def test_links_that_are_not_ours_do_nothing(it: Fixture) -> None:
    it.add(ONE)
    it.session.link_local(99, describe(99), 0.0)
    it.session.link_open(99, RecordedTransport(), 0.0)
    it.session.link_data(99, b"x", 0.0)
    it.session.link_drained(99, 0.0)
    it.session.link_failed(99, "lost", 0.0)
    assert it.dialer.closed == []


def test_a_removed_torrent_closes_its_links_and_no_others(it: Fixture) -> None:
    it.add(ONE, URL)
    it.add(TWO, URL)
    it.session.socket_open(URL, 0.0)
    offered = list(it.dialer.offered)
    ones, twos = it.connect(ONE)[0], it.connect(TWO)[0]
    it.session.remove(ONE, 1.0)
    assert ones in it.dialer.closed
    assert twos not in it.dialer.closed
    it.session.link_data(twos, Handshake(TWO, THEIRS).to_bytes(), 2.0)
    assert it.told[TWO].joined == [twos]
    assert len(set(it.dialer.closed)) == len(it.dialer.closed) == len(offered) // 2 + 1


def test_a_drained_channel_reaches_its_torrent() -> None:
    it, (info, data) = Fixture(), make_torrent(random.Random(1), 400_000)
    it.session.add(
        info.info_hash, [URL], observer=Told(), open_store=lambda info: MemoryStore(info, data), now=0.0,
        info=info, seeding=True,
    )  # fmt: skip
    it.session.socket_open(URL, 0.0)
    link, transport = it.connect(info.info_hash)
    it.session.link_data(link, Handshake(info.info_hash, THEIRS).to_bytes() + messages.INTERESTED, 0.0)
    transport.waiting = HIGH_WATER
    it.session.link_data(link, messages.request(0, 0, 16384) * 20, 0.0)
    transport.sends.clear()
    it.session.link_drained(link, 1.0)
    assert transport.sends


def test_a_peer_known_through_one_tracker_is_not_answered_through_another(it: Fixture) -> None:
    info, _ = make_torrent(random.Random(1), 1000)
    it.add(info.info_hash, URL, OTHER_URL, info=info)
    for url in (URL, OTHER_URL):
        it.session.socket_open(url, 0.0)
    offer = {"type": "offer", "sdp": describe(7)}
    for _ in range(2):
        text = {"peer_id": THEIRS.decode(), "offer_id": "o" * 20, "offer": offer, "action": "announce"}
        for url in (URL, OTHER_URL):
            message = json.dumps({**text, "info_hash": info.info_hash.decode("latin-1")})
            it.session.socket_text(url, message, 0.0)
        assert len(it.dialer.accepted) == 1
        link = it.dialer.accepted[0][0]
        it.session.link_open(link, RecordedTransport(), 0.0)
        it.session.link_data(link, Handshake(info.info_hash, THEIRS).to_bytes(), 0.0)


@pytest.mark.parametrize("blocked", [b"10.0.0.0/8", b"10.0.0.2", b"99.9.9.9"])
def test_blocked_peers_are_neither_answered_nor_used(blocked: bytes) -> None:
    it = Fixture()
    it.add(ONE, URL)
    it.session.socket_open(URL, 0.0)
    for link in it.dialer.offered:
        it.session.link_local(link, describe(link, "192.0.2.1"), 0.0)
    it.session.blocklist = parse_blocklist(blocked)
    sdp = describe(7, "10.0.0.1", "10.0.0.2")
    offered = json.loads(it.sockets.sent[0][1])["offers"][0]["offer_id"]
    for number, kind in enumerate(("offer", "answer")):
        message = {"peer_id": f"{number:020}", "offer_id": offered, kind: {"type": kind, "sdp": sdp}}
        text = json.dumps({"action": "announce", "info_hash": ONE.decode(), **message})
        it.session.socket_text(URL, text, 1.0)
    left = {b"10.0.0.0/8": [], b"10.0.0.2": [describe(7, "10.0.0.1")], b"99.9.9.9": [sdp]}[blocked]
    assert [text for _, text in it.dialer.accepted] == left
    assert [text for _, text in it.dialer.answered] == left


def test_blocked_addresses_of_our_own_are_not_told() -> None:
    it = Fixture()
    it.session.blocklist = parse_blocklist(b"192.168.0.0/16")
    it.add(ONE, URL)
    it.session.socket_open(URL, 0.0)
    for link in it.dialer.offered:
        it.session.link_local(link, describe(link, "203.0.113.9", "192.168.1.5"), 0.0)
    assert "203.0.113.9" in it.sockets.sent[0][1]
    assert "192.168.1.5" not in it.sockets.sent[0][1]
