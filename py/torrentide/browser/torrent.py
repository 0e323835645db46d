"""A torrent as the page sees it: what changes in the engine is mirrored, in few messages.

Owns which fields the page knows of one torrent, and when it is told. Counters go out a few times a second,
never per block; events go out at once, with the state that they speak of. It takes no decision about the
torrent.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from torrentide.browser.page import Page, error_fields
from torrentide.browser.shim import JsBlob, JsReader
from torrentide.browser.stores import BlobStore, MemoryStore
from torrentide.discovery.signalling import AnnounceReply
from torrentide.engine.peer import Peer
from torrentide.engine.session import Session
from torrentide.engine.swarm import Swarm
from torrentide.errors import Closed, DuplicateTorrent, LocalError, TorrentideError
from torrentide.metainfo.info import Info
from torrentide.metainfo.magnet import Magnet, magnet_of
from torrentide.metainfo.metainfo import Metainfo
from torrentide.timers import Timers

# Often enough for a moving progress bar; a message costs about as much as three blocks.
REFRESH_SECONDS = 0.2

_COUNTERS = ("downloaded", "received", "uploaded", "downloadSpeed", "uploadSpeed", "numPeers")


class PageTorrent:
    """The torrent that the page calls `number`. Made before anything is known of it; `join` brings it into
    its swarm."""

    def __init__(
        self,
        number: int,
        session: Session,
        page: Page,
        timers: Timers,
        reader: JsReader,
        gone: Callable[[], None],
    ) -> None:
        self.session = session
        self.swarm: Swarm | None = None
        # The task that prepares it: reads a URL, or hashes files.
        self.preparing: asyncio.Task[None] | None = None
        self._number = number
        self._page = page
        self._timers = timers
        self._reader = reader
        self._gone = gone
        self._closed = False
        self._outer: Metainfo | Magnet | None = None
        self._whole: JsBlob | None = None
        self._store: MemoryStore | BlobStore | None = None
        self._info: Info | None = None
        self._seeding = False
        # Bytes that lack of each file.
        self._lacking: list[int] = []
        self._files_moved = False
        self._sent: dict[str, int | float] = dict.fromkeys(_COUNTERS, 0)
        self._reads: list[tuple[int, int, int, int]] = []

    # -- What the page asks

    def join(
        self,
        outer: Metainfo | Magnet,
        own: list[str],
        foreign: list[str],
        *,
        web_seeds: Sequence[str] = (),
        whole: JsBlob | None = None,
    ) -> None:
        """Join the swarm of a .torrent or a magnet link; with `whole`, the bytes of all files one after the
        other, as a seed. `own` and `foreign` are trackers that it names and does not name, `web_seeds` are
        used beside its own."""
        info = outer.info if isinstance(outer, Metainfo) else None
        info_hash = info.info_hash if info is not None else outer.info_hash  # type: ignore[union-attr]
        if info_hash in self.session.swarms:
            raise DuplicateTorrent(f"Cannot add duplicate torrent {info_hash.hex()}")
        private = info is not None and info.private
        trackers = list(dict.fromkeys([*own, *([] if private else foreign)]))
        magnet = outer if isinstance(outer, Magnet) else magnet_of(outer)
        web_seeds = list(dict.fromkeys([*outer.web_seeds, *web_seeds]))
        self._outer = outer
        self._whole = whole
        self._seeding = whole is not None
        state: dict[str, Any] = {
            "infoHash": info_hash.hex(),
            "announce": trackers,
            "urlList": web_seeds,
            "magnetURI": str(replace(magnet, trackers=tuple(trackers))),
        }
        if _name(outer):
            state["name"] = _name(outer)
        self._tell(state, ["infoHash"])
        self.swarm = self.session.add(
            info_hash,
            own,
            foreign=foreign,
            observer=self,
            open_store=self._open_store,
            now=time.monotonic(),
            info=info,
            seeding=self._seeding,
        )
        self.swarm.torrent.add_web_seeds(web_seeds, time.monotonic())
        if isinstance(outer, Metainfo):
            self.swarm.torrent.add_web_seeds(outer.http_seeds, time.monotonic(), pieces=True)
        if self._seeding:
            self._tell({}, ["seed"])
        self._timers.at(time.monotonic() + REFRESH_SECONDS, self._refresh)

    def hashing(self, done: float) -> None:
        """The files of a seed are being hashed: 0 to 1."""
        self._tell({"hashing": done})

    def read(self, call: int, file: int, start: int, end: int) -> None:
        """Reply to `call` with bytes `start` to `end` (exclusive) of file number `file` as a Blob, once
        they are here."""
        info = self._info
        if info is None or not 0 <= file < len(info.files):
            raise LocalError(
                f"there is no file number {file}" + ("" if info else " yet: the metadata is not here")
            )
        length = info.files[file].length
        if not 0 <= start <= end <= length:
            raise LocalError(f"bytes {start} to {end} of a file of {length} bytes do not exist")
        self._reads.append((call, file, start, end))
        self._serve_reads()

    def close(self) -> None:
        """Leave the swarm; whatever waits is refused."""
        if self._closed:
            return
        self._closed = True
        if self.preparing is not None:
            self.preparing.cancel()
        for call, *_ in self._reads:
            self._page.refuse(call, Closed("the torrent was removed"))
        self._reads.clear()
        if self.swarm is not None:
            self.session.remove(self.swarm.torrent.info_hash, time.monotonic())

    def failed(self, error: Exception) -> None:
        """The torrent can't go on: the page is told, and it is closed."""
        if self._closed:
            return
        event: list[Any] = ["error", error_fields(error)]
        if isinstance(error, DuplicateTorrent):
            event.append(str(error).rpartition(" ")[2])
        self._tell({}, event)
        self.close()
        self._gone()

    # -- Observer of the swarm

    def metadata(self, now: float) -> None:
        """See `SwarmObserver`: what is in the torrent is known."""
        info = self._info
        assert info is not None
        self._lacking = [0 if self._seeding else file.length for file in info.files]
        self._tell(
            {
                **self._outer_state(info),
                "name": info.name,
                "private": info.private,
                "length": info.length,
                "pieceLength": info.piece_length,
                "lastPieceLength": info.piece_size(info.piece_count - 1),
                "pieceCount": info.piece_count,
                "files": [
                    {
                        "path": "/".join(file.path),
                        "name": file.name,
                        "length": file.length,
                        "offset": file.offset,
                    }
                    for file in info.files
                ],
                "fileProgress": self._file_progress(),
                "downloaded": info.length if self._seeding else 0,
            },
            ["metadata"],
        )
        self._tell({"ready": True}, ["ready"], *self._done_files(range(len(info.files))))

    def verified(self, index: int, now: float) -> None:
        """See `SwarmObserver`: a piece is here."""
        info = self._info
        assert info is not None
        touched = []
        for file, _, count in info.files_in(index * info.piece_length, info.piece_size(index)):
            self._lacking[file] -= count
            touched.append(file)
        self._files_moved = True
        done = self._done_files(touched)
        if done:
            self._tell(self._progress(now), ["verified", index], *done)
        else:
            self._tell({}, ["verified", index])
        self._serve_reads()

    def done(self, now: float) -> None:
        """See `SwarmObserver`: everything is here."""
        self._tell({**self._progress(now), "done": True}, *self._moved(), ["done"])

    def peer_joined(self, peer: Peer, now: float) -> None:
        """See `SwarmObserver`."""
        wire = {
            "link": peer.link,
            "peerId": (peer.peer_id or b"").hex(),
            "client": peer.extensions.peer.client,
        }
        self._tell({"numPeers": self._num_peers()}, ["wire", wire])

    def peer_left(self, peer: Peer, reason: str, now: float) -> None:
        """See `SwarmObserver`."""
        self._tell({"numPeers": self._num_peers()}, ["wire-closed", peer.link])

    def announced(self, reply: AnnounceReply) -> None:
        """See `SwarmObserver`."""
        self._tell({}, ["trackerAnnounce"])

    def no_peers(self, now: float) -> None:
        """See `SwarmObserver`."""
        self._tell({}, ["noPeers", "tracker"])

    def warning(self, error: TorrentideError) -> None:
        """See `SwarmObserver`."""
        self._tell({}, ["warning", error_fields(error)])

    # -- The mirror

    def _open_store(self, info: Info) -> MemoryStore | BlobStore:
        self._info = info
        if self._whole is not None:
            self._store = BlobStore(info, self._whole, self._reader)
        else:
            self._store = MemoryStore(info)
        return self._store

    def _outer_state(self, info: Info) -> dict[str, Any]:
        """The .torrent file, and what is written around its info."""
        outer = self._outer
        assert outer is not None
        if isinstance(outer, Magnet):
            outer = Metainfo(info, outer.tiers, outer.web_seeds)
        state: dict[str, Any] = {"torrentFile": outer.to_bytes()}
        if outer.comment:
            state["comment"] = outer.comment
        if outer.created_by:
            state["createdBy"] = outer.created_by
        if outer.creation_date is not None:
            state["created"] = outer.creation_date
        return state

    def _refresh(self, now: float) -> None:
        if self._closed:
            return
        state = self._progress(now)
        events = self._moved()
        if state:
            self._tell(state, *events)
        self._timers.at(now + REFRESH_SECONDS, self._refresh)

    def _progress(self, now: float) -> dict[str, Any]:
        """The counters that changed since they were told."""
        if self.swarm is None:
            return {}
        torrent = self.swarm.torrent
        values: dict[str, int | float] = {
            "downloaded": torrent.downloaded,
            "received": torrent.down.total,
            "uploaded": torrent.up.total,
            "downloadSpeed": torrent.down.rate(now),
            "uploadSpeed": torrent.up.rate(now),
            "numPeers": self._num_peers(),
        }
        state: dict[str, Any] = {name: value for name, value in values.items() if value != self._sent[name]}
        if self._files_moved:
            self._files_moved = False
            state["fileProgress"] = self._file_progress()
        return state

    def _moved(self) -> list[list[Any]]:
        """The bytes that came and went since the last message that said so."""
        if self.swarm is None:
            return []
        torrent = self.swarm.torrent
        came = torrent.down.total - self._sent["received"]
        went = torrent.up.total - self._sent["uploaded"]
        return [[name, count] for name, count in (("download", came), ("upload", went)) if count]

    def _file_progress(self) -> list[int]:
        assert self._info is not None
        return [file.length - lacking for file, lacking in zip(self._info.files, self._lacking, strict=True)]

    def _done_files(self, files: list[int] | range) -> list[list[Any]]:
        return [["file-done", file] for file in files if not self._lacking[file]]

    def _num_peers(self) -> int:
        return len(self.swarm.torrent.peers) if self.swarm is not None else 0

    def _tell(self, state: dict[str, Any], *events: list[Any]) -> None:
        for name in _COUNTERS:
            if name in state:
                self._sent[name] = state[name]
        self._page.post({"type": "torrent", "torrent": self._number, "state": state, "events": list(events)})

    # -- Reading

    def _serve_reads(self) -> None:
        waiting, self._reads = self._reads, []
        for call, file, start, end in waiting:
            if self._is_here(file, start, end):
                self._reply(call, file, start, end)
            else:
                self._reads.append((call, file, start, end))

    def _is_here(self, file: int, start: int, end: int) -> bool:
        if not self._lacking[file] or start == end:
            return True
        assert self._info is not None
        assert self.swarm is not None
        assert self.swarm.torrent.picker is not None
        offset, size = self._info.files[file].offset, self._info.piece_length
        have = self.swarm.torrent.picker.have
        return all(index in have for index in range((offset + start) // size, (offset + end - 1) // size + 1))

    def _reply(self, call: int, file: int, start: int, end: int) -> None:
        assert self._info is not None
        assert self._store is not None
        offset = self._info.files[file].offset
        try:
            blob = self._store.blob(offset + start, offset + end)
        except TorrentideError as error:
            self._page.refuse(call, error)
        else:
            self._page.reply(call, blob)


def _name(outer: Metainfo | Magnet) -> str:
    return outer.info.name if isinstance(outer, Metainfo) else outer.name
