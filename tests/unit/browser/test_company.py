"""Tabs that have the same torrent: one has the files, others hear of them and bring what they fetched."""

import time
from collections.abc import Callable

from torrentide.browser.company import Line
from torrentide.browser.following import SILENCE_SECONDS, Following
from torrentide.browser.leading import MAX_OFFERED_BYTES, Leading
from torrentide.browser.shim import JsBuffer
from torrentide.browser.wanted import Wanted
from torrentide.errors import StorageError
from torrentide.metainfo.metainfo import Metainfo
from torrentide.ports import Buffer
from unit.engine.remote import Fixture, Remote


class Bytes:
    """A typed array."""

    def __init__(self, data: Buffer) -> None:
        self._data = bytes(data)
        self.byteLength = len(data)

    def to_bytes(self) -> bytes:
        return self._data

    def assign(self, data: object) -> None:
        raise NotImplementedError


class Room:
    """Lines that hear each other at once, and all that was said."""

    def __init__(self) -> None:
        self.hearers: list[Callable[[str, int, JsBuffer | None], None]] = []
        self.said: list[tuple[str, int]] = []

    def line(self, number: int) -> Line:
        return RoomLine(self, number)

    def say(self, number: int, kind: str, index: int, data: Bytes | None) -> None:
        self.said.append((kind, index))
        for other, hear in enumerate(self.hearers):
            if other != number:
                hear(kind, index, data)


class RoomLine:
    def __init__(self, room: Room, number: int) -> None:
        self._room = room
        self._number = number

    def tell(self, kind: str, index: int = 0) -> None:
        self._room.say(self._number, kind, index, None)

    def tell_bytes(self, kind: str, data: Buffer) -> None:
        self._room.say(self._number, kind, 0, Bytes(data))

    def tell_piece(self, kind: str, index: int, data: JsBuffer) -> None:
        self._room.say(self._number, kind, index, Bytes(data.to_bytes()))


class Files:
    """The shared store of a follower: what is in the leader's files is right, unless it is in `false`."""

    def __init__(self, leader: Fixture) -> None:
        self.leader = leader
        self.false: set[int] = set()
        self.waiting: list[Callable[[], None]] = []
        self.slow = False
        self.memory: dict[int, bytes] = {}
        self.offer: Callable[[int, JsBuffer], None] = lambda index, data: None

    def offer_all(self) -> None:
        for index, data in list(self.memory.items()):
            self.offer(index, Bytes(data))

    def check(self, index: int, done: Callable[[StorageError | None, float], None]) -> None:
        def look() -> None:
            good = index in self.leader.store.pieces and index not in self.false
            done(None if good else StorageError("not there", kind="lost"), time.monotonic())

        if self.slow:
            self.waiting.append(look)
        else:
            look()

    def look(self) -> None:
        """What was asked for while it was slow."""
        while self.waiting:
            self.waiting.pop(0)()

    def stored(self, index: int) -> None:
        self.memory.pop(index, None)

    def holds(self, index: int) -> bool:
        return index in self.memory


class Tabs:
    """A leader and a follower."""

    def __init__(self, pieces: int = 4, *, magnet: bool = False, unknown: bool = False) -> None:
        self.room = Room()
        self.seeds: dict[Fixture, Remote] = {}
        self.ahead, self.behind = Fixture(pieces, magnet=unknown), Fixture(pieces, magnet=magnet)
        self.files = Files(self.ahead)
        self.metainfo: bytes | None = Metainfo(self.ahead.info).to_bytes()
        self.selected = None if unknown else Wanted(self.ahead.torrent)
        self.room.hearers = [lambda *_: None, lambda *_: None]
        self.leading = Leading(
            self.room.line(0),
            self.ahead.torrent,
            self.ahead.digest,
            lambda: self.metainfo if self.ahead.torrent.info else None,
            self.selected,
            listened=False,
        )
        self.room.hearers[0] = self.leading.heard
        self.wanted: Wanted | None = None
        self.following = self.join()
        if not magnet:
            self.known()

    def join(self) -> Following:
        following = Following(
            self.room.line(1), self.behind.torrent, lambda: self.files, lambda: self.metainfo
        )
        self.room.hearers[1] = following.heard
        self.files.offer = following.offer
        return following

    def known(self) -> None:
        self.wanted = Wanted(self.behind.torrent)
        self.following.known(self.wanted)
        self.room.line(1).tell("hello")

    def fetch(self, fixture: Fixture) -> list[int]:
        """Pieces that a seed delivers to a tab; the leader tells of its own."""
        before = len(fixture.heard.events)
        if fixture not in self.seeds:
            self.seeds[fixture] = fixture.seed()
        self.seeds[fixture].give()
        new = [event for event in fixture.heard.events[before:] if event.startswith("verified")]
        return [int(event.split()[1]) for event in new]

    @property
    def here(self) -> list[int]:
        """What the follower has."""
        assert self.behind.torrent.picker is not None
        return list(self.behind.torrent.picker.have)


