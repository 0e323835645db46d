"""Records: bytes in a file that are whole or known not to be.

Owns the frame around a record (magic, version, sequence, length, digest) and the two slots between which one
that changes is written in turn, for not every browser can rename a file over another: while one slot is being
written, the other holds the record before. What a record says is not its concern.
"""

import hashlib
import struct
from dataclasses import dataclass

from torrentide.errors import StorageError
from torrentide.storage.filesystem import StoredFile

VERSION = 1
# The bitfield and the priorities of 0x200000 pieces, and a .torrent file of the greatest size, fit in.
MAX_RECORD_BYTES = 16 * 1024 * 1024

_MAGIC = b"torrentide record"
_HEADER = struct.Struct(">17sBQI32s")


@dataclass(frozen=True, slots=True)
class Record:
    """A whole record."""

    sequence: int
    payload: bytes


def frame(sequence: int, payload: bytes) -> bytes:
    """The bytes of a record."""
    digest = _digest(sequence, payload)
    return _HEADER.pack(_MAGIC, VERSION, sequence, len(payload), digest) + payload


def unframe(data: bytes) -> Record:
    """Read a record, behind which old bytes may follow. StorageError says what is wrong with it."""
    if len(data) < _HEADER.size:
        raise StorageError(f"a record of {len(data)} bytes is cut off")
    magic, version, sequence, length, digest = _HEADER.unpack_from(data)
    if magic != _MAGIC:
        raise StorageError("these bytes are no record")
    if version > VERSION:
        raise StorageError(f"a record of version {version}; this program reads up to {VERSION}")
    payload = data[_HEADER.size : _HEADER.size + length]
    if len(payload) != length or _digest(sequence, payload) != digest:
        raise StorageError("a record is torn, or was changed")
    return Record(sequence, payload)


def _digest(sequence: int, payload: bytes) -> bytes:
    return hashlib.sha256(sequence.to_bytes(8, "big") + payload).digest()


def read_record(file: StoredFile | None) -> Record | StorageError | None:
    """The record of a file, or what is wrong with it; None where nothing was ever written."""
    if file is None:
        return None
    try:
        size = file.size()
        return unframe(file.read(0, min(size, MAX_RECORD_BYTES))) if size else None
    except StorageError as error:
        return error


class Slots:
    """A record that changes, in two files. Read before it is written."""

    def __init__(self) -> None:
        self._files: list[StoredFile | None] = [None, None]
        self._sequence = 0
        self._next = 0

    def read(self, *files: StoredFile | None) -> Record | StorageError | None:
        """The last record that is whole. StorageError when something was written but none is: a torn slot
        beside a whole one is only a crash in the middle of a write."""
        self._files[:] = files
        found = [read_record(file) for file in files]
        whole = {slot: record for slot, record in enumerate(found) if isinstance(record, Record)}
        if whole:
            last = max(whole, key=lambda slot: whole[slot].sequence)
            self._sequence, self._next = whole[last].sequence, 1 - last
            return whole[last]
        return next((error for error in found if isinstance(error, StorageError)), None)

    @property
    def missing(self) -> list[int]:
        """Slots that have no file yet."""
        return [slot for slot, file in enumerate(self._files) if file is None]

    def attach(self, slot: int, file: StoredFile) -> None:
        """The file of a slot that had none."""
        self._files[slot] = file

    def write(self, payload: bytes) -> None:
        """Put a record into the slot that does not hold the last one. StorageError when that fails: the
        last one is still whole."""
        file = self._files[self._next]
        assert file is not None, "a slot without a file"
        data = frame(self._sequence + 1, payload)
        file.write(0, data)
        file.flush()
        self._sequence += 1
        self._next = 1 - self._next

    def close(self) -> None:
        """Let go of the files."""
        for file in self._files:
            if file is not None:
                file.close()
        self._files = [None, None]
