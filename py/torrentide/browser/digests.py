"""SHA-1 as the engine's Digest port: SubtleCrypto for whole pieces, hashlib for small ones."""

import hashlib
import itertools
import time
from collections.abc import Callable

from pyodide.ffi import create_proxy

from torrentide.browser.shim import JsBuffer, JsDigests
from torrentide.ports import Buffer

# Below it the way to SubtleCrypto and back costs more than hashing in WebAssembly (measured).
INLINE_BYTES = 64 * 1024


class Digests:
    """See `ports.Digest`; `after` is called behind every digest that came later."""

    def __init__(self, js_digests: JsDigests, after: Callable[[], None]) -> None:
        self._js = js_digests
        self._after = after
        self._jobs: dict[int, Callable[[bytes, float], None]] = {}
        self._numbers = itertools.count(1)
        js_digests.onDigest = create_proxy(self._on_digest)

    def sha1(self, data: Buffer, done: Callable[[bytes, float], None]) -> None:
        """See `ports.Digest`."""
        size = len(data)
        if size < INLINE_BYTES:
            done(hashlib.sha1(data, usedforsecurity=False).digest(), time.monotonic())
            return
        job = next(self._numbers)
        self._jobs[job] = done
        self._js.room(size).assign(data)
        self._js.sha1(job, size)

    def _on_digest(self, job: int, digest: JsBuffer) -> None:
        self._jobs.pop(job)(digest.to_bytes(), time.monotonic())
        self._after()
