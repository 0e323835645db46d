"""What other trackers and clients do in their own way, each a test of its own: a client of theirs is served,
a tracker of theirs is used, and neither closes on us. Ports are recorded, all else is real."""

import itertools
import json
import random
from typing import Any

import pytest

from descriptions import describe
from torrentide.discovery.announcer import DEFAULT_INTERVAL, MAX_OFFERED_CHARS, Announcer, Progress
from torrentide.discovery.healing import ALONE_SECONDS
from torrentide.discovery.links import Links
from torrentide.discovery.sdp import MAX_SDP_CHARS, usable
from torrentide.discovery.signalling import AnnounceReply, RemoteAnswer, RemoteOffer, parse
from torrentide.discovery.tracker import FIRST_RETRY_SECONDS, Tracker
from torrentide.timers import Timers
from unit.recorders import RecordedDialer, RecordedSockets

URL = "wss://tracker.test"
ELSEWHERE = json.dumps({"action": "announce", "info_hash": "e" * 20, "interval": 120})
HASH, OTHER_HASH, OURS, THEIRS = b"h" * 20, b"i" * 20, b"\xffA" * 10, b"\x00\xfeB\x80" * 5
# Of a stranger.
SDP = describe(7)


def text(value: bytes) -> str:
    return value.decode("latin-1")


