"""Wrong input, bad trackers and bad peers: an error or a warning that names the cause, and nothing else
suffers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiohttp import web
from playwright.sync_api import Page

from browser.conftest import NewPage
from browser.support import Served, Site, run

FILE = ["file.bin", 300_000, 21]
# Adds or seeds, and gives the error that the torrent, or else the call itself, ends with.
OUTCOME = """async ([what, tracker, make]) => {
  const torrents = client(tracker)
  try {
    const torrent = torrents[what](eval(make))
    return await new Promise((resolve) => {
      torrent.on('error', ({ code, message, name }) => resolve({ code, message, name }))
      torrent.on('metadata', () => resolve({ code: 'none', message: 'accepted' }))
    })
  } catch ({ code, message }) {
    return { code, message, thrown: true }
  }
}"""

BAD_IDS = [
    ("new Uint8Array(0)", "ERR_INVALID_TORRENT", "ends in the middle"),
    (
        "crypto.getRandomValues(new Uint8Array(999)).fill(33, 0, 1)",
        "ERR_INVALID_TORRENT",
        "unexpected byte 0x21",
    ),
    ("new TextEncoder().encode('<!doctype html>')", "ERR_INVALID_TORRENT", "unexpected byte 0x3c"),
    ("new TextEncoder().encode('d4:name1:ae')", "ERR_INVALID_TORRENT", "no info dictionary"),
    ("new TextEncoder().encode('d4:infod4:name1:aee')", "ERR_INVALID_TORRENT", "piece length"),
    ("'magnet:?dn=name'", "ERR_INVALID_TORRENT", "no info-hash"),
    ("'magnet:?xt=urn:btih:123'", "ERR_INVALID_TORRENT", "40 hex"),
    ("'magnet:?xt=urn:btmh:1220' + 'a'.repeat(64)", "ERR_UNSUPPORTED", "v2 only"),
    ("'no torrent at all'", "ERR_INVALID_TORRENT", "no torrent"),
    ("''", "ERR_INVALID_TORRENT", "no torrent"),
    ("null", "ERR_INVALID_TORRENT", ""),
    ("42", "ERR_INVALID_TORRENT", ""),
    ("{}", "ERR_INVALID_TORRENT", ""),
    ("location.origin + '/not-there.torrent'", "ERR_INVALID_TORRENT", "404"),
    ("location.href", "ERR_INVALID_TORRENT", "unexpected byte 0x3c"),
    ("'http://127.0.0.1:1/refused.torrent'", "ERR_INVALID_TORRENT", "could not be fetched"),
]

BAD_FILES = [
    ("new File([], 'empty.bin')", "ERR_INVALID_TORRENT", "empty"),
    ("[]", "ERR_INVALID_TORRENT", ""),
    ("'a string'", "ERR_INVALID_TORRENT", ""),
    ("null", "ERR_INVALID_TORRENT", ""),
    ("[new File(['x'], 'x'), 7]", "ERR_INVALID_TORRENT", ""),
]


class OddFiles(Served):
    """A web server with a file that never ends, and one that has no contents at all."""

    def build(self, app: web.Application) -> None:
        """See `Served`."""
        app.router.add_get("/endless.torrent", self._serve_endless)
        app.router.add_get("/nothing.torrent", self._serve_nothing)

    async def _serve_endless(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Access-Control-Allow-Origin": "*"})
        await response.prepare(request)
        while True:
            await response.write(bytes(100_000))

    async def _serve_nothing(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=204, headers={"Access-Control-Allow-Origin": "*"})


@pytest.fixture
def odd_files() -> Iterator[str]:
    """The URL of the server."""
    server = OddFiles()
    yield server.url
    server.close()


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A page of Chromium."""
    return new_page()


def transfers(page: Page, other: Page, site: Site) -> bool:
    """Whether `other` can download from `page`."""
    seeded = run(page, "seed", site.tracker, [FILE])
    return bool(run(other, "leech", site.tracker, seeded["magnetURI"])["sums"] == seeded["sums"])


@pytest.mark.parametrize(
    ("what", "cases"), [("add", BAD_IDS), ("seed", BAD_FILES)], ids=["torrent ids", "files"]
)
def test_bad_arguments(
    site: Site, page: Page, new_page: NewPage, what: str, cases: list[tuple[str, str, str]]
) -> None:
    for make, code, words in cases:
        outcome = page.evaluate(OUTCOME, [what, site.tracker, make])
        assert outcome["code"] == code, (make, outcome)
        assert words in outcome["message"], (make, outcome)
        assert outcome["message"]
    assert transfers(page, new_page("chromium-2"), site)


@pytest.mark.parametrize(
    ("name", "words"), [("endless", "more than 10000000 bytes"), ("nothing", "ends in the middle")]
)
def test_odd_torrent_files(page: Page, odd_files: str, name: str, words: str) -> None:
    outcome = page.evaluate(OUTCOME, ["add", [], repr(f"{odd_files}/{name}.torrent")])
    assert outcome["code"] == "ERR_INVALID_TORRENT", outcome
    assert words in outcome["message"]


