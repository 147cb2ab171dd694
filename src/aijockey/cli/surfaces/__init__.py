"""Arguments of `aijockey play` for each surface, and what to run for them."""
