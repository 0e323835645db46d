"""What there is once in a worker, and all its torrents use. Nothing here holds code."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from torrentide.browser.digests import Digests
from torrentide.browser.hashing import Hashing
from torrentide.browser.library import Library
from torrentide.browser.originals import Originals
from torrentide.browser.page import Page
from torrentide.browser.stores import Memory
from torrentide.browser.tabs import Tabs
from torrentide.timers import Timers


@dataclass(frozen=True)
class Facilities:
    """`arm` is called behind whatever may have set a timer; `start` runs a coroutine to its end."""

    page: Page
    timers: Timers
    digests: Digests
    hashing: Hashing
    originals: Originals
    library: Library
    memory: Memory
    tabs: Tabs
    rng: random.Random
    arm: Callable[[], None]
    start: Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]
