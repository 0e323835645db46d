"""WebRTC connections for Python in a worker, which may not make them: the page makes them, by its script.

Owns the port to the page (`Torrentide.connectWorker`) and the links that it carries. The messages are those
of web/src/protocol.ts.
"""

import asyncio
import time
from typing import Any

import js
from pyodide.ffi import create_proxy, to_js

from torrentide.browser.inpage.channels import Channels
from torrentide.engine.session import Session
from torrentide.errors import UnsupportedError

# The page's script may load later than this worker.
CONNECT_SECONDS = 10.0


class PagePort:
    """The port to the page, for all sessions of this worker."""

    def __init__(self, channels: Channels) -> None:
        self.channels = channels
        self.owners: dict[int, Lent] = {}
        self._port: Any = None
        self._came = asyncio.Event()
        js.self.addEventListener("message", create_proxy(self._on_worker_message))
        self._ask()

    async def ready(self) -> None:
        """Wait for the page. UnsupportedError when it does not answer."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._came.wait()
        except TimeoutError:
            raise UnsupportedError(
                "this Python runs in a worker, which can't make WebRTC connections, and the page did not "
                "offer to make them: load torrentide.js there and call Torrentide.connectWorker(worker)"
            ) from None

    def post(self, message: dict[str, Any]) -> None:
        """Send a message to the page's script."""
        self._port.postMessage(to_js(message, dict_converter=js.Object.fromEntries))

    def _ask(self) -> None:
        js.self.postMessage(to_js({"type": "torrentide-ask"}, dict_converter=js.Object.fromEntries))

    def _on_worker_message(self, event: Any) -> None:
        kind = getattr(event.data, "type", None)
        if self._port is not None:
            return
        if kind == "torrentide-offer":
            self._ask()
        elif kind == "torrentide-port":
            self._port = event.data.port
            self._port.onmessage = create_proxy(self._on_message)
            self._came.set()

    def _on_message(self, event: Any) -> None:
        message = event.data
        owner = self.owners.get(message.link)
        if owner is not None:
            owner.hear(message)
            self.channels.after()


class Lent:
    """The connections of one session, which is set as `session` when it exists; `config` is an
    RTCConfiguration. See `ports.Dialer`."""

    session: Session

    def __init__(self, page: PagePort, config: Any) -> None:
        self._page = page
        self._config = config

    def offer(self, link: int) -> None:
        """See `ports.Dialer`."""
        self._page.owners[link] = self
        self._page.post({"type": "rtc-offer", "link": link, "config": self._config})

    def accept(self, link: int, sdp: str) -> None:
        """See `ports.Dialer`."""
        self._page.owners[link] = self
        self._page.post({"type": "rtc-accept", "link": link, "sdp": sdp, "config": self._config})

    def answer(self, link: int, sdp: str) -> None:
        """See `ports.Dialer`."""
        self._page.post({"type": "rtc-answer", "link": link, "sdp": sdp})

    def close(self, link: int) -> None:
        """See `ports.Dialer`."""
        if self._page.owners.pop(link, None) is not None:
            self._page.channels.close(link)
            self._page.post({"type": "rtc-close", "link": link})

    def close_all(self, reason: str) -> None:
        """The page closes what it made when it is left."""

    def hear(self, message: Any) -> None:
        """A message of the page about one of our links."""
        now = time.monotonic()
        match message.type:
            case "rtc-channel":
                self._page.channels.adopt(message.link, self.session, message.channel)
            case "rtc-local":
                self.session.link_local(message.link, message.sdp, now)
            case "rtc-failed":
                self.session.link_failed(message.link, message.reason, now)
            case "rtc-relay":
                reason = "this browser can't hand a data channel over to a worker"
                self.session.link_failed(message.link, reason, now)
