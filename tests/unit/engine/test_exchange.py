"""The parts of an exchange together: what one brings about in another."""

import random

from torrentide.engine.limits import Limits
from torrentide.engine.torrent import Torrent
from torrentide.engine.webseed import Web
from torrentide.ports import FetchSink
from torrentide.timers import Timers
from unit.engine.remote import OURS, Heard
from unit.recorders import HeldDigest, HeldStore
from unit.web_servers import make_files

PIECE = 4 * 16 * 1024


class Asked:
    """A Fetch that notes what it is asked for, and answers nothing."""

    def __init__(self) -> None:
        self.spans: list[tuple[int, int] | None] = []

    def fetch(self, url: str, span: tuple[int, int] | None, sink: FetchSink) -> "Asked":
        self.spans.append(span)
        return self

    def more(self) -> None: ...

    def cancel(self) -> None: ...


def test_a_reader_of_what_nobody_wanted_has_web_seeds_asked_at_once() -> None:
    info, _, _ = make_files(random.Random(1), PIECE, [("f", 32 * PIECE)])
    asked = Asked()
    torrent = Torrent(
        info.info_hash,
        OURS,
        observer=Heard(),
        open_store=HeldStore,
        digest=HeldDigest(),
        timers=Timers(),
        rng=random.Random(1),
        client_limits=Limits(),
        web=Web(asked, "http://page.example"),
    )
    torrent.start(0.0, info)
    torrent.set_priorities(dict.fromkeys(range(32), 0), 0.0)
    asked.spans.clear()
    torrent.add_web_seeds(["http://seed.example/f"], 0.0)
    assert asked.spans == []
    torrent.open_reader(20 * PIECE + 5, 30 * PIECE, 1.0)
    assert [span[0] if span else None for span in asked.spans] == [20 * PIECE]
