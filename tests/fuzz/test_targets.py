"""A short turn of every target: its seeds, what earlier findings left, and inputs that hypothesis makes of
damaged seeds and of the grammar's words. `make fuzz` does the same with ten million."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fuzz.seeds import SEEDS, WORDS
from fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
EXAMPLES = 250


@st.composite
def damaged(draw: st.DrawFn, name: str) -> bytes:
    """A seed in which a few places are cut out, doubled, overwritten, or hold other words."""
    data = draw(st.sampled_from(SEEDS[name]))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 40)))
        within = st.sampled_from([b"", 2 * data[start:end], *WORDS[name]])
        data = data[:start] + draw(st.one_of(within, st.binary(max_size=8))) + data[end:]
    return data


def inputs(name: str) -> st.SearchStrategy[bytes]:
    words = st.lists(
        st.one_of(st.sampled_from([*WORDS[name], b"\n", b"{", b"}", b":"]), st.binary(max_size=4))
    )
    return st.one_of(damaged(name), words.map(b"".join), st.binary(max_size=300))


@pytest.mark.parametrize("name", TARGETS)
def test_only_typed_errors(name: str) -> None:
    @settings(max_examples=EXAMPLES)
    @given(inputs(name))
    @example(b"")
    def run(data: bytes) -> None:
        TARGETS[name](data)

    run()


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_and_earlier_findings(name: str) -> None:
    run = TARGETS[name]
    for seed in SEEDS[name]:
        run(seed)
    for path in sorted((CORPUS / name).glob("*")):
        run(path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_great_numbers_of_each_word(name: str) -> None:
    """Depth, length and repetition, which mutation seldom reaches."""
    run = TARGETS[name]
    for word in (*WORDS[name], b"d", b"l", b"[", b'{"":', b"i", b"9", b"%", b"&", b"\0", b"\xff"):
        run(word * 20_000)
