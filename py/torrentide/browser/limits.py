"""Limits of speed as the page gives them: see Limits in web/src/protocol.ts."""

import time

from torrentide.engine.limits import Limits


def set_limits(limits: Limits, given: dict[str, float]) -> None:
    """Set them, in bytes per second; less than 0 is none."""
    now = time.monotonic()
    for bucket, rate in ((limits.down, given["down"]), (limits.up, given["up"])):
        bucket.set_rate(None if rate < 0 else rate, now)
