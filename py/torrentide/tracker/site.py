"""A folder of built files on an aiohttp application, for pages of this and of other origins.

It owns which file a URL path names and the headers it goes out with. It knows nothing of trackers or of what
is in the files.
"""

import os
from pathlib import Path

from aiohttp import web

# Pages of any origin may include the script, and an isolated one (COEP) may load the wasm. Builds keep their
# file names, so browsers must ask each time whether theirs is still right.
_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "no-cache",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}
# Types that a browser insists on. The rest is guessed from the system's table, which may not know or misname
# these.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ts": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".zip": "application/zip",
}


def attach(app: web.Application, root: Path) -> None:
    """Serve the files under `root` on all paths of an application that no other route has."""
    root = root.resolve()

    async def serve(request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        found = locate(root, path)
        if found is None:
            raise web.HTTPNotFound(text=f"There is no {request.path} here.")
        if found.is_dir():
            # Relative links of the index need the slash.
            raise web.HTTPTemporaryRedirect(request.rel_url.with_path(request.path + "/", keep_query=True))
        headers = dict(_HEADERS)
        if (content_type := _TYPES.get(found.suffix.lower())) is not None:
            headers["Content-Type"] = content_type
        # Answers ranges and conditions, and sends a neighbour .br or .gz to who accepts it.
        return web.FileResponse(found, headers=headers)

    app.router.add_get("/{path:.*}", serve)


def locate(root: Path, path: str) -> Path | None:
    """Give the file or folder under `root` that a decoded URL path (without its first slash) names.

    A path that ends with a slash names the index.html of a folder. None for what doesn't exist, and for
    whatever leads out of `root`, through dots or links. `root` is a real path.
    """
    *folders, name = path.split("/")
    if any(part in ("", ".", "..") for part in folders) or name in (".", ".."):
        return None
    try:
        # Not Path.resolve: before Python 3.13 it raises RuntimeError for a loop of links.
        real = Path(os.path.realpath(root.joinpath(*folders, name or "index.html"), strict=True))
    except (OSError, ValueError):
        # Not there, too long, or with a null byte.
        return None
    return real if real.is_relative_to(root) else None