def test_a_duplicate(site: Site, page: Page) -> None:
    """WebTorrent's rule: the new torrent ends with an error, and the callback gets the one that is there."""
    seeded = run(page, "seed", site.tracker, [FILE])
    outcome = page.evaluate(
        """async (magnet) => {
          const both = client([]), first = both.add(magnet)
          await new Promise((resolve) => first.on('infoHash', resolve))
          return new Promise((resolve) => {
            let error
            both.add(magnet, (torrent) => resolve({ ...error, same: torrent === first }))
              .on('error', ({ code, message }) => (error = { code, message }))
          })
        }""",
        seeded["magnetURI"],
    )
    assert outcome == {
        "code": "ERR_DUPLICATE_TORRENT",
        "message": f"Cannot add duplicate torrent {seeded['infoHash']}",
        "same": True,
    }


class BadTracker(Served):
    """A WebSocket server that does one wrong thing."""

    def __init__(self, act: Callable[[web.WebSocketResponse], Any]) -> None:
        self._act = act
        super().__init__()

    def build(self, app: web.Application) -> None:
        """See `Served`."""
        app.router.add_get("/announce", self._serve_socket)

    async def _serve_socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for _ in socket:
            await self._act(socket)
        return socket


BAD_TRACKERS: list[tuple[str, Callable[[web.WebSocketResponse], Any], str]] = [
    ("a bare refusal", lambda s: s.send_str('{"failure reason": "not for you"}'), "not for you"),
    (
        "a refusal with action",
        lambda s: s.send_str('{"action": "announce", "failure reason": "go away"}'),
        "go away",
    ),
    ("no JSON", lambda s: s.send_str("<html>"), "is not valid JSON"),
    ("an array", lambda s: s.send_str("[]"), "is not a JSON object"),
    ("deep JSON", lambda s: s.send_str("[" * 50_000), "brackets"),
    ("binary", lambda s: s.send_bytes(bytes(range(256))), "is not valid JSON"),
    ("a huge message", lambda s: s.send_str("x" * 300_000), "300000 characters"),
    ("an end", lambda s: s.close(code=1011, message=b"broken"), "closed (1011: broken)"),
]


@pytest.fixture
def bad_tracker() -> Iterator[Callable[[Callable[[web.WebSocketResponse], Any]], str]]:
    """Start a tracker that does wrong; gives its URL."""
    started: list[BadTracker] = []

    def start(act: Callable[[web.WebSocketResponse], Any]) -> str:
        started.append(BadTracker(act))
        return started[-1].tracker

    yield start
    for each in started:
        each.close()


WARNING = """([trackers, words]) => new Promise((resolve) =>
  client(trackers).add('a'.repeat(40)).on('warning', ({ code, message }) => {
    if (message.includes(words)) resolve(code)
    else console.log('another warning:', message)
  }))"""


def test_bad_trackers(
    site: Site, page: Page, new_page: NewPage, bad_tracker: Callable[[Callable[..., Any]], str]
) -> None:
    urls = []
    for name, act, words in BAD_TRACKERS:
        urls.append(bad_tracker(act))
        assert page.evaluate(WARNING, [urls[-1], words]) == "ERR_TRACKER", name
    assert page.evaluate(WARNING, ["ws://127.0.0.1:1/announce", "could not connect"]) == "ERR_TRACKER"
    assert page.evaluate(WARNING, ["udp://127.0.0.1:1", "Unsupported tracker protocol"]) == "ERR_UNSUPPORTED"
    # A good tracker among all of them is enough.
    other = new_page("chromium-2")
    seeded = run(page, "seed", [*urls, site.tracker], [FILE])
    leeched = run(other, "leech", [site.tracker, *urls], seeded["magnetURI"])
    assert leeched["sums"] == seeded["sums"]


@pytest.mark.parametrize(
    "attack", ["garbage", "oversized length", "wrong info-hash", "text", "request beyond the end"]
)
def test_a_bad_peer_is_disconnected_and_the_download_goes_on(
    site: Site, new_page: NewPage, attack: str
) -> None:
    victim, attacker, honest = new_page("chromium"), new_page("chromium-2"), new_page("chromium-2")
    attacker.add_script_tag(url="/pages/bad-peer.js")
    number = sum(attack.encode())
    made = run(honest, "seed", [], [["file.bin", 500_000, number]])
    attacker.evaluate(
        "([...args]) => { window.attacking = attack(...args) }", [site.tracker, made["infoHash"], attack]
    )
    victim.evaluate(
        "([...args]) => { window.leeching = leech(...args) }", [site.tracker, made["torrentFile"]]
    )
    assert attacker.evaluate("() => attacking") == "disconnected"
    run(honest, "seed", site.tracker, [["file.bin", 500_000, number]])
    assert victim.evaluate("() => leeching")["sums"] == made["sums"]


def test_destroy_settles_everything(site: Site, new_page: NewPage) -> None:
    page, other = new_page("chromium"), new_page("chromium-2")
    seeded = run(page, "seed", site.tracker, [FILE])
    run(other, "leech", site.tracker, seeded["magnetURI"])
    other.evaluate(
        """() => {
          window.second = made[0].add('b'.repeat(40))
          return new Promise((resolve) => made[0].destroy(resolve))
        }"""
    )
    assert other.evaluate("() => made[0].destroyed && torrent.destroyed && second.destroyed")
    assert other.evaluate("() => torrent.files[0].blob().catch(({ code }) => code)") == "ERR_CLOSED"
    assert other.evaluate(
        "() => { try { made[0].add('c'.repeat(40)) } catch ({ code }) { return code } }"
    ) == ("ERR_CLOSED")
    page.wait_for_function("() => torrent.numPeers === 0 && torrent.wires.length === 0")
