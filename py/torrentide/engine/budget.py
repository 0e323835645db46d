"""How many connections there may be in one page, over all torrents and clients.

Owns one count and its bounds. It never knows whose a connection is, nor in which state.
"""

# Chromium refuses a page's connections beyond 500, and counts those that were closed and are not collected
# yet. libtorrent has 200 over all torrents.
MAX_LINKS = 300
# The rest is kept for peers that came to us: offers of a dozen torrents must not leave a page deaf.
MAX_LINKS_FOR_OFFERS = 200


class LinkBudget:
    """The connections of one page, those under way included; sessions of a page share it."""

    def __init__(self, most: int = MAX_LINKS, most_for_offers: int = MAX_LINKS_FOR_OFFERS) -> None:
        self.used = 0
        self._most = most
        self._most_for_offers = most_for_offers

    def take(self) -> bool:
        """Take one connection; False when there is none left."""
        if self.used >= self._most:
            return False
        self.used += 1
        return True

    def give_back(self) -> None:
        """A connection is closed."""
        self.used -= 1

    @property
    def offers(self) -> int:
        """How many offers may be made now."""
        return max(0, self._most_for_offers - self.used)
