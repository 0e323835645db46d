"""One torrent's place in the file system: its files, its metadata and its state.

Owns the order in which things become safe: bytes, flush, then the record that says they are there. So a crash
at any instant loses what came since the last flush, and never leaves a claim to a piece that is not there. It
is an engine's Store. It never knows where the metadata came from, nor what a session is.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torrentide.errors import StorageError
from torrentide.metainfo.info import Info
from torrentide.pieces.bitfield import Bitfield
from torrentide.ports import Buffer
from torrentide.storage.filesystem import FileSystem, StoredFile
from torrentide.storage.handles import OpenFiles, Then, open_all
from torrentide.storage.pieces import PieceFiles
from torrentide.storage.record import Record, Slots, frame, read_record
from torrentide.storage.state import State, parse_state
from torrentide.timers import Timer, Timers

# What a crash may cost. A flush holds the engine up for about 20 ms (32 MiB of dirty bytes, measured in
# Chromium and Firefox).
FLUSH_SECONDS = 3.0
# What the person chose is safe so soon: a reload may follow, or the end of the tab. A slider's many changes
# are one record.
CHOICE_SECONDS = 0.25
# While the disk is full or broken, it is tried so often.
RETRY_SECONDS = 10.0

STATE_FILES = ("state-0", "state-1")
METADATA_FILE = "metadata"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was found: the state, the .torrent file, the bytes of each stored file by its number, and what is
    wrong with it all, in plain words."""

    state: State | None
    metadata: bytes | None
    sizes: dict[int, int]
    faults: tuple[str, ...]


