"""A web server of another origin than the page's, with the manners and the faults of those in the wild."""

import asyncio

from aiohttp import web

from browser.support import Served

CHUNK = 64 * 1024


class FileServer(Served):
    """Serves `files`, by name, below a word that says how:

    ranges      as most servers do: parts of files, CORS, nothing more told
    exposed     and Content-Range is told to pages
    whole       without parts
    moved       by a redirect to `ranges`
    busy        once 503 with Retry-After, told to pages, then as `ranges`
    closed      without CORS
    short       the second half is left out, and the answer ends as if it were complete
    cut         the connection is lost in the second half
    long        a few bytes too many
    wrong       other bytes
    slow        a while before the head
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        # Whether it answers nothing at all.
        self.down = False
        # Most requests at a time, and bytes of bodies.
        self.most = 0
        self.sent = 0
        self._open = 0
        self._busy: set[str] = set()
        super().__init__()

    def build(self, app: web.Application) -> None:
        """See `Served`."""
        app.router.add_route("*", "/{how}/{name:.*}", self._serve_file)

    async def _serve_file(self, request: web.Request) -> web.StreamResponse:
        how, name = request.match_info["how"], request.match_info["name"]
        headers = {key.lower(): value for key, value in request.headers.items()}
        self.requests.append((request.method, request.path, headers))
        if self.down and request.transport is not None:
            request.transport.abort()
        response = web.StreamResponse(headers={} if how == "closed" else {"Access-Control-Allow-Origin": "*"})
        if name not in self.files or request.method != "GET":
            response.set_status(404)
        elif how == "moved":
            response.set_status(302)
            response.headers["Location"] = f"/ranges/{name}"
        elif how == "busy" and name not in self._busy:
            self._busy.add(name)
            response.set_status(503)
            response.headers.update({"Retry-After": "1", "Access-Control-Expose-Headers": "Retry-After"})
        else:
            self._open += 1
            self.most = max(self.most, self._open)
            try:
                return await self._send(request, response, how, self.files[name])
            finally:
                self._open -= 1
        await response.prepare(request)
        return response

    async def _send(
        self, request: web.Request, response: web.StreamResponse, how: str, file: bytes
    ) -> web.StreamResponse:
        body = file
        if how != "whole" and "Range" in request.headers:
            start, stop, _ = request.http_range.indices(len(file))
            body = file[start:stop]
            response.set_status(206)
            response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(file)}"
        if how == "exposed":
            response.headers["Access-Control-Expose-Headers"] = "Content-Range"
        if how == "slow":
            await asyncio.sleep(0.1)
        if how not in ("short", "long"):
            response.content_length = len(body)
        await response.prepare(request)
        if how in ("short", "cut"):
            body = body[: len(body) // 2]
        elif how == "long":
            body += b"more"
        elif how == "wrong":
            body = bytes(len(body))
        for start in range(0, len(body), CHUNK):
            await response.write(body[start : start + CHUNK])
            self.sent += len(body[start : start + CHUNK])
        if how == "cut" and request.transport is not None:
            request.transport.close()
        return response
