"""What happens before a torrent joins its swarm: it is read, hashed, or looked for in the storage.

Owns the order of that, and what it means that the torrent was closed meanwhile. How each thing is done is
decided elsewhere.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from torrentide.browser.clients import Client
from torrentide.browser.description import info_hash_of
from torrentide.browser.facilities import Facilities
from torrentide.browser.library import Place
from torrentide.browser.prepare import fetch_torrent, hash_files, parse_id
from torrentide.browser.stores import MEMORY_BYTES
from torrentide.browser.torrent import PageTorrent
from torrentide.errors import DuplicateTorrent, StorageError
from torrentide.metainfo.magnet import Magnet
from torrentide.metainfo.metainfo import Metainfo


class Adding:
    """Brings torrents into their swarms."""

    def __init__(self, facilities: Facilities) -> None:
        self._facilities = facilities
        self._library = facilities.library

    def add(self, torrent: PageTorrent, client: Client, message: dict[str, Any]) -> None:
        """The page adds a torrent: `add` of protocol.ts. InvalidTorrent when it names none."""
        options = message["options"]
        torrent.configure(options, options.get("private"))
        given = message["id"]
        named = parse_id(given if isinstance(given, str) else bytes(given))

        async def join() -> None:
            outer = named or await fetch_torrent(given)
            info_hash = info_hash_of(outer)
            if info_hash in client.session.swarms or info_hash in client.joining:
                raise DuplicateTorrent(f"Cannot add duplicate torrent {info_hash.hex()}")
            client.joining.add(info_hash)
            trackers = client.trackers(outer, options["announce"], self._facilities.rng)
            join_now = partial(torrent.join, outer, *trackers, web_seeds=options["urlList"])
            try:
                waiting = await self._join(torrent, outer, options, join_now)
            finally:
                client.joining.discard(info_hash)
            if waiting is not None:
                await self._take_over(torrent, waiting)

        self._prepare(torrent, client, join)

    def seed(self, torrent: PageTorrent, client: Client, message: dict[str, Any]) -> None:
        """The page seeds files: `seed` of protocol.ts."""
        # Whether a seed is private is written in it.
        torrent.configure(message["options"], None)
        known = bytes(message["known"]) if "known" in message else None

        async def seed() -> None:
            metainfo, whole = await hash_files(
                message["files"], message["options"], self._facilities.hashing, torrent.hashing, known
            )
            trackers = client.trackers(metainfo, [], self._facilities.rng)
            torrent.join(metainfo, *trackers, whole=whole)

        self._prepare(torrent, client, seed)

    async def _join(
        self,
        torrent: PageTorrent,
        outer: Metainfo | Magnet,
        options: dict[str, Any],
        join: Callable[..., None],
    ) -> "asyncio.Task[Place | None] | None":
        """Join the swarm; gives the wait for the place where the torrent is stored, if another tab has it."""
        if options["storage"] == "page":
            have = await torrent.look(outer.info) if isinstance(outer, Metainfo) else None
            if not torrent.closed:
                join(have=have)
        elif options["storage"] == "opfs" and await self._can_store(torrent):
            return await self._join_stored(torrent, outer, join)
        else:
            join()
        return None

    async def _join_stored(
        self, torrent: PageTorrent, outer: Metainfo | Magnet, join: Callable[..., None]
    ) -> "asyncio.Task[Place | None] | None":
        info_hash, metainfo = info_hash_of(outer), outer if isinstance(outer, Metainfo) else None
        place = await self._library.take(info_hash, metainfo, torrent.not_kept)
        if place is None:
            # Who waits for it is seen by the tab that has it, which removes nothing then.
            wait = self._library.wait_for(info_hash, torrent.metainfo, torrent.not_kept)
            waiting = asyncio.get_event_loop().create_task(wait)
            try:
                join(glimpse=await self._library.glimpse(info_hash, metainfo))
            except BaseException:
                waiting.cancel()
                raise
            return waiting
        if torrent.closed:
            self._library.leave(place)
        else:
            join(place=place)
        return None

    async def _take_over(self, torrent: PageTorrent, waiting: "asyncio.Task[Place | None]") -> None:
        """Take the place when the tab that has it is gone."""
        place = await waiting
        if place is not None:
            await torrent.take_over(place)

    async def _can_store(self, torrent: PageTorrent) -> bool:
        if await self._library.available():
            return True
        torrent.warning(
            StorageError(
                "nothing can be stored here, as in private windows of some browsers: the torrent is kept "
                f"in memory, up to {MEMORY_BYTES >> 30} GiB, and is gone with the page"
            )
        )
        return False

    def _prepare(
        self, torrent: PageTorrent, client: Client, work: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        async def run() -> None:
            try:
                if client.loading is not None:
                    await asyncio.shield(client.loading)
                await work()
            except Exception as error:
                torrent.failed(error)
            self._facilities.arm()

        torrent.preparing = self._facilities.start(run())
