"""Downloads on a disk that crashes at random points, again and again until all is there."""

import hashlib
import random

from torrentide.metainfo import bencode
from torrentide.metainfo.info import Info, parse_info
from torrentide.pieces.bitfield import Bitfield
from torrentide.storage.check import beyond_the_end
from torrentide.storage.shelf import FLUSH_SECONDS, Loaded, Shelf
from torrentide.timers import Timers
from unit.storage.disk import Crash, Disk

PIECE = 64
FOLDER = "torrentide/x"
# Files on either side of a piece, tiny and empty ones, and padding.
LENGTHS = [(b"a", 200), (b"b", 1), (b"c", 0), (b"d", 30), (None, 25), (b"e", 500), (b"f", 3), (b"g", 700)]


def make_info(lengths: list[tuple[bytes | None, int]] = LENGTHS, seed: int = 1) -> tuple[Info, bytes]:
    """A torrent of such files, of which None is padding, and its bytes."""
    rng = random.Random(seed)
    data = b"".join(rng.randbytes(length) if name else bytes(length) for name, length in lengths)
    hashes = b"".join(hashlib.sha1(data[at : at + PIECE]).digest() for at in range(0, len(data), PIECE))
    entries = [
        {b"length": length, b"path": [name]} if name else {b"length": length, b"attr": b"p"}
        for name, length in lengths
    ]
    fields = {b"files": entries, b"name": b"t", b"piece length": PIECE, b"pieces": hashes}
    return parse_info(bencode.encode(fields)), data


class Download:
    """One life of a download that ends with a crash or with the last piece."""

    def __init__(self, disk: Disk, info: Info, data: bytes, rng: random.Random, most_open: int = 4) -> None:
        self.info, self.data, self.rng = info, data, rng
        self.now = 0.0
        self.timers = Timers()
        self.shelf = Shelf(disk, FOLDER, self.timers, lambda: self.now, self._failed)
        self.shelf._files._most = most_open
        # When each piece was written last.
        self.written: dict[int, float] = {}
        self.loaded: list[Loaded] = []

    def begin(self) -> Bitfield:
        """What the disk says that there is."""
        self.shelf.load(lambda loaded, now: self.loaded.append(loaded))
        (loaded,) = self.loaded
        have = self.shelf.state.have_of(self.info.piece_count)
        assert not beyond_the_end(self.info, have, loaded.sizes)
        self.shelf.open(self.info, have)
        return have

    def run(self, have: Bitfield) -> None:
        """Write what lacks, and now and then find a piece lost."""
        self.shelf.keep()
        self.shelf.keep_metadata(b"the .torrent")
        lacking = [index for index in range(self.info.piece_count) if index not in have]
        self.rng.shuffle(lacking)
        while lacking:
            index = lacking.pop()
            self.shelf.write(index, self.piece(index), lambda error, now: None)
            self.written[index] = self.now
            if self.rng.random() < 0.1:
                lost = self.rng.choice(list(self.written))
                del self.written[lost]
                self.shelf.lost(lost)
                lacking.insert(0, lost)
            self.wait(self.rng.choice([0.0, 0.1, 1.0]))
        self.shelf.close()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while (due := self.timers.next_due) is not None and due <= end:
            self.now = due
            self.timers.run(due)
        self.now = end

    def piece(self, index: int) -> bytes:
        return self.data[index * PIECE : (index + 1) * PIECE]

    def true(self, index: int) -> bool:
        """Whether the stored piece is what it should be."""
        read: list[object] = []
        self.shelf.read(index, 0, self.info.piece_size(index), lambda data, now: read.append(data))
        return read == [self.piece(index)]

    def _failed(self, error: Exception) -> None:
        raise AssertionError(error)


def crash_and_resume(seed: int) -> int:
    """A whole download with crashes; how many there were. What is claimed after each must be true, and all
    that was written before the last flush interval must be claimed."""
    rng = random.Random(seed)
    info, data = make_info()
    disk = Disk(rng)
    before: dict[int, float] = {}
    crashed_at = 0.0
    crashes = 0
    while True:
        life = Download(disk, info, data, rng)
        have = life.begin()
        for index in have:
            assert life.true(index), f"seed {seed}: piece {index} is claimed, and false"
        for index, at in before.items():
            late = crashed_at - at > FLUSH_SECONDS + 1e-6
            assert index in have or not late, f"seed {seed}: piece {index} is lost"
        kept = dict.fromkeys(have, 0.0)
        life.written = kept
        disk.crash_in = rng.randrange(1, 150)
        try:
            life.run(have)
        except Crash:
            crashes += 1
            disk.crash()
            before, crashed_at = life.written, life.now
            continue
        disk.crash_in = 0
        last = Download(disk, info, data, rng)
        assert last.begin().complete
        assert all(last.true(index) for index in range(info.piece_count))
        return crashes
