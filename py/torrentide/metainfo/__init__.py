"""Torrents as documents: .torrent files, magnet links, creation."""
