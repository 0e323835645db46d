"""The messages of a WebTorrent tracker: JSON text in, checked requests out, and replies back to JSON.

It owns the form of every message and each bound on what one may hold. It knows nothing of swarms, connections
or time.

20-byte values (info-hash, peer id, offer id) stay the strings that stand for them: they are only compared
and echoed.
"""

from dataclasses import dataclass

from torrentide.discovery.trackerjson import dump, is_binary, load

# Bytes in one message; the same as aquatic_ws and openwebtorrent-tracker.
MAX_MESSAGE = 64 * 1024
# Offers used from one announce, the rest are ignored; the same as aquatic_ws. WebTorrent sends 5 at most,
# libtorrent 10.
MAX_OFFERS = 10
# Info-hashes in one scrape; the same as aquatic_ws.
MAX_SCRAPE = 255
# Seconds between scrapes that the reply asks for; the same as bittorrent-tracker.
SCRAPE_INTERVAL = 600

# What `event` may be, and what it means here. "update" and "empty" are no event (bittorrent-tracker), and
# "paused" (BEP 21, from libtorrent) changes nothing for a tracker that counts by `left`.
_EVENTS = {
    None: "update",
    "": "update",
    "empty": "update",
    "update": "update",
    "paused": "update",
    "started": "started",
    "completed": "completed",
    "stopped": "stopped",
}

type JsonObject = dict[str, object]


class Refusal(Exception):
    """A request that gets a failure reply; the text is the `failure reason`. It never leaves the tracker."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One offer of an announce, for one peer."""

    offer_id: str
    sdp: str


