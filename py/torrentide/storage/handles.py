"""The open files of one torrent, of which there are never many.

Owns which files are open, the order in which they were used, and which of them hold bytes that a crash would
take. A file that is closed to make room is flushed first. It never knows pieces.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from functools import partial

from torrentide.errors import StorageError
from torrentide.storage.filesystem import FileSystem, StoredFile

# Each costs the browser a file descriptor, of which a process has about a thousand for all torrents of a
# page. libtorrent's `file_pool_size` is 40.
MAX_OPEN = 32
# So many are being opened at a time; the others wait.
MAX_OPENING = 8

Then = Callable[[StoredFile | StorageError | None, float], None]
OpenedAll = Callable[[dict[str, StoredFile | StorageError | None], float], None]


def open_all(
    fs: FileSystem, folder: str, names: Sequence[str], now: float, done: OpenedAll, *, create: bool = False
) -> None:
    """Open several files; `done` is told when every one is open, or can't be."""
    files: dict[str, StoredFile | StorageError | None] = {}

    def opened(name: str, file: StoredFile | StorageError | None, then: float) -> None:
        files[name] = file
        if len(files) == len(names):
            done(files, then)

    if not names:
        done(files, now)
    for name in names:
        fs.open(f"{folder}/{name}", partial(opened, name), create=create)


class OpenFiles:
    """Files in `folder` of `fs`, by name."""

    def __init__(self, fs: FileSystem, folder: str, most: int = MAX_OPEN) -> None:
        self.closed = False
        self._fs = fs
        self._folder = folder
        self._most = most
        self._open: OrderedDict[str, StoredFile] = OrderedDict()
        self._dirty: set[str] = set()
        # Who waits for a file, and those whose opening has not begun.
        self._waiting: dict[str, list[Then]] = {}
        self._queue: deque[tuple[str, bool]] = deque()
        self._opening = 0

    def get(self, name: str) -> StoredFile | None:
        """The file, if it is open."""
        file = self._open.get(name)
        if file is not None:
            self._open.move_to_end(name)
        return file

    def use(self, name: str, now: float, then: Then, *, create: bool) -> None:
        """Call `then` with the open file, at once or later. It must be done with it when it returns. None
        where there is no such file and none was to be made; StorageError where it can't be opened."""
        file = self.get(name)
        if file is not None:
            then(file, now)
        elif name in self._waiting:
            self._waiting[name].append(then)
        else:
            self._waiting[name] = [then]
            self._queue.append((name, create))
            self._open_next()

    def touch(self, name: str) -> None:
        """The file was written to."""
        self._dirty.add(name)

    def flush(self) -> None:
        """Have all that was written survive a crash. StorageError when that fails; the files stay to be
        flushed."""
        for name in list(self._dirty):
            self._open[name].flush()
            self._dirty.discard(name)

    def close(self) -> None:
        """Close every file, flushed or not; whoever waits hears that it is closed."""
        self.closed = True
        for file in self._open.values():
            file.close()
        self._open.clear()
        self._dirty.clear()
        self._queue.clear()

    def _open_next(self) -> None:
        while self._queue and self._opening < MAX_OPENING:
            name, create = self._queue.popleft()
            self._opening += 1
            self._fs.open(f"{self._folder}/{name}", self._opened_as(name), create=create)

    def _opened_as(self, name: str) -> Then:
        def opened(file: StoredFile | StorageError | None, now: float) -> None:
            self._opening -= 1
            waiting = self._waiting.pop(name, [])
            result = file
            if self.closed:
                result = StorageError("the store was closed")
                if file is not None and not isinstance(file, StorageError):
                    file.close()
            elif file is not None and not isinstance(file, StorageError):
                result = self._admit(name, file)
            for then in waiting:
                then(result, now)
            self._open_next()

        return opened

    def _admit(self, name: str, file: StoredFile) -> StoredFile | StorageError:
        """Keep a file open, and close the one that was not used for longest where there are too many."""
        if len(self._open) >= self._most:
            oldest = next(iter(self._open))
            try:
                if oldest in self._dirty:
                    self._open[oldest].flush()
                    self._dirty.discard(oldest)
            except StorageError as error:
                file.close()
                return error
            self._open.pop(oldest).close()
        self._open[name] = file
        return file
