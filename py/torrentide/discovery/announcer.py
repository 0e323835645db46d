"""One torrent at one tracker: what is announced, and when.

Owns the order of events of BEP 3 (started, then completed, then stopped), the interval, the announces before
their time, and the offers of each announce. It never knows what a tracker's socket does, nor what becomes of
a link.
"""

import itertools
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torrentide.discovery import signalling
from torrentide.discovery.healing import Healing
from torrentide.discovery.links import Links
from torrentide.discovery.signalling import (
    AnnounceReply,
    Event,
    Failure,
    Offer,
    RemoteAnswer,
    RemoteOffer,
    ScrapeReply,
    TrackerMessage,
)
from torrentide.discovery.tracker import Tracker
from torrentide.errors import TorrentideError, TrackerError
from torrentide.timers import Timer, Timers

# Every tracker names its interval, 120 s as a rule; this one holds until then.
DEFAULT_INTERVAL = 120.0
# Remote offers that are answered between two announces: each makes the browser probe addresses that a
# stranger chose. libtorrent takes as many as it made itself, 10 at most; a seed in a rush has use for as many
# as it may have peers.
MAX_OFFERS_TAKEN = 60
# A network that comes and goes does not have us announce more often than this.
ONLINE_SECONDS = 5.0
# aquatic takes frames of 16 KiB, and a browser may send a message as one. Offers of a machine with many
# networks are long; at least one is announced, and the others have their turn when it is answered.
MAX_OFFERED_CHARS = 13 * 1024
# BEP 3 has no word for "unknown": without metadata we lack something, so any positive number is true enough.
LEFT_UNKNOWN = 16 * 1024


@dataclass(frozen=True, slots=True)
class Progress:
    """What a tracker is told, in bytes; `left` is None while the metadata is unknown. `others` are further
    keys of an announce."""

    uploaded: int
    downloaded: int
    left: int | None
    others: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Status:
    """How a torrent stands with one tracker. `state` is `connecting` (between two tries, too), `open`, or
    `working`: it took an announce. `trouble` is what went wrong since it last worked, or empty.
    `next_announce` is a time, `interval` in seconds; the counts hold ourselves. None is unknown."""

    url: str
    state: str
    trouble: str
    next_announce: float | None
    interval: float | None
    seeds: int | None
    leechers: int | None


