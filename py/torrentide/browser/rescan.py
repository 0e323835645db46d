"""Checks stored pieces against their hashes once more.

Owns the scans that the page waits for. What a bad piece means is decided elsewhere.
"""

import asyncio
from collections.abc import Callable

from torrentide.browser.checking import is_good
from torrentide.browser.page import Page
from torrentide.errors import Closed, StorageError
from torrentide.metainfo.info import Info
from torrentide.pieces.bitfield import Bitfield
from torrentide.ports import Digest, Store


class Rescans:
    """Scans of the pieces `have` of `info` in `store`; `good` is told of each piece that is what it was,
    `bad` of those that are not. Where there is no `bad`, they are an error."""

    def __init__(
        self,
        info: Info,
        have: Bitfield,
        store: Store,
        digest: Digest,
        page: Page,
        good: Callable[[int], None],
        bad: Callable[[list[int]], None] | None,
    ) -> None:
        self._info = info
        self._have = have
        self._store = store
        self._digest = digest
        self._page = page
        self._good = good
        self._bad = bad
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def start(self, call: int) -> None:
        """Check every stored piece again. Replies to `call` when that is done."""
        self._tasks[call] = asyncio.get_event_loop().create_task(self._run(call))

    def cancel(self, call: int) -> None:
        """Nobody waits for the reply to `call` any more."""
        scan = self._tasks.pop(call, None)
        if scan is not None:
            scan.cancel()

    def close(self) -> None:
        """Whatever waits is refused."""
        for call, scan in self._tasks.items():
            scan.cancel()
            self._page.refuse(call, Closed("the torrent was removed"))
        self._tasks.clear()

    async def _run(self, call: int) -> None:
        try:
            await self._check()
        except Exception as error:
            self._page.refuse(call, error)
        else:
            self._page.reply(call)
        self._tasks.pop(call, None)

    async def _check(self) -> None:
        here = list(self._have)
        bad = []
        for index in here:
            if await is_good(index, self._info, self._store, self._digest):
                self._good(index)
            else:
                bad.append(index)
        if bad and self._bad is not None:
            self._bad(bad)
        elif bad:
            raise StorageError(
                f"{len(bad)} of {len(here)} stored pieces are not what they were, the first is {bad[0]}"
            )
