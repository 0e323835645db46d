"""Web seeds over real fetches, with a stand-in for the rest of the engine. Runs in Pyodide, in fetch.html."""

import asyncio
import hashlib
import random
import time
from typing import Any

import js

from torrentide.browser.fetch import Fetches
from torrentide.engine.webseed import Web
from torrentide.engine.webseed_set import WebSeeds
from torrentide.metainfo.info import Info, parse_info
from torrentide.timers import Timers
from unit.web_servers import LackingBlocks

fetches = Fetches(js.fetches, lambda: None)


class Blocks(LackingBlocks):
    """Checks whole pieces."""

    seeds: WebSeeds

    def __init__(self, info: Info) -> None:
        super().__init__(info)
        self.came = 0

    def deliver(self, source: int, index: int, begin: int, data: memoryview, now: float) -> None:
        super().deliver(source, index, begin, data, now)
        self.came += len(data)
        size = self.info.piece_size(index)
        blocks = {(index, begin) for begin in range(0, size, 16384)}
        if blocks & (self.free | self.asked.keys()):
            return
        start = index * self.info.piece_length
        if hashlib.sha1(memoryview(self.data)[start : start + size]).digest() != self.info.piece_hash(index):
            self.free |= blocks
            self.seeds.failed(source, now)


async def download(info_dict: Any, urls: Any, options: Any) -> dict[str, Any]:
    """Download a torrent from `urls`. Gives up when `warnings` came or `seconds` passed."""
    given = {"seconds": 100.0, "warnings": 1000, **options.to_py()}
    timers, warnings = Timers(), list[list[str]]()
    info = parse_info(info_dict.to_bytes())
    blocks = Blocks(info)
    seeds = blocks.seeds = WebSeeds(
        info,
        web=Web(fetches, js.location.origin),
        blocks=blocks,
        timers=timers,
        rng=random.Random(1),
        warn=lambda error: warnings.append([error.code, str(error)]),
    )
    start = now = time.monotonic()
    seeds.add(urls.to_py(), start)
    seeds.start(start)
    while not blocks.complete and len(warnings) < given["warnings"] and now - start < given["seconds"]:
        await asyncio.sleep(0.01)
        now = time.monotonic()
        timers.run(now)
    seeds.stop(now)
    return {
        "complete": blocks.complete,
        "bytes": blocks.came,
        "seconds": now - start,
        "warnings": warnings,
        "open": len(fetches.sinks),
        "sha1": hashlib.sha1(blocks.data).hexdigest(),
    }
