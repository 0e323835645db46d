"""`client.diagnose()`: the reason for having no peer, found for each cause."""

from typing import Any

import pytest
from playwright.sync_api import Page

from browser.conftest import NewPage
from browser.support import Site, run

# Makes a client with `options`, adds what `id` names with `addOptions`, and asks until `code` is found.
DIAGNOSE = """async ([clientOptions, id, addOptions, code]) => {
  const made = new Torrentide({ tracker: { rtcConfig: { iceServers: [] } }, ...clientOptions })
  const torrent = id && made.add(id, addOptions)
  torrent?.on('warning', () => {})
  await made.whenReady()
  for (let tries = 0; tries < 200; tries++) {
    const report = await made.diagnose()
    const found = [...report.findings, ...report.torrents.flatMap(({ findings }) => findings)]
    const message = found.find((finding) => finding.code === code)?.message
    if (message) {
      made.destroy()
      return { message, summary: report.summary, memory: report.engine.memory, attempts: report.attempts }
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`no ${code}: ${(await made.diagnose()).summary}`)
}"""

MAGNET = "magnet:?xt=urn:btih:" + "a" * 40
DEAD = "ws://127.0.0.1:1/announce"

# Client options, id, options of `add`, code, words of the message; SITE stands for the site's tracker.
CASES: list[tuple[dict[str, Any], str | None, dict[str, Any], str, str]] = [
    ({}, None, {}, "no-torrent", "no torrent"),
    ({}, MAGNET, {}, "no-tracker", "names no tracker"),
    ({"tracker": False}, MAGNET, {"announce": ["SITE"]}, "trackers-off", "told to use no tracker"),
    ({}, MAGNET + "&tr=udp://a.example:80&tr=http://b.example/", {}, "no-websocket-tracker", "wss://"),
    ({}, MAGNET + "&x.pe=192.0.2.1:6881", {}, "no-websocket-tracker", "other BitTorrent clients"),
    ({}, MAGNET, {"announce": [DEAD]}, "tracker-trouble", "could not connect"),
    ({}, MAGNET, {"announce": ["SITE"]}, "nobody", "knows nobody else"),
    ({}, MAGNET, {"announce": ["SITE"], "paused": True}, "paused", "It is paused"),
]


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A page of Chromium."""
    return new_page()


def test_each_cause_is_found(site: Site, page: Page) -> None:
    for client, id_, options, code, words in CASES:
        given = {**options}
        if "announce" in given:
            given["announce"] = [site.tracker if url == "SITE" else url for url in given["announce"]]
        report = page.evaluate(DIAGNOSE, [client, id_, given, code])
        assert words in report["message"], code
        assert report["message"] in report["summary"]
        assert report["memory"] > 2**20


def test_a_connection_is_told(site: Site, new_page: NewPage, page: Page) -> None:
    seeded = run(new_page("chromium-2"), "seed", site.tracker, [["file.bin", 100_000, 1]])
    report = page.evaluate(DIAGNOSE, [{}, seeded["magnetURI"], {}, "connected"])
    assert "connected to one peer" in report["message"]
    assert [attempt["outcome"] for attempt in report["attempts"]] == ["connected"]


# Peers are looked for where nobody is.
MISLED = """() => {
  const set = RTCPeerConnection.prototype.setRemoteDescription
  RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
    return set.call(this, { type, sdp: sdp.replace(/^(a=candidate:(\\S+ ){4})\\S+ \\d+/gm, '$1192.0.2.1 9') })
  }
}"""


def test_what_ice_had_is_told_when_it_fails(site: Site, new_page: NewPage, page: Page) -> None:
    """The candidates of both sides lead nowhere."""
    seeder = new_page("chromium-2")
    seeder.evaluate(MISLED)
    page.evaluate(MISLED)
    seeded = run(seeder, "seed", site.tracker, [["file.bin", 100_000, 1]])
    report = page.evaluate(DIAGNOSE, [{}, seeded["magnetURI"], {}, "ice-failed"])
    assert "Our candidates: host" in report["message"]
    assert "theirs: host" in report["message"]
    assert "TURN" in report["message"]
