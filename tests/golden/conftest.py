"""The loops of the golden sets are those of the live tests."""

from tests.live.conftest import make_source

__all__ = ["make_source"]
