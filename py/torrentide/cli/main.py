"""The `torrentide` command: its sub-commands, their options and what they print.

It owns the words that the user sees. The work is done by the packages that it calls.
"""

import asyncio
import random
from pathlib import Path
from typing import Annotated

import typer
from aiohttp import web

import torrentide
from torrentide import __version__
from torrentide.cli.serving import serve
from torrentide.errors import LocalError
from torrentide.tracker import server, site
from torrentide.tracker.swarm import INTERVAL, MAX_INTERVAL, Tracker

# Where the demo listens if nothing else is asked: the first of these that is free.
DEMO_PORTS = range(8080, 8100)

cli = typer.Typer(
    help="BitTorrent for web pages: tracker and demo.", no_args_is_help=True, add_completion=False
)

# The wheel for PyPI has the built web files; a checkout has them in dist/.
PACKAGED_WEB = Path(torrentide.__file__).parent / "web"

Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all of the machine.")]


def main() -> None:
    """Run the command; an error of the user's is told in one line on stderr, with exit status 1."""
    try:
        cli()
    except LocalError as error:
        typer.echo(f"torrentide: {error}", err=True)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"torrentide {__version__}")
        raise typer.Exit


@cli.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Take the options that stand before a sub-command."""


@cli.command()
def tracker(
    host: Host = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any that is free.")] = 8000,
    interval: Annotated[
        int, typer.Option(min=1, max=MAX_INTERVAL, help="Seconds between announces, told to clients.")
    ] = INTERVAL,
) -> None:
    """Run a WebSocket tracker for WebRTC peers."""
    app = web.Application()
    server.attach(app, Tracker(random.Random(), interval))
    asyncio.run(serve(app, host, [port], lambda address: typer.echo(f"ws://{address}/announce")))


@cli.command()
def demo(
    dist: Annotated[
        Path | None,
        typer.Option(help="Folder of the build.", show_default="the files of this package, or dist"),
    ] = None,
    host: Host = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Port; 0 for any that is free.",
            show_default=f"{DEMO_PORTS[0]}, or the next that is free",
        ),
    ] = None,
) -> None:
    """Serve the application page, with a tracker on the same port."""
    if dist is None:
        dist = PACKAGED_WEB if PACKAGED_WEB.is_dir() else Path("dist")
    if not (dist / "app" / "index.html").is_file():
        raise LocalError(f"there is no app/index.html in {dist}: build it first, or name another --dist")
    app = web.Application()
    server.attach(app, Tracker(random.Random()))
    site.attach(app, dist)
    ports = DEMO_PORTS if port is None else [port]
    asyncio.run(serve(app, host, ports, lambda address: typer.echo(f"http://{address}/app/")))


if __name__ == "__main__":
    main()
