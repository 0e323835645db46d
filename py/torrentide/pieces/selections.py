"""Which pieces somebody selects, by ranges and by files: the rules of `select`, `deselect` and `critical`.
Those of pages, in web/src/api/, are the same.

Owns the chosen priority of each piece and which files are selected. It never knows what is here, nor readers.
"""

from collections.abc import Mapping

from torrentide.errors import LocalError
from torrentide.metainfo.info import Info
from torrentide.pieces.availability import DEFAULT_PRIORITY, MAX_PRIORITY


class Selections:
    """The pieces of `info`, all selected at first. What changes something gives the priorities of the pieces
    that changed: 0 is not wanted, 4 usual, 7 first."""

    def __init__(self, info: Info) -> None:
        self.files = [True] * len(info.files)
        self.priorities = bytearray([DEFAULT_PRIORITY]) * info.piece_count
        self.critical: set[int] = set()
        self._info = info

    def select(self, start: int, end: int | None, priority: float = 0) -> Mapping[int, int]:
        """Want pieces `start` to `end` (exclusive; None: to the last one). 0 is the usual priority, higher
        ones come first; of two selections of a piece the higher one counts. LocalError for a bad range."""
        wanted = min(MAX_PRIORITY, max(1, DEFAULT_PRIORITY + round(priority)))
        return self._set({index: max(self.priorities[index], wanted) for index in self._range(start, end)})

    def deselect(self, start: int, end: int | None) -> Mapping[int, int]:
        """Want none of them. What of the range does not exist is no error."""
        count = len(self.priorities)
        return self._set(dict.fromkeys(range(max(0, start), count if end is None else min(end, count)), 0))

    def select_file(self, place: int, priority: float = 0) -> Mapping[int, int]:
        """Want the file at `place` of the info's files."""
        pieces = self._pieces(place)
        self.files[place] = True
        return self.select(pieces.start, pieces.stop, priority) if pieces else {}

    def deselect_file(self, place: int) -> Mapping[int, int]:
        """Do not want it. Pieces that it shares with files that are selected stay wanted."""
        pieces = self._pieces(place)
        self.files[place] = False
        # Only the first and the last one can hold bytes of others.
        shared = {index for index in {*pieces[:1], *pieces[-1:]} if self._is_shared(index)}
        return self._set(dict.fromkeys((index for index in pieces if index not in shared), 0))

    def add_critical(self, start: int, end: int | None) -> None:
        """These pieces hold something up. LocalError for a bad range."""
        self.critical.update(self._range(start, end))

    def _set(self, priorities: Mapping[int, int]) -> Mapping[int, int]:
        changed = {index: new for index, new in priorities.items() if new != self.priorities[index]}
        for index, priority in changed.items():
            self.priorities[index] = priority
        return changed

    def _range(self, start: int, end: int | None) -> range:
        count = len(self.priorities)
        stop = count if end is None else end
        if not 0 <= start < stop <= count:
            raise LocalError(f"a selection of pieces {start} to {end} (exclusive), where there are {count}")
        return range(start, stop)

    def _pieces(self, place: int) -> range:
        return self._info.pieces_of(self._info.files[place])

    def _is_shared(self, index: int) -> bool:
        files = self._info.files_in(index * self._info.piece_length, self._info.piece_size(index))
        return any(self.files[place] for place, _, _ in files)
