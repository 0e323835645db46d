"""The way of a piece from its last block to the store."""

import random

import pytest

from simulation.world import make_torrent
from torrentide.engine.verify import Verifier
from torrentide.errors import StorageError
from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.partial import BLOCK_LENGTH, PartialPiece
from torrentide.pieces.picker import Picker
from unit.recorders import HeldDigest, HeldStore

B = BLOCK_LENGTH


class Fixture:
    """A torrent of two pieces, the first of which was fetched."""

    def __init__(self, *, false: bool = False) -> None:
        info, data = make_torrent(random.Random(1), 2 * B, B)
        self.picker = Picker(2, B, 2 * B, random.Random(1))
        self.store, self.digest = HeldStore(info), HeldDigest()
        self.told: list[str] = []
        self.verifier = Verifier(
            info,
            self.picker,
            self.store,
            self.digest,
            lambda piece, now: self.told.append(f"verified {piece.index} at {now}"),
            lambda piece, now: self.told.append(f"bad {piece.index} at {now}"),
            lambda piece, error, now: self.told.append(f"{piece.index}: {error} at {now}"),
            lambda error, now: self.told.append(f"full at {now}"),
        )
        self.picker.sequential = True
        self.picker.pick(Bitfield.full(2), 1, 1)
        self.piece: PartialPiece = self.picker.partial[0]
        self.piece.receive(0, bytes(B) if false else data[:B], 1)


def test_a_good_piece_is_stored_and_then_told() -> None:
    it = Fixture()
    it.digest.hold = it.store.hold = True
    it.verifier.verify(it.piece)
    it.digest.finish(1.0)
    assert (it.told, list(it.picker.have)) == ([], [])
    it.store.finish(2.0)
    assert (it.told, list(it.picker.have)) == (["verified 0 at 2.0"], [0])
    assert it.store.pieces[0] == it.piece.buffer


def test_a_good_piece_can_be_read_before_it_is_stored() -> None:
    it = Fixture()
    checked: list[int] = []
    it.verifier.checked = checked.append
    it.digest.hold = it.store.hold = True
    it.verifier.verify(it.piece)
    assert (checked, it.verifier.fresh) == ([], {})
    it.digest.finish(1.0)
    assert (checked, it.verifier.fresh) == ([0], {0: it.piece})
    it.store.finish(2.0)
    assert (checked, it.verifier.fresh) == ([0], {})


def test_a_piece_can_be_read_while_it_waits_for_room() -> None:
    it = Fixture()
    it.store.error = StorageError("no room", kind="full")
    it.verifier.verify(it.piece)
    assert it.verifier.fresh == {0: it.piece}
    it.store.error = None
    it.verifier.retry()
    assert (it.verifier.fresh, list(it.picker.have)) == ({}, [0])


def test_a_piece_that_can_not_be_stored_is_not_read_either() -> None:
    it = Fixture()
    it.store.error = StorageError("broken")
    it.verifier.verify(it.piece)
    assert it.verifier.fresh == {}


def test_a_bad_piece_is_free_again_and_never_stored() -> None:
    it = Fixture(false=True)
    it.verifier.verify(it.piece)
    assert it.told == ["bad 0 at 0.0"]
    assert it.store.pieces == {}
    assert it.picker.partial == {}
    assert 0 in it.picker.availability


def test_a_piece_that_can_not_be_stored_is_free_again() -> None:
    it = Fixture()
    it.store.error = StorageError("full")
    it.verifier.verify(it.piece)
    assert it.told == ["0: full at 0.0"]
    assert 0 in it.picker.availability
    assert not it.picker.have.held


@pytest.mark.parametrize("stage", ["digest", "store"])
def test_nothing_is_told_once_it_is_closed(stage: str) -> None:
    it = Fixture()
    it.digest.hold = stage == "digest"
    it.store.hold = True
    it.verifier.verify(it.piece)
    it.verifier.closed = True
    it.digest.finish(1.0)
    it.store.finish(1.0)
    assert it.told == []


def test_it_is_full_while_too_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torrentide.engine.verify.MAX_WAITING", B - 1)
    it = Fixture()
    it.store.hold = True
    assert not it.verifier.full
    it.verifier.verify(it.piece)
    assert it.verifier.full
    it.store.finish(1.0)
    assert not it.verifier.full


def test_a_piece_for_which_there_is_no_room_is_held_until_there_is() -> None:
    it = Fixture()
    it.store.error = StorageError("full", kind="full")
    it.verifier.verify(it.piece)
    assert it.told == ["full at 0.0"]
    assert list(it.verifier.held) == [it.piece]
    it.verifier.retry()
    assert it.told == ["full at 0.0"] * 2
    it.store.error = None
    it.verifier.retry()
    assert it.told[2:] == ["verified 0 at 0.0"]
    assert not it.verifier.held
