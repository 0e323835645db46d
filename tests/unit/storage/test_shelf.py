"""A torrent's files, metadata and state on a disk."""

import random
from collections.abc import Callable

from torrentide.errors import StorageError
from torrentide.storage.handles import MAX_OPENING
from torrentide.storage.record import frame
from torrentide.storage.shelf import CHOICE_SECONDS, FLUSH_SECONDS, RETRY_SECONDS, Shelf
from torrentide.timers import Timers
from unit.storage.crashes import FOLDER, PIECE, Download, make_info
from unit.storage.disk import Disk, Stored

INFO, DATA = make_info()


def download(disk: Disk, most_open: int = 4) -> Download:
    life = Download(disk, INFO, DATA, random.Random(1), most_open)
    life.begin()
    return life


def filled(disk: Disk) -> None:
    life = download(disk)
    life.rng = random.Random(9)
    life.run(life.shelf.state.have_of(INFO.piece_count))


def test_files_are_the_torrents_own_without_empty_ones_and_padding() -> None:
    disk = Disk(random.Random(1))
    filled(disk)
    stored = {name: bytes(file.data) for name, file in disk.files.items()}
    for place, file in enumerate(INFO.files):
        data = stored.pop(f"{FOLDER}/{place}", b"")
        assert data == DATA[file.offset : file.offset + file.length]
    assert set(stored) == {f"{FOLDER}/{name}" for name in ("state-0", "state-1", "metadata")}


def test_no_file_is_made_before_it_has_bytes() -> None:
    disk = Disk(random.Random(1))
    life = download(disk)
    life.shelf.write(0, life.piece(0), lambda error, now: None)
    assert list(disk.files) == [f"{FOLDER}/0"]


def test_handles_are_few_whatever_a_piece_touches() -> None:
    lengths: list[tuple[bytes | None, int]] = [(b"%d" % number, 1) for number in range(200)]
    info, data = make_info(lengths)
    disk = Disk(random.Random(1))
    disk.hold = True
    life = Download(disk, info, data, random.Random(1))
    disk.settle()
    life.shelf.open(info, life.shelf.state.have_of(info.piece_count))
    done: list[object] = []
    view = bytearray(life.piece(0))
    life.shelf.write(0, view, lambda error, now: done.append(error))
    view[:] = bytes(len(view))
    assert len(disk._held) == MAX_OPENING
    disk.settle()
    assert done == [None]
    assert disk.most_open <= 4 + 1
    disk.hold = False
    assert life.true(0), "the data may be changed after the call"


def test_a_short_or_missing_file_is_lost_data_and_says_so() -> None:
    disk = Disk(random.Random(1))
    filled(disk)
    del disk.files[f"{FOLDER}/6"]
    disk.files[f"{FOLDER}/0"].data[100:] = b""
    life = Download(disk, INFO, DATA, random.Random(1))
    life.shelf.load(lambda loaded, now: None)
    life.shelf.open(INFO, life.shelf.state.have_of(INFO.piece_count))
    results: list[object] = []
    for index in (1, INFO.piece_count - 1):
        life.shelf.read(index, 0, 8, lambda data, now: results.append(data))
        life.shelf.read(index, PIECE - 10 if index == 1 else 0, 10, lambda data, now: results.append(data))
    assert results[0] == DATA[PIECE : PIECE + 8]
    assert all(isinstance(result, StorageError) and result.kind == "lost" for result in results[1:])


def test_nothing_is_claimed_before_its_flush_nor_later_than_the_interval() -> None:
    disk = Disk(random.Random(1))
    life = download(disk)
    life.shelf.keep()
    life.shelf.write(0, life.piece(0), lambda error, now: None)
    assert claimed(disk) == []
    life.wait(FLUSH_SECONDS)
    assert claimed(disk) == [0]
    life.shelf.lost(0)
    assert claimed(disk) == [], "before anything is written over it"


def test_a_piece_that_is_found_is_claimed_behind_the_next_flush() -> None:
    disk = Disk(random.Random(1))
    life = download(disk)
    assert not life.shelf.kept
    life.shelf.keep()
    assert life.shelf.kept
    life.shelf.found(2)
    life.shelf.close()
    assert not life.shelf.kept
    again = Download(disk, INFO, DATA, random.Random(1))
    again.shelf.load(lambda loaded, now: None)
    assert list(again.shelf.state.have_of(INFO.piece_count)) == [2]


