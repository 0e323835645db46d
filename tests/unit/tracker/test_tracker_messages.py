"""Every form a tracker message may take on its way in, and the exact text on the way out."""

import json
from typing import Any

import pytest

from torrentide.discovery.trackerjson import MAX_BRACKETS
from torrentide.tracker import messages
from torrentide.tracker.messages import Announce, Answer, Offer, Refusal, Scrape

HASH = "".join(map(chr, range(236, 256)))
PEER = "-TT0001-\x00\x01\x1f\x7f\x80\xff456789"
OTHER = "-TT0001-ABCDEFGHIJKL"
OFFER_ID = "o" * 20


def announce(**changes: object) -> dict[str, Any]:
    return {
        "action": "announce",
        "info_hash": HASH,
        "peer_id": PEER,
        "left": 5,
        "event": "started",
        **changes,
    }


def answer(**changes: object) -> dict[str, Any]:
    plain = {
        "action": "announce",
        "info_hash": HASH,
        "peer_id": PEER,
        "to_peer_id": OTHER,
        "offer_id": OFFER_ID,
    }
    return {**plain, "answer": {"type": "answer", "sdp": "v=0"}, **changes}


def offer(offer_id: object = OFFER_ID, sdp: object = "v=0", kind: object = "offer") -> dict[str, Any]:
    return {"offer": {"type": kind, "sdp": sdp}, "offer_id": offer_id}


def read(text: str | bytes) -> Announce | Answer | Scrape:
    return messages.parse(messages.decode(text))


def refusal(text: str | bytes) -> str:
    with pytest.raises(Refusal) as caught:
        read(text)
    return str(caught.value)


@pytest.mark.parametrize("escape", [True, False])
@pytest.mark.parametrize("binary", [True, False])
def test_reads_an_announce_in_either_encoding_and_frame_type(escape: bool, binary: bool) -> None:
    text = json.dumps(announce(offers=[offer()]), ensure_ascii=escape)
    expected = Announce(HASH, PEER, "started", seeding=False, offers=(Offer(OFFER_ID, "v=0"),))
    assert read(text.encode() if binary else text) == expected


@pytest.mark.parametrize(
    ("event", "meaning"),
    [
        ("started", "started"),
        ("completed", "completed"),
        ("stopped", "stopped"),
        ("update", "update"),
        ("empty", "update"),
        ("paused", "update"),
        ("", "update"),
        (None, "update"),
    ],
)
def test_event(event: str | None, meaning: str) -> None:
    request = read(json.dumps(announce(event=event)))
    assert isinstance(request, Announce)
    assert request.event == meaning


@pytest.mark.parametrize(
    ("changes", "seeding"),
    [
        ({"left": 0}, True),
        ({"left": 0.0}, True),
        ({"left": 1}, False),
        ({"left": -1}, False),
        ({"left": 10**4000}, False),
        ({"left": None}, False),
        ({"left": None, "event": "completed"}, True),
    ],
)
def test_left_tells_seeds_from_leechers(changes: dict[str, object], seeding: bool) -> None:
    request = read(json.dumps(announce(**changes)))
    assert isinstance(request, Announce)
    assert request.seeding is seeding


def test_absent_left_and_event_is_an_update_of_a_leecher() -> None:
    request = read(json.dumps({"action": "announce", "info_hash": HASH, "peer_id": PEER}))
    assert request == Announce(HASH, PEER, "update", seeding=False, offers=())


def test_offers_null_is_no_offers_and_offers_beyond_the_bound_are_ignored() -> None:
    none = read(json.dumps(announce(offers=None)))
    many = read(
        json.dumps(announce(offers=[offer(f"{n:020}") for n in range(messages.MAX_OFFERS)] + ["junk"]))
    )
    assert isinstance(none, Announce)
    assert isinstance(many, Announce)
    assert none.offers == ()
    assert [each.offer_id for each in many.offers] == [f"{n:020}" for n in range(messages.MAX_OFFERS)]


