"""Peers that a page has connected to by itself."""

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page

from browser.conftest import NewPage
from browser.support import EITHER, ROOT, run

SIMPLE_PEER = ROOT / "node_modules" / "@thaunknown" / "simple-peer" / "lite.js"


@pytest.fixture(scope="module")
def simple_peer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """WebTorrent's simple-peer as a classic script."""
    folder = tmp_path_factory.mktemp("simple-peer")
    entry, script = folder / "entry.mjs", folder / "simple-peer.js"
    entry.write_text(f"import Peer from {str(SIMPLE_PEER)!r}; window.SimplePeer = Peer")
    esbuild = ROOT / "node_modules" / ".bin" / "esbuild"
    # It asks for Node's `events`, of which bare-events is another make.
    options = ["--bundle", "--alias:events=bare-events", "--log-level=error"]
    subprocess.run([esbuild, entry, f"--outfile={script}", *options], check=True, cwd=ROOT)
    return script


@pytest.fixture
def page(new_page: NewPage, browser: str) -> Page:
    page = new_page(browser)
    page.add_script_tag(url="/pages/given.js")
    return page


@EITHER
@pytest.mark.parametrize("wait", [False, True], ids=["transferred", "relayed"])
def test_data_channels(page: Page, wait: bool) -> None:
    assert run(page, "byChannels", wait) == {"added": [True, True], "same": True}


@pytest.mark.parametrize(
    ("browser", "libraries"),
    [
        ("chromium", "[Torrentide, Torrentide]"),
        ("firefox", "[Torrentide, Torrentide]"),
        ("chromium", "[Torrentide, WebTorrent]"),
        ("chromium", "[WebTorrent, Torrentide]"),
    ],
)
def test_simple_peers(page: Page, simple_peer: Path, libraries: str) -> None:
    page.add_script_tag(path=simple_peer)
    page.evaluate(
        "async () => { window.WebTorrent = (await import('/webtorrent/webtorrent.min.js')).default }"
    )
    result = page.evaluate(f"bySimplePeers({libraries})")
    assert result == {"added": [True, True], "type": "webrtc", "same": True}


@EITHER
@pytest.mark.parametrize("early", [False, True], ids=["connected", "early"])
@pytest.mark.parametrize(
    "how", [{}, {"wait": True}, {"stream": True}], ids=["transferred", "relayed", "stream"]
)
def test_a_peer_is_removed_by_what_was_given(
    page: Page, simple_peer: Path, how: dict[str, bool], early: bool
) -> None:
    page.add_script_tag(path=simple_peer)
    result = run(page, "removed", {**how, "early": early})
    # The other side learns of it a moment later.
    assert result.pop("links") <= 1
    connected = {"wires": 1, "closed": ["wire"]}
    assert result == {**({"wires": 0, "closed": []} if early else connected), "numPeers": 0, "again": False}


@pytest.mark.parametrize("browser", ["chromium"])
def test_what_is_no_peer_is_refused(page: Page) -> None:
    assert page.evaluate(
        """async () => {
          const torrent = await source()
          const told = []
          for (const name of ['peer', 'invalidPeer']) torrent.on(name, () => told.push(name))
          torrent.on('warning', ({ code }) => told.push(code))
          const connection = new RTCPeerConnection()
          const channel = connection.createDataChannel('x')
          const answers = [torrent.addPeer(channel), torrent.addPeer(channel)]
          const closed = connection.createDataChannel('y')
          connection.close()
          await new Promise((resolve) => setTimeout(resolve, 200))
          const others = [closed, {}, null, 5, { on() {}, send() {} }]
          for (const peer of others) answers.push(torrent.addPeer(peer))
          torrent.pause()
          answers.push(torrent.addPeer(new RTCPeerConnection().createDataChannel('z')))
          return [answers, told]
        }"""
    ) == [
        [True] + [False] * 7,
        ["peer"] + ["ERR_UNSUPPORTED", "invalidPeer"] * 7,
    ]
