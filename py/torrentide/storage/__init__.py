"""Where the bytes of torrents are kept, and the records that say what is there."""