def test_reads_an_answer_and_scrapes() -> None:
    assert read(json.dumps(answer())) == Answer(HASH, PEER, OTHER, OFFER_ID, "v=0")
    assert read(json.dumps({"action": "scrape", "info_hash": HASH})) == Scrape((HASH,))
    assert read(json.dumps({"action": "scrape", "info_hash": [HASH, OTHER]})) == Scrape((HASH, OTHER))


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"action": None},
        {"action": ["announce"]},
        {"action": "Announce"},
        announce(info_hash="short"),
        announce(info_hash="\u0100" * 20),
        announce(info_hash="\ud800" * 20),
        announce(info_hash=[HASH]),
        announce(peer_id=None),
        announce(peer_id=PEER + "x"),
        announce(event="begin"),
        announce(event=1),
        announce(event=["started"]),
        announce(event={}),
        announce(left="0"),
        announce(left=False),
        announce(left=[]),
        announce(offers={}),
        announce(offers="offers"),
        announce(offers=0),
        announce(offers=[None]),
        announce(offers=[offer(offer_id="x")]),
        announce(offers=[offer(sdp=None)]),
        announce(offers=[offer(sdp="\ud800")]),
        announce(offers=[offer(kind="answer")]),
        announce(offers=[{"offer_id": OFFER_ID, "offer": "v=0"}]),
        answer(answer={}),
        answer(answer=0),
        answer(answer={"type": "offer", "sdp": "v=0"}),
        answer(to_peer_id=None),
        answer(offer_id=7),
        answer(peer_id=""),
        {"action": "scrape"},
        {"action": "scrape", "info_hash": None},
        {"action": "scrape", "info_hash": [HASH, 1]},
        {"action": "scrape", "info_hash": [HASH] * (messages.MAX_SCRAPE + 1)},
    ],
)
def test_refuses_what_is_wrong_in_a_request(message: object) -> None:
    assert refusal(json.dumps(message))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        '"announce"',
        "NaN",
        '{"left":NaN}',
        '{"left":-Infinity}',
        '{"left":' + "9" * 5000 + "}",
        "[" * 60_000,
        '{"a":' * 10_000 + "1" + "}" * 10_000,
        '{"a":"\ud800"}',
        b"\xff\xfe",
        b'{"action":"\x80"}',
        '{"action":"announce"}'.encode("utf-16"),
        " " * (messages.MAX_MESSAGE + 1),
        "\u00ff" * (messages.MAX_MESSAGE // 2 + 1),
    ],
    ids=range(17),
)
def test_refuses_what_is_no_json_object(text: str | bytes) -> None:
    assert refusal(text)


def test_takes_a_message_of_exactly_the_greatest_size() -> None:
    text = json.dumps(announce())
    assert read(text + " " * (messages.MAX_MESSAGE - len(text.encode())))
    assert "bytes" in refusal(text + " " * (messages.MAX_MESSAGE - len(text.encode()) + 1))


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"x":', "}")])
def test_takes_nesting_of_exactly_the_greatest_depth(opening: str, closing: str) -> None:
    def nested(depth: int) -> str:
        return (
            json.dumps(announce())[:-1] + ',"x":' + opening * (depth - 1) + "1" + closing * (depth - 1) + "}"
        )

    assert isinstance(read(nested(MAX_BRACKETS)), Announce)
    assert "brackets" in refusal(nested(MAX_BRACKETS + 1))


def test_writes_replies_to_the_byte() -> None:
    """The same bytes as bittorrent-tracker's JSON.stringify gives."""
    assert messages.announce_reply("a" * 20, 1, 2, 120) == (
        '{"complete":1,"incomplete":2,"action":"announce","interval":120,"info_hash":"aaaaaaaaaaaaaaaaaaaa"}'
    )
    assert messages.offer_relay(HASH, PEER, Offer(OFFER_ID, "v=0\r\n")) == (
        '{"action":"announce","offer":{"type":"offer","sdp":"v=0\\r\\n"},"offer_id":"' + OFFER_ID + '",'
        '"peer_id":"-TT0001-\\u0000\\u0001\\u001f\x7f\x80\xff456789","info_hash":"' + HASH + '"}'
    )
    assert messages.answer_relay(Answer(HASH, OTHER, PEER, OFFER_ID, "v=0")) == (
        '{"action":"announce","answer":{"type":"answer","sdp":"v=0"},"offer_id":"' + OFFER_ID + '",'
        '"peer_id":"' + OTHER + '","info_hash":"' + HASH + '"}'
    )
    assert messages.scrape_reply({"a" * 20: (3, 4)}) == (
        '{"action":"scrape","files":{"aaaaaaaaaaaaaaaaaaaa":{"complete":3,"incomplete":4,"downloaded":3}},'
        '"flags":{"min_request_interval":600}}'
    )


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ({}, {"failure reason": "no"}),
        ({"action": "dance", "info_hash": HASH}, {"failure reason": "no", "info_hash": HASH}),
        (announce(), {"action": "announce", "failure reason": "no", "info_hash": HASH}),
        (announce(info_hash="x"), {"action": "announce", "failure reason": "no"}),
        ({"action": "scrape", "info_hash": [HASH]}, {"action": "scrape", "failure reason": "no"}),
    ],
)
def test_failure_names_action_and_info_hash_where_sound(
    message: dict[str, object], reply: dict[str, object]
) -> None:
    assert json.loads(messages.failure("no", message)) == reply
