"""Corpus, pack or recording -> figures and a report."""