class Shelf:
    """The folder `folder` of `fs`. First `load`, then `keep` what `state` says from then on, and `open` when
    the info is known. `failed` is told once when things can't be kept, and again after they could."""

    def __init__(
        self,
        fs: FileSystem,
        folder: str,
        timers: Timers,
        clock: Callable[[], float],
        failed: Callable[[StorageError], None],
    ) -> None:
        self.state = State()
        self.folder = folder
        self.closed = False
        self._fs = fs
        self._timers = timers
        self._clock = clock
        self._failed = failed
        self._slots = Slots()
        self._kept = False
        self._files = OpenFiles(fs, folder)
        self._pieces: PieceFiles | None = None
        # The pieces that are written; the record claims them behind the next flush.
        self._have: Bitfield | None = None
        self._saving: Timer | None = None
        self._troubled = False

    @property
    def kept(self) -> bool:
        """Whether its records are in the file system."""
        return self._kept and not self.closed

    # -- Before the torrent runs

    def load(self, done: Callable[[Loaded, float], None]) -> None:
        """Read what is there. What can't be read is as if it was not there, but told."""

        # Both at once: each way to the file system and back takes milliseconds.
        found: list[dict[str, int | None] | StorageError] = []
        files: list[dict[str, StoredFile | StorageError | None]] = []

        def ended(now: float) -> None:
            if found and files:
                done(self._read(files[0], found[0]), now)

        def listed(names: dict[str, int | None] | StorageError, now: float) -> None:
            found.append(names)
            ended(now)

        def opened(these: dict[str, StoredFile | StorageError | None], now: float) -> None:
            files.append(these)
            ended(now)

        self._fs.list(self.folder, listed)
        open_all(self._fs, self.folder, (*STATE_FILES, METADATA_FILE), self._clock(), opened)

    def keep(self) -> None:
        """Write `state` now, and from here on whenever it has changed."""

        def opened(files: dict[str, StoredFile | StorageError | None], now: float) -> None:
            for slot, name in enumerate(STATE_FILES):
                file = files.get(name)
                if isinstance(file, StorageError):
                    self._trouble(file)
                elif file is not None and self.closed:
                    file.close()
                elif file is not None:
                    self._slots.attach(slot, file)
            if not self.closed:
                self._kept = not self._slots.missing
                self.save()

        names = [STATE_FILES[slot] for slot in self._slots.missing]
        open_all(self._fs, self.folder, names, self._clock(), opened, create=True)

    def keep_metadata(self, torrent: bytes) -> None:
        """Write the .torrent file."""

        def opened(files: dict[str, StoredFile | StorageError | None], now: float) -> None:
            file = files[METADATA_FILE]
            try:
                if isinstance(file, StorageError):
                    raise file
                assert file is not None
                file.write(0, frame(0, torrent))
                file.flush()
            except StorageError as error:
                self._trouble(error)
            if file is not None and not isinstance(file, StorageError):
                file.close()

        open_all(self._fs, self.folder, [METADATA_FILE], self._clock(), opened, create=True)

    def open(self, info: Info, have: Bitfield) -> None:
        """The info is known: pieces can be read and written. `have` are those that are there."""
        self._pieces = PieceFiles(info, self._files)
        self._have = have.copy()

    # -- Store

    def write(self, index: int, data: Buffer, done: Callable[[Exception | None, float], None]) -> None:
        """See `ports.Store`."""
        pieces, have = self._opened()

        def written(error: StorageError | None, now: float) -> None:
            if error is None and not self.closed:
                have.add(index)
                self.changed()
            done(error, now)

        pieces.write(index, data, self._clock(), written)

    def read(
        self, index: int, begin: int, length: int, done: Callable[[Buffer | Exception, float], None]
    ) -> None:
        """See `ports.Store`."""
        self._opened()[0].read(index, begin, length, self._clock(), done)

    def use(self, place: int, then: Then) -> None:
        """Call `then` with the stored file number `place`, to be read; None where it is not there."""
        self._files.use(str(place), self._clock(), then, create=False)

    def found(self, index: int) -> None:
        """The piece is there, and good, though no record says so."""
        self._opened()[1].add(index)
        self.changed()

    def lost(self, index: int) -> None:
        """The piece is not there, or not what it was: the record stops to claim it before anything is
        written over it."""
        if self._opened()[1].remove(index):
            self.save()

    def close(self) -> None:
        """See `ports.Store`. What is written is recorded."""
        if not self.closed:
            self.save()
            self.abandon()

    def abandon(self) -> None:
        """Let go of everything as it is."""
        self.closed = True
        if self._saving is not None:
            self._saving.cancel()
        self._files.close()
        self._slots.close()

    # -- Making it safe

    def changed(self) -> None:
        """`state`, or what is written, has changed: it is safe within FLUSH_SECONDS."""
        self._save_within(FLUSH_SECONDS)

    def chosen(self) -> None:
        """The person changed `state`: it is safe within CHOICE_SECONDS."""
        self._save_within(CHOICE_SECONDS)

    def save(self) -> None:
        """Make everything safe now, as far as it can be."""
        if self._saving is not None:
            self._saving.cancel()
            self._saving = None
        if not self._kept or self.closed:
            return
        try:
            self._files.flush()
            if self._have is not None:
                self.state.have = self._have.to_wire()
            self._slots.write(self.state.to_bytes())
            self._troubled = False
        except StorageError as error:
            self._trouble(error)
            self._save_within(RETRY_SECONDS)

    def _save_within(self, seconds: float) -> None:
        due = self._clock() + seconds
        if self.closed or (self._saving is not None and self._saving.due <= due):
            return
        if self._saving is not None:
            self._saving.cancel()
        self._saving = self._timers.at(due, lambda now: self.save())

    def _trouble(self, error: StorageError) -> None:
        if not self._troubled and not self.closed:
            self._troubled = True
            self._failed(error)

    def _opened(self) -> tuple[PieceFiles, Bitfield]:
        assert self._pieces is not None, "the info is not known yet"
        assert self._have is not None
        return self._pieces, self._have

    def _read(
        self,
        files: dict[str, StoredFile | StorageError | None],
        names: dict[str, int | None] | StorageError,
    ) -> Loaded:
        faults = [str(file) for file in files.values() if isinstance(file, StorageError)]
        if isinstance(names, StorageError):
            faults.append(str(names))
            names = {}
        sizes = {int(name): size for name, size in names.items() if name.isdecimal() and size is not None}
        opened = {name: file for name, file in files.items() if not isinstance(file, StorageError)}
        state = self._read_state(self._slots.read(*(opened.get(name) for name in STATE_FILES)), faults)
        metadata = read_record(opened.get(METADATA_FILE))
        file = opened.get(METADATA_FILE)
        if file is not None:
            file.close()
        if isinstance(metadata, StorageError):
            faults.append(f"the stored metadata: {metadata}")
        torrent = metadata.payload if isinstance(metadata, Record) else None
        self.state = state or State()
        return Loaded(state, torrent, sizes, tuple(faults))

    @staticmethod
    def _read_state(record: Record | StorageError | None, faults: list[str]) -> State | None:
        try:
            if isinstance(record, StorageError):
                raise record
            return parse_state(record.payload) if record is not None else None
        except StorageError as error:
            faults.append(f"the stored state: {error}")
            return None