class Client:
    """A torrent at one tracker."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sockets, self.dialer, self.timers = RecordedSockets(), RecordedDialer(), Timers()
        rng = random.Random(1)
        self.tracker = Tracker(URL, self.sockets, self.timers, rng)
        self.links = Links(
            OURS,
            self.dialer,
            self.timers,
            rng,
            itertools.count(1).__next__,
            self.dialer.close,
            lambda sdp: usable(sdp, lambda address: False),
        )
        self.left: int | None = None
        self.peers = 0
        self.warnings: list[str] = []
        self.replies: list[AnnounceReply] = []
        self.announcer = Announcer(
            HASH,
            OURS,
            self.tracker,
            self.links,
            self.timers,
            rng,
            progress=lambda: Progress(0, 0, self.left),
            offers_wanted=lambda waiting, now: 5,
            welcome=lambda peer_id, now: True,
            lonely=lambda others, now: self.peers < others,
            warn=lambda error: self.warnings.append(str(error)),
            announced=self.replies.append,
        )
        self.tracker.join(HASH, self.announcer, 0.0)
        self.tracker.opened(0.0)
        self.describe()

    def describe(self, *addresses: str) -> None:
        """Give every link its description."""
        for number in [*self.dialer.offered, *(number for number, _ in self.dialer.accepted)]:
            self.links.described(number, describe(number, *addresses), self.now)

    def hear(self, **message: Any) -> None:
        self.tracker.received(
            json.dumps({"action": "announce", "info_hash": text(HASH), **message}), self.now
        )

    def hear_text(self, message: str) -> None:
        self.tracker.received(message, self.now)

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.timers.next_due) is not None and due <= end:
            self.now = due
            self.timers.run(due)
            self.describe()
            if self.tracker.is_open:
                # Of another torrent: the socket is alive.
                self.tracker.received(ELSEWHERE, self.now)
        self.now = end

    @property
    def sent(self) -> list[dict[str, Any]]:
        return [json.loads(text) for _, text in self.sockets.sent]

    @property
    def offers(self) -> list[dict[str, Any]]:
        """The offers of the last announce."""
        offers: list[dict[str, Any]] = self.sent[-1]["offers"]
        return offers


@pytest.fixture
def it() -> Client:
    return Client()


def remote(kind: str, sdp: str = SDP, peer_id: bytes = THEIRS, offer_id: bytes = THEIRS) -> dict[str, Any]:
    return {"peer_id": text(peer_id), "offer_id": text(offer_id), kind: {"type": kind, "sdp": sdp}}


def untouched(it: Client, announces: int = 1) -> bool:
    """Nothing was done but the first announces."""
    same = len(it.sent) == announces and it.dialer.offered == [1, 2, 3, 4, 5]
    return same and not (it.dialer.accepted or it.dialer.answered or it.dialer.closed)


# -- openwebtorrent-tracker


def test_openwebtorrent_closes_on_an_event_that_is_no_event(it: Client) -> None:
    it.run(2 * DEFAULT_INTERVAL)
    assert [message.get("event", None) for message in it.sent] == ["started", None, None]
    assert all("event" not in message for message in it.sent[1:])


def test_openwebtorrent_wants_numwant_and_an_array(it: Client) -> None:
    for message in it.sent:
        assert message["numwant"] == len(message["offers"]) == 5


def test_openwebtorrent_relays_the_whole_answer_with_its_other_keys(it: Client) -> None:
    offer_id = it.offers[0]["offer_id"]
    it.hear(**remote("answer"), left=0, event="started", numwant=3, trackerid="x", uploaded=1)
    assert it.dialer.answered == [], "it is an answer to an offer that we did not make"
    it.hear(**{**remote("answer"), "offer_id": offer_id}, left=0, event="started", numwant=3)
    assert it.dialer.answered == [(1, SDP)]
    assert it.replies == []


def test_openwebtorrent_closes_without_a_word_and_is_tried_again(it: Client) -> None:
    it.tracker.closed("", it.now)
    it.run(FIRST_RETRY_SECONDS)
    assert it.sockets.opened == [URL, URL]


def test_openwebtorrent_says_nothing_to_a_goodbye(it: Client) -> None:
    """It is not waited for: the socket is closed behind it."""
    it.announcer.stop(it.now)
    assert it.sent[-1]["event"] == "stopped"
    assert it.sockets.closed == [URL]


# -- aquatic_ws


def test_aquatic_counts_an_answer_without_left_as_a_leecher(it: Client) -> None:
    it.left = 0
    it.hear(**remote("offer"))
    it.describe()
    assert it.sent[-1]["left"] == 0
    assert "answer" in it.sent[-1]


def test_aquatic_replies_to_answers_too(it: Client) -> None:
    it.hear(**remote("offer"))
    it.describe()
    it.hear(interval=120, complete=1, incomplete=1, peer_id=text(OURS))
    assert it.replies == [AnnounceReply(HASH, 120.0, 1, 1)]
    assert it.warnings == []


def test_aquatic_refuses_an_answer_that_came_too_late(it: Client) -> None:
    reason = "Could not find the offer corresponding to your answer. It may have expired."
    it.hear(**{"failure reason": reason})
    assert it.warnings == [f"{URL} refused: {reason}"]
    it.run(DEFAULT_INTERVAL)
    assert len(it.sent) == 2


def test_aquatic_names_no_action_in_a_failure(it: Client) -> None:
    """WebTorrent drops its socket on this one."""
    it.hear_text('{"failure reason":"Invalid request"}')
    assert it.warnings == [f"{URL} refused: Invalid request"]
    assert it.sockets.closed == []
    it.run(DEFAULT_INTERVAL)
    assert len(it.sent) == 2


def test_aquatic_takes_frames_of_16_kib(it: Client) -> None:
    """A machine with many networks: each offer has 3 KiB."""
    it.dialer.offered.clear()
    it.run(DEFAULT_INTERVAL - 1)
    many = [f"2001:db8:aaaa:bbbb:cccc:dddd:eeee:{number:04}" for number in range(30)]
    it.timers.run(DEFAULT_INTERVAL)
    it.describe(*many)
    assert len(it.offers[0]["offer"]["sdp"]) * 5 > MAX_OFFERED_CHARS
    assert len(it.sockets.sent[-1][1].encode()) < 16 * 1024
    assert 1 <= it.sent[-1]["numwant"] == len(it.offers) < 5


def test_aquatic_takes_characters_up_to_255_only(it: Client) -> None:
    for message in it.sent:
        strings = [
            message["info_hash"],
            message["peer_id"],
            *(offer["offer_id"] for offer in message["offers"]),
        ]
        assert all(len(string) == 20 and max(string) <= "\xff" for string in strings)


def test_aquatic_takes_no_null_for_left(it: Client) -> None:
    """And bittorrent-tracker takes it for 0: a magnet's leecher would count as a seed."""
    it.left = None
    it.announcer.stop(it.now)
    assert all(isinstance(message["left"], int) and message["left"] > 0 for message in it.sent)


def test_aquatic_leaves_torrents_that_it_does_not_know_out_of_a_scrape(it: Client) -> None:
    it.announcer.scrape(lambda reply: pytest.fail("there is no reply"))
    it.hear_text('{"action":"scrape","files":{}}')
    assert it.warnings == []


# -- bittorrent-tracker


def test_bittorrent_tracker_counts_webtorrents_magnet_leechers_as_seeds(it: Client) -> None:
    """A seed that lost its only leecher still knows of somebody."""
    it.left = 0
    it.hear(interval=120, complete=2, incomplete=0)
    it.run(ALONE_SECONDS[1])
    assert len(it.sent) == 2


def test_bittorrent_tracker_loses_the_first_of_two_peers_who_start_at_once(it: Client) -> None:
    """Neither is told of the other, until one of them is heard of."""
    it.hear(interval=120, complete=0, incomplete=1)
    it.run(30.0)
    it.hear(**remote("offer"))
    it.run(ALONE_SECONDS[1])
    assert any("offers" in message for message in it.sent[1:])


def test_bittorrent_tracker_sends_a_peers_own_offers_back_at_times(it: Client) -> None:
    it.hear(**remote("offer", peer_id=OURS))
    assert untouched(it)


