"""What keeps a set from sounding on this machine: checks, each with what was found and how to mend it."""
