"""Open Sound Control: every parameter at its address, both ways."""
