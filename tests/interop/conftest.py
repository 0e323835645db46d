"""Fixtures of the interop tests: those of the browser tests, and foreign trackers and peers."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.conftest import browsers, lean, new_page, site
from browser.support import ROOT, Site
from interop.libtorrent_peer import LibtorrentPeer

__all__ = ["browsers", "lean", "new_page", "site"]


@pytest.fixture(scope="session")
def bittorrent_tracker() -> Iterator[str]:
    """The URL of a running bittorrent-tracker."""
    script = Path(__file__).with_name("bittorrent_tracker.mjs")
    process = subprocess.Popen(["node", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield f"ws://127.0.0.1:{int(process.stdout.readline())}/announce"
    process.terminate()
    process.wait()


@pytest.fixture(params=["our tracker", "bittorrent-tracker"])
def tracker(request: pytest.FixtureRequest, site: Site, bittorrent_tracker: str) -> str:
    """The URL of a tracker: each test runs with ours and with the reference."""
    return site.tracker if request.param == "our tracker" else bittorrent_tracker


@pytest.fixture
def libtorrent(tmp_path: Path) -> Iterator[LibtorrentPeer]:
    """A libtorrent peer with `tmp_path` as its folder."""
    peer = LibtorrentPeer(tmp_path)
    yield peer
    peer.close()
