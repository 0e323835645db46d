"""Incidents of other programs that only a page can show: what strangers write stays text.

tests/unit/test_incidents.py has the others, and docs/maintainers.md the list of all.
"""

import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from aiohttp import web
from playwright.sync_api import Page, expect

from browser.conftest import NewPage
from browser.support import Served, Site, create
from torrentide.metainfo.create import Options

EVIL = "<b data-evil>{}</b><img src=x onerror=\"document.body.dataset.evil='1'\">"
HASH = "ab" * 20


class RefusingTracker(Served):
    """A WebSocket tracker that refuses everybody, in HTML."""

    def build(self, app: web.Application) -> None:
        """See `Served`."""
        app.router.add_get("/announce", self._serve_socket)

    async def _serve_socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for _ in socket:
            await socket.send_json({"failure reason": EVIL.format("tracker")})
        return socket


@pytest.fixture
def refusing() -> Iterator[str]:
    """The URL of a tracker that refuses everybody."""
    served = RefusingTracker()
    yield served.tracker
    served.close()


def assert_only_text(page: Page) -> None:
    """No markup of ours to test became an element, and none of it ran."""
    assert page.evaluate("document.querySelectorAll('[data-evil], main img').length") == 0


def test_cve_2012_4037_markup_in_a_torrent(site: Site, new_page: NewPage) -> None:
    """Transmission's web page ran what stood in a torrent's fields; here a torrent's name, its files', its
    link's and what is no torrent are text."""
    page = new_page("chromium", f"{site.url}/app/#magnet:?xt=urn:btih:{HASH}&dn={quote(EVIL.format('link'))}")
    expect(page.get_by_test_id("name")).to_contain_text("_b data-evil_link", timeout=20_000)
    made = create([(EVIL.format("file"), b"1"), ("b", b"2")], Options(name=EVIL.format("name"), comment=EVIL))
    torrent = {"name": "x.torrent", "mimeType": "application/x-bittorrent", "buffer": made.to_bytes()}
    page.get_by_test_id("torrent-input").set_input_files(torrent)  # type: ignore[arg-type]
    newest = page.get_by_test_id("torrent").first
    expect(newest.get_by_test_id("name")).to_contain_text("_b data-evil_name", timeout=20_000)
    expect(newest.get_by_test_id("file-name").first).to_contain_text("_b data-evil_file")
    page.get_by_test_id("open-id").fill(EVIL.format("id"))
    page.get_by_test_id("open-submit").click()
    expect(page.locator(".error").filter(has_text="<b data-evil>id</b>").first).to_be_visible()
    assert_only_text(page)


def test_cve_2019_15782_markup_from_the_network(site: Site, new_page: NewPage, refusing: str) -> None:
    """WebTorrent's server put names into its pages as they came; here a tracker's words and URL and a
    peer's client name are text, and our server answers in plain text."""
    attacker = new_page("chromium-2")
    attacker.add_script_tag(url="/pages/bad-peer.js")
    attacker.evaluate("([...args]) => { attack(...args) }", [site.tracker, HASH, "markup"])
    url = quote("udp://" + EVIL.format("url"))
    page = new_page("chromium", f"{site.url}/app/#magnet:?xt=urn:btih:{HASH}&tr={quote(refusing)}&tr={url}")
    messages = page.get_by_test_id("messages")
    expect(messages).to_contain_text(EVIL.format("tracker"), timeout=20_000)
    expect(messages).to_contain_text("<b data-evil>url</b>")
    expect(page.get_by_test_id("peers")).to_have_text("1", timeout=30_000)
    assert_only_text(page)
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(f"{site.url}/{quote(EVIL)}")
    assert answer.value.headers["Content-Type"].startswith("text/plain")
