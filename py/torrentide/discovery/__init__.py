"""Finding peers: tracker protocol, offers, crossed connections; sans-I/O."""