def test_what_the_person_chose_is_safe_soon_and_many_changes_are_one_record() -> None:
    disk = Disk(random.Random(1))
    life = download(disk)
    life.shelf.keep()
    # The flush interval has begun, and does not hold it up.
    life.shelf.write(0, life.piece(0), lambda error, now: None)
    before = disk.flushes
    for limit in range(10):
        life.shelf.state.down = limit
        life.shelf.chosen()
        life.wait(CHOICE_SECONDS / 20)
    assert reloaded(disk).state.down == -1
    life.wait(CHOICE_SECONDS / 2)
    assert reloaded(disk).state.down == 9
    assert claimed(disk) == [0]
    # The piece's file and one record.
    assert disk.flushes - before == 2
    life.shelf.changed()
    life.wait(CHOICE_SECONDS)
    assert disk.flushes - before == 2, "what comes by itself has time"


def test_closing_makes_everything_safe_and_leaves_no_timer() -> None:
    disk = Disk(random.Random(1))
    life = download(disk)
    life.shelf.keep()
    life.shelf.write(5, life.piece(5), lambda error, now: None)
    life.shelf.close()
    assert claimed(disk) == [5]
    assert not len(life.timers)
    assert not any(file.open for file in disk.files.values())


def test_a_file_that_opens_after_the_end_is_closed() -> None:
    disk = Disk(random.Random(1))
    life = download(disk)
    disk.hold = True
    life.shelf.keep()
    heard: list[object] = []
    life.shelf.write(0, life.piece(0), lambda error, now: heard.append(error))
    life.shelf.close()
    disk.settle()
    assert isinstance(heard[0], StorageError)
    assert not any(file.open for file in disk.files.values())


def test_a_full_disk_is_told_once_and_tried_again() -> None:
    disk = Disk(random.Random(1))
    heard: list[StorageError] = []
    life = download(disk)
    life.shelf._failed = heard.append
    life.shelf.keep()
    disk.room = disk.used()
    for _ in range(3):
        life.shelf.changed()
        life.wait(FLUSH_SECONDS)
    assert [error.kind for error in heard] == ["full"]
    disk.room = None
    life.shelf.state.paused = True
    life.wait(RETRY_SECONDS)
    assert reloaded(disk).state.paused


def test_faults_are_named_and_the_rest_is_used() -> None:
    changes: dict[str, Callable[[bytearray], None]] = {
        "torn": lambda data: data.__setitem__(slice(60, 64), b"torn"),
        "cut off": lambda data: data.__delitem__(slice(10, None)),
        "version 9": lambda data: data.__setitem__(17, 9),
    }
    for words, change in changes.items():
        disk = Disk(random.Random(1))
        filled(disk)
        for name in ("state-0", "state-1", "metadata"):
            change(disk.files[f"{FOLDER}/{name}"].data)
        life = Download(disk, INFO, DATA, random.Random(1))
        life.begin()
        (loaded,) = life.loaded
        assert loaded.state is None
        assert loaded.metadata is None
        assert [words in fault for fault in loaded.faults] == [True, True]
        assert loaded.sizes[6] == 700


def test_metadata_comes_back_byte_for_byte() -> None:
    disk = Disk(random.Random(1))
    life = download(disk)
    life.shelf.keep_metadata(b"d4:infodee")
    assert bytes(disk.files[f"{FOLDER}/metadata"].data) == frame(0, b"d4:infodee")
    again = Download(disk, INFO, DATA, random.Random(1))
    again.begin()
    assert again.loaded[0].metadata == b"d4:infodee"


def reloaded(disk: Disk) -> Shelf:
    """The shelf as it is found after a crash that loses all that may be lost."""
    after = Disk(random.Random(1))
    safe = {path: file.safe for path, file in disk.files.items() if file.safe is not None}
    after.files = {path: Stored(bytearray(data), data) for path, data in safe.items()}
    shelf = Shelf(after, FOLDER, Timers(), lambda: 0.0, lambda error: None)
    shelf.load(lambda loaded, now: None)
    return shelf


def claimed(disk: Disk) -> list[int]:
    """The pieces that the record on the disk claims."""
    return list(reloaded(disk).state.have_of(INFO.piece_count))
