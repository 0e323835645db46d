"""Data channels as the engine's Transports, on the thread of the program.

Owns which session a channel belongs to. The bytes are copied once on their way into Python and once on their
way out.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import JsException

from torrentide.browser.inpage.handlers import Handlers
from torrentide.engine.session import Session
from torrentide.ports import Buffer

# As in the worker: Chromium loses most of its throughput when it may refill only below smaller marks.
LOW_WATER = 256 * 1024
SCRATCH_BYTES = 256 * 1024


class Channels:
    """All channels of the program; `after` is called behind every event."""

    def __init__(self, after: Callable[[], None]) -> None:
        self.after = after
        self._channels: dict[int, Channel] = {}
        self._scratch = js.Uint8Array.new(SCRATCH_BYTES)

    def adopt(self, link: int, session: Session, js_channel: Any) -> None:
        """Take a channel, from the task that brought it."""
        self._channels[link] = Channel(self, link, session, js_channel)
        self._channels[link].start()

    def close(self, link: int) -> None:
        """Close a channel; nothing more is told of it."""
        channel = self._channels.pop(link, None)
        if channel is not None:
            channel.end()

    def knows(self, channel: "Channel") -> bool:
        """Whether somebody is to be told of it."""
        return self._channels.get(channel.link) is channel

    def copy(self, data: Buffer) -> Any:
        """The data as a Uint8Array that is good until the next call."""
        size = len(data)
        if size > self._scratch.length:
            self._scratch = js.Uint8Array.new(size)
        part = self._scratch.subarray(0, size)
        part.assign(data)
        return part


class Channel:
    """One channel. See `ports.Transport`."""

    __slots__ = ("_channels", "_early", "_handlers", "_js", "_session", "link")

    def __init__(self, channels: Channels, link: int, session: Session, js_channel: Any) -> None:
        self.link = link
        self._channels = channels
        self._session = session
        self._js = js_channel
        # What came before the channel said that it is open, which a transferred one may do late.
        self._early: list[Any] | None = []
        js_channel.binaryType = "arraybuffer"
        js_channel.bufferedAmountLowThreshold = LOW_WATER
        self._handlers = Handlers(
            js_channel,
            open=self._on_open,
            message=self._on_message,
            bufferedamountlow=self._on_low,
            close=lambda event: self._lost("the other side closed the connection"),
        )

    def start(self) -> None:
        """Tell if it is open already."""
        if self._js.readyState == "open":
            self._on_open(None)

    def send(self, data: Buffer) -> int:
        """See `ports.Transport`. A channel that refuses is closed, for its stream of bytes has a gap."""
        try:
            self._js.send(self._channels.copy(data))
        except JsException as error:
            reason = f"the browser refused to send: {error}"
            asyncio.get_event_loop().call_soon(self._lost, reason)
            return 0
        return int(self._js.bufferedAmount)

    def unsent(self) -> int:
        """See `ports.Transport`."""
        return int(self._js.bufferedAmount)

    def set_low_water(self, count: int) -> None:
        """See `ports.Transport`."""
        self._js.bufferedAmountLowThreshold = count

    def close(self) -> None:
        """See `ports.Transport`."""
        self._channels.close(self.link)

    def end(self) -> None:
        """Let go of it."""
        self._handlers.release()
        self._js.close()

    def _on_open(self, event: Any) -> None:
        early, self._early = self._early, None
        if early is None:
            return
        self._session.link_open(self.link, self, time.monotonic())
        for data in early:
            self._receive(data)
        self._channels.after()

    def _on_message(self, event: Any) -> None:
        data = event.data
        if self._early is not None:
            self._early.append(data)
            return
        self._receive(data)
        self._channels.after()

    def _receive(self, data: Any) -> None:
        if isinstance(data, str):
            # BitTorrent is bytes: text can't be anything honest.
            self._lost("the peer sent text")
        elif self._channels.knows(self):
            self._session.link_data(self.link, data.to_bytes(), time.monotonic())

    def _on_low(self, event: Any) -> None:
        self._session.link_drained(self.link, time.monotonic())
        self._channels.after()

    def _lost(self, reason: str) -> None:
        if self._channels.knows(self):
            self._channels.close(self.link)
            self._session.link_failed(self.link, reason, time.monotonic())
            self._channels.after()
