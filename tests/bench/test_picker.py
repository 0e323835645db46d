"""What a step of the picker costs at different sizes: the issue asks for the same within 1.5 times."""

import random
import time
from collections import deque

import pytest

from torrentide.pieces.bitfield import Bitfield
from torrentide.pieces.partial import BLOCK_LENGTH
from torrentide.pieces.picker import Picker

BLOCKS = 4
STEPS = 1000
ROUNDS = 9
BATCH = 16
# Pieces on their way at a time, whatever the size.
UNDER_WAY = 100


def peers_of(count: int, peers: int, halvings: int, rng: random.Random) -> list[Bitfield]:
    """Peers that have each piece with a probability of one half, halved again `halvings` times."""
    fields = []
    for _ in range(peers):
        bits = rng.getrandbits(count)
        for _ in range(halvings):
            bits &= rng.getrandbits(count)
        size = (count + 7) // 8
        fields.append(Bitfield.from_wire(count, (bits << (size * 8 - count)).to_bytes(size, "big")))
    return fields


def cost(count: int, peers: int, halvings: int) -> float:
    """Microseconds of a step, the least of some rounds: 16 blocks picked for a peer, the pieces that were on
    their way longest given back, a have."""
    rng = random.Random(1)
    picker = Picker(count, BLOCKS * BLOCK_LENGTH, count * BLOCKS * BLOCK_LENGTH, rng)
    fields = peers_of(count, peers, halvings, rng)
    for field in fields:
        picker.availability.add_all(field)

    under_way: deque[int] = deque()

    def step(number: int) -> None:
        who = number % peers
        blocks = picker.pick(fields[who], BATCH, who + 1, whole=bool(number & 1))
        under_way.extend(dict.fromkeys(index for index, _, _ in blocks))
        while len(under_way) > UNDER_WAY:
            index = under_way.popleft()
            if index in picker.partial:
                picker.failed(index)
        picker.availability.increase(rng.randrange(count))

    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for number in range(STEPS):
            step(number)
        rounds.append((time.process_time() - began) / STEPS * 1e6)
    return min(rounds)


@pytest.mark.parametrize(("halvings", "words"), [(0, "half"), (4, "one in 32")])
def test_a_step_costs_the_same_at_any_size(halvings: int, words: str) -> None:
    print(f"\na step of the picker in microseconds, for peers with {words} of the pieces")
    base = cost(1000, 5, halvings)
    print(f"  1,000 pieces, 5 peers: {base:.1f}")
    for count, peers in ((1000, 200), (200_000, 5), (200_000, 200)):
        value = cost(count, peers, halvings)
        print(f"  {count:,} pieces, {peers} peers: {value:.1f}, ratio {value / base:.2f}")
