"""Events by name, for the Python API: as the JavaScript API's, with names in snake_case.

It never knows which events there are.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Self

Listener = Callable[..., object]


class Listeners:
    """Something that tells of events."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {}

    def on(self, event: str, listener: Listener) -> Self:
        """Have `listener` called at every `event`, with the event's arguments. It must not wait; a coroutine
        function is not a listener. What it raises is reported by the event loop, and nothing is stopped."""
        self._listeners.setdefault(event, []).append(listener)
        return self

    def off(self, event: str, listener: Listener) -> Self:
        """Take a listener back; nothing happens when it is not there."""
        if listener in self._listeners.get(event, []):
            self._listeners[event].remove(listener)
        return self

    def _emit(self, event: str, *args: Any) -> bool:
        """Call the listeners; False when there are none."""
        listeners = list(self._listeners.get(event, []))
        for listener in listeners:
            try:
                listener(*args)
            except Exception as error:
                asyncio.get_event_loop().call_exception_handler(
                    {"message": f"a listener for {event!r} failed", "exception": error}
                )
        return bool(listeners)
