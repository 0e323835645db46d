"""The command as the user starts it: a process, its output, real requests, signals."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="no processes under Pyodide")

from aiohttp import ClientSession

import torrentide

COMMAND = [sys.executable, "-m", "torrentide.cli.main"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(torrentide.__file__).parents[1])}
# Seconds for a process to start or to end, far beyond what any takes.
PATIENCE = 20
ANNOUNCE = {"action": "announce", "info_hash": "h" * 20, "peer_id": "p" * 20, "left": 0}


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "index.html").write_text("<p>the page")
    return tmp_path


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


@asynccontextmanager
async def started(*arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Start the command; give the process and its first line."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            yield process, (await process.stdout.readline()).decode().strip()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ask_tracker(session: ClientSession, url: str) -> Any:
    async with session.ws_connect(url) as ws:
        await ws.send_json(ANNOUNCE)
        return await ws.receive_json()


def fail(*arguments: str) -> tuple[int, str]:
    """Run a command that is to end by itself; give its status and what it said on stderr."""
    done = subprocess.run(
        [*COMMAND, *arguments], env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_demo_serves_page_and_tracker_and_stops_on_a_signal(dist: Path, number: signal.Signals) -> None:
    async def test() -> None:
        async with (
            started("demo", "--dist", str(dist), "--port", "0") as (process, url),
            ClientSession() as session,
        ):
            async with session.get(url) as response:
                assert await response.text() == "<p>the page"
            base = url.removesuffix("/app/").replace("http:", "ws:")
            assert (await ask_tracker(session, f"{base}/announce"))["complete"] == 1
            # An open socket must not hold up the end.
            await session.ws_connect(f"{base}/")
            process.send_signal(number)
            assert await process.communicate() == (b"", b"")
            assert process.returncode == 0

    asyncio.run(test())


def test_tracker_serves_and_stops(dist: Path) -> None:
    async def test() -> None:
        async with (
            started("tracker", "--port", "0", "--interval", "33") as (process, url),
            ClientSession() as session,
        ):
            reply = await ask_tracker(session, url)
            assert (reply["complete"], reply["interval"]) == (1, 33)
            process.terminate()
            assert await process.communicate() == (b"", b"")
            assert process.returncode == 0

    asyncio.run(test())


def test_demo_takes_the_next_free_port(dist: Path) -> None:
    async def test() -> None:
        async with (
            started("demo", "--dist", str(dist)) as (_, first),
            started("demo", "--dist", str(dist)) as (_, url),
        ):
            assert first != url
            assert int(first.split(":")[2].split("/")[0]) < int(url.split(":")[2].split("/")[0]) < 8100
            async with ClientSession() as session, session.get(url) as response:
                assert response.status == 200

    asyncio.run(test())


def test_a_taken_port_is_told_in_plain_words(dist: Path, taken_port: int) -> None:
    for arguments in (["tracker"], ["demo", "--dist", str(dist)]):
        status, said = fail(*arguments, "--port", str(taken_port))
        assert status == 1
        assert f"port {taken_port} is taken" in said
        assert said.count("\n") == 1


def test_an_address_that_is_not_ours_is_told_in_plain_words() -> None:
    # 192.0.2.0/24 is nobody's (RFC 5737).
    status, said = fail("tracker", "--host", "192.0.2.1", "--port", "0")
    assert status == 1
    assert "cannot listen on 192.0.2.1 port 0" in said


def test_a_missing_build_is_told_in_plain_words(tmp_path: Path) -> None:
    status, said = fail("demo", "--dist", str(tmp_path / "nothing"))
    assert status == 1
    assert "there is no app/index.html in" in said


def test_version() -> None:
    done = subprocess.run(
        [*COMMAND, "--version"], env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert done.stdout == f"torrentide {torrentide.__version__}\n"
