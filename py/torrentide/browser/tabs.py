"""Lines between the tabs of an origin, one for each torrent that several have.

Owns the passage of messages. Whatever another tab says may be false: who listens checks it.
"""

from collections.abc import Callable

import js
from pyodide.ffi import create_proxy

from torrentide.browser.shim import JsBuffer, JsTabs
from torrentide.ports import Buffer

# A later form of the messages gets another name: a tab that was not reloaded since does not hear it.
NAME = "torrentide 1"

Heard = Callable[[str, int, JsBuffer | None], None]
"""Told of a message: its kind, the piece that it is about, and bytes."""


class Tabs:
    """The lines of this worker; `after` is called behind every message."""

    def __init__(self, js_tabs: JsTabs, after: Callable[[], None]) -> None:
        self._js = js_tabs
        self._after = after
        self._heard: dict[int, Heard] = {}
        js_tabs.onTold = create_proxy(self._on_told)

    def open(self, info_hash: bytes, heard: Heard) -> "TabLine":
        """Join the tabs that have this torrent."""
        number = self._js.open(f"{NAME} {info_hash.hex()}")
        self._heard[number] = heard
        return TabLine(self, self._js, number)

    def close(self, number: int) -> None:
        """Leave them."""
        self._heard.pop(number, None)
        self._js.close(number)

    def _on_told(self, number: int, kind: str, index: int, data: JsBuffer | None) -> None:
        heard = self._heard.get(number)
        if heard is not None:
            heard(kind, index, data)
            self._after()


class TabLine:
    """See `company.Line`."""

    def __init__(self, tabs: Tabs, js_tabs: JsTabs, number: int) -> None:
        self._tabs = tabs
        self._js = js_tabs
        self._number = number

    def tell(self, kind: str, index: int = 0) -> None:
        """See `company.Line`."""
        self._js.tell(self._number, kind, index, None)

    def tell_bytes(self, kind: str, data: Buffer) -> None:
        """See `company.Line`."""
        buffer: JsBuffer = js.Uint8Array.new(len(data))
        buffer.assign(data)
        self._js.tell(self._number, kind, 0, buffer)

    def tell_piece(self, kind: str, index: int, data: JsBuffer) -> None:
        """See `company.Line`."""
        self._js.tell(self._number, kind, index, data)

    def close(self) -> None:
        """Say and hear no more."""
        self._tabs.close(self._number)
