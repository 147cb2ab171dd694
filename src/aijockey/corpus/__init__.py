"""Audio files -> corpus: decode, find beats, cut, measure, split; ``synthesize`` makes one from nothing."""
