"""An inference worker: a process that makes loops, after everything else has had its turn."""

import contextlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aijockey.errors import AijockeyError
from aijockey.live.loops import Float, LoopRequest, make_loop
from aijockey.live.processes.children import step_back
from aijockey.live.processes.exchange import READY, LoopExchange
from aijockey.live.processes.gallery import Gallery

NICENESS = 10
IDLE_S = 0.003
BEAT_S = 0.1
MIB = 1 << 20

# Makes the audio of a request, (channels, samples); may raise `AijockeyError`.
Render = Callable[[LoopRequest], Float]
# Text (the path of a pack) -> what makes its loops; run once in the worker.
Maker = Callable[[str], Render]


@dataclass(frozen=True)
class WorkerSetup:
    """What a worker is told.

    exchange, channels, samples : where loops go.
    maker, material : what makes them, as ``maker(material)``; an importable function.
    memory_mib : how much more memory than after its start a worker may map (0: any); beyond, it ends.
    cores : processors it may use; empty for all.
    gallery : where pictures of loops go; "" draws none.
    """

    number: int
    exchange: str
    channels: int
    samples: int
    maker: Maker
    material: str
    memory_mib: int = 0
    cores: tuple[int, ...] = ()
    gallery: str = ""


def from_pack(path: str) -> Render:
    """The generator of a pack, with every graph loaded."""
    from aijockey.live.generator import Generator
    from aijockey.live.latent_store import LatentStore
    from aijockey.live.loop_maker import LoopMaker
    from aijockey.live.loop_source import controls_of
    from aijockey.pack.pack import Pack

    generator = Generator(Pack.open(Path(path)), threads=1)
    return LoopMaker(generator, lambda voice: controls_of(generator.pack, voice), LatentStore().latent)


def work(setup: WorkerSetup) -> None:
    """Make loops for good. Runs in a process of its own."""
    step_back(NICENESS)
    if setup.cores and hasattr(os, "sched_setaffinity"):
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, setup.cores)
    exchange = LoopExchange(setup.channels, setup.samples, setup.exchange)
    gallery = Gallery(setup.gallery) if setup.gallery else None
    _beat_beside(exchange, setup.number)
    render = setup.maker(setup.material)
    if setup.memory_mib:
        _bound_memory(setup.memory_mib)
    exchange.set_worker(setup.number, "state", READY)
    while True:
        taken = exchange.take(setup.number)
        if taken is None:
            time.sleep(IDLE_S)
            continue
        slot, request = taken
        began_ns = time.monotonic_ns()
        exchange.set_worker(setup.number, "busy_since_ns", began_ns)
        try:
            loop = make_loop(render(request)).within(setup.channels)
        except AijockeyError as error:
            exchange.fail(slot, str(error))
        # Whatever else a pack's network does is its own fault, and no reason to lose the worker. Memory is: what
        # is left of the process may be anything, so it ends and the request is tried once more in a fresh one.
        except MemoryError:
            os._exit(3)
        except Exception as error:
            exchange.fail(slot, f"{type(error).__name__}: {error}")
        else:
            exchange.give(slot, loop)
            took_us = (time.monotonic_ns() - began_ns) // 1000
            before_us = exchange.worker(setup.number, "loop_us")
            exchange.set_worker(
                setup.number, "loop_us", (7 * before_us + took_us) // 8 if before_us else took_us
            )
            exchange.set_worker(setup.number, "made", exchange.worker(setup.number, "made") + 1)
            if gallery is not None:
                # A loop without a picture is a loop all the same.
                with contextlib.suppress(ValueError):
                    gallery.hang(setup.number, request, loop.audio)
        exchange.set_worker(setup.number, "busy_since_ns", 0)


def _beat_beside(exchange: LoopExchange, number: int) -> None:
    """Beat from a thread of its own: a long loop is no death, a stopped process is."""

    def run() -> None:
        while True:
            exchange.beat(number)
            time.sleep(BEAT_S)

    threading.Thread(target=run, name="heartbeat", daemon=True).start()


def _bound_memory(memory_mib: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such bound; the supervisor watches too
        return
    statm = Path("/proc/self/statm")
    if not statm.is_file():
        return
    mapped = int(statm.read_text().split()[0]) * resource.getpagesize()
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (mapped + memory_mib * MIB,) * 2)
