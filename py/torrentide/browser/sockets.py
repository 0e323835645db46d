"""WebSockets to trackers as the engine's Sockets port: one set of sockets for each session."""

import time
from collections.abc import Callable, Iterator

import js
from pyodide.ffi import create_proxy, to_js

from torrentide.browser.shim import JsSockets
from torrentide.engine.session import Session


class SocketHub:
    """All sockets of the worker, named by numbers; `after` is called behind every event."""

    def __init__(self, js_sockets: JsSockets, numbers: Iterator[int], after: Callable[[], None]) -> None:
        self.js = js_sockets
        self.numbers = numbers
        self.sockets: dict[int, tuple[SessionSockets, str]] = {}
        self._after = after
        js_sockets.handlers = to_js(
            {
                "onOpen": create_proxy(self._on_open),
                "onText": create_proxy(self._on_text),
                "onClose": create_proxy(self._on_close),
            },
            dict_converter=js.Object.fromEntries,
        )

    def _on_open(self, number: int) -> None:
        if number in self.sockets:
            owner, url = self.sockets[number]
            owner.session.socket_open(url, time.monotonic())
            self._after()

    def _on_text(self, number: int, text: str) -> None:
        if number in self.sockets:
            owner, url = self.sockets[number]
            owner.session.socket_text(url, text, time.monotonic())
            self._after()

    def _on_close(self, number: int, reason: str) -> None:
        if number in self.sockets:
            owner, url = self.sockets.pop(number)
            owner.closed(url)
            owner.session.socket_closed(url, reason, time.monotonic())
            self._after()


class SessionSockets:
    """The sockets of one session, which is set as `session` when it exists. See `ports.Sockets`."""

    session: Session

    def __init__(self, hub: SocketHub) -> None:
        self._hub = hub
        self._numbers: dict[str, int] = {}

    def open(self, url: str) -> None:
        """See `ports.Sockets`."""
        number = next(self._hub.numbers)
        self._numbers[url] = number
        self._hub.sockets[number] = (self, url)
        self._hub.js.open(number, url)

    def send(self, url: str, text: str) -> None:
        """See `ports.Sockets`."""
        if url in self._numbers:
            self._hub.js.send(self._numbers[url], text)

    def close(self, url: str) -> None:
        """See `ports.Sockets`."""
        number = self._numbers.pop(url, None)
        if number is not None:
            del self._hub.sockets[number]
            self._hub.js.close(number)

    def closed(self, url: str) -> None:
        """The socket is gone."""
        self._numbers.pop(url, None)
