"""A client object of the page, as the engine has it. It never knows messages."""

import asyncio
import random
from dataclasses import dataclass, field

from torrentide.discovery.tiers import in_order
from torrentide.engine.session import Session
from torrentide.metainfo.magnet import Magnet
from torrentide.metainfo.metainfo import Metainfo


@dataclass
class Client:
    """A client object of the page; `torrents` are the page's numbers for those that are its own."""

    session: Session
    announce: list[str]
    use_trackers: bool
    torrents: set[int] = field(default_factory=set)
    # Info-hashes of torrents of which the storage is being looked at.
    joining: set[bytes] = field(default_factory=set)
    # Reads the block list; no torrent joins its swarm before.
    loading: asyncio.Task[None] | None = None

    def trackers(
        self, outer: Metainfo | Magnet, given: list[str], rng: random.Random
    ) -> tuple[list[str], list[str]]:
        """The trackers that a torrent names itself, and the foreign ones: those given with it, and the
        client's."""
        if not self.use_trackers:
            return [], []
        return in_order(outer.tiers, rng), [*given, *self.announce]