# -- libtorrent and anacrolix/torrent


def test_libtorrents_tracker_writes_min_interval_with_an_underscore() -> None:
    (reply,) = parse(
        json.dumps({"action": "announce", "info_hash": text(HASH), "interval": 90, "min_interval": 60})
    )
    assert reply == AnnounceReply(HASH, 90.0, None, None, 60.0)


def test_libtorrent_closes_on_an_offer_id_that_has_not_20_bytes(it: Client) -> None:
    """So the answer gives back what the offer had, to the byte."""
    it.hear(**remote("offer", offer_id=b"\x00\xff" * 10))
    it.describe()
    assert it.sent[-1]["offer_id"] == text(b"\x00\xff" * 10)
    assert it.sent[-1]["to_peer_id"] == text(THEIRS)


def test_anacrolix_leaves_the_receiver_in_an_answer() -> None:
    message = {"action": "announce", "info_hash": text(HASH), "to_peer_id": text(OURS), **remote("answer")}
    assert parse(json.dumps(message)) == [RemoteAnswer(HASH, THEIRS, THEIRS, SDP)]


def test_anacrolix_sends_null_for_what_it_has_not() -> None:
    message = {
        "action": "announce",
        "info_hash": text(HASH),
        **remote("offer"),
        "answer": None,
        "interval": None,
    }
    assert RemoteOffer(HASH, THEIRS, THEIRS, SDP) in parse(json.dumps(message))


# -- Offers and answers that do nothing


def test_an_answer_to_no_offer_of_ours_does_nothing(it: Client) -> None:
    it.hear(**remote("answer"))
    assert untouched(it)


def test_a_late_answer_does_nothing(it: Client) -> None:
    offer_id = it.offers[0]["offer_id"]
    it.run(60.0)
    before = list(it.dialer.closed)
    it.hear(**{**remote("answer"), "offer_id": offer_id})
    assert it.dialer.answered == []
    assert it.dialer.closed == before


def test_an_answer_that_comes_twice_does_nothing_more(it: Client) -> None:
    offer_id = it.offers[0]["offer_id"]
    for peer_id in (THEIRS, THEIRS, b"C" * 20):
        it.hear(**{**remote("answer", peer_id=peer_id), "offer_id": offer_id})
    assert it.dialer.answered == [(1, SDP)]
    assert it.dialer.closed == []


def test_an_offer_that_comes_twice_is_answered_once(it: Client) -> None:
    for _ in range(3):
        it.hear(**remote("offer"))
        it.describe()
    assert len(it.dialer.accepted) == 1
    assert sum("answer" in message for message in it.sent) == 1


@pytest.mark.parametrize("kind", ["offer", "answer"])
def test_an_oversized_description_does_nothing(it: Client, kind: str) -> None:
    sdp = SDP + "a=x\r\n" * (MAX_SDP_CHARS // 5)
    it.hear(**{**remote(kind, sdp), "offer_id": it.offers[0]["offer_id"]})
    assert untouched(it)


@pytest.mark.parametrize("kind", ["offer", "answer"])
def test_a_description_of_a_camera_does_nothing(it: Client, kind: str) -> None:
    sdp = SDP + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
    it.hear(**{**remote(kind, sdp), "offer_id": it.offers[0]["offer_id"]})
    assert untouched(it)


@pytest.mark.parametrize("kind", ["offer", "answer"])
def test_what_is_for_another_torrent_does_nothing(it: Client, kind: str) -> None:
    offer_id = it.offers[0]["offer_id"]
    it.hear(**{**remote(kind), "offer_id": offer_id, "info_hash": text(OTHER_HASH)})
    assert untouched(it)


@pytest.mark.parametrize("kind", ["offer", "answer"])
def test_what_is_from_ourselves_does_nothing(it: Client, kind: str) -> None:
    it.hear(**{**remote(kind, peer_id=OURS), "offer_id": it.offers[0]["offer_id"]})
    assert untouched(it)


@pytest.mark.parametrize("kind", ["offer", "answer"])
def test_what_comes_behind_the_end_does_nothing(it: Client, kind: str) -> None:
    offer_id = it.offers[0]["offer_id"]
    it.announcer.stop(it.now)
    it.hear(**{**remote(kind), "offer_id": offer_id})
    assert untouched(it, announces=2)


def test_an_offer_with_the_id_of_ours_leaves_ours_alone(it: Client) -> None:
    offer_id = it.offers[0]["offer_id"]
    it.hear(**{**remote("offer"), "offer_id": offer_id})
    it.links.failed(it.dialer.accepted[0][0], it.now)
    it.hear(**{**remote("answer", peer_id=b"C" * 20), "offer_id": offer_id})
    assert it.dialer.answered == [(1, SDP)]
