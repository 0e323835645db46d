"""Web seeds through the whole client: a torrent that nobody but web servers has."""

import hashlib
import random
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from browser.conftest import NewPage
from browser.file_server import FileServer
from browser.support import Site, run
from torrentide.metainfo import bencode
from torrentide.metainfo.info import Info
from unit.web_servers import make_files

MIB = 1024 * 1024
PIECE = 256 * 1024
SMALL = [
    ("a.bin", 100_000),
    (".pad/0", 300_000),
    ("dir/b c#?%.bin", 7),
    ("dir/ü.bin", 3 * MIB),
    ("empty", 0),
    ("last.bin", MIB),
]


@pytest.fixture
def server() -> Iterator[FileServer]:
    served = FileServer({})
    yield served
    served.close()


def torrent_file(info: Info, urls: list[str]) -> list[int]:
    """A .torrent without trackers, as an array for the page."""
    # The info-hash is of the bytes as they are.
    return list(b"d4:info" + info.raw + b"8:url-list" + bencode.encode(urls) + b"e")


def check(result: dict[str, Any], data: bytes, files: list[tuple[str, int]]) -> None:
    """Everything is here, and hardly more was fetched."""
    start, sums = 0, []
    for path, length in files:
        if not path.startswith(".pad"):
            sums.append(hashlib.sha256(data[start : start + length]).hexdigest())
        start += length
    assert result["sums"] == sums
    assert result["received"] <= 1.03 * len(data)


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
@pytest.mark.parametrize("how", ["ranges", "whole"])
def test_a_web_seed_alone_serves_a_torrent(
    new_page: NewPage, server: FileServer, browser: str, how: str
) -> None:
    """50 MiB, or as many MiB as a server without ranges may send."""
    files = [("file.bin", (50 if how == "ranges" else 30) * MIB + 5)]
    info, server.files, data = make_files(random.Random(1), PIECE, files)
    result = run(new_page(browser), "leech", [], torrent_file(info, [f"{server.url}/{how}/file.bin"]))
    check(result, data, files)
    print(f"{browser}, {how}: {len(data) / MIB / result['payloadSeconds']:.1f} MiB/s")
    assert {method for method, *_ in server.requests} == {"GET"}


@pytest.mark.parametrize("how", ["ranges", "whole"])
def test_many_files(new_page: NewPage, server: FileServer, how: str) -> None:
    info, server.files, data = make_files(random.Random(1), PIECE, SMALL)
    check(run(new_page(), "leech", [], torrent_file(info, [f"{server.url}/{how}/"])), data, SMALL)


def warnings(page: Page) -> list[tuple[str, str]]:
    """Code and message of each that the torrent told."""
    return [(code, message) for name, code, message in page.evaluate("window.log") if name == "warning"]


def test_one_that_lies_is_named_and_stops_nothing(new_page: NewPage, server: FileServer) -> None:
    info, server.files, data = make_files(random.Random(1), PIECE, [("file.bin", 20 * MIB)])
    urls = [f"{server.url}/{how}/file.bin" for how in ("wrong", "ranges")]
    page = new_page()
    result = run(page, "leech", [], torrent_file(info, urls))
    assert result["sums"] == [hashlib.sha256(data).hexdigest()]
    told = [message for code, message in warnings(page) if code == "ERR_WEB_SEED"]
    assert told == [f"web seed {urls[0]}: its data does not match the torrent; it is not used any more"]


def test_one_that_can_not_be_used_is_a_warning(new_page: NewPage, server: FileServer) -> None:
    info, server.files, data = make_files(random.Random(1), PIECE, SMALL)
    page = new_page()
    urls = ["ftp://seed.example/", f"{server.url}/closed/", f"{server.url}/ranges/"]
    check(run(page, "leech", [], torrent_file(info, urls)), data, SMALL)
    codes = {code for code, _ in warnings(page)}
    assert {"ERR_UNSUPPORTED", "ERR_WEB_SEED"} <= codes


def test_one_may_be_named_beside_the_torrent(new_page: NewPage, server: FileServer) -> None:
    """WebTorrent's option `urlList`."""
    info, server.files, data = make_files(random.Random(1), PIECE, SMALL)
    page = new_page()
    script = """async ([file, url]) => {
      const torrent = watch(client([]).add(new Uint8Array(file), { urlList: [url] }))
      await event(torrent, 'done')
      const sums = []
      for (const file of torrent.files) sums.push(await sha256(await file.blob()))
      return { sums, received: torrent.received }
    }"""
    check(page.evaluate(script, [torrent_file(info, []), f"{server.url}/ranges/"]), data, SMALL)


def test_beside_a_peer_little_is_fetched_twice(site: Site, new_page: NewPage, server: FileServer) -> None:
    info, server.files, data = make_files(random.Random(1), PIECE, [("file.bin", 40 * MIB)])
    seed_page, leech_page = new_page(), new_page("chromium-2")
    script = """async ([url, tracker]) => {
      const file = new File([await (await fetch(url)).blob()], 'file.bin')
      await event(client(tracker).seed(file, { announce: [tracker], pieceLength: 262144 }), 'seed')
    }"""
    url = f"{server.url}/ranges/file.bin"
    seed_page.evaluate(script, [url, site.tracker])
    result = run(leech_page, "leech", site.tracker, torrent_file(info, [url]))
    check(result, data, [("file.bin", len(data))])
