"""One torrent's state machine and what it is made of; sans-I/O."""
