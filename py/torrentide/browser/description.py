"""What a torrent is, as the page is told when it is added and when its metadata is here. Nothing here
changes later."""

from dataclasses import replace
from typing import Any

from torrentide.metainfo.info import Info
from torrentide.metainfo.magnet import Magnet, magnet_of
from torrentide.metainfo.metainfo import Metainfo
from torrentide.pieces.availability import DEFAULT_PRIORITY


def info_hash_of(outer: Metainfo | Magnet) -> bytes:
    """The info-hash of a .torrent or a magnet link."""
    return outer.info_hash if isinstance(outer, Magnet) else outer.info.info_hash


def link_state(outer: Metainfo | Magnet, trackers: list[str], web_seeds: list[str]) -> dict[str, Any]:
    """The fields of a TorrentState that are known before the metadata, with all trackers and web seeds that
    are used."""
    magnet = outer if isinstance(outer, Magnet) else magnet_of(outer)
    state: dict[str, Any] = {
        "infoHash": info_hash_of(outer).hex(),
        "announce": trackers,
        "urlList": web_seeds,
        "magnetURI": str(replace(magnet, trackers=tuple(trackers))),
    }
    name = outer.safe_name if isinstance(outer, Magnet) else outer.info.name
    if name:
        state["name"] = name
    if isinstance(outer, Magnet):
        state["peerAddresses"] = [f"{host}:{port}" for host, port in outer.peers]
        if outer.exact_sources:
            state["xs"] = list(outer.exact_sources)
    return state


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
