"""How much of each file of a torrent is here.

Owns the count of bytes that lack of each, which moves with every piece. It never knows the page.
"""

from torrentide.metainfo.info import Info
from torrentide.pieces.bitfield import Bitfield


class FilesHere:
    """The files of `info`, of which the pieces `have` are here. `moved` is set when a count changed; whoever
    tells it clears it."""

    def __init__(self, info: Info, have: Bitfield) -> None:
        self.moved = False
        self._info = info
        if have.complete:
            self._lacking = [0] * len(info.files)
            return
        self._lacking = [file.length for file in info.files]
        for index in have:
            self.verified(index)

    def verified(self, index: int) -> list[int]:
        """A piece is here; gives the files that are complete by it."""
        touched = []
        for file, _, count in self._files_of(index):
            self._lacking[file] -= count
            touched.append(file)
        self.moved = True
        return [file for file in touched if not self._lacking[file]]

    def lost(self, index: int) -> list[int]:
        """A piece is not here any more; gives the files that are not complete for it."""
        done = [file for file, _, _ in self._files_of(index) if self.is_done(file)]
        for file, _, count in self._files_of(index):
            self._lacking[file] += count
        self.moved = True
        return done

    def is_done(self, file: int) -> bool:
        """Whether all of it is here."""
        return not self._lacking[file]

    def done(self) -> list[int]:
        """The files that are complete."""
        return [file for file, lacking in enumerate(self._lacking) if not lacking]

    def progress(self) -> list[int]:
        """Bytes of each file that are here."""
        return [file.length - lacking for file, lacking in zip(self._info.files, self._lacking, strict=True)]

    def _files_of(self, index: int) -> list[tuple[int, int, int]]:
        info = self._info
        return list(info.files_in(index * info.piece_length, info.piece_size(index)))
