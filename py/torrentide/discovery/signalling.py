"""The JSON of WebRTC trackers, to objects and back.

Owns the messages between a client and a WebSocket tracker as bittorrent-tracker 11 speaks them: 20-byte
values are strings of 20 characters U+0000 to U+00FF. It never knows sockets, torrents or time.
"""

import json
from dataclasses import dataclass
from typing import Any, Literal

from torrentide.errors import TrackerError

# aquatic and openwebtorrent take 64 KiB a message; libtorrent reads 128 KiB of one, and 64 KiB of SDP.
MAX_MESSAGE_CHARS = 128 * 1024
# A complete description with a data channel and its candidates has 0.5 to 3 KiB.
MAX_SDP_CHARS = 16 * 1024
# A message is nested four deep at most. json.loads on thousands of brackets exhausts the stack of
# WebAssembly, which is fatal there where it is a RecursionError elsewhere.
MAX_BRACKETS = 500
# More text than anybody reads in a warning.
MAX_REASON_CHARS = 500
# aquatic takes 10 offers an announce; WebTorrent makes 5.
MAX_OFFERS = 10
# Seconds between announces that a tracker may ask for: 10 s is polite to any, a day is as good as never.
MIN_INTERVAL = 10
MAX_INTERVAL = 86_400

Event = Literal["started", "completed", "stopped"]


@dataclass(frozen=True, slots=True)
class Offer:
    """Our offer in an announce. `offer_id` is 20 bytes."""

    offer_id: bytes
    sdp: str


@dataclass(frozen=True, slots=True)
class AnnounceReply:
    """What a tracker says to an announce; `interval` and `min_interval` are in seconds."""

    info_hash: bytes
    interval: float | None
    seeds: int | None
    leechers: int | None
    min_interval: float | None = None


@dataclass(frozen=True, slots=True)
class RemoteOffer:
    """Another peer's offer."""

    info_hash: bytes
    peer_id: bytes
    offer_id: bytes
    sdp: str


@dataclass(frozen=True, slots=True)
class RemoteAnswer:
    """Another peer's answer to our offer."""

    info_hash: bytes
    peer_id: bytes
    offer_id: bytes
    sdp: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A refusal. `info_hash` is None where the tracker doesn't say which torrent is meant."""

    info_hash: bytes | None
    reason: str


TrackerMessage = AnnounceReply | RemoteOffer | RemoteAnswer | Failure


def announce(
    info_hash: bytes,
    peer_id: bytes,
    *,
    uploaded: int,
    downloaded: int,
    left: int,
    event: Event | None,
    offers: list[Offer],
) -> str:
    """An announce. Without an event the key is absent: openwebtorrent closes on any other word."""
    message: dict[str, Any] = {
        "action": "announce",
        "info_hash": info_hash.decode("latin-1"),
        "peer_id": peer_id.decode("latin-1"),
        "numwant": len(offers),
        "uploaded": uploaded,
        "downloaded": downloaded,
        "left": left,
    }
    if event is not None:
        message["event"] = event
    if event != "stopped":
        message["offers"] = [
            {"offer_id": offer.offer_id.decode("latin-1"), "offer": {"type": "offer", "sdp": offer.sdp}}
            for offer in offers
        ]
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def answer(info_hash: bytes, peer_id: bytes, to_peer_id: bytes, offer_id: bytes, sdp: str, left: int) -> str:
    """An answer to a remote offer. `left` keeps a seed a seed: aquatic takes an answer for an announce."""
    message = {
        "action": "announce",
        "info_hash": info_hash.decode("latin-1"),
        "peer_id": peer_id.decode("latin-1"),
        "to_peer_id": to_peer_id.decode("latin-1"),
        "offer_id": offer_id.decode("latin-1"),
        "answer": {"type": "answer", "sdp": sdp},
        "left": left,
    }
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def parse(text: str) -> list[TrackerMessage]:
    """Read what a tracker sent; empty for what asks nothing of us. TrackerError when it is not the
    protocol."""
    if len(text) > MAX_MESSAGE_CHARS:
        raise TrackerError(f"a message of {len(text)} characters; at most {MAX_MESSAGE_CHARS} are read")
    if text.count("[") + text.count("{") > MAX_BRACKETS:
        raise TrackerError(f"a message of more than {MAX_BRACKETS} brackets")
    try:
        message = json.loads(text)
    except ValueError:
        raise TrackerError(f"expected JSON, got {text[:40]!r}") from None
    if not isinstance(message, dict):
        raise TrackerError(f"expected a JSON object, got {text[:40]!r}")
    reason = message.get("failure reason")
    if isinstance(reason, str):
        info_hash = _bytes20(message.get("info_hash"))
        return [Failure(info_hash, reason[:MAX_REASON_CHARS])]
    if message.get("action") != "announce":
        return []
    info_hash = _bytes20(message.get("info_hash"))
    if info_hash is None:
        raise TrackerError("an announce message without a valid info_hash")
    return _announce(message, info_hash)


def _announce(message: dict[str, Any], info_hash: bytes) -> list[TrackerMessage]:
    found: list[TrackerMessage] = []
    if "interval" in message or "complete" in message:
        found.append(
            AnnounceReply(
                info_hash=info_hash,
                interval=_interval(message.get("interval")),
                seeds=_count(message.get("complete")),
                leechers=_count(message.get("incomplete")),
                # BEP 3's trackers spell it with a space, libtorrent reads the underscore of a WebSocket's.
                min_interval=_interval(message.get("min interval", message.get("min_interval"))),
            )
        )
    peer_id, offer_id = _bytes20(message.get("peer_id")), _bytes20(message.get("offer_id"))
    if peer_id is None or offer_id is None:
        return found
    offered, answered = _sdp(message.get("offer"), "offer"), _sdp(message.get("answer"), "answer")
    if offered is not None:
        found.append(RemoteOffer(info_hash, peer_id, offer_id, offered))
    elif answered is not None:
        found.append(RemoteAnswer(info_hash, peer_id, offer_id, answered))
    return found


def _bytes20(value: object) -> bytes | None:
    if not isinstance(value, str) or len(value) != 20:
        return None
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return None


def _sdp(value: object, kind: str) -> str | None:
    if not isinstance(value, dict) or value.get("type") != kind:
        return None
    sdp = value.get("sdp")
    return sdp if isinstance(sdp, str) and 0 < len(sdp) <= MAX_SDP_CHARS else None


def _interval(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return None
    return float(min(max(value, MIN_INTERVAL), MAX_INTERVAL))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