class Announcer:
    """Announces a torrent to `tracker`. `progress()` gives the numbers, `offers_wanted(waiting, now)` how
    many offers are to be announced where so many are waiting already, `welcome(peer_id, now)` whether a
    connection to that peer is welcome, `lonely(others, now)` whether company is lacking where so many other
    peers are known; `warn(error)` is told of trouble, `announced(reply)` of success."""

    def __init__(
        self,
        info_hash: bytes,
        peer_id: bytes,
        tracker: Tracker,
        links: Links,
        timers: Timers,
        rng: random.Random,
        *,
        progress: Callable[[], Progress],
        offers_wanted: Callable[[int, float], int],
        welcome: Callable[[bytes, float], bool],
        lonely: Callable[[int, float], bool],
        warn: Callable[[TorrentideError], None],
        announced: Callable[[AnnounceReply], None],
    ) -> None:
        self.tracker = tracker
        # How many other peers the tracker has, by its last count or what came from them since.
        self.others = 0
        self._info_hash = info_hash
        self._peer_id = peer_id
        self._links = links
        self._timers = timers
        self._progress = progress
        self._offers_wanted = offers_wanted
        self._welcome = welcome
        self._lonely = lonely
        self._warn = warn
        self._announced = announced
        self._reply: AnnounceReply | None = None
        self._trouble = ""
        self._interval = DEFAULT_INTERVAL
        self._min_interval = 0.0
        self._timer: Timer | None = None
        self._healing = Healing(rng)
        self._heal_timer: Timer | None = None
        self._last = 0.0
        # The offers of the last announce: those that nobody answers are announced again.
        self._offers: list[Offer] = []
        self._offers_taken = 0
        # Who waits for the tracker's counts.
        self._scrapes: list[Callable[[ScrapeReply], None]] = []
        self._started = False
        self._completed_due = False
        self._gathering = False
        self._stopped = False

    @property
    def status(self) -> Status:
        """How we stand with the tracker."""
        reply = self._reply
        working = self.tracker.is_open and reply is not None and not self._trouble
        return Status(
            url=self.tracker.url,
            state="working" if working else "open" if self.tracker.is_open else "connecting",
            trouble=self._trouble,
            next_announce=self._timer.due if self._timer is not None and self.tracker.is_open else None,
            interval=self._interval if reply is not None else None,
            seeds=reply.seeds if reply is not None else None,
            leechers=reply.leechers if reply is not None else None,
        )

    def completed(self, now: float) -> None:
        """The download is complete: the tracker is told once, and never before it knows of the start."""
        self._completed_due = True
        if self._started and not self._gathering:
            self._send("completed", [], now)

    def stop(self, now: float) -> bool:
        """Say goodbye and leave the tracker. True when its socket is closed with it."""
        if self._started:
            self._send("stopped", [], now)
        self._stopped = True
        self._cancel_timer()
        self._cancel_healing()
        return self.tracker.leave(self._info_hash)

    def scrape(self, done: Callable[[ScrapeReply], None]) -> None:
        """Ask the tracker for its counts; `done` is called if it answers. Some say nothing of a torrent that
        they don't know."""
        if self.tracker.is_open:
            if not self._scrapes:
                self.tracker.send(signalling.scrape(self._info_hash))
            self._scrapes.append(done)

    def lost(self, now: float) -> None:
        """A peer's connection was lost by no decision of ours: look for it, or another, soon."""
        self._healing.lost()
        self._cancel_healing()
        self._heal_later(now)

    def parted(self, now: float) -> None:
        """We have closed a peer's connection ourselves."""
        self._heal_later(now)

    def settled(self) -> None:
        """A peer's connection lasts."""
        self._healing.over()

    def online(self, now: float) -> None:
        """The network is there again, maybe another one: announce now, with offers of its addresses."""
        self._healing.over()
        self._links.withdraw(self._offers, now)
        if self._started:
            self._schedule(max(now, self._last + max(self._min_interval, ONLINE_SECONDS)))

    # -- Listener of the tracker

    def tracker_open(self, now: float) -> None:
        """A new socket knows nothing of us: start again."""
        self._started = False
        self._announce(now)

    def tracker_message(self, message: TrackerMessage, now: float) -> None:
        """Act on what the tracker sent."""
        match message:
            case AnnounceReply():
                self._on_reply(message, now)
            case ScrapeReply():
                waiting, self._scrapes = self._scrapes, []
                for done in waiting:
                    done(message)
            case RemoteOffer() | RemoteAnswer() if message.peer_id == self._peer_id:
                pass  # Our own, come back.
            case RemoteOffer():
                self._heard_of_another(now)
                self._on_offer(message, now)
            case RemoteAnswer():
                self._heard_of_another(now)
                if self._welcome(message.peer_id, now):
                    self._links.take_answer(message, now)
                else:
                    self._links.refuse_answer(message, now)
            case Failure():
                self._complain(TrackerError(f"{self.tracker.url} refused: {message.reason}"))

    def tracker_trouble(self, error: TrackerError, now: float) -> None:
        """The tracker can't be used for now; it comes back by itself."""
        if not self.tracker.is_open:
            self._started = False
            self._scrapes.clear()
            self._cancel_timer()
            self._cancel_healing()
        self._complain(error)

    def _complain(self, error: TrackerError) -> None:
        self._trouble = str(error)
        self._warn(error)

    # -- Announcing

    def _announce(self, now: float) -> None:
        if self._stopped or self._gathering:
            return
        self._gathering = True
        self._offers = self._links.waiting(self._offers, now)
        lacking = self._wanted(now) - len(self._offers)
        self._links.make_offers(max(0, lacking), self._offers_ready, now)

    def _offers_ready(self, made: list[Offer], now: float) -> None:
        self._gathering = False
        # Some may have been answered while the others were made.
        self._offers = self._links.waiting([*self._offers, *made], now)
        if self._stopped or not self.tracker.is_open:
            return
        offers = _fitting(self._offers[: self._wanted(now)])
        self._links.renew(offers, now)
        self._offers_taken = 0
        starting = not self._started
        self._started = True
        self._cancel_healing()
        self._send("started" if starting else None, offers, now)
        if self._completed_due:
            self._send("completed", [], now)

    def _wanted(self, now: float) -> int:
        return min(self._offers_wanted(len(self._offers), now), signalling.MAX_OFFERS)

    def _send(self, event: Event | None, offers: list[Offer], now: float) -> None:
        if event == "completed":
            self._completed_due = False
        progress = self._progress()
        text = signalling.announce(
            self._info_hash,
            self._peer_id,
            uploaded=progress.uploaded,
            downloaded=progress.downloaded,
            left=self._left(progress),
            event=event,
            offers=offers,
            others=progress.others,
        )
        if event == "stopped":
            # We don't wait for an answer to that.
            self.tracker.send(text)
        else:
            self.tracker.ask(text, now)
        self._last = now
        self._schedule(now + self._interval)

    def _on_reply(self, reply: AnnounceReply, now: float) -> None:
        self._reply, self._trouble = reply, ""
        self._min_interval = reply.min_interval or self._min_interval
        interval = max(reply.interval or self._interval, self._min_interval)
        if interval != self._interval:
            self._interval = interval
            self._schedule(now + interval)
        if reply.seeds is not None and reply.leechers is not None:
            # The counts hold ourselves. Seeds count for a seed, too: bittorrent-tracker takes WebTorrent's
            # leechers without metadata for seeds.
            self.others = max(0, reply.seeds + reply.leechers - 1)
            if not self.others:
                self._healing.over()
        self._heal_later(now)
        self._announced(reply)

    def _on_offer(self, offer: RemoteOffer, now: float) -> None:
        if not self._welcome(offer.peer_id, now) or self._offers_taken >= MAX_OFFERS_TAKEN:
            return
        self._offers_taken += 1

        def answered(sdp: str, then: float) -> None:
            left = self._left(self._progress())
            self.tracker.send(
                signalling.answer(self._info_hash, self._peer_id, offer.peer_id, offer.offer_id, sdp, left)
            )

        self._links.take_offer(offer, answered, now)

    # -- Announcing before the time

    def _heard_of_another(self, now: float) -> None:
        self.others = max(1, self.others)
        self._heal_later(now)

    def _heal_later(self, now: float) -> None:
        """Look, after a wait, whether company is lacking. A tracker that names the least interval has it
        kept."""
        if self._heal_timer is None and self._started and not self._stopped:
            due = max(now + self._healing.wait(self._interval), self._last + self._min_interval)
            self._heal_timer = self._timers.at(due, self._heal)

    def _heal(self, now: float) -> None:
        self._heal_timer = None
        if self._lonely(self.others, now):
            self._healing.tried()
            self._announce(now)

    # -- Timers

    def _schedule(self, due: float) -> None:
        """Have the next announce at its time, whatever others are before it."""
        self._cancel_timer()
        if not self._stopped:
            self._timer = self._timers.at(due, self._announce)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _cancel_healing(self) -> None:
        if self._heal_timer is not None:
            self._heal_timer.cancel()
            self._heal_timer = None

    @staticmethod
    def _left(progress: Progress) -> int:
        return LEFT_UNKNOWN if progress.left is None else progress.left


def _fitting(offers: list[Offer]) -> list[Offer]:
    """The first offers, as many as fit into one announce."""
    sizes = itertools.accumulate(len(offer.sdp) for offer in offers)
    return [offer for offer, size in zip(offers, sizes, strict=True) if size <= MAX_OFFERED_CHARS] or offers[
        :1
    ]
