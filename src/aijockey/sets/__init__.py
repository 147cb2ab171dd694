"""Sets that come with the instrument."""