def test_what_the_leader_has_the_follower_has() -> None:
    tabs = Tabs()
    for index in tabs.fetch(tabs.ahead):
        tabs.leading.verified(index)
    assert tabs.here == [0, 1, 2, 3]
    assert tabs.behind.torrent.complete
    assert tabs.behind.torrent.down.total == 0


def test_who_comes_later_hears_of_everything_that_is_there() -> None:
    tabs = Tabs(magnet=True)
    tabs.fetch(tabs.ahead)
    assert tabs.behind.torrent.info is None
    tabs.room.line(1).tell("hello")
    assert tabs.behind.torrent.info == tabs.ahead.info
    tabs.known()
    assert tabs.here == [0, 1, 2, 3]


def test_the_leader_learns_what_is_in_the_torrent_and_takes_what_came() -> None:
    tabs = Tabs(unknown=True)
    assert tabs.ahead.torrent.info == tabs.behind.info
    tabs.files.memory[1] = tabs.behind.data[tabs.behind.info.piece_length :][: tabs.behind.info.piece_size(1)]
    tabs.leading.known(Wanted(tabs.ahead.torrent))
    assert list(tabs.ahead.store.pieces) == [1]


def test_a_leader_asks_for_the_metadata_until_somebody_has_it() -> None:
    tabs = Tabs(unknown=True, magnet=True)
    metadata, tabs.metainfo = tabs.metainfo, None
    tabs.room.line(1).tell("hello")
    assert tabs.ahead.torrent.info is None
    tabs.metainfo = metadata
    tabs.leading.refresh(0.0)
    assert tabs.ahead.torrent.info == tabs.ahead.info


def test_a_claim_counts_when_the_piece_was_read_and_is_good() -> None:
    tabs = Tabs()
    tabs.fetch(tabs.ahead)
    tabs.files.false = {1}
    for index in (0, 1, 2, -1, 4, 2**40):
        tabs.leading.verified(index)
    assert tabs.here == [0, 2]
    tabs.leading.lost(0)
    assert tabs.here == [0, 2]
    del tabs.ahead.store.pieces[0]
    tabs.leading.lost(0)
    assert tabs.here == [2]


def test_what_makes_no_sense_changes_nothing() -> None:
    tabs = Tabs()
    other = Fixture(5)
    for kind, data in [
        ("all", b""),
        ("all", bytes(9)),
        ("all", b"\xff"),
        ("wants", b"\xff" * 9),
        ("torrent", b"d4:infoe"),
        ("torrent", Metainfo(other.info).to_bytes()),
        ("piece", b"x"),
        ("nonsense", b"x"),
    ]:
        for hear in tabs.room.hearers:
            hear(kind, 0, Bytes(data))
            hear(kind, 3, None)
    assert tabs.here == []
    assert sorted(tabs.fetch(tabs.ahead)) == [0, 1, 2, 3]


def test_the_follower_leaves_to_the_leader_what_that_fetches() -> None:
    tabs = Tabs()
    tabs.leading.refresh(0.0)
    assert tabs.fetch(tabs.behind) == []
    assert tabs.selected is not None
    tabs.selected.select(bytes([4, 0, 4, 4]), [], 0.0)
    tabs.leading.refresh(0.0)
    assert tabs.fetch(tabs.behind) == [1]


