"""Scenes of the textures: each paints on a canvas and says what it played."""
