"""What a tracker hears of one torrent, and in which order."""

import itertools
import json
import random
from typing import Any

import pytest

from torrentide.discovery.announcer import (
    DEFAULT_INTERVAL,
    LEFT_UNKNOWN,
    MAX_OFFERS_TAKEN,
    Announcer,
    Progress,
)
from torrentide.discovery.healing import ALONE_SECONDS, LOST_SECONDS
from torrentide.discovery.links import GATHER_SECONDS, OFFER_SECONDS, Links
from torrentide.discovery.signalling import MAX_OFFERS, AnnounceReply, ScrapeReply
from torrentide.discovery.tracker import Tracker
from torrentide.errors import TorrentideError
from torrentide.timers import Timers
from unit.recorders import RecordedDialer, RecordedSockets

URL = "wss://tracker.test"
ELSEWHERE = json.dumps({"action": "announce", "info_hash": "e" * 20, "interval": 120})
HASH, OURS, THEIRS = b"h" * 20, b"A" * 20, b"B" * 20


class Fixture:
    """An announcer on a real tracker and real links, of which the sockets and the dialer are the test's."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sockets, self.dialer, self.timers = RecordedSockets(), RecordedDialer(), Timers()
        rng = random.Random(1)
        self.tracker = Tracker(URL, self.sockets, self.timers, rng)
        self.links = Links(
            OURS, self.dialer, self.timers, rng, itertools.count(1).__next__, self.dialer.close, str
        )
        self.progress = Progress(10, 20, 30)
        self.wanted = 2
        self.welcome = True
        # Joined peers: with fewer than the tracker knows, the torrent is lonely.
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
            progress=lambda: self.progress,
            offers_wanted=lambda waiting, now: self.wanted,
            welcome=lambda peer_id, now: self.welcome,
            lonely=lambda others, now: self.peers < others,
            warn=self.warn,
            announced=self.replies.append,
        )
        self.tracker.join(HASH, self.announcer, 0.0)

    def warn(self, error: TorrentideError) -> None:
        self.warnings.append(str(error))

    def open(self, *, gathered: bool = True) -> None:
        self.tracker.opened(self.now)
        if gathered:
            self.gather()

    def gather(self) -> None:
        """Give every offer its description."""
        for number in self.dialer.offered:
            self.links.described(number, f"sdp {number}", self.now)

    def run(self, seconds: float) -> None:
        """Let time pass; offers get their description as they are made. The socket stays alive by what the
        tracker says of other torrents."""
        end = self.now + seconds
        self.alive()
        while (due := self.timers.next_due) is not None and due <= end:
            self.now = due
            self.timers.run(due)
            self.gather()
            self.alive()
        self.now = end

    def alive(self) -> None:
        """The tracker says something, if its socket is open."""
        if self.tracker.is_open:
            self.tracker.received(ELSEWHERE, self.now)

    def announce_times(self, seconds: float, **reply: Any) -> list[float]:
        """When the tracker hears of us while time passes; it replies to each announce."""
        times: list[float] = []
        end = self.now + seconds
        while self.now < end:
            before = len(self.sockets.sent)
            self.run(min(end, self.timers.next_due or end) - self.now)
            if len(self.sockets.sent) > before:
                times.append(self.now)
                self.hear(**reply)
        return times

    def hear(self, **message: Any) -> None:
        self.tracker.received(
            json.dumps({"action": "announce", "info_hash": HASH.decode(), **message}), self.now
        )

    @property
    def heard(self) -> list[dict[str, Any]]:
        """What the tracker heard, as JSON."""
        return [json.loads(text) for _, text in self.sockets.sent]

    @property
    def events(self) -> list[str]:
        """The event of each announce; `-` where there is no such key."""
        return [message.get("event", "-") for message in self.heard]


@pytest.fixture
def it() -> Fixture:
    return Fixture()


# -- The order of events


def test_the_first_announce_waits_for_its_offers(it: Fixture) -> None:
    it.open(gathered=False)
    assert it.heard == []
    it.gather()
    (message,) = it.heard
    assert message["event"] == "started"
    assert (message["uploaded"], message["downloaded"], message["left"]) == (10, 20, 30)
    assert [offer["offer"]["sdp"] for offer in message["offers"]] == ["sdp 1", "sdp 2"]
    assert message["numwant"] == 2


def test_updates_have_no_event(it: Fixture) -> None:
    it.open()
    it.run(3 * DEFAULT_INTERVAL)
    assert it.events == ["started", "-", "-", "-"]
    assert all("event" not in message for message in it.heard[1:])
    assert all(len(message["offers"]) == 2 for message in it.heard)


@pytest.mark.parametrize("gathered", [False, True])
def test_completed_never_comes_before_started(it: Fixture, gathered: bool) -> None:
    if gathered:
        it.announcer.completed(0.0)
        it.open()
    else:
        it.open(gathered=False)
        it.announcer.completed(0.0)
        it.gather()
    assert it.events == ["started", "completed"]
    assert it.heard[1]["offers"] == []


def test_completed_is_told_once(it: Fixture) -> None:
    it.open()
    it.announcer.completed(1.0)
    assert it.events == ["started", "completed"]
    it.run(DEFAULT_INTERVAL + 1)
    assert it.events == ["started", "completed", "-"]


def test_completed_in_the_middle_of_an_update_waits_for_it(it: Fixture) -> None:
    it.open()
    it.alive()
    it.timers.run(DEFAULT_INTERVAL)
    it.announcer.completed(DEFAULT_INTERVAL)
    assert it.events == ["started"]
    it.gather()
    assert it.events == ["started", "-", "completed"]


def test_a_new_socket_hears_started_again(it: Fixture) -> None:
    it.open()
    it.tracker.closed("lost", 5.0)
    it.announcer.completed(6.0)
    it.run(2 * DEFAULT_INTERVAL)
    assert it.events == ["started"], "nothing is said while it is closed"
    assert it.dialer.offered == [1, 2], "nor made ready"
    it.open()
    it.run(1.0)
    assert it.events == ["started", "started", "completed"]
    assert len(it.warnings) >= 1


def test_a_socket_lost_while_offers_are_made(it: Fixture) -> None:
    it.open(gathered=False)
    it.tracker.closed("lost", 0.5)
    it.gather()
    assert it.heard == []
    it.open()
    assert it.events == ["started"]


def test_a_socket_that_comes_back_while_offers_are_made(it: Fixture) -> None:
    it.open(gathered=False)
    it.tracker.closed("lost", 0.1)
    it.tracker.opened(0.2)
    it.gather()
    assert it.events == ["started"]
    it.run(DEFAULT_INTERVAL)
    assert it.events == ["started", "-"]


# -- What is said


@pytest.mark.parametrize(("left", "told"), [(0, 0), (7, 7), (None, LEFT_UNKNOWN)])
def test_left_is_a_number_and_positive_when_unknown(it: Fixture, left: int | None, told: int) -> None:
    it.progress = Progress(0, 0, left)
    it.open()
    it.announcer.stop(1.0)
    assert [message["left"] for message in it.heard] == [told, told]
    assert LEFT_UNKNOWN > 0


@pytest.mark.parametrize(("wanted", "made"), [(0, 0), (3, 3), (50, MAX_OFFERS)])
def test_as_many_offers_as_wanted_and_no_more_than_trackers_take(it: Fixture, wanted: int, made: int) -> None:
    it.wanted = wanted
    it.open()
    assert len(it.heard[0]["offers"]) == it.heard[0]["numwant"] == made


def test_offers_that_are_never_described_do_not_hold_the_announce(it: Fixture) -> None:
    it.open(gathered=False)
    it.timers.run(GATHER_SECONDS)
    assert it.events == ["started"]
    assert it.heard[0]["offers"] == []


def test_goodbye(it: Fixture) -> None:
    it.open()
    assert it.announcer.stop(1.0)
    assert it.events == ["started", "stopped"]
    assert "offers" not in it.heard[1]
    assert it.sockets.closed == [URL]
    it.run(1000.0)
    assert it.events == ["started", "stopped"]


def test_no_goodbye_where_nothing_was_said(it: Fixture) -> None:
    it.open(gathered=False)
    assert it.announcer.stop(1.0)
    it.gather()
    it.run(1000.0)
    assert it.heard == []


def test_what_was_stopped_while_offers_were_made_says_nothing(it: Fixture) -> None:
    """Another torrent may keep the socket open."""
    it.tracker.join(b"i" * 20, it.announcer, 0.0)
    it.open(gathered=False)
    assert not it.announcer.stop(1.0)
    it.gather()
    assert it.heard == []


# -- What is heard


def test_the_tracker_sets_the_interval(it: Fixture) -> None:
    it.open()
    it.peers = 2
    it.hear(interval=30, complete=1, incomplete=2)
    assert it.replies == [AnnounceReply(HASH, 30.0, 1, 2)]
    it.run(29.0)
    assert it.events == ["started"]
    it.run(1.0)
    assert it.events == ["started", "-"]
    it.hear(complete=1)
    it.run(30.0)
    assert it.events == ["started", "-", "-"]


def test_a_repeated_interval_does_not_put_the_announce_off(it: Fixture) -> None:
    it.open()
    for _ in range(4):
        it.hear(interval=40)
        it.run(20.0)
    assert it.events == ["started", "-", "-"]


def test_a_refusal_is_a_warning_and_announcing_goes_on(it: Fixture) -> None:
    it.open()
    it.tracker.received('{"failure reason":"too many"}', 1.0)
    it.tracker.received("garbage", 1.0)
    assert it.warnings[0] == f"{URL} refused: too many"
    assert "is not valid JSON" in it.warnings[1]
    it.run(DEFAULT_INTERVAL)
    assert it.events == ["started", "-"]


# -- Offers that are announced again


def soon_again(it: Fixture) -> list[dict[str, Any]]:
    """The offers of an announce a few seconds later."""
    it.hear(interval=120, complete=1, incomplete=1)
    it.announcer.lost(it.now)
    it.run(LOST_SECONDS[1])
    offers: list[dict[str, Any]] = it.heard[-1]["offers"]
    return offers


def test_unanswered_offers_are_announced_again(it: Fixture) -> None:
    it.open()
    assert soon_again(it) == it.heard[0]["offers"]
    assert it.dialer.offered == [1, 2]


def test_an_answered_offer_is_replaced(it: Fixture) -> None:
    it.open()
    first, second = it.heard[0]["offers"]
    it.hear(peer_id=THEIRS.decode(), offer_id=first["offer_id"], answer={"type": "answer", "sdp": "theirs"})
    again = soon_again(it)
    assert again[0] == second
    assert again[1]["offer"]["sdp"] == "sdp 3"


def test_an_offer_that_is_answered_while_others_are_made_is_left_out(it: Fixture) -> None:
    it.wanted = 1
    it.open()
    (first,) = it.heard[0]["offers"]
    it.wanted = 2
    it.timers.run(DEFAULT_INTERVAL / 4)
    it.hear(interval=120, complete=1, incomplete=1)
    it.announcer.lost(0.0)
    it.timers.run(LOST_SECONDS[1])
    assert it.dialer.offered == [1, 2]
    it.hear(peer_id=THEIRS.decode(), offer_id=first["offer_id"], answer={"type": "answer", "sdp": "theirs"})
    it.gather()
    assert [each["offer"]["sdp"] for each in it.heard[-1]["offers"]] == ["sdp 2"]


def test_no_more_offers_are_announced_again_than_are_wanted(it: Fixture) -> None:
    it.open()
    it.wanted = 1
    assert soon_again(it) == it.heard[0]["offers"][:1]
    it.wanted = 0
    assert soon_again(it) == []


def test_expired_offers_are_made_anew(it: Fixture) -> None:
    it.open()
    it.run(OFFER_SECONDS)
    assert it.dialer.closed == [1, 2]
    assert [each["offer"]["sdp"] for each in soon_again(it)] == ["sdp 3", "sdp 4"]


# -- Scrape


def hear_counts(it: Fixture, **counts: int) -> None:
    it.tracker.received(json.dumps({"action": "scrape", "files": {HASH.decode(): counts}}), it.now)


def test_a_scrape_is_asked_once_and_told_to_all_who_wait(it: Fixture) -> None:
    told: list[ScrapeReply] = []
    it.announcer.scrape(told.append)
    assert it.heard == [], "nobody to ask yet"
    it.open()
    for _ in range(2):
        it.announcer.scrape(told.append)
    assert it.heard[1:] == [{"action": "scrape", "info_hash": HASH.decode()}]
    for _ in range(2):
        hear_counts(it, complete=1, incomplete=2, downloaded=3)
    assert told == [ScrapeReply(HASH, 1, 2, 3)] * 2
    it.announcer.scrape(told.append)
    assert len(it.heard) == 3


def test_a_scrape_is_off_with_its_socket(it: Fixture) -> None:
    told: list[ScrapeReply] = []
    it.open()
    it.announcer.scrape(told.append)
    it.tracker.closed("lost", it.now)
    it.tracker.opened(it.now)
    hear_counts(it, complete=1)
    assert told == []


# -- The network comes back


def test_back_online_it_announces_at_once_with_new_offers(it: Fixture) -> None:
    it.open()
    it.hear(interval=120, complete=1, incomplete=0)
    it.run(30.0)
    first = it.heard[0]["offers"][0]
    it.hear(peer_id=THEIRS.decode(), offer_id=first["offer_id"], answer={"type": "answer", "sdp": "theirs"})
    it.announcer.online(it.now)
    assert it.dialer.closed == [2], "one that was answered may still open"
    it.run(0.0)
    assert it.events == ["started", "-"]
    assert [each["offer"]["sdp"] for each in it.heard[1]["offers"]] == ["sdp 3", "sdp 4"]
    it.run(119.0)
    assert it.events == ["started", "-"]


def test_a_network_that_comes_and_goes_does_not_hammer(it: Fixture) -> None:
    it.open()
    for _ in range(100):
        it.announcer.online(it.now)
        it.run(0.1)
    assert len(it.heard) <= 3
    it.hear(interval=120, **{"min interval": 60})
    it.announcer.online(it.now)
    it.run(49.0)
    assert len(it.heard) <= 3


def test_online_without_a_socket_or_behind_the_end(it: Fixture) -> None:
    it.announcer.online(0.0)
    it.run(10.0)
    assert it.heard == []
    it.open()
    it.announcer.stop(it.now)
    it.announcer.online(it.now)
    it.run(10.0)
    assert it.events == ["started", "stopped"]


# -- Announces before the time


def between(low: float, times: list[float], high: float) -> bool:
    return len(times) == 1 and low <= times[0] <= high


def test_a_lost_connection_has_us_announce_within_seconds(it: Fixture) -> None:
    it.open()
    it.hear(interval=120, complete=1, incomplete=1)
    it.peers = 1
    it.run(60.0)
    it.peers = 0
    it.announcer.lost(it.now)
    assert between(
        60 + LOST_SECONDS[0], it.announce_times(6.0, complete=1, incomplete=1), 60 + LOST_SECONDS[1]
    )
    assert it.events == ["started", "-"]
    assert "event" not in it.heard[1]
    assert len(it.heard[1]["offers"]) == 2


def test_a_lost_connection_means_nothing_in_enough_company(it: Fixture) -> None:
    it.open()
    it.hear(complete=1, incomplete=3)
    it.peers = 3
    it.announcer.lost(it.now)
    assert it.announce_times(100.0) == []


def test_unanswered_offers_are_renewed_where_others_are_known(it: Fixture) -> None:
    it.open()
    it.hear(interval=120, complete=1, incomplete=1)
    assert between(ALONE_SECONDS[0], it.announce_times(21.0, complete=1, incomplete=1), ALONE_SECONDS[1])


def test_nobody_else_means_no_announce_before_the_interval(it: Fixture) -> None:
    it.open()
    it.hear(interval=120, complete=0, incomplete=1)
    assert it.announce_times(125.0, complete=0, incomplete=1) == [120.0]


@pytest.mark.parametrize("kind", ["offer", "answer"])
def test_who_offers_or_answers_is_known_of(it: Fixture, kind: str) -> None:
    """Its connection may fail, and the next count of the tracker is far off."""
    it.open()
    it.hear(interval=120, complete=0, incomplete=1)
    it.run(30.0)
    it.hear(peer_id=THEIRS.decode(), offer_id="o" * 20, **{kind: {"type": kind, "sdp": "theirs"}})
    it.run(ALONE_SECONDS[1])
    assert it.events == ["started", "-"]


@pytest.mark.parametrize("lost", [True, False])
def test_waits_double_up_to_the_interval(it: Fixture, lost: bool) -> None:
    it.open()
    counts = {"interval": 120, "complete": 1, "incomplete": 1}
    it.hear(**counts)
    if lost:
        it.announcer.lost(it.now)
    times = [0.0, *it.announce_times(600.0, **counts)]
    waits = [after - before for before, after in itertools.pairwise(times)]
    low, high = LOST_SECONDS if lost else ALONE_SECONDS
    for tries, wait in enumerate(waits):
        assert min(120.0, low * 2**tries) <= round(wait, 6) <= min(120.0, high * 2**tries)
    assert waits[-1] == pytest.approx(120.0)
    assert len(waits) <= (10 if lost else 8)


@pytest.mark.parametrize("name", ["min interval", "min_interval"])
def test_never_before_the_least_interval_of_the_tracker(it: Fixture, name: str) -> None:
    it.open()
    counts = {"interval": 120, name: 45, "complete": 1, "incomplete": 1}
    it.hear(**counts)
    it.announcer.lost(it.now)
    times = [0.0, *it.announce_times(600.0, **counts)]
    assert min(after - before for before, after in itertools.pairwise(times)) == 45.0


def test_a_least_interval_above_the_interval_is_the_interval(it: Fixture) -> None:
    it.open()
    counts = {"interval": 30, "min interval": 60, "complete": 1, "incomplete": 1}
    it.hear(**counts)
    assert it.announce_times(200.0, **counts) == [60.0, 120.0, 180.0]


def test_waits_begin_anew_once_a_connection_lasts(it: Fixture) -> None:
    it.open()
    counts = {"interval": 120, "complete": 1, "incomplete": 1}
    it.hear(**counts)
    it.announce_times(300.0, **counts)
    it.peers = 1
    it.announcer.settled()
    it.run(1.0)
    it.peers = 0
    it.announcer.lost(it.now)
    start = it.now
    assert between(start + LOST_SECONDS[0], it.announce_times(6.0, **counts), start + LOST_SECONDS[1])


def test_one_that_joins_and_is_lost_again_and_again_is_no_success(it: Fixture) -> None:
    """Two seeds that close on each other, say: without waits that grow they would announce every few
    seconds for ever."""
    it.open()
    counts = {"interval": 120, "complete": 2, "incomplete": 0}
    it.hear(**counts)
    times: list[float] = []
    for _ in range(600):
        if it.announce_times(1.0, **counts):
            times.append(it.now)
            it.announcer.lost(it.now)
    assert len(times) <= 10


def test_a_peer_that_we_closed_on_leaves_a_gap_too(it: Fixture) -> None:
    it.open()
    it.hear(interval=120, complete=1, incomplete=1)
    it.peers = 1
    it.run(60.0)
    it.peers = 0
    it.announcer.parted(it.now)
    assert between(60 + ALONE_SECONDS[0], it.announce_times(25.0), 60 + ALONE_SECONDS[1])


def test_a_lost_connection_before_the_start_or_behind_the_end(it: Fixture) -> None:
    it.announcer.lost(it.now)
    it.run(20.0)
    assert it.heard == []
    it.open()
    it.hear(interval=120, complete=1, incomplete=1)
    it.announcer.lost(it.now)
    it.tracker.closed("lost", it.now)
    it.run(20.0)
    assert it.events == ["started"]
    it.open()
    it.announcer.lost(it.now)
    it.announcer.stop(it.now)
    it.announcer.lost(it.now)
    it.run(200.0)
    assert it.events == ["started", "started", "stopped"]


def offer(peer_id: bytes) -> dict[str, Any]:
    return {"peer_id": peer_id.decode(), "offer_id": "o" * 20, "offer": {"type": "offer", "sdp": "remote"}}


def test_a_welcome_offer_is_answered(it: Fixture) -> None:
    it.progress = Progress(0, 0, None)
    it.open()
    it.hear(**offer(THEIRS))
    ((link, sdp),) = it.dialer.accepted
    assert sdp == "remote"
    it.links.described(link, "our answer", 1.0)
    assert it.heard[-1] == {
        "action": "announce",
        "info_hash": HASH.decode(),
        "peer_id": OURS.decode(),
        "to_peer_id": THEIRS.decode(),
        "offer_id": "o" * 20,
        "answer": {"type": "answer", "sdp": "our answer"},
        "left": LEFT_UNKNOWN,
    }


def test_an_answer_from_ourselves_does_nothing(it: Fixture) -> None:
    """It must not even cost us the offer."""
    it.open()
    offer_id = it.heard[0]["offers"][0]["offer_id"]
    it.hear(peer_id=OURS.decode(), offer_id=offer_id, answer={"type": "answer", "sdp": "ours"})
    assert (it.dialer.answered, it.dialer.closed) == ([], [])
    it.hear(peer_id=THEIRS.decode(), offer_id=offer_id, answer={"type": "answer", "sdp": "theirs"})
    assert it.dialer.answered == [(1, "theirs")]


def test_no_more_offers_are_taken_between_two_announces_than_the_bound(it: Fixture) -> None:
    it.open()
    for number in range(2 * MAX_OFFERS_TAKEN):
        it.hear(**offer(b"%020d" % number))
        if it.dialer.accepted:
            it.links.failed(it.dialer.accepted[-1][0], it.now)
    assert len(it.dialer.accepted) == MAX_OFFERS_TAKEN
    it.run(DEFAULT_INTERVAL)
    it.hear(**offer(b"x" * 20))
    assert len(it.dialer.accepted) == MAX_OFFERS_TAKEN + 1


@pytest.mark.parametrize(("peer_id", "welcome"), [(OURS, True), (THEIRS, False)])
def test_an_offer_of_our_own_or_of_one_too_many(it: Fixture, peer_id: bytes, welcome: bool) -> None:
    it.open()
    it.welcome = welcome
    it.hear(**offer(peer_id))
    assert it.dialer.accepted == []


def test_an_answer_after_the_socket_was_lost_is_not_sent(it: Fixture) -> None:
    it.open()
    it.hear(**offer(THEIRS))
    it.tracker.closed("lost", 1.0)
    it.links.described(it.dialer.accepted[0][0], "our answer", 2.0)
    assert it.events == ["started"]


@pytest.mark.parametrize("welcome", [True, False])
def test_an_answer_is_used_if_it_is_welcome(it: Fixture, welcome: bool) -> None:
    it.open()
    it.welcome = welcome
    offer_id = it.heard[0]["offers"][1]["offer_id"]
    it.hear(peer_id=THEIRS.decode(), offer_id=offer_id, answer={"type": "answer", "sdp": "theirs"})
    assert it.dialer.answered == ([(2, "theirs")] if welcome else [])
    assert it.dialer.closed == ([] if welcome else [2])


# -- How we stand with it


def test_the_status_follows_what_happens(it: Fixture) -> None:
    status = it.announcer.status
    assert (status.url, status.state, status.trouble) == (URL, "connecting", "")
    assert (status.next_announce, status.interval, status.seeds, status.leechers) == (None,) * 4
    it.open()
    assert it.announcer.status.state == "open"
    it.hear(interval=60, complete=2, incomplete=3)
    status = it.announcer.status
    assert (status.state, status.trouble) == ("working", "")
    assert (status.next_announce, status.interval, status.seeds, status.leechers) == (60.0, 60.0, 2, 3)
    it.hear(**{"failure reason": "not for you"})
    status = it.announcer.status
    assert status.state == "open"
    assert "not for you" in status.trouble
    it.tracker.closed("gone", 5.0)
    status = it.announcer.status
    assert (status.state, status.next_announce) == ("connecting", None)
    assert "gone" in status.trouble
