"""Which block comes next, against a naive model of every block."""

import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.partial import BLOCK_LENGTH
from torrentide.pieces.picker import Block, Picker

B = BLOCK_LENGTH


def having(count: int, *pieces: int) -> Bitfield:
    field = Bitfield(count)
    for index in pieces:
        field.add(index)
    return field


def make(count: int, blocks: int = 2, short: int = 0, seed: int = 0) -> Picker:
    """Pieces of `blocks` blocks; the last one lacks `short` bytes."""
    return Picker(count, blocks * B, count * blocks * B - short, random.Random(seed))


def with_four(count: int, blocks: int = 1) -> Picker:
    """Four pieces are here and `count` more are not: no more random first pieces."""
    picker = make(4 + count, blocks)
    for index in range(4):
        picker.verified(index)
    return picker


def pick(picker: Picker, *pieces: int, most: int = 100, who: int = 1, **how: object) -> list[int]:
    """The pieces of which a peer with `pieces` is asked for blocks; with all, if none are named."""
    count = picker.have.count
    theirs = having(count, *pieces) if pieces else Bitfield.full(count)
    return [index for index, _, _ in picker.pick(theirs, most, who, **how)]  # type: ignore[arg-type]


def test_a_piece_that_was_begun_comes_first() -> None:
    picker = make(4, blocks=3)
    picker.availability.add_all([0, 1, 2, 3])
    (begun,) = {index for index, _, _ in picker.pick(Bitfield.full(4), 1, 1)}
    assert picker.pick(Bitfield.full(4), 2, 1) == [(begun, B, B), (begun, 2 * B, B)]


def test_then_the_rarest() -> None:
    picker = make(3, blocks=1)
    for index, peers in ((0, 3), (1, 1), (2, 2)):
        for _ in range(peers):
            picker.availability.increase(index)
    assert [index for index, _, _ in picker.pick(Bitfield.full(3), 3, 1)] == [1, 2, 0]


def test_only_what_the_peer_has() -> None:
    picker = make(3)
    assert picker.pick(having(3, 1), 10, 1) == [(1, 0, B), (1, B, B)]
    assert picker.pick(having(3, 1), 10, 1) == []
    assert picker.pick(having(3), 10, 1) == []


def test_the_last_block_is_short() -> None:
    picker = make(2, blocks=2, short=B + 5)
    assert picker.size_of(0) == 2 * B
    assert picker.size_of(1) == B - 5
    assert picker.pick(having(2, 1), 10, 1) == [(1, 0, B - 5)]


def test_a_released_block_is_given_again() -> None:
    picker = make(1, blocks=3)
    picker.pick(Bitfield.full(1), 3, 1)
    picker.release(0, B)
    assert picker.pick(Bitfield.full(1), 3, 1) == [(0, B, B)]


def test_release_of_a_piece_that_is_not_on_its_way() -> None:
    picker = make(1)
    picker.release(0, 0)
    assert len(picker.pick(Bitfield.full(1), 5, 1)) == 2


def test_a_failed_piece_is_fetched_again_from_the_start() -> None:
    picker = make(1)
    picker.pick(Bitfield.full(1), 5, 1)
    picker.partial[0].receive(0, b"x" * B, source=1)
    picker.failed(0)
    assert picker.pick(Bitfield.full(1), 5, 1) == [(0, 0, B), (0, B, B)]
    assert picker.partial[0].buffer == bytes(2 * B)


def test_a_verified_piece_is_never_picked() -> None:
    picker = make(2, blocks=1)
    picker.verified(0)
    assert [index for index, _, _ in picker.pick(Bitfield.full(2), 5, 1)] == [1]
    assert 0 in picker.have
    assert not picker.have.complete


COUNT, BLOCKS = 9, 3
peer_pieces = st.sets(st.integers(0, COUNT - 1)).map(lambda pieces: having(COUNT, *pieces))


