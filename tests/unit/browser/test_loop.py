"""The event loop of the worker: what is due runs behind the event that made it so. In Pyodide alone."""

import asyncio

import pytest


def test_what_an_event_made_due_runs_behind_it() -> None:
    pytest.importorskip("js")
    from torrentide.browser.loop import install

    loop = asyncio.new_event_loop()
    drain = install(loop)
    ran: list[str] = []

    def first() -> None:
        ran.append("first")
        loop.call_soon(ran.append, "later")
        drain()
        ran.append("end of first")

    loop.call_soon(first)
    loop.call_soon(ran.append, "second")
    assert ran == []
    drain()
    assert ran == ["first", "end of first", "second"], "nothing runs within another, nor behind it for ever"
    drain()
    assert ran[3:] == ["later"]
    drain()
    assert ran[4:] == []
