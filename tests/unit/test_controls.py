"""What a program may ask of a torrent of the Python API while it lives."""

from itertools import pairwise

import pytest

from torrentide.client import Client
from torrentide.controls import HERE, MISSING, UNWANTED
from torrentide.errors import Closed, LocalError
from torrentide.torrent import Torrent
from unit.api_world import TRACKER, ApiWorld
from unit.test_client import HASH, play

# Pyodide under Node has no event loop that waits for its end.
pytestmark = pytest.mark.native

PIECE = 16384
# The first pieces of a torrent are random ones.
RANDOM_PIECES = 4
DATA = bytes(range(256)) * 64 * 40


async def meet(api: ApiWorld, **options: bool | str | float) -> tuple[Client, Torrent]:
    """A seed of 40 pieces, and a torrent that downloads them."""
    ours, theirs = api.client(), api.client()
    seeded = await ours.seed({"a.bin": DATA}, piece_length=PIECE, announce=[TRACKER])
    return ours, await theirs.add(seeded.magnet_uri, **options)  # type: ignore[arg-type]


def test_a_range_of_pieces() -> None:
    async def scene(api: ApiWorld) -> None:
        _, torrent = await meet(api, deselect=True)
        assert torrent.piece_map == bytes([UNWANTED] * 40)
        torrent.select(3, 7)
        assert torrent.piece_map == bytes([UNWANTED] * 3 + [MISSING] * 4 + [UNWANTED] * 33)
        await torrent.when_done()
        assert torrent.piece_map == bytes([UNWANTED] * 3 + [HERE] * 4 + [UNWANTED] * 33)
        torrent.deselect()
        torrent.select(0, 20)
        await torrent.when_done()
        assert torrent.piece_map == bytes([HERE] * 20 + [UNWANTED] * 20)

    play(scene)


def test_a_higher_priority_comes_first() -> None:
    async def scene(api: ApiWorld) -> None:
        _, torrent = await meet(api, deselect=True)
        order: list[int] = []
        torrent.on("verified", order.append)
        torrent.select(priority=-1)
        torrent.select(30, 40, 2)
        await torrent.when_done()
        assert set(order[: 10 + RANDOM_PIECES]) >= {*range(30, 40)}

    play(scene)


def test_critical_pieces_come_before_all_others() -> None:
    async def scene(api: ApiWorld) -> None:
        _, torrent = await meet(api, deselect=True)
        order: list[int] = []
        torrent.on("verified", order.append)
        torrent.critical(30, 32)
        torrent.critical(35, 36)
        torrent.select()
        await torrent.when_done()
        assert set(order[:3]) == {30, 31, 35}
        assert torrent._selections is not None
        assert not torrent._selections.critical

    play(scene)


def test_a_strategy() -> None:
    async def scene(api: ApiWorld) -> None:
        ours, torrent = await meet(api, deselect=True, strategy="sequential")
        order: list[int] = []
        torrent.on("verified", order.append)
        torrent.select()
        await torrent.when_done()
        assert sum(one > other for one, other in pairwise(order)) <= 2 * RANDOM_PIECES
        assert torrent.strategy == "sequential"
        assert ours.torrents[0].strategy == "rarest"
        with pytest.raises(LocalError, match="rarest, sequential"):
            await api.client().add(torrent.magnet_uri, strategy="fastest")

    play(scene)


def test_a_paused_beginning_and_limits() -> None:
    async def scene(api: ApiWorld) -> None:
        ours, _ = await meet(api)
        theirs = api.client()
        torrent_file = ours.torrents[0].torrent_file
        assert torrent_file is not None
        torrent = await theirs.add(torrent_file, paused=True, download_limit=1000, upload_limit=0)
        assert torrent.paused
        assert (torrent.download_limit, torrent.upload_limit) == (1000, 0)
        torrent.download_limit = -1
        torrent.resume()
        await torrent.when_done()
        assert (torrent.download_limit, torrent.upload_limit) == (-1, 0)
        for rate in (-2, float("inf")):
            with pytest.raises(LocalError, match="a limit of"):
                torrent.upload_limit = rate
            with pytest.raises(LocalError, match="a limit of"):
                await theirs.add(HASH, download_limit=rate)
        theirs.upload_limit = 500
        assert (theirs.download_limit, theirs.upload_limit) == (-1, 500)

    play(scene)


def test_a_peer_is_removed() -> None:
    async def scene(api: ApiWorld) -> None:
        ours, torrent = await meet(api)
        await torrent.when_done()
        torrent.remove_peer("nobody")
        assert torrent.num_peers == 1
        torrent.remove_peer(ours.peer_id.upper())
        assert torrent.num_peers == 0

    play(scene)


def test_too_early_and_too_late() -> None:
    async def scene(api: ApiWorld) -> None:
        client = api.client()
        early: list[str] = []

        def ask(torrent: Torrent) -> None:
            for call in (torrent.select, torrent.deselect, torrent.critical, torrent.pause):
                with pytest.raises(LocalError) as raised:
                    call()
                early.append(str(raised.value))
            assert torrent.piece_map == b""
            assert (torrent.download_limit, torrent.upload_limit) == (-1, -1)

        client.on("add", ask)
        torrent = await client.seed({"a.bin": DATA}, announce=[TRACKER])
        assert [("metadata" in words, "joined" in words) for words in early] == [(True, False)] * 3 + [
            (False, True)
        ]
        for choose in (torrent.select, torrent.critical):
            with pytest.raises(LocalError, match="pieces 9 to 9"):
                choose(9, 9)
        await torrent.destroy()
        for call in (torrent.select, torrent.deselect, torrent.critical, torrent.pause, torrent.resume):
            with pytest.raises(Closed):
                call()
        with pytest.raises(Closed):
            torrent.remove_peer("x")

    play(scene)
