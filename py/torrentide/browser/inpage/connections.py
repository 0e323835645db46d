"""WebRTC connections of a page's own Python as the engine's Dialer port.

Owns the RTCPeerConnections of one session: makes offers and answers, and hands the data channels over. It
never touches the data. What web/src/rtc/ does for the worker, this does here.
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import Coroutine
from typing import Any

import js
from pyodide.ffi import JsException, to_js

from torrentide.browser.inpage.channels import Channels
from torrentide.browser.inpage.handlers import Handlers
from torrentide.diagnosis import Attempt
from torrentide.engine.session import Session

# As libtorrent's; the label carries no meaning.
CHANNEL_LABEL = "webtorrent"
# A description is sent with what it has after this time. As simple-peer's ICECOMPLETE_TIMEOUT.
GATHER_SECONDS = 5.0
# Once a server has told our public address, the host candidates are there too; the slow rest is rarely
# needed.
AFTER_PUBLIC_SECONDS = 1.0

# So many of the last attempts to connect are kept, as by web/src/rtc/links.ts.
MAX_ATTEMPTS = 50

_CANDIDATE_TYPE = re.compile(r"^a=candidate:.* typ (\w+)", re.MULTILINE)
_TRICKLE = re.compile(r"^a=ice-options:trickle\r?\n", re.MULTILINE)


class Connections:
    """The connections of one session, which is set as `session` when it exists; `config` is an
    RTCConfiguration, `attempts` gets what became of attempts to connect. See `ports.Dialer`."""

    session: Session

    def __init__(self, channels: Channels, config: Any, attempts: deque[Attempt]) -> None:
        self._attempts = attempts
        self._channels = channels
        self._config = config
        self._open: dict[int, tuple[Any, Handlers]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def offer(self, link: int) -> None:
        """See `ports.Dialer`."""
        pc = self._new(link)
        if pc is not None:
            self._channels.adopt(link, self.session, pc.createDataChannel(CHANNEL_LABEL))
            self._start(link, self._describe(link, pc, None))

    def accept(self, link: int, sdp: str) -> None:
        """See `ports.Dialer`."""
        pc = self._new(link)
        if pc is not None:
            self._start(link, self._describe(link, pc, sdp))

    def answer(self, link: int, sdp: str) -> None:
        """See `ports.Dialer`. A second answer must not end a link that the first one made."""
        pc = self._current(link)
        if pc is not None and pc.signalingState == "have-local-offer":
            self._start(link, self._take_answer(pc, sdp))

    def close(self, link: int) -> None:
        """See `ports.Dialer`."""
        self._channels.close(link)
        pc, handlers = self._open.pop(link, (None, None))
        if pc is not None and handlers is not None:
            # A peer answered, and time or ICE ended it before there was a way.
            if pc.remoteDescription and pc.connectionState in ("new", "connecting", "failed"):
                self._attempts.append(_attempt("failed", pc))
            handlers.release()
            pc.close()

    def close_all(self, reason: str) -> None:
        """Close every link, so that the peers notice at once."""
        for link in list(self._open):
            self._fail(link, reason)

    def _current(self, link: int) -> Any:
        return self._open.get(link, (None,))[0]

    def _new(self, link: int) -> Any:
        try:
            pc = js.RTCPeerConnection.new(self._config)
        except JsException as error:
            reason = (
                f"the browser makes no further WebRTC connection (too many, or a bad rtc_config): {error}"
            )
            # Not from inside a call of the engine.
            asyncio.get_event_loop().call_soon(self._fail, link, reason)
            return None

        def on_state(event: Any) -> None:
            if pc.connectionState == "connected":
                self._attempts.append(_attempt("connected", pc))
            # "disconnected" is not the end: ICE often finds its way back.
            if pc.connectionState == "failed":
                self._fail(link, "no network path to the peer (ICE failed)")

        taken: list[Any] = []

        def on_channel(event: Any) -> None:
            if taken:
                event.channel.close()
                return
            taken.append(event.channel)
            self._channels.adopt(link, self.session, event.channel)

        self._open[link] = pc, Handlers(pc, connectionstatechange=on_state, datachannel=on_channel)
        return pc

    def _start(self, link: int, work: Coroutine[Any, Any, None]) -> None:
        async def run() -> None:
            try:
                await work
            except JsException as error:
                self._fail(link, f"the browser refused the session description: {error}")
            self._channels.after()

        task = asyncio.get_event_loop().create_task(run())
        # The loop holds tasks weakly.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _describe(self, link: int, pc: Any, offer: str | None) -> None:
        if offer is not None:
            await pc.setRemoteDescription(_description("offer", offer))
        if self._current(link) is not pc:
            return
        await pc.setLocalDescription()
        await _gathered(pc)
        if self._current(link) is pc:
            self.session.link_local(link, _complete_sdp(pc), time.monotonic())

    async def _take_answer(self, pc: Any, sdp: str) -> None:
        await pc.setRemoteDescription(_description("answer", sdp))

    def _fail(self, link: int, reason: str) -> None:
        self.close(link)
        self.session.link_failed(link, reason, time.monotonic())
        self._channels.after()


def _attempt(outcome: str, pc: Any) -> Attempt:
    local, remote = (
        tuple(dict.fromkeys(_CANDIDATE_TYPE.findall(str(side.sdp) if side else "")))
        for side in (pc.localDescription, pc.remoteDescription)
    )
    return Attempt(outcome, local, remote)


def _description(kind: str, sdp: str) -> Any:
    return to_js({"type": kind, "sdp": sdp}, dict_converter=js.Object.fromEntries)


def _complete_sdp(pc: Any) -> str:
    """The local description without the promise of more candidates to come: there is no way to send them."""
    return _TRICKLE.sub("", str(pc.localDescription.sdp))


async def _gathered(pc: Any) -> None:
    """Wait until the local description is complete, or good enough."""
    loop = asyncio.get_event_loop()
    enough = asyncio.Event()
    timers = [loop.call_later(GATHER_SECONDS, enough.set)]

    def on_state(event: Any) -> None:
        if pc.iceGatheringState == "complete":
            enough.set()

    def on_candidate(event: Any) -> None:
        if event.candidate and event.candidate.type in ("srflx", "relay"):
            timers.append(loop.call_later(AFTER_PUBLIC_SECONDS, enough.set))

    handlers = Handlers(pc, icegatheringstatechange=on_state, icecandidate=on_candidate)
    on_state(None)
    await enough.wait()
    handlers.release()
    for timer in timers:
        timer.cancel()
