"""The torrentide command."""
