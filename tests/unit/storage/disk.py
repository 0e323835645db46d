"""A disk that crashes: what was not flushed may be lost, torn or written in another order."""

import random
from dataclasses import dataclass, field

from torrentide.errors import StorageError
from torrentide.ports import Buffer
from torrentide.storage.filesystem import Listed, Opened, Removed

# What a real disk writes whole or not at all, scaled to the pieces of these tests.
SECTOR = 16


class Crash(Exception):
    """The machine stopped."""


@dataclass
class Stored:
    """A file: its bytes, those that survive a crash (None: not even the name does), and what was done to it
    since the last flush."""

    data: bytearray = field(default_factory=bytearray)
    safe: bytes | None = None
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    open: bool = False


class DiskFile:
    """See `filesystem.StoredFile`."""

    def __init__(self, disk: "Disk", stored: Stored) -> None:
        self._disk, self._stored = disk, stored
        self._life = disk.life

    def read(self, at: int, length: int) -> bytes:
        self._check()
        return bytes(self._stored.data[at : at + length])

    def write(self, at: int, data: Buffer) -> None:
        self._check()
        data = bytes(data)
        if self._disk.room is not None and self._disk.used() + len(data) > self._disk.room:
            raise StorageError("the disk is full", kind="full")
        self._stored.pending.append((at, data))
        self._disk.step()
        put(self._stored.data, at, data)

    def flush(self) -> None:
        self._check()
        self._disk.step()
        self._disk.flushes += 1
        self._stored.safe = bytes(self._stored.data)
        self._stored.pending.clear()
        self._disk.step()

    def size(self) -> int:
        self._check()
        return len(self._stored.data)

    def truncate(self, size: int) -> None:
        self._check()
        self._stored.pending.append((size, None))
        self._disk.step()
        cut(self._stored.data, size)

    def close(self) -> None:
        if self._life == self._disk.life:
            self._stored.open = False

    def _check(self) -> None:
        assert self._life == self._disk.life, "a file from before the crash"
        assert self._stored.open, "a closed file"


class Disk:
    """See `filesystem.FileSystem`. With `hold`, answers wait for `settle`; `crash_in` steps it stops, and
    `crash` makes it what is found afterwards. `room` bounds its bytes."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.files: dict[str, Stored] = {}
        self.life = 0
        self.crash_in = 0
        self.hold = False
        self.room: int | None = None
        self.most_open = 0
        self.flushes = 0
        self._held: list[tuple[str, Opened, bool]] = []

    def used(self) -> int:
        return sum(len(stored.data) for stored in self.files.values())

    def open(self, path: str, done: Opened, *, create: bool) -> None:
        self._held.append((path, done, create))
        if not self.hold:
            self.settle()

    def settle(self) -> None:
        while self._held:
            path, done, create = self._held.pop(0)
            if path not in self.files and create:
                self.step()
                self.files[path] = Stored()
            stored = self.files.get(path)
            if stored is not None and stored.open:
                done(StorageError(f"{path} is open already"), 0.0)
            elif stored is not None:
                stored.open = True
                self.most_open = max(self.most_open, sum(each.open for each in self.files.values()))
                done(DiskFile(self, stored), 0.0)
            else:
                done(None, 0.0)

    def list(self, path: str, done: Listed) -> None:
        found: dict[str, int | None] = {}
        for name, stored in self.files.items():
            if name.startswith(f"{path}/"):
                first, _, rest = name.removeprefix(f"{path}/").partition("/")
                found[first] = None if rest else len(stored.data)
        done(found, 0.0)

    def remove(self, path: str, done: Removed) -> None:
        for name in [name for name in self.files if name == path or name.startswith(f"{path}/")]:
            del self.files[name]
        done(None, 0.0)

    def step(self) -> None:
        if self.crash_in:
            self.crash_in -= 1
            if not self.crash_in:
                raise Crash

    def crash(self) -> None:
        """What is found when the machine runs again."""
        self.life += 1
        self._held.clear()
        for path, stored in list(self.files.items()):
            data = bytearray(stored.safe or b"")
            kept = [change for change in stored.pending if self.rng.random() < 0.6]
            self.rng.shuffle(kept)
            for at, written in kept:
                self._tear(data, at, written)
            if stored.safe is None and not kept and self.rng.random() < 0.5:
                del self.files[path]
            else:
                self.files[path] = Stored(data, bytes(data))

    def _tear(self, data: bytearray, at: int, written: bytes | None) -> None:
        if written is None:
            cut(data, at)
        elif self.rng.random() < 0.5:
            put(data, at, written)
        else:
            for start in range(0, len(written), SECTOR):
                if self.rng.random() < 0.5:
                    put(data, at + start, written[start : start + SECTOR])


def put(data: bytearray, at: int, written: bytes) -> None:
    if len(data) < at:
        data.extend(bytes(at - len(data)))
    data[at : at + len(written)] = written


def cut(data: bytearray, size: int) -> None:
    del data[size:]
    data.extend(bytes(size - len(data)))
