"""One thing done for every deck, on the calling thread alone or beside it on others."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Crew:
    """Maps functions that do not know of each other; what comes out does not depend on the number of threads.

    Effects and transforms let go of the interpreter while they work, so two threads gain where there are two
    processors. Live there is one: a thread that makes sound waits for nobody.
    """

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads - 1, thread_name_prefix="decks") if threads > 1 else None

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """``function`` of each item, in order."""
        if self._pool is None or len(items) < 2:
            return [function(item) for item in items]

        def share(first: int) -> list[Result]:
            return [function(item) for item in items[first :: self._threads]]

        others = [self._pool.submit(share, first) for first in range(1, self._threads)]
        shares = [share(0), *(other.result() for other in others)]
        return [shares[number % self._threads][number // self._threads] for number in range(len(items))]
