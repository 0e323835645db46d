"""Films whose indices lie, as a stranger could make them."""

import random
import struct
from collections.abc import Callable


def _patched(film: bytes, box: bytes, offset: int, value: bytes) -> bytes:
    """The film with other bytes at `offset` behind the name of its first `box`."""
    at = film.index(box) + len(box) + offset
    return film[:at] + value + film[at + len(value) :]


def wrong_sizes(film: bytes) -> bytes:
    """Samples are of sizes that they have not, so that all lie elsewhere."""
    return _patched(film, b"stsz", 12, random.Random(4).randbytes(400))


def too_many_samples(film: bytes) -> bytes:
    """More than any film has, all of one size."""
    return _patched(film, b"stsz", 4, struct.pack(">II", 1, 0xFFFFFFFF))


def too_many_rows(film: bytes) -> bytes:
    """A table of times that is longer than the file."""
    return _patched(film, b"stts", 4, struct.pack(">I", 0xFFFFFFFF))


def huge_index(film: bytes) -> bytes:
    """An index of 2^62 bytes."""
    at = film.index(b"moov") - 4
    return film[:at] + struct.pack(">I4sQ", 1, b"moov", 1 << 62) + film[at + 8 :]


def huge_box(film: bytes) -> bytes:
    """A box in the index that ends 4 GiB behind it."""
    return _patched(film, b"trak", -8, struct.pack(">I", 0xFFFFFFFF))


def boxes_of_no_size(film: bytes) -> bytes:
    """Boxes that have not even room for their own heads, one in the other."""
    return _patched(_patched(film, b"trak", -8, bytes(4)), b"stbl", -8, struct.pack(">I", 1))


def no_end_of_boxes(film: bytes) -> bytes:
    """A million boxes of 8 bytes before the index."""
    at = film.index(b"moov") - 4
    return film[:at] + struct.pack(">I4s", 8, b"free") * 1_000_000 + film[at:]


def circle(film: bytes) -> bytes:
    """Samples that lie in the index itself, all at the same place."""
    at = film.index(b"stco") + 12
    count = int.from_bytes(film[at - 4 : at])
    return film[:at] + struct.pack(">I", film.index(b"stco")) * count + film[at + 4 * count :]


LIARS: dict[str, Callable[[bytes], bytes]] = {
    each.__name__: each
    for each in (
        wrong_sizes,
        too_many_samples,
        too_many_rows,
        huge_index,
        huge_box,
        boxes_of_no_size,
        no_end_of_boxes,
        circle,
    )
}
