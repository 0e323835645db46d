"""Comparing a stored piece with its hash. It never knows why, nor what a bad one means."""

import asyncio

from torrentide.metainfo.info import Info
from torrentide.ports import Buffer, Digest, Store


async def is_good(index: int, info: Info, store: Store, digest: Digest) -> bool:
    """Whether piece `index` of `info`, which was written to `store`, can be read and is what it was."""
    loop = asyncio.get_event_loop()
    read: asyncio.Future[Buffer | Exception] = loop.create_future()
    digested: asyncio.Future[bytes] = loop.create_future()
    store.read(index, 0, info.piece_size(index), lambda data, _: _settle(read, data))
    data = await read
    if isinstance(data, Exception):
        return False
    digest.sha1(data, lambda sha1, _: _settle(digested, sha1))
    return await digested == info.piece_hash(index)


def _settle[T](future: asyncio.Future[T], value: T) -> None:
    # Whoever waited may have been cancelled.
    if not future.done():
        future.set_result(value)
