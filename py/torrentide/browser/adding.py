"""What happens before a torrent joins its swarm: it is read, hashed, or looked for in the storage.

Owns the order of that, and what it means that the torrent was closed meanwhile. How each thing is done is
decided elsewhere.
"""

import asyncio
from collections.abc import Callable, Coroutine
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
            try:
                place = await self._join(torrent, client, outer, options)
            finally:
                client.joining.discard(info_hash)
            if place is None and options["storage"] == "opfs" and not torrent.closed:
                await self._wait(torrent, info_hash)

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
        self, torrent: PageTorrent, client: Client, outer: Metainfo | Magnet, options: dict[str, Any]
    ) -> Place | None:
        trackers = client.trackers(outer, options["announce"], self._facilities.rng)
        place = await self._place(torrent, outer, options)
        if torrent.closed:
            if place is not None:
                self._library.leave(place)
            return None
        have = None
        if options["storage"] == "page" and isinstance(outer, Metainfo):
            have = await torrent.look(outer.info)
        torrent.join(outer, *trackers, web_seeds=options["urlList"], place=place, have=have)
        return place

    async def _wait(self, torrent: PageTorrent, info_hash: bytes) -> None:
        """Take the place when the tab that has it is gone."""
        if await self._library.available():
            place = await self._library.wait_for(info_hash, torrent.metainfo, torrent.warning)
            if place is not None:
                await torrent.take_over(place)

    async def _place(
        self, torrent: PageTorrent, outer: Metainfo | Magnet, options: dict[str, Any]
    ) -> Place | None:
        """Where a torrent is stored; None: in memory."""
        if options["storage"] != "opfs":
            return None
        if not await self._library.available():
            torrent.warning(
                StorageError(
                    "nothing can be stored here, as in private windows of some browsers: the torrent is kept "
                    f"in memory, up to {MEMORY_BYTES >> 30} GiB, and is gone with the page"
                )
            )
            return None
        metainfo = outer if isinstance(outer, Metainfo) else None
        return await self._library.take(info_hash_of(outer), metainfo, torrent.warning)

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
