"""Torrentide: BitTorrent in the browser.

This package is the engine of the web client and, on a native Python, the home of the tracker and the command
line. It holds no code at import time beyond its version, so that importing a part never pays for the whole.
"""

__version__ = "0.1.0"
