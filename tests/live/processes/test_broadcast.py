"""A set that is played is streamed to a real server, read back, and compared; the server is away in between."""
