"""Ports that write down what they were asked, for tests of the parts that use them."""


class RecordedSockets:
    """Sockets of which the test says when they open and close."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.sent: list[tuple[str, str]] = []

    def open(self, url: str) -> None:
        self.opened.append(url)

    def send(self, url: str, text: str) -> None:
        self.sent.append((url, text))

    def close(self, url: str) -> None:
        self.closed.append(url)


class RecordedDialer:
    """Connections of which the test says what becomes of them."""

    def __init__(self) -> None:
        self.offered: list[int] = []
        self.accepted: list[tuple[int, str]] = []
        self.answered: list[tuple[int, str]] = []
        self.closed: list[int] = []

    def offer(self, link: int) -> None:
        self.offered.append(link)

    def accept(self, link: int, sdp: str) -> None:
        self.accepted.append((link, sdp))

    def answer(self, link: int, sdp: str) -> None:
        self.answered.append((link, sdp))

    def close(self, link: int) -> None:
        self.closed.append(link)
