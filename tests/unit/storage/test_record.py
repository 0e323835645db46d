"""Records and their two slots."""

import random

import pytest

from torrentide.errors import StorageError
from torrentide.storage.filesystem import StoredFile
from torrentide.storage.record import Record, Slots, frame, read_record, unframe
from unit.storage.disk import Disk


def files(disk: Disk) -> list[StoredFile]:
    found: list[StoredFile] = []
    for name in ("0", "1"):
        disk.open(name, lambda file, now: found.append(file), create=True)  # type: ignore[arg-type]
    return found


def test_a_record_comes_back_with_old_bytes_behind_it() -> None:
    assert unframe(frame(7, b"payload") + b"older and longer") == Record(7, b"payload")


@pytest.mark.parametrize("place", range(0, 70, 3))
def test_a_changed_bit_anywhere_is_found(place: int) -> None:
    data = bytearray(frame(7, b"payload"))
    data[place % len(data)] ^= 1 << place % 8
    with pytest.raises(StorageError):
        unframe(bytes(data))


def test_what_is_cut_off_is_found_at_any_place() -> None:
    data = frame(1, b"payload")
    for end in range(len(data)):
        with pytest.raises(StorageError):
            unframe(data[:end])


def test_a_newer_version_says_so() -> None:
    data = bytearray(frame(1, b"x"))
    data[17] = 9
    with pytest.raises(StorageError, match="version 9"):
        unframe(bytes(data))


def test_slots_are_written_in_turn_and_the_last_one_counts() -> None:
    disk = Disk(random.Random(1))
    slots, (first, second) = Slots(), files(disk)
    assert slots.read(first, second) is None
    for number in range(5):
        slots.write(b"record %d" % number)
    assert Slots().read(first, second) == Record(5, b"record 4")
    again = Slots()
    again.read(first, second)
    again.write(b"after")
    assert Slots().read(first, second) == Record(6, b"after")


def test_a_torn_slot_beside_a_whole_one_is_only_a_crash() -> None:
    disk = Disk(random.Random(1))
    slots, (first, second) = Slots(), files(disk)
    slots.read(first, second)
    slots.write(b"one")
    slots.write(b"two")
    second.write(60, b"torn")
    found = Slots().read(first, second)
    assert isinstance(found, Record)
    assert found.payload == b"one"
    first.write(60, b"torn")
    assert isinstance(Slots().read(first, second), StorageError)


def test_an_empty_file_is_no_record_yet() -> None:
    disk = Disk(random.Random(1))
    assert read_record(files(disk)[0]) is None
    assert read_record(None) is None
