"""The socket to one tracker: who hears what, and when it is tried again."""

import random

import pytest

from torrentide.discovery.signalling import AnnounceReply, Failure, TrackerMessage
from torrentide.discovery.tracker import (
    CONNECT_SECONDS,
    FIRST_RETRY_SECONDS,
    MAX_RETRY_SECONDS,
    SILENT_SECONDS,
    Tracker,
    tracker_url,
)
from torrentide.errors import TrackerError, UnsupportedError
from torrentide.timers import Timers
from unit.recorders import RecordedSockets

URL = "wss://tracker.test/announce"
ONE, TWO = b"1" * 20, b"2" * 20


class Heard:
    """A listener, and all that it heard."""

    def __init__(self) -> None:
        self.opened: list[float] = []
        self.messages: list[TrackerMessage] = []
        self.trouble: list[str] = []

    def tracker_open(self, now: float) -> None:
        self.opened.append(now)

    def tracker_message(self, message: TrackerMessage, now: float) -> None:
        self.messages.append(message)

    def tracker_trouble(self, error: TrackerError, now: float) -> None:
        self.trouble.append(str(error))


class Fixture:
    def __init__(self) -> None:
        self.sockets = RecordedSockets()
        self.timers = Timers()
        self.tracker = Tracker(URL, self.sockets, self.timers, random.Random(1))
        self.one, self.two = Heard(), Heard()

    def retry_after(self, now: float) -> float:
        """Let the socket fail at `now`; the seconds until it is opened again."""
        self.tracker.closed("refused", now)
        count, due = len(self.sockets.opened), self.timers.next_due
        assert due is not None
        while len(self.sockets.opened) == count:
            due = self.timers.next_due
            assert due is not None
            self.timers.run(due)
        return due - now


@pytest.fixture
def it() -> Fixture:
    return Fixture()


def test_the_first_listener_opens_the_socket_that_all_share(it: Fixture) -> None:
    it.tracker.join(ONE, it.one, 0.0)
    it.tracker.join(TWO, it.two, 0.5)
    assert it.sockets.opened == [URL]
    assert it.one.opened == it.two.opened == []
    it.tracker.opened(1.0)
    assert it.one.opened == it.two.opened == [1.0]
    late = Heard()
    it.tracker.join(b"3" * 20, late, 2.0)
    assert late.opened == [2.0]
    assert it.sockets.opened == [URL]


def test_sending_takes_an_open_socket(it: Fixture) -> None:
    it.tracker.join(ONE, it.one, 0.0)
    assert not it.tracker.send("early")
    it.tracker.opened(1.0)
    assert it.tracker.send("text")
    assert it.sockets.sent == [(URL, "text")]
    it.tracker.closed("", 2.0)
    assert not it.tracker.send("late")


def test_messages_go_to_whom_they_concern(it: Fixture) -> None:
    it.tracker.join(ONE, it.one, 0.0)
    it.tracker.join(TWO, it.two, 0.0)
    it.tracker.opened(0.0)
    it.tracker.received(f'{{"action":"announce","info_hash":"{"2" * 20}","interval":60}}', 1.0)
    assert (it.one.messages, it.two.messages) == ([], [AnnounceReply(TWO, 60.0, None, None)])
    it.tracker.received(f'{{"action":"announce","info_hash":"{"9" * 20}","interval":60}}', 1.0)
    it.tracker.received(f'{{"failure reason":"no","info_hash":"{"1" * 20}"}}', 1.0)
    assert it.one.messages == [Failure(ONE, "no")]
    it.tracker.received('{"failure reason":"nobody"}', 1.0)
    assert it.one.messages[-1] == it.two.messages[-1] == Failure(None, "nobody")


@pytest.mark.parametrize("text", ["garbage", "[]", '{"action":"announce"}', "[" * 1000])
def test_garbage_is_a_warning_and_the_socket_stays(it: Fixture, text: str) -> None:
    it.tracker.join(ONE, it.one, 0.0)
    it.tracker.opened(0.0)
    it.tracker.received(text, 1.0)
    assert len(it.one.trouble) == 1
    assert it.one.trouble[0].startswith(URL + ": ")
    assert it.tracker.is_open
    assert it.sockets.closed == []


