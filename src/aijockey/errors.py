"""The one kind of error that a player is meant to read."""


class AijockeyError(Exception):
    """Something the user can act on: says what came, what was expected, and a guess.

    The command line prints its text alone, without a traceback, and exits with status 1.
    """


class MissingExtraError(AijockeyError):
    """An optional dependency is absent; the text is the line that installs it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; install it with: pip install 'aijockey[{extra}]'")
