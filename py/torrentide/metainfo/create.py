"""Making torrents: the choice of piece length and name, and the info dict from hashes.

Owns what create-torrent 6 decides, so that the same files give the same info-hash. Reading and hashing the
files is the shell's work; this module sees names, lengths and digests.
"""

import math
from collections.abc import Sequence

from torrentide.errors import InvalidTorrent
from torrentide.metainfo import bencode
from torrentide.metainfo.info import MAX_PIECE_LENGTH, Info, parse_info

MIN_PIECE_LENGTH = 16 * 1024
# create-torrent 6: `maxPieceLength`.
MAX_CHOSEN_PIECE_LENGTH = 4 * 1024 * 1024
_PIECES_WANTED = 1024


def choose_piece_length(length: int) -> int:
    """Piece length in bytes for `length` bytes of data: about 1024 pieces of 16 KiB to 4 MiB (create-
    torrent 6)."""
    if length <= MIN_PIECE_LENGTH * _PIECES_WANTED:
        return MIN_PIECE_LENGTH
    # JavaScript's Math.round: halves go up.
    wanted = 1 << math.floor(math.log2(length / _PIECES_WANTED) + 0.5)
    return min(MAX_CHOSEN_PIECE_LENGTH, wanted)


def check_piece_length(piece_length: int) -> int:
    """A caller's piece length, if it can be used: 1 byte to about 512 MiB."""
    if not 1 <= piece_length <= MAX_PIECE_LENGTH:
        raise InvalidTorrent(f"pieceLength must be from 1 to {MAX_PIECE_LENGTH} bytes, not {piece_length}")
    return piece_length


def default_name(paths: Sequence[Sequence[str]]) -> str:
    """The torrent's name when none is given: the folder that all paths share, else the first file's name."""
    return paths[0][0] if _share_folder(paths) else paths[0][-1]


def build_info(
    name: str,
    files: Sequence[tuple[Sequence[str], int]],
    piece_length: int,
    hashes: bytes,
    *,
    private: bool = False,
) -> Info:
    """The info of `files`: each a path (with the shared folder in front, if there is one) and a length in
    bytes.

    One file makes a single-file torrent, whatever folder it came from; more make a folder called `name`
    (create-torrent 6).
    """
    info: dict[str, object] = {"name": name, "piece length": piece_length, "pieces": hashes}
    if len(files) == 1:
        info["length"] = files[0][1]
    else:
        skip = 1 if _share_folder([path for path, _ in files]) else 0
        info["files"] = [{"length": length, "path": list(path[skip:])} for path, length in files]
    if private:
        info["private"] = 1
    return parse_info(bencode.encode(info))


def _share_folder(paths: Sequence[Sequence[str]]) -> bool:
    return len(paths) > 1 and all(len(path) > 1 and path[0] == paths[0][0] for path in paths)
