"""The terminal as a surface: what plays and what comes, drawn with plain text, and keys."""

from aijockey.cli.stage.stage import can_show, show

__all__ = ["can_show", "show"]
