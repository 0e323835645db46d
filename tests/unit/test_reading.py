"""Which pieces are urgent when somebody reads."""

import random

from simulation.world import MemoryStore, World, make_torrent
from torrentide.engine.torrent import Torrent
from torrentide.reading import AHEAD_BYTES, Readers
from unit.api_world import SimHost

PIECE = 1024 * 1024
AHEAD = AHEAD_BYTES // PIECE


class Told:
    """Hears of nothing that matters here."""

    def __getattr__(self, name: str) -> object:
        return lambda *args: None


def make() -> tuple[Torrent, Readers]:
    """A torrent of 20 pieces that has none of them, and its readers."""
    host = SimHost(World())
    info, _ = make_torrent(random.Random(1), 20 * PIECE - 1, PIECE)
    torrent = Torrent(
        info.info_hash,
        b"-TD0100-MMMMMMMMMMMM",
        observer=Told(),  # type: ignore[arg-type]
        open_store=lambda info: MemoryStore(None, b""),
        digest=host.digest,
        timers=host.timers,
        rng=host.rng,
    )
    torrent.start(0.0, info)
    return torrent, Readers(info, torrent, host)


def urgent(torrent: Torrent) -> list[int]:
    assert torrent.picker is not None
    return torrent.picker.urgent


def test_a_window_goes_ahead_of_the_reader() -> None:
    torrent, readers = make()
    with readers.reading(PIECE, 20 * PIECE - 1) as moved:
        assert urgent(torrent) == list(range(1, 1 + AHEAD))
        moved(PIECE + 1)
        assert urgent(torrent) == list(range(1, 2 + AHEAD))
        moved(18 * PIECE)
        assert urgent(torrent) == [18, 19]
    assert urgent(torrent) == []


def test_it_ends_where_the_reading_ends() -> None:
    torrent, readers = make()
    with readers.reading(PIECE - 1, PIECE + 1):
        assert urgent(torrent) == [0, 1]
    with readers.reading(PIECE, PIECE):
        assert urgent(torrent) == []


def test_readers_take_turns() -> None:
    torrent, readers = make()
    with readers.reading(0, 2 * PIECE), readers.reading(10 * PIECE, 13 * PIECE):
        assert urgent(torrent) == [0, 10, 1, 11, 12]


def test_what_is_here_is_not_urgent() -> None:
    torrent, readers = make()
    assert torrent.picker is not None
    torrent.picker.have.add(1)
    with readers.reading(0, 3 * PIECE):
        assert urgent(torrent) == [0, 2]


def test_what_was_not_wanted_is() -> None:
    torrent, readers = make()
    torrent.set_file_priority(0, 0, 0.0)
    assert torrent.picker is not None
    assert 3 not in torrent.picker.needed
    with readers.reading(3 * PIECE, 4 * PIECE):
        assert 3 in torrent.picker.needed
        assert 4 not in torrent.picker.needed


def test_after_the_end_of_the_torrent() -> None:
    torrent, readers = make()
    with readers.reading(0, PIECE):
        torrent.close(0.0)
