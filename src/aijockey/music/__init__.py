"""Tempo, bars, keys: arithmetic that never touches a sample."""
