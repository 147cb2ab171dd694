"""AI Jockey: perform dance music that neural networks generate while you play."""

__version__ = "0.1.0"