def test_the_follower_fetches_when_the_leader_does_not() -> None:
    tabs = Tabs()
    tabs.ahead.torrent.pause(0.0)
    tabs.leading.refresh(0.0)
    assert tabs.room.said[-1] == ("here", 0)
    assert sorted(tabs.fetch(tabs.behind)) == [0, 1, 2, 3]


def test_what_the_leader_has_is_not_fetched_while_it_is_checked() -> None:
    tabs = Tabs()
    tabs.files.slow = True
    tabs.files.false = {2}
    for index in tabs.fetch(tabs.ahead):
        tabs.leading.verified(index)
    tabs.leading.refresh(0.0)
    assert tabs.room.said[-1] == ("here", 0)
    assert tabs.fetch(tabs.behind) == []
    tabs.files.look()
    assert tabs.here == [0, 1, 3]
    assert tabs.fetch(tabs.behind) == [2]
    assert tabs.wanted is not None
    assert not tabs.wanted.elsewhere


def test_a_piece_is_checked_once_at_a_time() -> None:
    tabs = Tabs()
    tabs.files.slow = True
    for _ in range(3):
        tabs.leading.verified(1)
    assert len(tabs.files.waiting) == 1


def test_a_leader_that_says_nothing_is_asked_and_then_taken_to_fetch_nothing() -> None:
    tabs = Tabs()
    tabs.room.hearers[0] = lambda *_: None
    assert tabs.wanted is not None
    assert tabs.wanted.elsewhere
    tabs.following.refresh(2**40)
    assert tabs.room.said[-1] == ("hello", 0)
    assert not tabs.wanted.elsewhere
    assert SILENCE_SECONDS < 10


def test_a_piece_that_the_follower_fetched_is_stored_by_the_leader() -> None:
    tabs = Tabs()
    size = tabs.ahead.info.piece_size(2)
    good = tabs.ahead.data[2 * tabs.ahead.info.piece_length :][:size]
    tabs.files.memory[2] = good
    tabs.behind.torrent.found(2, 0.0)
    tabs.files.offer_all()
    assert tabs.ahead.store.pieces[2] == good
    tabs.leading.verified(2)
    assert tabs.files.memory == {}


def test_only_good_pieces_are_stored() -> None:
    tabs = Tabs()
    size = tabs.ahead.info.piece_size(0)
    offers = [(0, bytes(size)), (0, b""), (7, bytes(size)), (-1, bytes(size)), (1, bytes(size + 1))]
    for index, data in offers:
        tabs.following.offer(index, Bytes(data))
    assert tabs.ahead.store.pieces == {}
    assert tabs.ahead.torrent.downloaded == 0
    assert sorted(tabs.fetch(tabs.ahead)) == [0, 1, 2, 3]


def test_offers_are_bounded() -> None:
    tabs = Tabs()
    tabs.ahead.digest.hold = True
    size = tabs.ahead.info.piece_size(0)
    data = Bytes(tabs.ahead.data[:size])
    for _ in range(2 * MAX_OFFERED_BYTES // size):
        tabs.following.offer(0, data)
    asked = tabs.ahead.digest.asked
    assert asked == MAX_OFFERED_BYTES // size
    tabs.ahead.digest.finish(0.0)
    assert tabs.ahead.store.pieces == {0: data.to_bytes()}
    tabs.following.offer(0, data)
    assert tabs.ahead.digest.asked == asked + 1


def test_what_the_leader_lost_it_gets_from_the_follower() -> None:
    """It said that it has a piece, and the follower found that bad and fetched it."""
    tabs = Tabs()
    tabs.fetch(tabs.ahead)
    good = tabs.ahead.store.pieces[1]
    tabs.ahead.store.pieces[1] = b"rot"
    tabs.files.memory[1] = good
    tabs.files.offer_all()
    assert tabs.ahead.store.pieces[1] == good
    assert tabs.files.memory == {}


def test_after_its_end_a_follower_hears_nothing() -> None:
    tabs = Tabs()
    tabs.fetch(tabs.ahead)
    tabs.following.close()
    tabs.leading.verified(0)
    assert tabs.here == []
    assert tabs.wanted is not None
    assert not tabs.wanted.elsewhere
