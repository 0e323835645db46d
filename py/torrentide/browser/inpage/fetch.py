"""HTTP fetches as the engine's Fetch port, on the thread of the program.

Owns the reading of answers, a slice at a time and only as asked. It never knows what is fetched.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import js
from pyodide.ffi import JsException, to_js

from torrentide.ports import Answer, FetchSink

# Browsers hand over megabytes at a time; slices keep each call into the engine short.
SLICE_BYTES = 64 * 1024


class Fetches:
    """See `ports.Fetch`; `after` is called behind every event."""

    def __init__(self, after: Callable[[], None]) -> None:
        self._after = after
        self._tasks: set[asyncio.Task[None]] = set()

    def fetch(self, url: str, span: tuple[int, int] | None, sink: FetchSink) -> "Handle":
        """See `ports.Fetch`."""
        handle = Handle(sink, self._start)
        self._start(handle.ask(url, span))
        return handle

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        async def run() -> None:
            await work
            self._after()

        task = asyncio.get_event_loop().create_task(run())
        # The loop holds tasks weakly.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Handle:
    """One fetch. See `ports.FetchHandle`."""

    def __init__(self, sink: FetchSink, start: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        self._sink: FetchSink | None = sink
        self._start = start
        self._abort = js.AbortController.new()
        self._reader: Any = None
        # What was read, but not asked for yet.
        self._rest = memoryview(b"")

    def more(self) -> None:
        """See `ports.FetchHandle`."""
        self._start(self._read())

    def cancel(self) -> None:
        """See `ports.FetchHandle`."""
        self._sink = None
        self._abort.abort()

    async def ask(self, url: str, span: tuple[int, int] | None) -> None:
        """Send the request; the sink is told."""
        # No other header: browsers would ask the server's permission first (CORS preflight).
        options = {
            "headers": {} if span is None else {"Range": f"bytes={span[0]}-{span[1]}"},
            "cache": "no-store",
            "credentials": "omit",
            "referrerPolicy": "no-referrer",
            "signal": self._abort.signal,
        }
        try:
            response = await js.fetch(url, to_js(options, dict_converter=js.Object.fromEntries))
        except JsException as error:
            reason = "it can't be reached, or its server does not let pages of other sites read it (CORS)"
            self._failed(f"{reason} ({error})")
            return
        body = response.body or js.Response.new("").body
        self._reader = body.getReader()
        if self._sink is not None:
            self._sink.answered(_answer(response), time.monotonic())

    async def _read(self) -> None:
        if not self._rest:
            try:
                read = await self._reader.read()
            except JsException as error:
                self._failed(f"the connection was lost ({error})")
                return
            if read.done:
                sink, self._sink = self._sink, None
                if sink is not None:
                    sink.ended(time.monotonic())
                return
            self._rest = memoryview(read.value.to_bytes())
        part, self._rest = self._rest[:SLICE_BYTES], self._rest[SLICE_BYTES:]
        if self._sink is not None:
            self._sink.received(part, time.monotonic())

    def _failed(self, reason: str) -> None:
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.failed(reason, time.monotonic())


def _answer(response: Any) -> Answer:
    def header(name: str) -> str | None:
        value = response.headers.get(name)
        return value if isinstance(value, str) else None

    return Answer(
        int(response.status),
        header("Content-Range"),
        _whole_number(header("Content-Length")),
        _retry_after(header("Retry-After")),
    )


def _whole_number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 17 else None


def _retry_after(text: str | None) -> float | None:
    """Seconds; servers give them, or a date."""
    if text is None:
        return None
    whole = _whole_number(text)
    if whole is not None:
        return float(whole)
    seconds = (js.Date.parse(text) - js.Date.now()) / 1000
    return float(seconds) if seconds == seconds else None
