"""Corpus -> checkpoint -> pack. PyTorch lives only here."""
