"""WebSockets to trackers as the engine's Sockets port, on the thread of the program."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import JsException

from torrentide.browser.inpage.handlers import Handlers
from torrentide.engine.session import Session

_OPEN = 1


class Sockets:
    """The sockets of one session, which is set as `session` when it exists; `after` is called behind every
    event. See `ports.Sockets`."""

    session: Session

    def __init__(self, after: Callable[[], None]) -> None:
        self._after = after
        self._sockets: dict[str, tuple[Any, Handlers]] = {}

    def open(self, url: str) -> None:
        """See `ports.Sockets`. A URL that the browser refuses comes back as a close."""
        try:
            socket = js.WebSocket.new(url)
        except JsException as error:
            asyncio.get_event_loop().call_soon(self._closed, url, None, str(error))
            return
        socket.binaryType = "arraybuffer"
        opened = False

        def on_open(event: Any) -> None:
            nonlocal opened
            opened = True
            self.session.socket_open(url, time.monotonic())
            self._after()

        def on_message(event: Any) -> None:
            data = event.data
            text = data if isinstance(data, str) else data.to_bytes().decode(errors="replace")
            self.session.socket_text(url, text, time.monotonic())
            self._after()

        def on_close(event: Any) -> None:
            code = f"{event.code}: {event.reason}" if event.reason else str(event.code)
            self._closed(
                url, socket, f"the connection was closed ({code})" if opened else "could not connect"
            )

        self._sockets[url] = socket, Handlers(socket, open=on_open, message=on_message, close=on_close)

    def send(self, url: str, text: str) -> None:
        """See `ports.Sockets`."""
        socket, _ = self._sockets.get(url, (None, None))
        if socket is not None and socket.readyState == _OPEN:
            socket.send(text)

    def close(self, url: str) -> None:
        """See `ports.Sockets`. It closes behind what was sent."""
        socket, handlers = self._sockets.pop(url, (None, None))
        if socket is not None and handlers is not None:
            handlers.release()
            socket.close()

    def _closed(self, url: str, socket: Any, reason: str) -> None:
        _, handlers = self._sockets.pop(url, (None, None))
        if handlers is not None:
            handlers.release()
        self.session.socket_closed(url, reason, time.monotonic())
        self._after()
