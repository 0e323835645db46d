"""Which priority pieces have when files have priorities.

Owns the priority of each file. A piece that holds bytes of several files has the highest of theirs: to have
one of them whole, it is needed. It never knows what is picked.
"""

from torrentide.metainfo.info import Info
from torrentide.pieces.availability import DEFAULT_PRIORITY, MAX_PRIORITY


class FilePriorities:
    """The files of `info`, by their places in `info.files`; 4 for each at first."""

    def __init__(self, info: Info) -> None:
        self._info = info
        self._priorities = [DEFAULT_PRIORITY] * len(info.files)

    def __getitem__(self, place: int) -> int:
        return self._priorities[place]

    def set(self, place: int, priority: int) -> dict[int, int]:
        """Change the priority of a file, 0 (not wanted) to 7 (first). Gives the pieces with bytes of it and
        the priority of each now. ValueError for a priority out of that range."""
        if not 0 <= priority <= MAX_PRIORITY:
            raise ValueError(f"a priority of {priority}, expected 0 to {MAX_PRIORITY}")
        self._priorities[place] = priority
        pieces = self._info.pieces_of(self._info.files[place])
        changed = dict.fromkeys(pieces, priority)
        # Only the first and the last one can hold bytes of others.
        for index in {*pieces[:1], *pieces[-1:]}:
            changed[index] = self._highest(index)
        return changed

    def _highest(self, index: int) -> int:
        start = index * self._info.piece_length
        files = self._info.files_in(start, self._info.piece_size(index))
        return max(self._priorities[place] for place, _, _ in files)
