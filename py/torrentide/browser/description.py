"""What is in a torrent, as the page is told when the metadata is here. Nothing here changes later."""

from typing import Any

from torrentide.metainfo.info import Info
from torrentide.metainfo.magnet import Magnet
from torrentide.metainfo.metainfo import Metainfo
from torrentide.pieces.availability import DEFAULT_PRIORITY


def info_state(info: Info) -> dict[str, Any]:
    """The fields of a TorrentState that come from the info."""
    return {
        "name": info.name,
        "length": info.length,
        "pieceLength": info.piece_length,
        "lastPieceLength": info.piece_size(info.piece_count - 1),
        "pieceCount": info.piece_count,
        "files": [
            {"path": "/".join(file.path), "name": file.name, "length": file.length, "offset": file.offset}
            for file in info.files
        ],
    }


def outer_state(info: Info, outer: Metainfo | Magnet) -> dict[str, Any]:
    """The .torrent file, and what is written around its info."""
    if isinstance(outer, Magnet):
        outer = Metainfo(info, outer.tiers, outer.web_seeds)
    data = outer.to_bytes()
    begin = data.index(info.raw)
    state: dict[str, Any] = {"torrentFile": data, "infoSpan": [begin, begin + len(info.raw)]}
    if outer.comment:
        state["comment"] = outer.comment
    if outer.created_by:
        state["createdBy"] = outer.created_by
    if outer.creation_date is not None:
        state["created"] = outer.creation_date
    return state


def selected_files(info: Info, outer: Metainfo | Magnet) -> list[int] | None:
    """The files that a magnet link selects (BEP 53); None where it selects nothing."""
    if not isinstance(outer, Magnet) or not outer.select:
        return None
    count = len(info.files)
    return [file for first, last in outer.select for file in range(first, min(last + 1, count))]


def priorities_of(info: Info, files: list[int]) -> bytes:
    """Priorities of pieces with which these files, and no others, are wanted."""
    priorities = bytearray(info.piece_count)
    for file in files:
        for index in info.pieces_of(info.files[file]):
            priorities[index] = DEFAULT_PRIORITY
    return bytes(priorities)
