"""What was played, kept: files that survive a kill, a track list beside them, and a watch on the disk."""
