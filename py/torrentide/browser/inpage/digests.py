"""SHA-1 as the engine's Digest port: SubtleCrypto, off this thread, for whole pieces; hashlib for small ones
and where a page has no SubtleCrypto."""

import asyncio
import hashlib
import time
from collections.abc import Callable

import js

from torrentide.browser.digests import INLINE_BYTES
from torrentide.ports import Buffer


class Digests:
    """See `ports.Digest`; `after` is called behind every digest that came later."""

    def __init__(self, after: Callable[[], None]) -> None:
        self._after = after
        self._tasks: set[asyncio.Task[None]] = set()
        # Browsers offer it on pages that came by https or from this machine.
        self._subtle = getattr(js.crypto, "subtle", None)

    def sha1(self, data: Buffer, done: Callable[[bytes, float], None]) -> None:
        """See `ports.Digest`."""
        if len(data) < INLINE_BYTES or not self._subtle:
            done(hashlib.sha1(data, usedforsecurity=False).digest(), time.monotonic())
            return
        copy = js.Uint8Array.new(len(data))
        copy.assign(data)
        promise = self._subtle.digest("SHA-1", copy)

        async def finish() -> None:
            done((await promise).to_bytes(), time.monotonic())
            self._after()

        task = asyncio.get_event_loop().create_task(finish())
        # The loop holds tasks weakly.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