def test_a_socket_that_does_not_answer_is_opened_anew(it: Fixture) -> None:
    it.tracker.join(ONE, it.one, 0.0)
    it.tracker.opened(0.0)
    it.tracker.ask("announce", 10.0)
    it.tracker.ask("again", 30.0)
    it.timers.run(10.0 + SILENT_SECONDS)
    assert it.sockets.closed == [URL]
    assert not it.tracker.is_open
    assert "no answer within 60 s; trying again in" in it.one.trouble[0]
    due = it.timers.next_due
    assert due is not None
    it.timers.run(due)
    assert it.sockets.opened == [URL, URL]
    # From before.
    it.tracker.opened(due)
    it.timers.run(30.0 + SILENT_SECONDS)
    assert it.tracker.is_open


@pytest.mark.parametrize(
    "text", ["garbage", f'{{"action":"announce","info_hash":"{"2" * 20}","interval":60}}']
)
def test_a_socket_that_says_anything_is_alive(it: Fixture, text: str) -> None:
    it.tracker.join(ONE, it.one, 0.0)
    it.tracker.opened(0.0)
    it.tracker.ask("announce", 10.0)
    it.tracker.received(text, 11.0)
    it.timers.run(10.0 + SILENT_SECONDS)
    assert it.tracker.is_open
    # Nothing was asked.
    it.tracker.send("answer")
    it.timers.run(1e6)
    assert it.tracker.is_open


def test_a_socket_that_is_left_is_not_watched(it: Fixture) -> None:
    it.tracker.join(ONE, it.one, 0.0)
    it.tracker.opened(0.0)
    it.tracker.ask("announce", 10.0)
    it.tracker.leave(ONE)
    it.timers.run(1e6)
    assert it.sockets.opened == [URL]
    assert it.one.trouble == []


def test_waits_longer_after_each_failure_with_jitter(it: Fixture) -> None:
    it.tracker.join(ONE, it.one, 0.0)
    now, expected = 0.0, FIRST_RETRY_SECONDS
    for _ in range(12):
        wait = it.retry_after(now)
        assert expected / 2 <= wait <= expected
        now += wait
        expected = min(2 * expected, MAX_RETRY_SECONDS)
    assert expected == MAX_RETRY_SECONDS
    assert "refused; trying again in" in it.one.trouble[0]


def test_two_trackers_do_not_wait_the_same_time() -> None:
    waits = set()
    for seed in range(5):
        it = Fixture()
        it.tracker = Tracker(URL, it.sockets, it.timers, random.Random(seed))
        it.tracker.join(ONE, it.one, 0.0)
        waits.add(it.retry_after(0.0))
    assert len(waits) == 5


def test_a_tracker_that_is_dead_for_weeks_is_still_tried(it: Fixture) -> None:
    it.tracker.join(ONE, it.one, 0.0)
    now = 0.0
    for _ in range(3000):
        now += it.retry_after(now)
    assert it.retry_after(now) <= MAX_RETRY_SECONDS


def test_only_a_tracker_that_talks_starts_over(it: Fixture) -> None:
    it.tracker.join(ONE, it.one, 0.0)
    now = sum(it.retry_after(0.0) for _ in range(6))
    it.tracker.opened(now)
    assert it.retry_after(now) > 30
    it.tracker.opened(1000.0)
    it.tracker.received("garbage", 1000.0)
    assert it.retry_after(1000.0) > 60
    it.tracker.opened(2000.0)
    it.tracker.received("{}", 2000.0)
    assert it.retry_after(2000.0) <= FIRST_RETRY_SECONDS


def test_a_loss_that_is_told_twice_is_retried_once(it: Fixture) -> None:
    it.tracker.join(ONE, it.one, 0.0)
    it.tracker.opened(0.0)
    it.tracker.closed("error", 1.0)
    it.tracker.closed("closed", 1.0)
    it.timers.run(10.0)
    assert len(it.sockets.opened) == 2


