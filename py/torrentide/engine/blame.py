"""Who is at fault when a piece does not match its hash.

Owns the memory of bad pieces: for each block who sent it and its SHA-1. When the piece comes right later,
whoever sent a block that differs has lied (libtorrent's smart ban). Who filled a bad piece alone has lied,
too. The others are put on parole: each fetches whole pieces alone until one is good, so that the next bad
piece has one author. Nobody is banned on suspicion (anacrolix did that, and banned honest peers: its issues
723, 746). It never knows connections or times.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable

from torrentide.ports import Buffer

Source = bytes | int
"""Who sent something: a peer by its id, or a web seed by its number."""

# Blocks of bad pieces that are remembered: 512 MiB of data.
MAX_BLOCKS = 32768
# Sources that are remembered, banned or on parole; and those of one block.
MAX_SOURCES = 4096
MAX_SENDERS = 32

_Record = list[dict[Source, bytes]]


class Blame:
    """Told of every bad piece, and of the good ones that were bad before."""

    def __init__(self) -> None:
        self._names: OrderedDict[int, Source] = OrderedDict()
        self._banned: OrderedDict[Source, None] = OrderedDict()
        self._parole: OrderedDict[Source, None] = OrderedDict()
        self._records: OrderedDict[int, _Record] = OrderedDict()
        self._blocks = 0

    def name(self, link: int, peer_id: bytes) -> None:
        """What comes by this link comes from this peer."""
        self._names[link] = peer_id
        if len(self._names) > MAX_SOURCES:
            self._names.popitem(last=False)

    def is_banned(self, source: Source) -> bool:
        """Whether it has lied."""
        return source in self._banned

    def is_on_parole(self, source: Source) -> bool:
        """Whether it had a part in a bad piece, and has not shown since that it is honest."""
        return source in self._parole

    def failed(self, index: int, blocks: Iterable[tuple[int, Buffer]]) -> set[Source]:
        """A piece was bad, of which each block came by the link, or from the web seed, named. Gives those who
        have lied."""
        sent = [(self._names.get(number, number), _digest(data)) for number, data in blocks]
        sources = {source for source, _ in sent}
        liars = sources if len(sources) == 1 else self._contradictions(index, sent)
        for source in sources - liars:
            _remember(self._parole, source)
        self._record(index, sent)
        self._ban(liars)
        return liars

    def suspected(self, index: int) -> bool:
        """Whether the piece was bad before, so that `passed` has something to compare."""
        return index in self._records

    def passed(self, index: int, blocks: Iterable[Buffer]) -> set[Source]:
        """A piece is good that was bad before. Gives those who had sent something else."""
        record = self._forget(index)
        liars: set[Source] = set()
        for before, data in zip(record, blocks, strict=True):
            good = _digest(data)
            liars |= {source for source, digest in before.items() if digest != good}
        self._ban(liars)
        return liars

    def cleared(self, source: Source) -> None:
        """It has delivered a good piece alone."""
        self._parole.pop(source, None)

    def _contradictions(self, index: int, sent: list[tuple[Source, bytes]]) -> set[Source]:
        """Those who sent a block before and send another now: one of the two was false."""
        before = self._records.get(index, [])
        return {
            source
            for known, (source, digest) in zip(before, sent, strict=False)
            if known.get(source, digest) != digest
        }

    def _record(self, index: int, sent: list[tuple[Source, bytes]]) -> None:
        record = self._records.get(index)
        if record is None:
            record = self._records[index] = [{} for _ in sent]
            self._blocks += len(record)
        for known, (source, digest) in zip(record, sent, strict=True):
            known[source] = digest
            if len(known) > MAX_SENDERS:
                del known[next(iter(known))]
        self._records.move_to_end(index)
        while self._blocks > MAX_BLOCKS and len(self._records) > 1:
            self._forget(next(iter(self._records)))

    def _forget(self, index: int) -> _Record:
        record = self._records.pop(index)
        self._blocks -= len(record)
        return record

    def _ban(self, liars: set[Source]) -> None:
        for source in liars:
            _remember(self._banned, source)
            self._parole.pop(source, None)


def _remember(sources: OrderedDict[Source, None], source: Source) -> None:
    sources[source] = None
    if len(sources) > MAX_SOURCES:
        sources.popitem(last=False)


def _digest(data: Buffer) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()
