"""The tracker over real sockets on loopback."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="no sockets under Pyodide")

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web
from aiohttp.test_utils import TestServer

from torrentide.tracker import server
from torrentide.tracker.messages import MAX_MESSAGE
from torrentide.tracker.swarm import Tracker

HASH = "\x00\x7f\x80\xff" * 5
# Seconds for a whole test, far beyond what any takes.
PATIENCE = 20


@pytest.fixture(autouse=True)
def nothing_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """An exception in a handler shows nowhere but in aiohttp's log."""
    yield
    assert caplog.get_records("call") == []


class Site:
    """A running tracker and a client session for it."""

    def __init__(self, http: TestServer, session: ClientSession) -> None:
        self.http = http
        self.session = session

    async def connect(
        self, path: str = "/announce", *, autoping: bool = True, compress: int = 0
    ) -> ClientWebSocketResponse:
        return await self.session.ws_connect(self.http.make_url(path), autoping=autoping, compress=compress)

    async def stats(self) -> Any:
        async with self.session.get(self.http.make_url("/stats.json")) as response:
            return await response.json()

    async def until_empty(self) -> None:
        while (await self.stats())["peersAll"]:
            pass


@asynccontextmanager
async def running() -> AsyncIterator[Site]:
    async def page(request: web.Request) -> web.Response:
        return web.Response(text="a page")

    app = web.Application()
    app.router.add_get("/page", page)
    server.attach(app, Tracker(random.Random(0), interval=9))
    http = TestServer(app)
    async with http, ClientSession() as session:
        yield Site(http, session)


def run(test: Callable[[Site], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(PATIENCE), running() as site:
            await test(site)

    asyncio.run(whole())


def announce(number: int, offer_bytes: int = 0, **changes: object) -> dict[str, object]:
    offers = []
    if offer_bytes:
        offers = [{"offer": {"type": "offer", "sdp": "x" * offer_bytes}, "offer_id": f"{number:020}"}]
    plain = {"action": "announce", "info_hash": HASH, "peer_id": f"{number:020}", "left": 1}
    return {**plain, "offers": offers, **changes}


@pytest.mark.parametrize("path", ["/", "/announce", "/any/where?key=1", "/stats.json", "/page"])
def test_a_socket_on_any_path_reaches_the_tracker(path: str) -> None:
    async def test(site: Site) -> None:
        ws = await site.connect(path)
        await ws.send_json(announce(1))
        assert await ws.receive_json() == {
            "complete": 0,
            "incomplete": 1,
            "action": "announce",
            "interval": 9,
            "info_hash": HASH,
        }

    run(test)


def test_plain_requests_keep_their_routes() -> None:
    async def test(site: Site) -> None:
        for path, status in (("/page", 200), ("/stats.json", 200), ("/", 404), ("/announce", 404)):
            async with site.session.get(site.http.make_url(path)) as response:
                assert response.status == status
        async with site.session.get(site.http.make_url("/stats.json")) as response:
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            stats = {"torrents": 0, "peersAll": 0, "peersSeederOnly": 0, "peersLeecherOnly": 0}
            assert await response.json() == stats

    run(test)


def test_offer_and_answer_go_from_socket_to_socket() -> None:
    async def test(site: Site) -> None:
        seed, leecher = await site.connect(), await site.connect()
        await seed.send_json(announce(1, left=0))
        await seed.receive_json()
        await leecher.send_bytes(json.dumps(announce(2, offer_bytes=4)).encode())
        assert (await leecher.receive_json())["complete"] == 1
        offer = await seed.receive_json()
        assert (offer["offer"], offer["peer_id"]) == ({"type": "offer", "sdp": "xxxx"}, f"{2:020}")
        await seed.send_json(
            {
                "action": "announce",
                "info_hash": HASH,
                "peer_id": f"{1:020}",
                "to_peer_id": offer["peer_id"],
                "offer_id": offer["offer_id"],
                "answer": {"type": "answer", "sdp": "yyyy"},
            }
        )
        answer = await leecher.receive_json()
        assert (answer["answer"], answer["offer_id"]) == ({"type": "answer", "sdp": "yyyy"}, f"{2:020}")

    run(test)


@pytest.mark.parametrize("data", ["", "no json", b"\xff", " " * (MAX_MESSAGE - 2) + "{}"])
def test_bad_messages_get_a_failure_and_the_socket_lives(data: str | bytes) -> None:
    async def test(site: Site) -> None:
        ws = await site.connect()
        await (ws.send_bytes(data) if isinstance(data, bytes) else ws.send_str(data))
        assert "failure reason" in await ws.receive_json()
        await ws.send_json(announce(1))
        assert (await ws.receive_json())["interval"] == 9

    run(test)


def test_a_message_too_big_closes_the_socket() -> None:
    async def test(site: Site) -> None:
        ws = await site.connect()
        await ws.send_str(" " * (MAX_MESSAGE + 1))
        assert (await ws.receive()).type is WSMsgType.CLOSE
        assert ws.close_code == 1009

    run(test)


def test_no_compression_is_agreed_on() -> None:
    async def test(site: Site) -> None:
        ws = await site.connect(compress=15)
        assert ws.compress == 0

    run(test)


def test_a_bad_handshake_is_refused() -> None:
    async def test(site: Site) -> None:
        async with site.session.get(site.http.make_url("/"), headers={"Upgrade": "websocket"}) as response:
            assert response.status == 400

    run(test)


def test_a_closed_socket_takes_its_peers_along() -> None:
    async def test(site: Site) -> None:
        ws = await site.connect()
        await ws.send_json(announce(1))
        await ws.receive_json()
        assert (await site.stats())["peersAll"] == 1
        await ws.close()
        await site.until_empty()

    run(test)


def test_a_client_that_does_not_pong_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEARTBEAT", 0.1)

    async def test(site: Site) -> None:
        ws = await site.connect(autoping=False)
        await ws.send_json(announce(1))
        await ws.receive_json()
        assert (await ws.receive()).type is WSMsgType.PING
        while not (await ws.receive()).type & WSMsgType.CLOSED:
            pass
        await site.until_empty()

    run(test)


def test_a_client_that_pongs_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEARTBEAT", 0.1)

    async def test(site: Site) -> None:
        ws = await site.connect(autoping=False)
        for _ in range(5):
            ping = await ws.receive()
            assert ping.type is WSMsgType.PING
            await ws.pong(ping.data)
        await ws.send_json(announce(1))
        assert (await ws.receive_json())["interval"] == 9

    run(test)


def test_a_client_that_does_not_read_is_disconnected() -> None:
    async def test(site: Site) -> None:
        # An aiohttp client that doesn't call receive() stops reading from its socket.
        slow, fast = await site.connect(), await site.connect()
        await slow.send_json(announce(1))
        await slow.receive_json()
        for _ in range(2000):
            await fast.send_json(announce(2, offer_bytes=60_000))
            if (await fast.receive_json())["incomplete"] == 1:
                break
        else:
            pytest.fail("120 MB were queued for a client that does not read")

    run(test)


def test_sockets_are_told_that_the_tracker_stops() -> None:
    async def test(site: Site) -> None:
        ws = await site.connect()
        closing = asyncio.create_task(site.http.close())
        assert (await ws.receive()).type is WSMsgType.CLOSE
        assert ws.close_code == 1001
        await closing

    run(test)