class PickerAgainstModel(RuleBasedStateMachine):
    """Every block is free, asked or here; a piece is verified or fails when all its blocks are here."""

    def __init__(self) -> None:
        super().__init__()
        self.picker = make(COUNT, BLOCKS, short=B + 1)
        last = (COUNT - 1) * BLOCKS
        self.sizes = {
            (place // BLOCKS, place % BLOCKS * B): B if place < last + 1 else B - 1
            for place in range(last + 2)
        }
        self.states = dict.fromkeys(self.sizes, "free")
        self.begun: set[int] = set()
        self.workers: dict[int, int] = {}
        self.closed: dict[int, int] = {}
        self.verified: set[int] = set()
        self.peers = [0] * COUNT

    def blocks_of(self, index: int) -> list[tuple[int, int]]:
        return [block for block in self.sizes if block[0] == index]

    @rule(theirs=peer_pieces, most=st.integers(0, 7), who=st.integers(1, 3), whole=st.booleans())
    def pick(self, theirs: Bitfield, most: int, who: int, whole: bool) -> None:
        picked: list[Block] = self.picker.pick(theirs, most, who, whole=whole)
        free = [block for block, state in self.states.items() if state == "free" and block[0] in theirs]
        open_to_all = [block for block in free if block[0] not in self.closed]
        assert min(most, len(open_to_all)) <= len(picked) <= most, "every free block is found"
        for index, begin, length in picked:
            assert (index, begin) in free, "never twice, never what the peer lacks"
            assert length == self.sizes[index, begin]
            assert self.closed.get(index, who) == who, "not what another does alone"
            self.states[index, begin] = "asked"
            free.remove((index, begin))
            if index not in self.begun:
                shared = {block[0] for block in free} & self.begun - self.workers.keys()
                assert not shared, "what was begun comes first"
                self.begin(index, free)
                if whole:
                    self.workers[index] = who

    @rule(theirs=peer_pieces, most=st.integers(0, 7), who=st.integers(1, 3))
    def pick_alone(self, theirs: Bitfield, most: int, who: int) -> None:
        for index, begin, _ in self.picker.pick(theirs, most, who, alone=True):
            assert index in theirs
            assert self.states[index, begin] == "free"
            self.states[index, begin] = "asked"
            if index in self.begun:
                assert self.workers[index] == who, "nothing that others have a part in"
            else:
                self.begin(index, [])
                self.workers[index] = self.closed[index] = who

    def begin(self, index: int, free: list[tuple[int, int]]) -> None:
        self.begun.add(index)
        if len(self.verified) >= 4:
            new = {block[0] for block in free} - self.begun
            assert all(self.peers[index] <= self.peers[other] for other in new), "the rarest first"

    @rule(who=st.integers(1, 3))
    def leave(self, who: int) -> None:
        self.picker.leave(who)
        for index in [index for index, worker in self.workers.items() if worker == who]:
            del self.workers[index]
            self.closed.pop(index, None)

    @precondition(lambda self: "asked" in self.states.values())
    @rule(data=st.data(), arrives=st.booleans())
    def settle(self, data: st.DataObject, arrives: bool) -> None:
        index, begin = data.draw(
            st.sampled_from([block for block, state in self.states.items() if state == "asked"])
        )
        if arrives:
            assert self.picker.partial[index].receive(begin, bytes(self.sizes[index, begin]), 1)
        else:
            self.picker.release(index, begin)
        self.states[index, begin] = "here" if arrives else "free"

    @rule(index=st.integers(0, COUNT - 1))
    def all_that_was_asked_of_a_piece_arrives(self, index: int) -> None:
        for block in self.blocks_of(index):
            if self.states[block] == "asked":
                assert self.picker.partial[index].receive(block[1], bytes(self.sizes[block]), 1)
                self.states[block] = "here"

    @rule(good=st.booleans())
    def check(self, good: bool) -> None:
        whole = [
            index
            for index in set(range(COUNT)) - self.verified
            if all(self.states[block] == "here" for block in self.blocks_of(index))
        ]
        for index in whole:
            self.workers.pop(index, None)
            self.closed.pop(index, None)
            if good:
                self.picker.verified(index)
                self.verified.add(index)
            else:
                self.picker.failed(index)
                self.begun.discard(index)
                self.states.update(dict.fromkeys(self.blocks_of(index), "free"))

    @rule(index=st.integers(0, COUNT - 1))
    def have(self, index: int) -> None:
        self.picker.availability.increase(index)
        self.peers[index] += 1

    @invariant()
    def agrees(self) -> None:
        assert set(self.picker.have) == self.verified
        assert set(self.picker.partial) == self.begun - self.verified
        for index, piece in self.picker.partial.items():
            states = [self.states[block] for block in self.blocks_of(index)]
            assert (piece.free, piece.missing) == (states.count("free"), len(states) - states.count("here"))


TestPicker = PickerAgainstModel.TestCase
TestPicker.settings = settings(max_examples=60, stateful_step_count=40)


def test_padding_is_not_picked() -> None:
    pads = [(B, B), (4 * B, 4 * B)]

    def pads_in(begin: int, length: int) -> list[tuple[int, int]]:
        clipped = [(max(at, begin), min(at + size, begin + length)) for at, size in pads]
        return [(start, end - start) for start, end in clipped if start < end]

    picker = Picker(4, 2 * B, 8 * B, random.Random(1), pads_in)
    whole = picker.begin_padding()
    assert [(piece.index, piece.missing) for piece in whole] == [(2, 0), (3, 0)]
    picked = picker.pick(Bitfield.full(4), 100, 1)
    assert sorted(picked) == [(0, 0, B), (1, 0, B), (1, B, B)]
    assert picker.length_of(0, 0) == B
    for index in (2, 3):
        picker.verified(index)
    assert sorted(picker.needed) == [0, 1]


def test_a_short_last_piece_of_padding_alone() -> None:
    picker = Picker(2, 2 * B, 2 * B + 5, random.Random(1), lambda begin, length: [(2 * B, 5)])
    assert [piece.index for piece in picker.begin_padding()] == [1]


def test_a_piece_is_free_until_each_block_was_asked_for() -> None:
    picker = make(2, blocks=2)
    assert picker.is_free(0)
    picker.pick(having(2, 0), 1, 1)
    assert picker.is_free(0)
    picker.pick(having(2, 0), 1, 1)
    assert not picker.is_free(0)
    assert not picker.exhausted
    picker.pick(having(2, 1), 2, 1)
    assert picker.exhausted
    picker.release(0, B)
    assert picker.is_free(0)
    assert not picker.exhausted
    picker.verified(0)
    assert not picker.is_free(0)


def test_what_a_seed_suggests_comes_before_begun_pieces() -> None:
    """Others, who gave the first blocks of a begun piece, can give the rest; the seed alone has the other."""
    picker = make(4)
    (begun,) = pick(picker, most=1)
    new = (begun + 1) % 4
    assert pick(picker, most=1, who=2, hints=[new]) == [new]
    assert pick(picker, most=1, who=2) == [begun]


def test_what_is_here_from_the_start_is_not_picked_until_it_is_lost() -> None:
    have = Bitfield(4)
    have.add(1)
    have.add(2)
    picker = Picker(4, B, 4 * B, random.Random(1), have=have)
    assert list(picker.needed) == [0, 3]
    everything = Bitfield.full(4)
    assert {index for index, _, _ in picker.pick(everything, 9, 1)} == {0, 3}
    picker.lost(2)
    assert not picker.finished
    assert picker.pick(everything, 9, 1) == [(2, 0, B)]
    complete = Picker(4, B, 4 * B, random.Random(1), have=Bitfield.full(4))
    assert complete.finished
    assert complete.exhausted