@dataclass(frozen=True, slots=True)
class Announce:
    """A peer tells of itself. `event` is started, update, completed or stopped."""

    info_hash: str
    peer_id: str
    event: str
    seeding: bool
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of `peer_id` to the offer `offer_id` of `to_peer_id`."""

    info_hash: str
    peer_id: str
    to_peer_id: str
    offer_id: str
    sdp: str


@dataclass(frozen=True, slots=True)
class Scrape:
    """A question for the counts of some torrents."""

    info_hashes: tuple[str, ...]


def decode(text: str | bytes) -> JsonObject:
    """Decode one message to a JSON object; `Refusal` if it is too big or not one."""
    try:
        data = text if isinstance(text, bytes) else text.encode()
        if len(data) > MAX_MESSAGE:
            raise Refusal(f"message over {MAX_MESSAGE} bytes")
        return load(data.decode())
    except UnicodeError:
        raise Refusal("message is not valid UTF-8") from None
    except ValueError as fault:
        raise Refusal(f"message {fault}") from None


def parse(message: JsonObject) -> Announce | Answer | Scrape:
    """Check a decoded message and give the request it holds; `Refusal` says what is wrong."""
    match message.get("action"):
        case "announce" if message.get("answer") is not None:
            return _parse_answer(message)
        case "announce":
            return _parse_announce(message)
        case "scrape":
            return _parse_scrape(message)
        case _:
            raise Refusal("action must be announce or scrape")


def announce_reply(info_hash: str, complete: int, incomplete: int, interval: int) -> str:
    """Give the reply to an announce. `interval`: seconds to the next one."""
    return dump(
        {
            "complete": complete,
            "incomplete": incomplete,
            "action": "announce",
            "interval": interval,
            "info_hash": info_hash,
        }
    )


def offer_relay(info_hash: str, peer_id: str, offer: Offer) -> str:
    """Give the message that brings an offer of `peer_id` to another peer."""
    return _relay("offer", info_hash, peer_id, offer.offer_id, offer.sdp)


def answer_relay(answer: Answer) -> str:
    """Give the message that brings an answer back to the offerer."""
    return _relay("answer", answer.info_hash, answer.peer_id, answer.offer_id, answer.sdp)


def scrape_reply(counts: dict[str, tuple[int, int]]) -> str:
    """Give the reply to a scrape from (complete, incomplete) by info-hash.

    `downloaded` repeats `complete`, as bittorrent-tracker does: finished downloads are not remembered.
    """
    files = {
        info_hash: {"complete": complete, "incomplete": incomplete, "downloaded": complete}
        for info_hash, (complete, incomplete) in counts.items()
    }
    return dump({"action": "scrape", "files": files, "flags": {"min_request_interval": SCRAPE_INTERVAL}})


def failure(reason: str, message: JsonObject) -> str:
    """Give the failure reply to `message`, naming its action and info-hash where those are sound.

    They matter: WebTorrent drops its socket on a reply without an action, libtorrent on one without an
    info-hash.
    """
    reply: JsonObject = {"failure reason": reason}
    if (action := message.get("action")) in ("announce", "scrape"):
        reply = {"action": action, **reply}
    if is_binary(info_hash := message.get("info_hash")):
        reply["info_hash"] = info_hash
    return dump(reply)


def _parse_announce(message: JsonObject) -> Announce:
    event = message.get("event")
    if not (event is None or isinstance(event, str)) or event not in _EVENTS:
        raise Refusal("event must be started, completed, stopped, update, paused or absent")
    left = message.get("left")
    if left is not None and (isinstance(left, bool) or not isinstance(left, int | float)):
        raise Refusal("left must be a number of bytes")
    offers = message.get("offers")
    if offers is not None and not isinstance(offers, list):
        raise Refusal("offers must be an array")
    return Announce(
        info_hash=_hash(message, "info_hash"),
        peer_id=_hash(message, "peer_id"),
        event=_EVENTS[event],
        # null or absent is "not known yet" (a magnet link before its metadata) and no seed;
        # bittorrent-tracker reads null as 0 and counts one.
        seeding=event == "completed" or left == 0,
        offers=tuple(_parse_offer(offer) for offer in (offers or ())[:MAX_OFFERS]),
    )


def _parse_offer(offer: object) -> Offer:
    if not isinstance(offer, dict):
        raise Refusal("an offer must be an object")
    return Offer(_hash(offer, "offer_id"), _sdp(offer, "offer"))


def _parse_answer(message: JsonObject) -> Answer:
    return Answer(
        info_hash=_hash(message, "info_hash"),
        peer_id=_hash(message, "peer_id"),
        to_peer_id=_hash(message, "to_peer_id"),
        offer_id=_hash(message, "offer_id"),
        sdp=_sdp(message, "answer"),
    )


def _parse_scrape(message: JsonObject) -> Scrape:
    asked = message.get("info_hash")
    if not isinstance(asked, list):
        # A scrape without info-hash would list every torrent: refused, as aquatic_ws does.
        return Scrape((_hash(message, "info_hash"),))
    if len(asked) > MAX_SCRAPE:
        raise Refusal(f"more than {MAX_SCRAPE} info-hashes in a scrape")
    hashes = tuple(item for item in asked if is_binary(item))
    if len(hashes) != len(asked):
        raise Refusal("info_hash must hold strings of 20 bytes")
    return Scrape(hashes)


def _hash(message: JsonObject, key: str) -> str:
    value = message.get(key)
    if not is_binary(value):
        raise Refusal(f"{key} must be a string of 20 bytes")
    return value


def _sdp(message: JsonObject, kind: str) -> str:
    """Give the SDP text out of `{"<kind>": {"type": "<kind>", "sdp": text}}`."""
    description = message.get(kind)
    if not isinstance(description, dict) or description.get("type") != kind:
        raise Refusal(f"{kind} must be an object of type {kind}")
    sdp = description.get("sdp")
    if not isinstance(sdp, str):
        raise Refusal(f"the sdp of an {kind} must be a string")
    try:
        sdp.encode()
    except UnicodeEncodeError:
        # Strict JSON parsers, libtorrent's among them, drop the whole message for one lone surrogate.
        raise Refusal(f"the sdp of an {kind} must be valid Unicode") from None
    return sdp


def _relay(kind: str, info_hash: str, peer_id: str, offer_id: str, sdp: str) -> str:
    """Give a relayed description, rebuilt from checked parts so that nothing else of the sender's passes."""
    return dump(
        {
            "action": "announce",
            kind: {"type": kind, "sdp": sdp},
            "offer_id": offer_id,
            "peer_id": peer_id,
            "info_hash": info_hash,
        }
    )
