"""The tracker on the network: WebSockets and `/stats.json` on an aiohttp application that may serve other
things too.

It owns the sockets, their send queues and the clock that the tracker is given. What messages mean it leaves
to `swarm`.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable

from aiohttp import WSCloseCode, WSMsgType, web

from torrentide.tracker.messages import MAX_MESSAGE
from torrentide.tracker.swarm import Outgoing, Tracker

# Seconds between pings, half of it to wait for the pong: below the 60 s after which nginx cuts an idle
# connection.
HEARTBEAT = 30.0
# Characters that may wait for a socket before its reader counts as too slow; 16 of the greatest messages, and
# 16 times what uWebSockets (openwebtorrent-tracker) lets wait.
MAX_QUEUED = 1024 * 1024
# Seconds that a client has to answer our closing the socket.
CLOSE_TIMEOUT = 1.0


def attach(app: web.Application, tracker: Tracker) -> None:
    """Put a tracker on an application that has not started.

    It takes every WebSocket handshake, whatever its path, since clients have tracker URLs with `/`,
    `/announce` or anything else; plain requests go to the application's own routes, which `/stats.json`
    joins.
    """
    server = _Server(tracker)

    @web.middleware
    async def sockets(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await server.serve(request)
        return await handler(request)

    async def stats(request: web.Request) -> web.Response:
        return web.json_response(tracker.stats(), headers={"Access-Control-Allow-Origin": "*"})

    app.middlewares.append(sockets)
    app.router.add_get("/stats.json", stats)
    app.on_shutdown.append(server.close)


class _Server:
    """The open sockets of a tracker, by connection number."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._numbers = itertools.count()
        self._sockets: dict[int, _Socket] = {}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket to its end."""
        # No permessage-deflate: SDP through a fresh compressor gains little and costs a window per socket.
        # aiohttp refuses a message of max_msg_size itself.
        ws = web.WebSocketResponse(
            heartbeat=HEARTBEAT, max_msg_size=MAX_MESSAGE + 1, compress=False, timeout=CLOSE_TIMEOUT
        )
        await ws.prepare(request)
        conn = next(self._numbers)
        clock = asyncio.get_running_loop().time
        socket = self._sockets[conn] = _Socket(ws, request.transport)
        sender = asyncio.create_task(socket.send_queued())
        try:
            async for message in ws:
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    # An error of the connection (too big a message, no pong), which is closed by now.
                    break
                self._send(self._tracker.receive(conn, message.data, clock()))
        finally:
            sender.cancel()
            del self._sockets[conn]
            self._tracker.closed(conn, clock())
        return ws

    async def close(self, app: web.Application) -> None:
        """Close all sockets, as the application shuts down."""
        await asyncio.gather(*(socket.close() for socket in self._sockets.values()))

    def _send(self, outgoing: Outgoing) -> None:
        for conn, text in outgoing:
            if (socket := self._sockets.get(conn)) is not None:
                socket.send(text)


class _Socket:
    """One socket and the messages that wait to go out on it."""

    def __init__(self, ws: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        self._ws = ws
        self._transport = transport
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._queued = 0

    def send(self, text: str) -> None:
        """Queue a message, or disconnect a client that lets too much wait."""
        self._queued += len(text)
        if self._queued <= MAX_QUEUED:
            self._queue.put_nowait(text)
        elif self._transport is not None:
            # Not a closing handshake: it would wait behind the very bytes that are not read.
            self._transport.abort()

    async def send_queued(self) -> None:
        """Send what is queued, as fast as the client reads, until the socket is gone."""
        try:
            while True:
                text = await self._queue.get()
                await self._ws.send_str(text)
                self._queued -= len(text)
        except ConnectionError:
            # The receiving side sees the same end and cleans up.
            return

    async def close(self) -> None:
        """Close the socket with "going away"."""
        await self._ws.close(code=WSCloseCode.GOING_AWAY, message=b"tracker stops")
