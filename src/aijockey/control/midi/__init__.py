"""MIDI: controllers by maps and by learning, with feedback; clocks in and out; rhythm decks as notes."""
