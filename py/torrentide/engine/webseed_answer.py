"""What the head of an HTTP answer means to one who asked for a range of a torrent.

Owns the reading of status codes and ranges, and how long a server that can't help is left alone. It never
knows bodies, nor which server it is about.
"""

import math
import re

from torrentide.engine.webseed_urls import Step
from torrentide.ports import Answer

# A server that does not serve parts of files sends whole ones; a file up to this size is worth that. It is
# twice what libtorrent asks of a web seed in one request (`urlseed_max_request_bytes`).
MAX_WHOLE_FILE = 32 * 1024 * 1024
# libtorrent leaves a web seed alone for so long when its name can't be found (`web_seed_name_lookup_retry`);
# longer than that no Retry-After is believed.
REFUSED_SECONDS = 1800.0
NEVER = math.inf

_CONTENT_RANGE = re.compile(r"bytes (\d{1,16})-(\d{1,16})/(\d{1,16}|\*)", re.ASCII | re.IGNORECASE)
_REASONS = {
    401: "its server wants a password",
    403: "its server does not let us read it",
    404: "it is not there",
    410: "it is not there any more",
    416: "it is shorter than the torrent says",
    429: "its server has too much to do",
    451: "its server may not give it",
    503: "its server has too much to do",
}


class Trouble(Exception):
    """A web seed could not help. `wait`: seconds to leave it alone, None for as long as its failures in a row
    ask for; `busy`: fewer fetches at a time may help; `absent`: it does not have this file, but may have
    others."""

    def __init__(
        self, reason: str, wait: float | None = None, *, busy: bool = False, absent: bool = False
    ) -> None:
        super().__init__(reason)
        self.wait = wait
        self.busy = busy
        self.absent = absent


def body_start(step: Step, answer: Answer) -> int:
    """The place in the torrent of the first byte of the body; Trouble when the answer is not what was asked
    for."""
    if answer.code == 206 and step.ranged:
        _check_part(step, answer)
        return step.start
    if answer.code == 200:
        _check_whole(step, answer)
        return step.base
    raise refusal(answer)


def refusal(answer: Answer) -> Trouble:
    """What an answer without the data means."""
    reason = f"{_REASONS.get(answer.code, 'its server did not answer with the data')} (status {answer.code})"
    if answer.code in (429, 503):
        wait = answer.retry_after
        return Trouble(reason, None if wait is None else min(max(wait, 1.0), REFUSED_SECONDS), busy=True)
    # Too slow and too early: the other two that are no verdict.
    refused = 400 <= answer.code < 500 and answer.code not in (408, 425)
    return Trouble(reason, REFUSED_SECONDS if refused else None, absent=refused)


def _check_part(step: Step, answer: Answer) -> None:
    """Browsers tell the range only if the server lets them (CORS); the length they tell."""
    count = step.end - step.start
    if answer.content_range is not None:
        match = _CONTENT_RANGE.fullmatch(answer.content_range.strip())
        if match is None or (int(match[1]), int(match[2])) != step.span:
            raise Trouble(f"its server sent another part than was asked for ({answer.content_range[:80]!r})")
        if match[3] != "*" and int(match[3]) != step.size:
            raise _wrong_size(step, int(match[3]))
    if answer.length is not None and answer.length != count:
        raise Trouble(f"its server sent {answer.length} bytes where {count} were asked for")


def _check_whole(step: Step, answer: Answer) -> None:
    if answer.length is not None and answer.length != step.size:
        raise _wrong_size(step, answer.length)
    if step.end - step.start < step.size > MAX_WHOLE_FILE:
        raise Trouble(
            f"its server does not send parts of files (HTTP ranges), and {step.size} bytes are too many to "
            "fetch whole",
            NEVER,
        )


def _wrong_size(step: Step, size: int) -> Trouble:
    return Trouble(f"it has {size} bytes where the torrent has {step.size}", REFUSED_SECONDS, absent=True)
