"""The invertible maps between audio and what a network sees, in NumPy alone."""
