"""The peer wire protocol; sans-I/O."""
