"""The messages of a client and its WebRTC tracker, to objects and back.

Owns what each message means, as bittorrent-tracker 11 speaks them, and the bounds on what a tracker says. It
never knows sockets, torrents or time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from torrentide.discovery.sdp import MAX_SDP_CHARS
from torrentide.discovery.trackerjson import dump, load, to_bytes, to_text
from torrentide.errors import TrackerError

# aquatic and openwebtorrent take 64 KiB a message; libtorrent reads 128 KiB of one, and 64 KiB of SDP.
MAX_MESSAGE_CHARS = 128 * 1024
# More text than anybody reads in a warning.
MAX_REASON_CHARS = 500
# aquatic takes 10 offers an announce; WebTorrent makes 5.
MAX_OFFERS = 10
# Seconds between announces that a tracker may ask for: 10 s is polite to any, a day is as good as never.
MIN_INTERVAL = 10
MAX_INTERVAL = 86_400

Event = Literal["started", "completed", "stopped"]

_ANNOUNCE_KEYS = frozenset(("event", "offers", "answer", "offer_id", "to_peer_id"))


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


@dataclass(frozen=True, slots=True)
class ScrapeReply:
    """A tracker's counts of a torrent; `downloads` are the downloads that it saw complete."""

    info_hash: bytes
    seeds: int | None
    leechers: int | None
    downloads: int | None


TrackerMessage = AnnounceReply | ScrapeReply | RemoteOffer | RemoteAnswer | Failure


def announce(
    info_hash: bytes,
    peer_id: bytes,
    *,
    uploaded: int,
    downloaded: int,
    left: int,
    event: Event | None,
    offers: list[Offer],
    others: Mapping[str, Any] | None = None,
) -> str:
    """An announce. Without an event the key is absent: openwebtorrent closes on any other word. `others` are
    further keys, which replace none of ours."""
    further = {key: value for key, value in (others or {}).items() if key not in _ANNOUNCE_KEYS}
    message: dict[str, Any] = {
        **further,
        "action": "announce",
        "info_hash": to_text(info_hash),
        "peer_id": to_text(peer_id),
        "numwant": len(offers),
        "uploaded": uploaded,
        "downloaded": downloaded,
        "left": left,
    }
    if event is not None:
        message["event"] = event
    if event != "stopped":
        message["offers"] = [
            {"offer_id": to_text(offer.offer_id), "offer": {"type": "offer", "sdp": offer.sdp}}
            for offer in offers
        ]
    return dump(message)


def answer(info_hash: bytes, peer_id: bytes, to_peer_id: bytes, offer_id: bytes, sdp: str, left: int) -> str:
    """An answer to a remote offer. `left` keeps a seed a seed: aquatic takes an answer for an announce."""
    message = {
        "action": "announce",
        "info_hash": to_text(info_hash),
        "peer_id": to_text(peer_id),
        "to_peer_id": to_text(to_peer_id),
        "offer_id": to_text(offer_id),
        "answer": {"type": "answer", "sdp": sdp},
        "left": left,
    }
    return dump(message)


def scrape(info_hash: bytes) -> str:
    """A question for the counts of a torrent."""
    return dump({"action": "scrape", "info_hash": to_text(info_hash)})


def parse(text: str) -> list[TrackerMessage]:
    """Read what a tracker sent; empty for what asks nothing of us. TrackerError when it is not the
    protocol."""
    if len(text) > MAX_MESSAGE_CHARS:
        raise TrackerError(f"a message of {len(text)} characters; at most {MAX_MESSAGE_CHARS} are read")
    try:
        message = load(text)
    except ValueError as fault:
        raise TrackerError(f"a message that {fault}: {text[:40]!r}") from None
    reason = message.get("failure reason")
    if isinstance(reason, str):
        info_hash = to_bytes(message.get("info_hash"))
        return [Failure(info_hash, reason[:MAX_REASON_CHARS])]
    if message.get("action") == "scrape":
        return _scraped(message.get("files"))
    if message.get("action") != "announce":
        return []
    info_hash = to_bytes(message.get("info_hash"))
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
    peer_id, offer_id = to_bytes(message.get("peer_id")), to_bytes(message.get("offer_id"))
    if peer_id is None or offer_id is None:
        return found
    offered, answered = _sdp(message.get("offer"), "offer"), _sdp(message.get("answer"), "answer")
    if offered is not None:
        found.append(RemoteOffer(info_hash, peer_id, offer_id, offered))
    elif answered is not None:
        found.append(RemoteAnswer(info_hash, peer_id, offer_id, answered))
    return found


def _scraped(files: object) -> list[TrackerMessage]:
    if not isinstance(files, dict):
        return []
    return [
        ScrapeReply(
            info_hash,
            _count(counts.get("complete")),
            _count(counts.get("incomplete")),
            _count(counts.get("downloaded")),
        )
        for key, counts in files.items()
        if isinstance(counts, dict) and (info_hash := to_bytes(key)) is not None
    ]


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
