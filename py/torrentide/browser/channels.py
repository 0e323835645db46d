"""Data channels as the engine's Transports.

Owns the routing of channel events to the session that a link belongs to. Per message it makes no proxy and no
object: the bytes are copied once, here, on their way into Python, and once on their way out.
"""

import time
from collections.abc import Callable

import js
from pyodide.ffi import create_proxy, to_js

from torrentide.browser.shim import JsBuffer, JsChannels
from torrentide.engine.session import Session
from torrentide.ports import Buffer


class ChannelTransport:
    """One open channel."""

    __slots__ = ("_channels", "_link")

    def __init__(self, channels: JsChannels, link: int) -> None:
        self._channels = channels
        self._link = link

    def send(self, data: Buffer) -> int:
        """See `ports.Transport`."""
        size = len(data)
        self._channels.room(size).assign(data)
        return self._channels.send(self._link, size)

    def unsent(self) -> int:
        """See `ports.Transport`."""
        return self._channels.unsent(self._link)

    def set_low_water(self, count: int) -> None:
        """See `ports.Transport`."""
        self._channels.lowWater(self._link, count)

    def close(self) -> None:
        """See `ports.Transport`."""
        self._channels.close(self._link)


class Channels:
    """All channels of the worker. `owner(link)` gives the session of a link, `after` is called behind
    every event."""

    def __init__(
        self, js_channels: JsChannels, owner: Callable[[int], Session | None], after: Callable[[], None]
    ) -> None:
        self._js = js_channels
        self._owner = owner
        self._after = after
        js_channels.handlers = to_js(
            {
                "onOpen": create_proxy(self._on_open),
                "onData": create_proxy(self._on_data),
                "onLow": create_proxy(self._on_low),
                "onClose": create_proxy(self._on_close),
            },
            dict_converter=js.Object.fromEntries,
        )

    def _on_open(self, link: int) -> None:
        session = self._owner(link)
        if session is not None:
            session.link_open(link, ChannelTransport(self._js, link), time.monotonic())
            self._after()

    def _on_data(self, link: int, data: JsBuffer) -> None:
        session = self._owner(link)
        if session is not None:
            session.link_data(link, data.to_bytes(), time.monotonic())
            self._after()

    def _on_low(self, link: int) -> None:
        session = self._owner(link)
        if session is not None:
            session.link_drained(link, time.monotonic())
            self._after()

    def _on_close(self, link: int, reason: str) -> None:
        session = self._owner(link)
        if session is not None:
            session.link_failed(link, reason, time.monotonic())
            self._after()
