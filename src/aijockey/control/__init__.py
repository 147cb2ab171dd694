"""Hands -> engine: `parameters` is the one table; everything else translates it."""
