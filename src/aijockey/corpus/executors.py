"""Where the work for many files is done: here, in processes of this machine, or on a Dask cluster.

All three are a `concurrent.futures.Executor` to whoever uses them.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from aijockey.errors import AijockeyError, MissingExtraError


class HereExecutor(Executor):
    """Does the work at once, in this process: for one worker, and for debugging."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call ``fn`` now; the future that is returned is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def open_executor(workers: int, scheduler: str | None = None) -> Iterator[Executor]:
    """An executor with ``workers`` processes, or of the Dask cluster whose scheduler is at ``scheduler``.

    The workers of a cluster must see audio and corpus under the same paths.

    Raises
    ------
    MissingExtraError : a scheduler is named, and Dask is not installed.
    AijockeyError : the scheduler does not answer.
    """
    if scheduler is not None:
        yield from _cluster(scheduler)
    elif workers <= 1:
        yield HereExecutor()
    else:
        # Started afresh, not forked: the same on every system, and safe beside threads.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent) as pool:
            yield pool


def _cluster(scheduler: str) -> Iterator[Executor]:
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingExtraError("dask[distributed]", "cluster") from error
    try:
        client = Client(scheduler, timeout="10s", set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise AijockeyError(f"no Dask scheduler answers at {scheduler} ({error}); is it running?") from error
    with client, client.get_executor() as executor:
        yield executor


def _end_with_parent() -> None:
    """Let a worker end when the process that started it is killed, rather than wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
