"""libtorrent 2.1 as a peer that speaks WebRTC, in a process of its own.

Run as a program it seeds or downloads one file in a folder, prints the magnet link or the SHA-256, and stays
in the swarm until its standard input ends.
"""

import hashlib
import random
import subprocess
import sys
import time
from pathlib import Path

import libtorrent as lt

# The name is that of a type of the stubs alone.
SETTINGS: "lt.settings_pack" = {
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "listen_interfaces": "127.0.0.1:0",
    "allow_multiple_connections_per_ip": True,
    # There is no STUN server to reach.
    "webtorrent_stun_server": "",
    "alert_mask": lt.alert.category_t.error_notification
    | lt.alert.category_t.tracker_notification
    | lt.alert.category_t.storage_notification,
}
NAME = "file.bin"
LIMIT_SECONDS = 60


def make_file(folder: Path, size: int) -> str:
    """Write random bytes; gives their SHA-256."""
    data = random.Random(size).randbytes(size)
    (folder / NAME).write_bytes(data)
    return hashlib.sha256(data).hexdigest()


class LibtorrentPeer:
    """A libtorrent process with one torrent in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None

    def seed(self, tracker: str) -> str:
        """Seed the file; gives the magnet link."""
        return self._run("seed", tracker)

    def leech(self, magnet: str) -> str:
        """Download a torrent of one file; gives its SHA-256."""
        return self._run("leech", magnet)

    def close(self) -> None:
        """Leave the swarm."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def _run(self, *arguments: str) -> str:
        command = [sys.executable, "-W", "ignore", __file__, str(self._folder), *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        line = self._process.stdout.readline().strip()
        assert line, f"libtorrent failed: {self._process.stderr.read()}"
        return line


def _seed(folder: Path, tracker: str) -> lt.add_torrent_params:
    files = lt.file_storage()
    files.add_file(NAME, (folder / NAME).stat().st_size)
    create = lt.create_torrent(files, flags=lt.create_torrent.v1_only)
    create.add_tracker(tracker)
    lt.set_piece_hashes(create, str(folder))
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(create.generate())
    params.trackers = [tracker]
    return params


def _wait(session: lt.session, torrent: lt.torrent_handle) -> None:
    """Until every byte is here."""
    end = time.monotonic() + LIMIT_SECONDS
    alerts: list[str] = []
    while not torrent.status().is_seeding:
        alerts += [alert.message() for alert in session.pop_alerts()]
        status = torrent.status()
        if time.monotonic() > end:
            sys.exit(f"not complete within {LIMIT_SECONDS} s: {status.state} {status.progress:.0%}, {alerts}")
        session.wait_for_alert(100)


def _flush(session: lt.session, torrent: lt.torrent_handle) -> None:
    """Until every byte is in the file: complete means verified, and the last writes may be under way."""
    torrent.flush_cache()
    end = time.monotonic() + LIMIT_SECONDS
    while not any(isinstance(alert, lt.cache_flushed_alert) for alert in session.pop_alerts()):
        if time.monotonic() > end:
            sys.exit(f"the file was not written within {LIMIT_SECONDS} s")
        session.wait_for_alert(100)


def main(where: str, what: str, argument: str) -> None:
    """Seed for the tracker `argument`, or download the magnet link `argument`."""
    folder = Path(where)
    params = _seed(folder, argument) if what == "seed" else lt.parse_magnet_uri(argument)
    params.save_path = where
    session = lt.session(SETTINGS)
    torrent = session.add_torrent(params)
    _wait(session, torrent)
    if what == "seed":
        print(lt.make_magnet_uri(torrent), flush=True)
    else:
        _flush(session, torrent)
        data = (folder / torrent.name()).read_bytes()
        print(hashlib.sha256(data).hexdigest(), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
