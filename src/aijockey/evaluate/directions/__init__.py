"""Directions of a pack's voices: found by measuring, made independent, calibrated, proved on held-out latents."""
