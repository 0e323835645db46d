"""A WebRTC tracker: sans-I/O swarm logic and a server around it."""
