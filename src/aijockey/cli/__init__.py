"""The command ``aijockey``: one short file per verb; the work is imported inside ``run``."""
