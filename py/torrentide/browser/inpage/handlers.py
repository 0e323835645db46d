"""Python functions as event handlers of JavaScript objects, let go of together.

Owns the proxies: JavaScript can't tell when it needs one no more.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from pyodide.ffi import create_proxy


class Handlers:
    """The handlers of `target`'s events: `message=f` is called for each `message`.

    They are listeners, not attributes such as `onmessage`: Firefox calls no Python function that was set as
    one on an RTCPeerConnection.
    """

    __slots__ = ("_proxies", "_target")

    def __init__(self, target: Any, **handlers: Callable[[Any], None]) -> None:
        self._target = target
        self._proxies = {event: create_proxy(handler) for event, handler in handlers.items()}
        for event, proxy in self._proxies.items():
            target.addEventListener(event, proxy)

    def release(self) -> None:
        """Take them off. One of them may be running."""
        proxies, self._proxies = self._proxies, {}
        for event, proxy in proxies.items():
            self._target.removeEventListener(event, proxy)
            asyncio.get_event_loop().call_soon(proxy.destroy)
