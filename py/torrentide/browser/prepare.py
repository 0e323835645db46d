"""What must be read before a torrent can join its swarm: a .torrent file or a block list by URL, or the files
of a seed.

Owns the reading, in the background, of what a page gives to a client, to `add` and to `seed`. It never knows
peers or trackers.
"""

from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import JsException, to_js

from torrentide.browser.hashing import Hashing
from torrentide.browser.shim import JsBlob
from torrentide.discovery.blocklist import MAX_LIST_BYTES, BlockList, parse_blocklist
from torrentide.errors import InvalidTorrent, LocalError
from torrentide.metainfo.create import MAX_CHOSEN_PIECE_LENGTH, Options, Plan, plan
from torrentide.metainfo.info import Info
from torrentide.metainfo.magnet import Magnet, parse_info_hash, parse_magnet
from torrentide.metainfo.metainfo import MAX_TORRENT_BYTES, Metainfo, parse_metainfo

# WebTorrent gives a .torrent by URL 30 s; a block list, too.
FETCH_MILLISECONDS = 30_000


def parse_id(given: str | bytes) -> Metainfo | Magnet | None:
    """What a torrent id names: the bytes of a .torrent, a magnet link, an info-hash. None for what must be
    fetched first."""
    if isinstance(given, bytes):
        return parse_metainfo(given)
    text = given.strip()
    if text[:7].lower() == "magnet:" or text[:14].lower() == "stream-magnet:":
        return parse_magnet(text)
    if text[:7].lower() == "http://" or text[:8].lower() == "https://":
        return None
    info_hash = parse_info_hash(text)
    if info_hash is None:
        raise InvalidTorrent(
            f"{text[:60]!r} is no torrent: expected a magnet link, an info-hash, an http(s) URL "
            "or the bytes of a .torrent file"
        )
    return Magnet(info_hash)


async def fetch_torrent(url: str) -> Metainfo:
    """Read a .torrent from its URL. InvalidTorrent says what went wrong on the way."""
    return parse_metainfo(await _fetch(url, MAX_TORRENT_BYTES, "a .torrent file", InvalidTorrent))


async def read_blocklist(given: dict[str, Any]) -> BlockList:
    """Read a block list, `url` or `data` of protocol.ts. LocalError says what is wrong with it."""
    if "url" in given:
        return parse_blocklist(await _fetch(given["url"], MAX_LIST_BYTES, "a block list", LocalError))
    data = given["data"]
    return parse_blocklist(data.encode() if isinstance(data, str) else bytes(data))


async def _fetch(url: str, most: int, what: str, fault: type[LocalError]) -> bytes:
    try:
        options = {"credentials": "omit", "signal": js.AbortSignal.timeout(FETCH_MILLISECONDS)}
        response = await js.fetch(url, to_js(options, dict_converter=js.Object.fromEntries))
        if not response.ok:
            raise fault(f"{url}: the server answered {response.status}")
        data = bytearray()
        # A response without contents has no body, or one that ends at once.
        reader = (response.body or js.Response.new("").body).getReader()
        while not (read := await reader.read()).done:
            data += read.value.to_bytes()
            if len(data) > most:
                reader.cancel()
                raise fault(f"{url}: more than {most} bytes are too many for {what}")
    except JsException as exception:
        raise fault(
            f"{url} could not be fetched ({exception}). A page may read other sites only where they allow "
            "it (CORS)."
        ) from None
    return bytes(data)


async def hash_files(
    files: list[dict[str, Any]],
    options: dict[str, Any],
    hashing: Hashing,
    progress: Callable[[float], None],
    known: bytes | None = None,
) -> tuple[Metainfo, JsBlob]:
    """Make a torrent of a page's SeedFiles with its SeedOptions; gives it with the bytes of all files as
    one Blob, which is no copy. `progress` is told 0 to 1 on the way. `known` is a .torrent file that was made
    of the files before: where their number and sizes fit it, they are not hashed."""
    blobs: list[JsBlob] = [file["blob"] for file in files]
    sizes = [(str(file["path"]), blob.size) for file, blob in zip(files, blobs, strict=True)]
    planned = plan(sizes, _options(options), f"Unnamed Torrent {int(js.Date.now())}")
    whole: JsBlob = js.Blob.new(to_js([blobs[number] for number in planned.inputs]))
    before = parse_metainfo(known) if known is not None else None
    if before is not None and _fits(before.info, planned):
        return before, whole
    return planned.finish(await hashing.sha1(whole, planned.piece_length, progress)), whole


def _fits(info: Info, planned: Plan) -> bool:
    lengths = [length for _, length in planned.files]
    return info.piece_length == planned.piece_length and [file.length for file in info.files] == lengths


def _options(given: dict[str, Any]) -> Options:
    """A page's SeedOptions, whose types web/src/api/options.ts has checked."""
    return Options(
        name=given.get("name") or "",
        piece_length=given.get("pieceLength"),
        max_piece_length=given.get("maxPieceLength") or MAX_CHOSEN_PIECE_LENGTH,
        private=given.get("private"),
        filter_junk=given["filterJunk"],
        info=given.get("info") or {},
        tiers=[*given["announceList"], *([url] for url in given["announce"])],
        web_seeds=given["urlList"],
        comment=given.get("comment") or "",
        created_by=given.get("createdBy") or "",
        creation_date=given.get("creationDate"),
    )
