"""The JSON of WebRTC trackers."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrentide.discovery import signalling
from torrentide.discovery.sdp import MAX_SDP_CHARS
from torrentide.discovery.signalling import (
    MAX_INTERVAL,
    MAX_MESSAGE_CHARS,
    MAX_REASON_CHARS,
    AnnounceReply,
    Failure,
    Offer,
    RemoteAnswer,
    RemoteOffer,
    ScrapeReply,
    TrackerMessage,
    parse,
)
from torrentide.discovery.trackerjson import MAX_BRACKETS
from torrentide.errors import TrackerError

HASH = bytes(range(236, 256))
PEER = b"-XX0001-\x00\x1f\x7f\x80\xffabcdefg"
OURS = b"-TD0100-abcdefghijkl"
OFFER_ID = b"o" * 19 + b"\xff"


def text(value: bytes) -> str:
    return value.decode("latin-1")


def reply(**values: Any) -> str:
    return json.dumps({"action": "announce", "info_hash": text(HASH), **values})


def signal(**values: Any) -> str:
    return reply(**{"peer_id": text(PEER), "offer_id": text(OFFER_ID), **values})


def test_an_announce_to_the_letter() -> None:
    offers = [Offer(OFFER_ID, "v=0\r\n")]
    message = signalling.announce(
        HASH, OURS, uploaded=1, downloaded=2, left=3, event="started", offers=offers
    )
    assert message == (
        f'{{"action":"announce","info_hash":"{text(HASH)}","peer_id":"{text(OURS)}","numwant":1,"uploaded":1,'
        '"downloaded":2,"left":3,"event":"started","offers":[{"offer_id":"ooooooooooooooooooo\xff",'
        '"offer":{"type":"offer","sdp":"v=0\\r\\n"}}]}'
    )


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("started", {"event": "started", "offers": [], "numwant": 0}),
        ("completed", {"event": "completed", "offers": [], "numwant": 0}),
        ("stopped", {"event": "stopped", "numwant": 0}),
        (None, {"offers": [], "numwant": 0}),
    ],
)
def test_the_event_is_absent_where_there_is_none(
    event: signalling.Event | None, expected: dict[str, Any]
) -> None:
    message = json.loads(
        signalling.announce(HASH, OURS, uploaded=0, downloaded=0, left=0, event=event, offers=[])
    )
    assert {key: message[key] for key in ("event", "offers", "numwant") if key in message} == expected


def test_an_answer_is_addressed_and_read_by_the_other_side() -> None:
    message = json.loads(signalling.answer(HASH, OURS, PEER, OFFER_ID, "v=0", left=7))
    assert message == {
        "action": "announce",
        "info_hash": text(HASH),
        "peer_id": text(OURS),
        "to_peer_id": text(PEER),
        "offer_id": text(OFFER_ID),
        "answer": {"type": "answer", "sdp": "v=0"},
        "left": 7,
    }
    assert parse(json.dumps(message)) == [RemoteAnswer(HASH, OURS, OFFER_ID, "v=0")]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"interval": 120, "complete": 1, "incomplete": 2}, (120.0, 1, 2)),
        ({"interval": 1.5}, (10.0, None, None)),
        ({"interval": 10**9}, (float(MAX_INTERVAL), None, None)),
        ({"interval": 10**400}, (float(MAX_INTERVAL), None, None)),
        ({"interval": 0}, (None, None, None)),
        ({"interval": -5}, (None, None, None)),
        ({"interval": "120", "complete": "1", "incomplete": None}, (None, None, None)),
        ({"interval": True, "complete": True, "incomplete": -1}, (None, None, None)),
        ({"complete": 0}, (None, 0, None)),
    ],
)
def test_the_reply_to_an_announce(
    values: dict[str, Any], expected: tuple[float | None, int | None, int | None]
) -> None:
    assert parse(reply(**values)) == [AnnounceReply(HASH, *expected)]


@pytest.mark.parametrize("ascii_only", [True, False])
def test_signals_of_other_peers(ascii_only: bool) -> None:
    for message, expected in (
        (signal(offer={"type": "offer", "sdp": "v=0"}), RemoteOffer(HASH, PEER, OFFER_ID, "v=0")),
        (signal(answer={"type": "answer", "sdp": "v=0"}), RemoteAnswer(HASH, PEER, OFFER_ID, "v=0")),
    ):
        assert parse(json.dumps(json.loads(message), ensure_ascii=ascii_only)) == [expected]


def test_a_number_beyond_all_bounds() -> None:
    text = reply(interval=7).replace(": 7", ": 1e999")
    assert parse(text) == [AnnounceReply(HASH, float(MAX_INTERVAL), None, None)]


@pytest.mark.parametrize("name", ["min interval", "min_interval"])
def test_the_least_interval(name: str) -> None:
    message = reply(**{"interval": 120, name: 60})
    assert parse(message) == [AnnounceReply(HASH, 120.0, None, None, 60.0)]


def test_a_scrape() -> None:
    assert json.loads(signalling.scrape(HASH)) == {"action": "scrape", "info_hash": text(HASH)}


def test_the_reply_to_a_scrape() -> None:
    counts = {"complete": 3, "incomplete": 4, "downloaded": 5}
    files = {text(HASH): counts, "short": counts, text(PEER): {"complete": "3"}, text(OURS): 7}
    message = {"action": "scrape", "files": files, "flags": {"min_request_interval": 600}}
    assert parse(json.dumps(message)) == [ScrapeReply(HASH, 3, 4, 5), ScrapeReply(PEER, None, None, None)]


@pytest.mark.parametrize("files", [None, [], "x", 3, {}])
def test_the_reply_to_a_scrape_of_nothing_known(files: Any) -> None:
    """aquatic leaves out what it does not know; openwebtorrent has no flags."""
    assert parse(json.dumps({"action": "scrape", "files": files})) == []


def test_a_reply_and_a_signal_in_one_message() -> None:
    message = signal(interval=60, offer={"type": "offer", "sdp": "v=0"})
    assert parse(message) == [
        AnnounceReply(HASH, 60.0, None, None),
        RemoteOffer(HASH, PEER, OFFER_ID, "v=0"),
    ]


@pytest.mark.parametrize(
    "message",
    [
        '{"action":"scrape","files":{}}',
        "{}",
        reply(),
        signal(),
        signal(offer={"type": "answer", "sdp": "v=0"}),
        signal(answer={"type": "offer", "sdp": "v=0"}),
        signal(offer={"type": "offer"}),
        signal(offer={"type": "offer", "sdp": ""}),
        signal(offer={"type": "offer", "sdp": 3}),
        signal(offer={"type": "offer", "sdp": "x" * (MAX_SDP_CHARS + 1)}),
        signal(offer="v=0"),
        signal(offer={"type": "offer", "sdp": "v=0"}, peer_id="short"),
        signal(offer={"type": "offer", "sdp": "v=0"}, peer_id="\u0100" * 20),
        signal(offer={"type": "offer", "sdp": "v=0"}, offer_id=None),
        signal(offer={"type": "offer", "sdp": "v=0"}, offer_id="o" * 21),
    ],
)
def test_what_asks_nothing_of_us(message: str) -> None:
    assert parse(message) == []


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('{"failure reason":"no"}', Failure(None, "no")),
        (reply(**{"failure reason": "no"}), Failure(HASH, "no")),
        ('{"action":"announce","failure reason":"no","info_hash":"short"}', Failure(None, "no")),
        ('{"failure reason":"' + "x" * 9999 + '"}', Failure(None, "x" * MAX_REASON_CHARS)),
    ],
)
def test_a_refusal_needs_no_action(message: str, expected: Failure) -> None:
    assert parse(message) == [expected]


@pytest.mark.parametrize(
    ("message", "what"),
    [
        ("", "is not valid JSON"),
        ("<html>", "is not valid JSON: '<html>'"),
        ('{"a":', "is not valid JSON"),
        ("[]", "is not a JSON object"),
        ("3", "is not a JSON object"),
        ("null", "is not a JSON object"),
        ('"x"', "is not a JSON object"),
        ("9" * 10_000, "is not valid JSON"),
        (reply(interval=float("nan")), "is not valid JSON"),
        ('{"action":"announce"}', "without a valid info_hash"),
        ('{"action":"announce","info_hash":"short"}', "without a valid info_hash"),
        ('{"action":"announce","info_hash":["x"]}', "without a valid info_hash"),
        ("[" * (MAX_BRACKETS + 1), "more than 500 brackets"),
        ("[" * 100_000, "brackets"),
        ('{"a":' * 20_000, "brackets"),
        (" " * (MAX_MESSAGE_CHARS + 1), "at most 131072"),
    ],
)
def test_what_is_no_protocol(message: str, what: str) -> None:
    with pytest.raises(TrackerError, match=what):
        parse(message)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
twenty = st.text(st.characters(max_codepoint=255), min_size=20, max_size=20)
sdp_like = st.fixed_dictionaries(
    {}, optional={"type": st.sampled_from(["offer", "answer"]) | json_values, "sdp": json_values}
)
near_messages = st.fixed_dictionaries(
    {},
    optional={
        "action": st.just("announce") | json_values,
        "info_hash": twenty | json_values,
        "peer_id": twenty | json_values,
        "offer_id": twenty | json_values,
        "offer": sdp_like | json_values,
        "answer": sdp_like | json_values,
        "interval": json_values,
        "complete": json_values,
        "incomplete": json_values,
        "failure reason": json_values,
    },
).map(json.dumps)


@given(st.text() | json_values.map(json.dumps) | near_messages)
def test_any_text_is_a_message_or_a_trackers_fault(message: str) -> None:
    try:
        found = parse(message)
    except TrackerError:
        return
    assert all(isinstance(each, get_args(TrackerMessage)) for each in found)


def test_further_keys_of_an_announce_replace_none_of_ours() -> None:
    others = {"token": "t", "left": 5, "answer": {}, "offers": [], "info_hash": "x"}
    text_ = signalling.announce(
        HASH, OURS, uploaded=1, downloaded=2, left=3, event="stopped", offers=[], others=others
    )
    plain = signalling.announce(HASH, OURS, uploaded=1, downloaded=2, left=3, event="stopped", offers=[])
    assert json.loads(text_) == {**json.loads(plain), "token": "t"}
