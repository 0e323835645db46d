"""Which file a path gives, with which headers, over real HTTP; and that nothing leads out of the folder."""

import asyncio
import gzip
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

pytest.importorskip("aiohttp", reason="no sockets under Pyodide")

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from yarl import URL

from torrentide.tracker import site

SECRET = "nobody may read this"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of files, next to a secret."""
    root = tmp_path / "dist"
    (root / "app" / "deep").mkdir(parents=True)
    (root / "empty").mkdir()
    (tmp_path / "secret.txt").write_text(SECRET)
    (root / "out.txt").symlink_to(tmp_path / "secret.txt")
    (root / "up").symlink_to(tmp_path)
    (root / "loop").symlink_to(root / "loop")
    (root / "app" / "index.html").write_text("<p>app")
    for name in ("a.js", "a.mjs", "a.wasm", "a b+ü.txt", "a.unknown", "a.d.ts", "a.json", "a.zip"):
        (root / name).write_text(name)
    return root


def get(root: Path, path: str, headers: Mapping[str, str] = {}) -> tuple[int, Mapping[str, str], bytes]:
    """Send one request with the path as it stands; give status, headers and the body as it came."""

    async def whole() -> tuple[int, Mapping[str, str], bytes]:
        app = web.Application()
        site.attach(app, root)
        async with TestServer(app) as server, ClientSession(auto_decompress=False) as session:
            url = URL(f"http://{server.host}:{server.port}{path}", encoded=True)
            asked = {"Accept-Encoding": "identity", **headers}
            async with session.get(url, headers=asked, allow_redirects=False) as response:
                return response.status, response.headers, await response.read()

    return asyncio.run(whole())


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/a.js", "text/javascript; charset=utf-8"),
        ("/a.mjs", "text/javascript; charset=utf-8"),
        ("/a.wasm", "application/wasm"),
        ("/a.json", "application/json"),
        ("/a.zip", "application/zip"),
        ("/a.d.ts", "text/plain; charset=utf-8"),
        ("/a.unknown", "application/octet-stream"),
        ("/a%20b+%C3%BC.txt", "text/plain"),
        ("/app/", "text/html; charset=utf-8"),
        ("/app/index.html?x=1", "text/html; charset=utf-8"),
    ],
)
def test_files_with_their_types(root: Path, path: str, content_type: str) -> None:
    status, headers, _ = get(root, path)
    assert status == 200
    assert headers["Content-Type"] == content_type
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cache-Control"] == "no-cache"


def test_a_folder_without_slash_is_sent_to_the_one_with(root: Path) -> None:
    status, headers, _ = get(root, "/app?x=%26")
    assert (status, headers["Location"]) == (307, "/app/?x=%26")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/empty/",
        "/missing",
        "/a.js/",
        "/a.js/x",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/app/..%2f../secret.txt",
        "/..%5csecret.txt",
        "/app/../../secret.txt",
        "/app/./index.html",
        "//app/",
        "/%2e",
        "/app/..",
        "/out.txt",
        "/up/secret.txt",
        "/loop",
        "/a.js%00",
        "/" + "x" * 5000,
    ],
    ids=range(19),
)
def test_what_is_not_there_and_what_leads_out(root: Path, path: str) -> None:
    status, _, body = get(root, path)
    assert status == 404
    assert SECRET.encode() not in body


def test_an_absolute_path_is_not_taken_as_one(root: Path) -> None:
    assert site.locate(root, str(root / "a.js")) is None
    assert site.locate(root, "a.js") == root / "a.js"


def test_revalidation(root: Path) -> None:
    _, headers, _ = get(root, "/a.js")
    for condition in (
        {"If-None-Match": headers["ETag"]},
        {"If-Modified-Since": headers["Last-Modified"]},
    ):
        status, again, body = get(root, "/a.js", condition)
        assert (status, body) == (304, b"")
        assert again["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert again["Cache-Control"] == "no-cache"
    (root / "a.js").write_text("changed")
    os.utime(root / "a.js", (2_000_000_000, 2_000_000_000))
    status, _, body = get(root, "/a.js", {"If-None-Match": headers["ETag"]})
    assert (status, body) == (200, b"changed")


def test_ranges(root: Path) -> None:
    status, headers, body = get(root, "/a.wasm", {"Range": "bytes=2-3"})
    assert (status, headers["Content-Range"], body) == (206, "bytes 2-3/6", b"wa")


@pytest.mark.parametrize(
    ("accepted", "encoding"), [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("deflate", None)]
)
def test_compressed_neighbours(root: Path, accepted: str, encoding: str | None) -> None:
    bodies = {None: b"a.wasm", "gzip": gzip.compress(b"a.wasm"), "br": b"made by a brotli encoder"}
    (root / "a.wasm.gz").write_bytes(bodies["gzip"])
    (root / "a.wasm.br").write_bytes(bodies["br"])
    status, headers, body = get(root, "/a.wasm", {"Accept-Encoding": accepted})
    assert (status, headers.get("Content-Encoding"), body) == (200, encoding, bodies[encoding])
    assert headers["Content-Type"] == "application/wasm"
    assert headers["Vary"] == "Accept-Encoding"
