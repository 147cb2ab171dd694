"""Pack -> sound: generator, decks, mixer, engine, devices. Imports neither torch nor ``train``."""