def test_a_socket_that_does_not_open_is_given_up(it: Fixture) -> None:
    it.tracker.join(ONE, it.one, 0.0)
    it.timers.run(CONNECT_SECONDS - 0.1)
    assert it.sockets.closed == []
    it.timers.run(CONNECT_SECONDS)
    assert it.sockets.closed == [URL]
    assert "no connection within 20 s; trying again" in it.one.trouble[0]
    it.timers.run(CONNECT_SECONDS + FIRST_RETRY_SECONDS)
    assert len(it.sockets.opened) == 2


def test_a_socket_that_opened_is_not_given_up(it: Fixture) -> None:
    it.tracker.join(ONE, it.one, 0.0)
    it.tracker.opened(1.0)
    it.timers.run(1000.0)
    assert it.sockets.closed == []
    assert it.one.trouble == []


def test_the_last_to_leave_closes_the_socket(it: Fixture) -> None:
    it.tracker.join(ONE, it.one, 0.0)
    it.tracker.join(TWO, it.two, 0.0)
    it.tracker.opened(0.0)
    assert not it.tracker.leave(ONE)
    assert it.sockets.closed == []
    it.tracker.received('{"failure reason":"x"}', 1.0)
    assert it.one.messages == []
    assert it.tracker.leave(TWO)
    assert it.sockets.closed == [URL]
    assert not it.tracker.is_open


@pytest.mark.parametrize("state", ["connecting", "waiting"])
def test_nothing_is_tried_when_nobody_listens(it: Fixture, state: str) -> None:
    it.tracker.join(ONE, it.one, 0.0)
    if state == "waiting":
        it.tracker.closed("refused", 1.0)
    it.tracker.leave(ONE)
    it.timers.run(1000.0)
    it.tracker.closed("late", 1000.0)
    it.timers.run(2000.0)
    assert it.sockets.opened == [URL]
    assert len(it.one.trouble) == (state == "waiting")


def test_who_comes_back_opens_it_anew(it: Fixture) -> None:
    it.tracker.join(ONE, it.one, 0.0)
    it.tracker.leave(ONE)
    it.tracker.join(TWO, it.two, 5.0)
    it.timers.run(CONNECT_SECONDS)
    assert it.two.trouble == [], "the first attempt's time-out is not the second's"
    assert len(it.sockets.opened) == 2


@pytest.mark.parametrize(
    ("given_url", "url"),
    [
        ("wss://a", "wss://a"),
        (" ws://a:8000/announce/ ", "ws://a:8000/announce"),
        ("WSS://a/x?k=v", "WSS://a/x?k=v"),
        ("ws://[::1]:80", "ws://[::1]:80"),
    ],
)
def test_urls_that_a_page_can_use(given_url: str, url: str) -> None:
    assert tracker_url(given_url) == url


@pytest.mark.parametrize(
    "url",
    ["", "wss:", "wss://", "wss:///path", "//a", "a", "udp://a:80", "http://a", "https://a/announce", "ws://[x",
     "ws://a:notaport", "ws://a:99999", "x" * 10_000],
)  # fmt: skip
def test_urls_that_a_page_can_not_use(url: str) -> None:
    with pytest.raises(UnsupportedError, match="Unsupported tracker protocol") as caught:
        tracker_url(url)
    assert len(str(caught.value)) < 400


def test_back_online_a_closed_socket_is_opened_at_once_and_waits_begin_anew(it: Fixture) -> None:
    it.tracker.join(ONE, it.one, 0.0)
    for _ in range(8):
        it.retry_after(0.0)
    it.tracker.closed("offline", 100.0)
    before = len(it.sockets.opened)
    it.tracker.online(100.0)
    assert len(it.sockets.opened) == before + 1
    it.tracker.opened(101.0)
    it.timers.run(1000.0)
    assert len(it.sockets.opened) == before + 1, "the retry that was under way is off"
    assert it.retry_after(1000.0) <= FIRST_RETRY_SECONDS


def test_back_online_an_open_socket_stays_and_one_that_nobody_needs_too(it: Fixture) -> None:
    it.tracker.online(0.0)
    assert it.sockets.opened == []
    it.tracker.join(ONE, it.one, 0.0)
    it.tracker.opened(1.0)
    it.tracker.online(2.0)
    assert it.sockets.opened == [URL]
    assert it.one.opened == [1.0]
