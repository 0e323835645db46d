"""HTTP fetches as the engine's Fetch port.

Owns the numbers that fetches have in the worker's JavaScript, and the words for what went wrong. The bytes
are copied once, here, on their way into Python.
"""

import itertools
import time
from collections.abc import Callable

import js
from pyodide.ffi import create_proxy, to_js

from torrentide.browser.shim import JsBuffer, JsFetches
from torrentide.ports import Answer, FetchSink


class Handle:
    """One fetch. See `ports.FetchHandle`."""

    __slots__ = ("_fetches", "_number")

    def __init__(self, fetches: "Fetches", number: int) -> None:
        self._fetches = fetches
        self._number = number

    def more(self) -> None:
        """See `ports.FetchHandle`."""
        self._fetches.js.more(self._number)

    def cancel(self) -> None:
        """See `ports.FetchHandle`."""
        if self._fetches.sinks.pop(self._number, None) is not None:
            self._fetches.js.cancel(self._number)


class Fetches:
    """All fetches of the worker. See `ports.Fetch`; `after` is called behind every event."""

    def __init__(self, js_fetches: JsFetches, after: Callable[[], None]) -> None:
        self.js = js_fetches
        self.sinks: dict[int, FetchSink] = {}
        self._after = after
        self._numbers = itertools.count(1)
        js_fetches.handlers = to_js(
            {
                "onAnswer": create_proxy(self._on_answer),
                "onData": create_proxy(self._on_data),
                "onEnd": create_proxy(self._on_end),
                "onFail": create_proxy(self._on_fail),
            },
            dict_converter=js.Object.fromEntries,
        )

    def fetch(self, url: str, span: tuple[int, int] | None, sink: FetchSink) -> Handle:
        """See `ports.Fetch`."""
        number = next(self._numbers)
        self.sinks[number] = sink
        self.js.start(number, url, None if span is None else f"bytes={span[0]}-{span[1]}")
        return Handle(self, number)

    def _on_answer(
        self,
        number: int,
        code: int,
        content_range: str | None = None,
        length: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        sink = self.sinks.get(number)
        if sink is not None:
            sink.answered(Answer(code, content_range, length, retry_after), time.monotonic())
            self._after()

    def _on_data(self, number: int, data: JsBuffer) -> None:
        sink = self.sinks.get(number)
        if sink is not None:
            sink.received(memoryview(data.to_bytes()), time.monotonic())
            self._after()

    def _on_end(self, number: int) -> None:
        sink = self.sinks.pop(number, None)
        if sink is not None:
            sink.ended(time.monotonic())
            self._after()

    def _on_fail(self, number: int, answered: bool, detail: str) -> None:
        sink = self.sinks.pop(number, None)
        if sink is not None:
            reason = (
                "the connection was lost"
                if answered
                else "it can't be reached, or its server does not let pages of other sites read it (CORS)"
            )
            sink.failed(f"{reason} ({detail})", time.monotonic())
            self._after()
