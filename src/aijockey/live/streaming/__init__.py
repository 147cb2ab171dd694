"""What is played, sent to an Icecast server: an encoder, a connection that comes back, and a bounded backlog."""
