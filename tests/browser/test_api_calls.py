"""Wrong arguments, and calls in the wrong order: as WebTorrent answers them, or a typed error; never a
promise that waits for ever."""

from typing import Any

import pytest
from playwright.sync_api import Page

from browser.conftest import NewPage
from browser.support import Site, run

FILE = ["file.bin", 300_000, 3]

# Runs code with `c`, a client that is up, `t`, a torrent of it that is ready, and `f`, its file. An outcome
# is a value, or what was thrown.
CALL = """async (code) => {
  const outcome = async () => {
    try {
      const value = await eval(`(async () => (${code}))()`)
      if (value === undefined) return 'undefined'
      return typeof value === 'object' && value ? 'an object' : value
    } catch (error) {
      return { code: error?.code ?? error?.name }
    }
  }
  const late = new Promise((resolve) => setTimeout(resolve, 10_000, 'it waits for ever'))
  return Promise.race([outcome(), late])
}"""

READY = """async (id) => {
  window.c = client([])
  if (!c.ready) await new Promise((resolve) => c.on('ready', resolve))
  window.t = c.add(new Uint8Array(id))
  await new Promise((resolve) => t.on('ready', resolve))
  window.f = t.files[0]
  t.on('warning', () => {})
}"""

UNSET = "undefined"
# Code, what it gives, and what it gives in WebTorrent where that is another thing.
ANY = object()
LIVING: list[tuple[str, Any, Any]] = [
    ("c.throttleDownload(1000)", UNSET, None),
    ("c.throttleDownload('2000')", UNSET, None),
    ("c.throttleDownload('fast')", False, None),
    ("c.throttleDownload(-5)", False, None),
    ("c.throttleUpload(NaN)", False, None),
    ("c.throttleUpload(Infinity)", False, None),
    ("c.throttleDownload(-1)", UNSET, None),
    ("c.throttleGroups.down.getEnabled()", False, None),
    ("(c.throttleUpload(5.4), c.throttleGroups.up.getRate())", 5, None),
    ("c.throttleUpload(-1)", UNSET, None),
    ("c.get('nonsense')", None, None),
    ("c.get('b'.repeat(40))", None, None),
    ("c.get(t) .then((found) => found === t)", True, None),
    ("c.get(t.infoHash).then((found) => found === t)", True, None),
    ("c.get(t.infoHash.toUpperCase()).then((found) => found === t)", True, None),
    ("c.get(t.magnetURI).then((found) => found === t)", True, None),
    ("c.get(t.torrentFile).then((found) => found === t)", True, None),
    ("c.remove('b'.repeat(40))", {"code": "ERR_NO_TORRENT"}, {"code": "Error"}),
    ("c.createServer()", {"code": "ERR_INVALID_OPTION"}, {"code": "Error"}),
    ("c.address().port", 0, None),
    ("t.select(0, 5, 3)", UNSET, None),
    ("t.select(5, 0)", {"code": "ERR_INVALID_ARGUMENT"}, {"code": "Error"}),
    ("t.select(-1, 3)", {"code": "ERR_INVALID_ARGUMENT"}, {"code": "Error"}),
    ("t.select(0, 19)", {"code": "ERR_INVALID_ARGUMENT"}, {"code": "Error"}),
    ("t.select(0, 18, false)", UNSET, None),
    ("t.deselect(0, 500)", UNSET, None),
    ("t.critical(0, 1)", UNSET, None),
    ("t.critical(0, 1e9)", {"code": "ERR_INVALID_ARGUMENT"}, ANY),
    ("t.pause()", UNSET, None),
    ("(t.pause(), t.paused)", True, None),
    ("(t.resume(), t.paused)", False, None),
    ("t.addPeer('nonsense')", False, None),
    ("t.addPeer('127.0.0.1:99999')", False, None),
    ("t.addPeer('127.0.0.1:4000')", False, True),
    ("t.removePeer('nobody')", UNSET, None),
    ("t.removePeer()", UNSET, None),
    ("t.addWebSeed('ftp://nowhere')", UNSET, None),
    ("t.addWebSeed()", UNSET, None),
    ("t.downloadLimit = 'x'", {"code": "ERR_INVALID_ARGUMENT"}, ANY),
    ("f.streamURL", {"code": "ERR_UNSUPPORTED"}, {"code": "Error"}),
    ("f.appendTo(document.body)", {"code": "ERR_MEDIA_FORMAT"}, ANY),
    ("f.renderTo('#nowhere')", {"code": "ERR_INVALID_ARGUMENT"}, ANY),
    ("f.includes(0)", True, None),
    ("f.includes(19)", False, None),
    ("f.select()", UNSET, None),
    ("f.deselect()", UNSET, None),
    ("f.arrayBuffer({ start: 400_000 })", {"code": "RangeError"}, {"code": "RangeError"}),
    ("f.blob({ start: -1 })", {"code": "RangeError"}, ANY),
    ("f.stream({ start: 1.5 })", {"code": "RangeError"}, ANY),
    ("f.stream({ start: f.length })", {"code": "RangeError"}, ANY),
    ("f.stream({ start: f.length, end: f.length + 5 })", {"code": "RangeError"}, ANY),
    ("f.stream({ start: 5, end: 4 })", {"code": "RangeError"}, ANY),
    ("f.stream({ start: 0, end: -1 })", {"code": "RangeError"}, ANY),
    ("(f.stream({ start: f.length - 1, end: 1e12 }), 1)", 1, ANY),
    ("(f.stream({ start: 0, end: 0 }), 1)", 1, ANY),
    ("f.blob({ signal: AbortSignal.abort() })", {"code": 20}, ANY),
    ("f.blob({ signal: AbortSignal.timeout(50) })", {"code": 23}, ANY),
    ("t.whenDone({ signal: AbortSignal.timeout(50) })", {"code": 23}, ANY),
    ("new Promise((resolve) => "
     "c.add(new Uint8Array(t.torrentFile), (same) => resolve(same === t)).on('error', () => {}))",
     True, None),
    ("new (c.constructor)({ peerId: 'zz' })", {"code": "ERR_INVALID_OPTION"}, ANY),
    ("new Promise((resolve) => "
     "c.add('c'.repeat(40), { signal: AbortSignal.timeout(50) }).on('close', resolve))",
     UNSET, ANY),
    # What waits ends with the torrent.
    ("(() => { const waits = f.arrayBuffer(); t.destroy(); return waits })()", {"code": "ERR_CLOSED"}, ANY),
]  # fmt: skip
# The torrent is destroyed now, and later the client, too.
DEAD_TORRENT: list[tuple[str, Any, Any]] = [
    ("t.destroyed", True, None),
    ("t.client", None, None),
    ("t.select(0, 0)", {"code": "ERR_CLOSED"}, {"code": "Error"}),
    ("t.deselect(0, 0)", {"code": "ERR_CLOSED"}, {"code": "Error"}),
    ("t.critical(0, 0)", {"code": "ERR_CLOSED"}, {"code": "Error"}),
    ("t.addPeer('127.0.0.1:4000')", {"code": "ERR_CLOSED"}, {"code": "Error"}),
    ("t.addWebSeed('https://a.example/')", {"code": "ERR_CLOSED"}, {"code": "Error"}),
    ("t.rescanFiles()", {"code": "ERR_CLOSED"}, {"code": "Error"}),
    ("t.pause()", UNSET, None),
    ("t.resume()", UNSET, None),
    ("t.removePeer('nobody')", UNSET, None),
    ("new Promise((resolve) => t.destroy((error) => resolve(error?.code)))", "ERR_CLOSED", ANY),
    ("t.whenReady().then(() => 'it was')", "it was", ANY),
    ("t.whenDone()", {"code": "ERR_CLOSED"}, ANY),
    ("f.arrayBuffer()", {"code": "ERR_CLOSED"}, {"code": "Error"}),
    ("f.select()", {"code": "ERR_CLOSED"}, ANY),
    ("c.remove(t)", {"code": "ERR_NO_TORRENT"}, {"code": "Error"}),
    ("c.torrents.includes(t)", False, None),
]
DEAD_CLIENT: list[tuple[str, Any, Any]] = [
    ("(() => { window.w = c.add('d'.repeat(40)); window.q = w.whenReady?.(); q?.catch(() => {}) })()",
     UNSET, None),
    ("new Promise((resolve) => c.destroy(resolve)).then(() => 'it ends')", "it ends", None),
    ("w.destroyed", True, None),
    ("q", {"code": "ERR_CLOSED"}, ANY),
    ("c.destroyed", True, None),
    ("c.torrents.length", 0, None),
    ("c.destroy()", {"code": "ERR_CLOSED"}, {"code": "Error"}),
    ("c.add('e'.repeat(40))", {"code": "ERR_CLOSED"}, {"code": "Error"}),
    ("c.seed(new File(['x'], 'x'))", {"code": "ERR_CLOSED"}, {"code": "Error"}),
    ("c.get('e'.repeat(40))", None, None),
    ("c.remove('e'.repeat(40))", {"code": "ERR_NO_TORRENT"}, {"code": "Error"}),
    ("c.whenReady().then(() => 'it was')", "it was", ANY),
    ("c.diagnose().then(({ summary }) => typeof summary)", "string", ANY),
    ("c.throttleDownload(5)", UNSET, ANY),
    # One that is destroyed before it is up.
    ("(() => { const n = client([]); const wait = n.whenReady(); n.destroy(); return wait })()",
     {"code": "ERR_CLOSED"}, ANY),
]  # fmt: skip


@pytest.mark.parametrize("library", ["blank", "webtorrent"])
def test_calls(site: Site, new_page: NewPage, library: str) -> None:
    seeded = run(new_page("chromium-2"), "seed", [], [FILE])
    page = new_page("chromium", f"{site.url}/pages/{library}.html")
    page.evaluate(READY, seeded["torrentFile"])
    wrong = [
        check for case in [*LIVING, *DEAD_TORRENT, *DEAD_CLIENT] if (check := differs(page, library, *case))
    ]
    assert not wrong, "\n".join(wrong)


def differs(page: Page, library: str, code: str, ours: Any, theirs: Any) -> str:
    """What is wrong with the outcome of a call, or nothing."""
    expected = ours if library == "blank" or theirs is None else theirs
    if expected is ANY:
        # WebTorrent has no such call, or a fault here. The torrent must end all the same.
        if "t.destroy()" in code:
            page.evaluate("() => void t.destroy()")
        return ""
    found = page.evaluate(CALL, code)
    return "" if found == expected else f"{code} gave {found!r}, expected {expected!r}"
