"""Session descriptions of strangers: what one may hold before a browser sees it.

A description names addresses that the browser will probe. Owns the check that it is one of a data channel,
the bound on its candidates, and which candidates stay. It never knows who sent it, nor what else it says:
the browser reads the rest.
"""

import ipaddress
import re
from collections.abc import Callable

# A complete description with a data channel and its candidates has 0.5 to 3 KiB; libtorrent reads 64 KiB.
MAX_SDP_CHARS = 16 * 1024
# Addresses that a stranger may have us probe; a machine with several networks has about 20. The first stay.
MAX_CANDIDATES = 30

# Control characters and halves of surrogate pairs, which JSON may hold; and a carriage return by itself,
# which one reader takes for the end of a line and the next does not.
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]|\r(?!\n)")
# RFC 8841; the second form is that of its drafts, which old browsers and some libraries still write.
_MEDIA = re.compile(r"m=application \d{1,5} (?:(?:UDP|TCP)/DTLS/SCTP webrtc-datachannel|DTLS/SCTP \d{1,5}) *")
# RFC 8839: foundation, component, transport, priority, address, port, type, and whatever follows.
_CANDIDATE = re.compile(
    r"a=candidate:[\w+/]{1,32} \d{1,5} \w{1,16} \d{1,10} ([\w.:%-]{1,253}) \d{1,5} typ \w{1,16}(?: .*)?",
    re.ASCII,
)


def usable(sdp: str, is_blocked: Callable[[str], bool]) -> str | None:
    """The description as it may be used, or None when it may not be.

    It must be bounded text with one media section, a data channel. Candidates are left out that can't be
    read, that are beyond the bound, whose address `is_blocked`, or whose name a DNS server would be asked
    for: a stranger could have us look up any. When nothing is left of them, nothing is usable. Names of
    multicast DNS (`.local`) hide an address of the peer's own network, and pass.
    """
    if not 0 < len(sdp) <= MAX_SDP_CHARS or not sdp.startswith("v=0"):
        return None
    if _NO_TEXT.search(sdp):
        return None
    lines = sdp.replace("\r\n", "\n").split("\n")
    media = [line for line in lines if line.startswith("m=")]
    if len(media) != 1 or not _MEDIA.fullmatch(media[0]):
        return None
    kept: list[str] = []
    named, left = 0, 0
    for line in lines:
        if line.startswith("a=candidate:"):
            named += 1
            if left == MAX_CANDIDATES or not _is_usable(line, is_blocked):
                continue
            left += 1
        kept.append(line)
    return "\r\n".join(kept) if left or not named else None


def _is_usable(line: str, is_blocked: Callable[[str], bool]) -> bool:
    match = _CANDIDATE.fullmatch(line)
    if match is None:
        return False
    address = match[1]
    if address.lower().endswith(".local"):
        return True
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return not is_blocked(address)
