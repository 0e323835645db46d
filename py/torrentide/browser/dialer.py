"""WebRTC connections as the engine's Dialer port: the page makes them, as a worker may not.

Owns which session a link belongs to, from the wish for it to its end.
"""

from collections.abc import Callable
from typing import Any

from torrentide.browser.shim import JsChannels
from torrentide.engine.session import Session


class SessionDialer:
    """The connections of one session, which is set as `session` when it exists. `owners` maps every link
    of the worker to its session; `post` sends a message to the page; `config` is its RTCConfiguration. See
    `ports.Dialer`."""

    session: Session

    def __init__(
        self,
        owners: dict[int, Session],
        channels: JsChannels,
        post: Callable[[dict[str, Any]], None],
        config: dict[str, Any] | None,
    ) -> None:
        self._owners = owners
        self._channels = channels
        self._post = post
        self._config = config

    def offer(self, link: int) -> None:
        """See `ports.Dialer`."""
        self._owners[link] = self.session
        self._post({"type": "rtc-offer", "link": link, "config": self._config})

    def accept(self, link: int, sdp: str) -> None:
        """See `ports.Dialer`."""
        self._owners[link] = self.session
        self._post({"type": "rtc-accept", "link": link, "sdp": sdp, "config": self._config})

    def answer(self, link: int, sdp: str) -> None:
        """See `ports.Dialer`."""
        self._post({"type": "rtc-answer", "link": link, "sdp": sdp})

    def close(self, link: int) -> None:
        """See `ports.Dialer`."""
        if self._owners.pop(link, None) is not None:
            self._channels.close(link)
            self._post({"type": "rtc-close", "link": link})
