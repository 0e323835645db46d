"""The messages to the page. Their other side, and the one description of their fields, is
web/src/protocol.ts.

Owns the conversion of Python values to JavaScript's, and of exceptions to what the page's API makes errors
of.
"""

from typing import Any

import js
from pyodide.ffi import to_js

from torrentide.browser.shim import Shim
from torrentide.errors import TorrentideError


class Page:
    """Sends to the page."""

    def __init__(self, shim: Shim) -> None:
        self._shim = shim

    def post(self, message: dict[str, Any]) -> None:
        """Send a message. `None` becomes null; bytes become a Uint8Array; what is JavaScript already stays
        as it is."""
        self._shim.post(to_js(message, dict_converter=js.Object.fromEntries))

    def reply(self, call: int, value: Any = None) -> None:
        """Answer a call."""
        self.post({"type": "reply", "call": call, "value": value})

    def reply_bytes(self, call: int, data: bytes) -> None:
        """Answer a call with bytes, or with null where there are none."""
        if not data:
            self.reply(call)
            return
        # What goes to the page is copied once, and then handed over.
        chunk = js.Uint8Array.new(len(data))
        chunk.assign(data)
        message = to_js({"type": "reply", "call": call, "value": chunk}, dict_converter=js.Object.fromEntries)
        self._shim.post(message, to_js([chunk.buffer]))

    def refuse(self, call: int, error: Exception) -> None:
        """Answer a call with an error."""
        self.post({"type": "reply", "call": call, "error": error_fields(error)})


def error_fields(error: Exception) -> dict[str, str]:
    """The code and the message of an exception. One that is not ours is a fault in here, and says so."""
    if isinstance(error, TorrentideError):
        return {"code": error.code, "message": str(error)}
    return {"code": "ERR_INTERNAL", "message": f"internal error: {type(error).__name__}: {error}"}
