"""Ableton Link: tempo, phase and start/stop shared with other programs on the network, without ever jumping."""
