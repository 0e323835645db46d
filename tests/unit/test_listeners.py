"""Events by name."""

import asyncio
from typing import Any

import pytest

from torrentide.listeners import Listeners


def test_listeners_come_and_go() -> None:
    told: list[int] = []
    source = Listeners().on("event", told.append).on("other", told.append)
    assert source._emit("event", 1)
    source.off("event", told.append).off("event", told.append).off("nothing", told.append)
    assert not source._emit("event", 2)
    assert told == [1]


def test_a_listener_that_takes_itself_back() -> None:
    told: list[str] = []
    source = Listeners()

    def once() -> None:
        told.append("once")
        source.off("event", once)

    source.on("event", once).on("event", lambda: told.append("always"))
    source._emit("event")
    source._emit("event")
    assert told == ["once", "always", "always"]


@pytest.mark.native
def test_what_a_listener_raises_is_reported_and_stops_nobody() -> None:
    async def scene() -> list[Any]:
        reported: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context))
        told: list[str] = []

        def bad() -> None:
            raise ValueError("bad")

        Listeners().on("event", bad).on("event", lambda: told.append("good"))._emit("event")
        assert told == ["good"]
        return [str(context["exception"]) for context in reported]

    assert asyncio.run(scene()) == ["bad"]
