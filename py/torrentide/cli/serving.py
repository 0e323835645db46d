"""Running an aiohttp application until the user or the system asks it to stop.

It owns ports and signals, and knows nothing of what the application serves.
"""

import asyncio
import contextlib
import errno
import signal
from collections.abc import Callable, Sequence

from aiohttp import web

from torrentide.errors import LocalError

# Seconds that requests under way have to end.
SHUTDOWN_TIMEOUT = 2.0
# What a browser can be given in place of "all addresses".
_ALL_ADDRESSES = {"0.0.0.0": "127.0.0.1", "::": "::1"}


async def serve(
    app: web.Application, host: str, ports: Sequence[int], started: Callable[[str], None]
) -> None:
    """Serve on the first of `ports` that is free, 0 being any, until SIGINT or SIGTERM.

    Calls `started` with "address:port" once requests are taken. `LocalError` if there is no listening on
    `host` or on any of the ports.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no handlers on a loop; there Ctrl-C cancels the task.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_TIMEOUT)
    await runner.setup()
    try:
        await _listen(runner, host, ports)
        started(_address(runner))
        await stop.wait()
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, ports: Sequence[int]) -> None:
    for port in ports:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise LocalError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
        else:
            return
    taken = f"port {ports[0]} is" if len(ports) == 1 else f"ports {ports[0]} to {ports[-1]} are"
    raise LocalError(
        f"{taken} taken by another program on {host}; choose one with --port, 0 for any that is free"
    )


def _address(runner: web.AppRunner) -> str:
    host, port = runner.addresses[0][:2]
    host = _ALL_ADDRESSES.get(host, host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
