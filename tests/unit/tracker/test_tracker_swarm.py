"""The tracker's rules, told message by message, and a fuzz of everything that may come in."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torrentide.tracker.messages import MAX_OFFERS
from torrentide.tracker.peers import OFFER_AGE
from torrentide.tracker.swarm import (
    EXPIRY_INTERVAL,
    MAX_INTERVAL,
    MAX_TORRENTS_PER_CONNECTION,
    PEER_AGE,
    Tracker,
)

HASH = "\xffhash of a torrent\x00\x80"
OTHER_HASH = "hash of another one."


def peer_id(number: int) -> str:
    return f"-TT0001-{number:012}"


def offer_id(number: int) -> str:
    return f"offer{number:015}"


class Scene:
    """A tracker and its clients. Client n is connection n with peer id n unless told otherwise."""

    def __init__(self, seed: int = 0) -> None:
        self.tracker = Tracker(random.Random(seed), interval=7)
        self.now = 1000.0

    def send(self, conn: int, message: object) -> list[tuple[int, dict[str, Any]]]:
        replies = self.tracker.receive(conn, json.dumps(message), self.now)
        return [(to, json.loads(text)) for to, text in replies]

    def announce(self, conn: int, offers: int = 0, **changes: object) -> list[tuple[int, dict[str, Any]]]:
        """Announce as a leecher, with that many offers numbered from 100 * conn."""
        made = [
            {"offer": {"type": "offer", "sdp": f"sdp {n}"}, "offer_id": offer_id(100 * conn + n)}
            for n in range(offers)
        ]
        plain = {"action": "announce", "info_hash": HASH, "peer_id": peer_id(conn), "left": 1, "offers": made}
        return self.send(conn, {**plain, **changes})

    def answer(self, conn: int, to: int, number: int, **changes: object) -> list[tuple[int, dict[str, Any]]]:
        message = {
            "action": "announce",
            "info_hash": HASH,
            "peer_id": peer_id(conn),
            "to_peer_id": peer_id(to),
            "answer": {"type": "answer", "sdp": "the answer"},
            "offer_id": offer_id(number),
        }
        return self.send(conn, {**message, **changes})

    def counts(self, info_hash: str = HASH) -> tuple[int, int]:
        ((_, reply),) = self.send(0, {"action": "scrape", "info_hash": info_hash})
        return reply["files"][info_hash]["complete"], reply["files"][info_hash]["incomplete"]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_announce_reply_has_the_reference_form(scene: Scene) -> None:
    assert scene.announce(1, event="started") == [
        (1, {"complete": 0, "incomplete": 1, "action": "announce", "interval": 7, "info_hash": HASH})
    ]


@pytest.mark.parametrize(
    ("messages", "counts"),
    [
        ([{"event": "started"}], (0, 1)),
        ([{"event": "started", "left": None}], (0, 1)),
        ([{"event": "started", "left": 0}], (1, 0)),
        ([{"event": "started"}, {"event": "started"}], (0, 1)),
        ([{}], (0, 1)),
        ([{"event": "paused"}], (0, 1)),
        ([{"event": "completed", "left": 0}], (1, 0)),
        ([{"event": "completed"}, {"event": "started", "left": 0}], (1, 0)),
        ([{"event": "started"}, {"left": 0}], (1, 0)),
        ([{"event": "started"}, {"event": "completed"}], (1, 0)),
        ([{"event": "started", "left": 0}, {"left": 3}], (0, 1)),
        ([{"event": "stopped"}], (0, 0)),
        ([{"event": "started"}, {"event": "stopped"}], (0, 0)),
        ([{"event": "started", "left": 0}, {"event": "stopped"}], (0, 0)),
        ([{"event": "started"}, {"event": "stopped", "peer_id": peer_id(9)}], (0, 1)),
        ([{"event": "stopped"}, {"event": "started"}], (0, 1)),
        ([{"event": "started"}, {"event": "nonsense"}], (0, 1)),
    ],
)
def test_counts_after_a_history(
    scene: Scene, messages: list[dict[str, Any]], counts: tuple[int, int]
) -> None:
    for message in messages:
        ((to, reply),) = scene.announce(1, **message)
        assert to == 1
        assert reply["action"] == "announce"
        assert "failure reason" in reply or (reply["complete"], reply["incomplete"]) == scene.counts()
    assert scene.counts() == counts


def test_offers_go_to_others_one_each_and_never_back(scene: Scene) -> None:
    for conn in (1, 2, 3):
        scene.announce(conn)
    (first, _), *relays = scene.announce(4, offers=10)
    assert first == 4
    assert sorted(to for to, _ in relays) == [1, 2, 3]
    assert [message["offer_id"] for _, message in relays] == [offer_id(400), offer_id(401), offer_id(402)]
    assert relays[0][1] == {
        "action": "announce",
        "offer": {"type": "offer", "sdp": "sdp 0"},
        "offer_id": offer_id(400),
        "peer_id": peer_id(4),
        "info_hash": HASH,
    }


def test_no_more_offers_are_relayed_than_the_bound(scene: Scene) -> None:
    for conn in range(1, 41):
        scene.announce(conn)
    assert len(scene.announce(50, offers=30)) == 1 + MAX_OFFERS


def test_seeds_get_no_offers_of_seeds(scene: Scene) -> None:
    for seed in (1, 2):
        scene.announce(seed, left=0)
    scene.announce(3)
    assert [to for to, _ in scene.announce(1, offers=5, left=0)] == [1, 3]
    assert sorted(to for to, _ in scene.announce(3, offers=5)) == [1, 2, 3]


@pytest.mark.parametrize("event", ["stopped", "nonsense"])
def test_a_leaving_or_refused_announce_relays_nothing(scene: Scene, event: str) -> None:
    scene.announce(1)
    assert [to for to, _ in scene.announce(2, offers=5, event=event)] == [2]


def test_swarms_are_apart(scene: Scene) -> None:
    scene.announce(1)
    assert [to for to, _ in scene.announce(2, offers=5, info_hash=OTHER_HASH)] == [2]
    assert (scene.counts(HASH), scene.counts(OTHER_HASH)) == ((0, 1), (0, 1))


def test_who_gets_offers_depends_on_the_generator_alone() -> None:
    def receivers(seed: int) -> list[int]:
        scene = Scene(seed)
        for conn in range(30):
            scene.announce(conn)
        return [to for to, _ in scene.announce(99, offers=5)]

    assert receivers(1) == receivers(1)
    assert len({tuple(receivers(seed)) for seed in range(5)}) > 1


def test_an_answer_goes_back_to_the_offerer_and_gets_no_reply(scene: Scene) -> None:
    scene.announce(1)
    scene.announce(2, offers=1)
    assert scene.answer(1, to=2, number=200) == [
        (
            2,
            {
                "action": "announce",
                "answer": {"type": "answer", "sdp": "the answer"},
                "offer_id": offer_id(200),
                "peer_id": peer_id(1),
                "info_hash": HASH,
            },
        )
    ]


def test_an_answer_passes_only_for_an_offer_relayed_and_not_yet_answered(scene: Scene) -> None:
    scene.announce(1)
    scene.announce(2, offers=2)  # the first goes to 1, nobody is there for the second
    scene.announce(3)
    assert scene.answer(1, to=2, number=201) == []
    assert scene.answer(3, to=2, number=200) == []
    assert scene.answer(3, to=2, number=200, peer_id=peer_id(1)) == []
    assert scene.answer(9, to=2, number=200, peer_id=peer_id(1)) == []
    assert scene.answer(1, to=2, number=200, info_hash=OTHER_HASH) == []
    assert scene.answer(1, to=9, number=200) == []
    assert len(scene.answer(1, to=2, number=200)) == 1
    assert scene.answer(1, to=2, number=200) == []


@pytest.mark.parametrize(("later", "relayed"), [(OFFER_AGE - 1, 1), (OFFER_AGE, 0)])
def test_an_offer_may_be_answered_for_its_age(scene: Scene, later: float, relayed: int) -> None:
    scene.announce(1)
    scene.announce(2, offers=1)
    scene.now += later
    assert len(scene.answer(1, to=2, number=200)) == relayed


def test_an_answer_leaves_a_seed_a_seed(scene: Scene) -> None:
    scene.announce(1, left=0)
    scene.announce(2, offers=1)
    scene.answer(1, to=2, number=200)
    assert scene.counts() == (1, 1)


def test_an_answer_to_a_peer_that_left_is_dropped(scene: Scene) -> None:
    scene.announce(1)
    scene.announce(2, offers=1)
    scene.tracker.closed(2, scene.now)
    assert scene.answer(1, to=2, number=200) == []


def test_scrape_gives_zeros_for_the_unknown(scene: Scene) -> None:
    scene.announce(1, left=0)
    scene.announce(2)
    assert scene.send(5, {"action": "scrape", "info_hash": [HASH, OTHER_HASH]}) == [
        (
            5,
            {
                "action": "scrape",
                "files": {
                    HASH: {"complete": 1, "incomplete": 1, "downloaded": 1},
                    OTHER_HASH: {"complete": 0, "incomplete": 0, "downloaded": 0},
                },
                "flags": {"min_request_interval": 600},
            },
        )
    ]
    assert scene.tracker.stats()["torrents"] == 1


def test_a_connection_keeps_its_peer_id_in_a_swarm_until_it_stops(scene: Scene) -> None:
    scene.announce(1)
    ((_, reply),) = scene.announce(1, peer_id=peer_id(2))
    assert reply["action"] == "announce"
    assert reply["info_hash"] == HASH
    assert "peer_id" in reply["failure reason"]
    assert scene.counts() == (0, 1)
    assert "failure reason" not in scene.announce(1, peer_id=peer_id(2), info_hash=OTHER_HASH)[0][1]

    scene.announce(1, event="stopped")
    scene.announce(1, peer_id=peer_id(2))
    assert scene.counts() == (0, 1)


def test_the_same_peer_id_on_a_new_connection_takes_the_peer_over(scene: Scene) -> None:
    scene.announce(1, event="started")
    scene.announce(3, offers=1)
    scene.announce(2, event="started", peer_id=peer_id(1))
    assert scene.counts() == (0, 2)
    assert [to for to, _ in scene.announce(3, offers=1)] == [3, 2]
    # What the old connection still says or its end do not touch the peer; the new one may answer the old's
    # offer.
    scene.announce(1, event="stopped")
    scene.tracker.closed(1, scene.now)
    assert scene.counts() == (0, 2)
    assert [to for to, _ in scene.answer(2, to=3, number=300, peer_id=peer_id(1))] == [3]
    scene.tracker.closed(2, scene.now)
    assert scene.counts() == (0, 1)


def test_a_closed_connection_leaves_all_its_swarms(scene: Scene) -> None:
    scene.announce(1)
    scene.announce(1, info_hash=OTHER_HASH)
    scene.announce(2)
    scene.tracker.closed(1, scene.now)
    scene.tracker.closed(1, scene.now)
    scene.tracker.closed(77, scene.now)
    assert (scene.counts(HASH), scene.counts(OTHER_HASH)) == ((0, 1), (0, 0))
    assert scene.tracker.stats() == {
        "torrents": 1,
        "peersAll": 1,
        "peersSeederOnly": 0,
        "peersLeecherOnly": 1,
    }


def test_a_silent_peer_expires_and_comes_back_as_new(scene: Scene) -> None:
    scene.announce(1)
    scene.announce(2)
    scene.now += PEER_AGE - 1
    scene.announce(2)
    scene.now += 2
    scene.tracker.expire(scene.now)
    assert scene.counts() == (0, 1)
    scene.announce(1)
    assert scene.counts() == (0, 2)


def test_expiry_needs_no_timer(scene: Scene) -> None:
    scene.announce(1)
    scene.now += PEER_AGE + EXPIRY_INTERVAL
    assert scene.counts() == (0, 0)
    assert scene.tracker.stats()["torrents"] == 0


def test_a_connection_has_a_bound_of_torrents(scene: Scene) -> None:
    for number in range(MAX_TORRENTS_PER_CONNECTION):
        scene.announce(1, info_hash=f"{number:020}")
    ((_, reply),) = scene.announce(1)
    assert "torrents" in reply["failure reason"]
    assert scene.tracker.stats()["torrents"] == MAX_TORRENTS_PER_CONNECTION
    assert "failure reason" not in scene.announce(1, info_hash=f"{5:020}")[0][1]


@pytest.mark.parametrize("interval", [0, -1, MAX_INTERVAL + 1])
def test_an_interval_out_of_bounds_is_an_error(interval: int) -> None:
    with pytest.raises(ValueError, match="interval"):
        Tracker(random.Random(0), interval)


# Few values, so that messages meet: the same torrents, peers and offers come up again and again.
HASHES = st.sampled_from([HASH, OTHER_HASH, "\x00" * 20, "short", None, 5, "\ud800" * 20])
PEER_IDS = st.sampled_from([peer_id(n) for n in range(5)] + ["", None])
OFFER_IDS = st.sampled_from([offer_id(n) for n in range(5)] + ["x", 0])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def description(kind: str) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({"type": st.just(kind), "sdp": st.text(max_size=9)}) | JSON


OFFER = st.fixed_dictionaries({"offer": description("offer"), "offer_id": OFFER_IDS}) | JSON
REQUEST = st.fixed_dictionaries(
    {"action": st.sampled_from(["announce", "announce", "scrape", "x", None]), "info_hash": HASHES},
    optional={
        "peer_id": PEER_IDS,
        "to_peer_id": PEER_IDS,
        "offer_id": OFFER_IDS,
        "event": st.sampled_from(["started", "completed", "stopped", "empty", "bad", 3]),
        "left": st.sampled_from([0, 1, None, "0"]),
        "offers": st.lists(OFFER, max_size=4) | JSON,
        "answer": description("answer"),
    },
)
TEXT = (REQUEST | JSON).map(json.dumps) | st.text(st.characters(codec=None)) | st.binary()
CONNECTIONS = 4
STEP = st.tuples(st.integers(0, CONNECTIONS - 1), TEXT | st.none(), st.sampled_from([0, 1, 70, PEER_AGE]))


@settings(max_examples=200, deadline=None)
@given(st.lists(STEP, max_size=30))
def test_fuzz_never_raises_and_stays_bounded(steps: list[tuple[int, str | bytes | None, int]]) -> None:
    tracker = Tracker(random.Random(0))
    now = 0.0
    for conn, text, pause in steps:
        now += pause
        if text is None:
            tracker.closed(conn, now)
            continue
        sent = tracker.receive(conn, text, now)
        assert len(sent) <= 1 + MAX_OFFERS
        for to, reply in sent:
            assert 0 <= to < CONNECTIONS
            assert isinstance(json.loads(reply.encode()), dict)
        stats = tracker.stats()
        assert stats["torrents"] <= stats["peersAll"] <= CONNECTIONS * 3
        assert stats["peersAll"] == stats["peersSeederOnly"] + stats["peersLeecherOnly"]
    for conn in range(CONNECTIONS):
        tracker.closed(conn, now)
    assert set(tracker.stats().values()) == {0}
