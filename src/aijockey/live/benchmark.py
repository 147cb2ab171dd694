"""Speed on this machine: one process for each task and number of threads, taking turns.

Taking turns, so that whatever else the machine does falls on all alike; a process each, so that peak memory
is that task's own. A worker reads lines and does the task once for each, answering with the milliseconds it
took.
"""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from aijockey.errors import AijockeyError
from aijockey.live.generator import Generator
from aijockey.live.vocoder import make_griffin_lim
from aijockey.pack.pack import Pack

LOOPS = 4


class BenchmarkError(AijockeyError):
    """A worker of the benchmark died; the text holds its last words."""


def _generate(count: int) -> Callable[[Generator, str], Callable[[], Any]]:
    def prepare(generator: Generator, voice: str) -> Callable[[], Any]:
        latents = np.stack([generator.latent(voice, seed) for seed in range(count)])
        return lambda: generator.generate(voice, latents)

    return prepare


def _mels(generator: Generator, voice: str) -> Callable[[], Any]:
    latents = np.stack([generator.latent(voice, seed) for seed in range(LOOPS)])
    return lambda: generator.mel(voice, latents)


def _vocoder(generator: Generator, voice: str) -> Callable[[], Any]:
    mel = _mels(generator, voice)()
    return lambda: generator.sound(mel)


def _griffin_lim(generator: Generator, voice: str) -> Callable[[], Any]:
    """The same lanes, the same mels, another vocoder."""
    mel = _mels(generator, voice)()
    generator.vocoder = make_griffin_lim(generator.pack)
    return lambda: generator.sound(mel)


# Name -> loops in a run, whether it depends on the generator, what it is, and how to prepare it.
TASKS: dict[str, tuple[int, str, Callable[[Generator, str], Callable[[], Any]]]] = {
    "generate_4_loops": (LOOPS, "latents to sound, four loops", _generate(LOOPS)),
    "generate_1_loop": (1, "latents to sound, one loop", _generate(1)),
    "generator_4_loops": (LOOPS, "latents to mels alone", _mels),
    "vocoder_4_loops": (LOOPS, "mels to sound alone", _vocoder),
    "griffin_lim_4_loops": (LOOPS, "mels to sound by Griffin-Lim, 32 iterations", _griffin_lim),
}
THREADS = {"one_thread": 1, "two_threads": 2}


def measure(
    pack: Pack, voice: str, repeats: int = 15, on_round: Callable[[], None] = lambda: None
) -> dict[str, dict[str, Any]]:
    """Every task with every number of threads: task -> flat figures.

    For each number of threads: ``_ms`` (median), ``_p95_ms``, ``_times_real_time``, ``_peak_rss_mb`` (of the
    whole process; None where the system does not say). ``on_round`` is called after each of the ``repeats``
    rounds.

    Raises
    ------
    BenchmarkError : a worker failed.
    """
    with _workers(pack.path, voice) as workers:
        times: dict[tuple[str, str], list[float]] = {key: [] for key in workers}
        for worker in workers.values():
            _ask(worker)  # warm-up
        for _ in range(repeats):
            for key, worker in workers.items():
                times[key].append(float(_ask(worker)["ms"]))
            on_round()
        peaks = {key: _ask(worker)["peak_rss_mb"] for key, worker in workers.items()}
    manifest = pack.manifest
    figures: dict[str, dict[str, Any]] = {}
    for task, (loops, description, _) in TASKS.items():
        sounding_ms = 1000.0 * loops * manifest.samples / manifest.rate_hz
        figures[task] = {"description": description, "loops": loops, "seconds_of_audio": sounding_ms / 1000.0}
        for label in THREADS:
            median_ms = float(np.median(times[task, label]))
            figures[task] |= {
                f"{label}_ms": round(median_ms, 2),
                f"{label}_p95_ms": round(float(np.quantile(times[task, label], 0.95)), 2),
                f"{label}_times_real_time": round(sounding_ms / median_ms, 1),
                f"{label}_peak_rss_mb": peaks[task, label],
            }
    return figures


def describe_machine() -> dict[str, Any]:
    """What figures of speed depend on."""
    import onnxruntime

    return {
        "processor": _processor(),
        "logical_cores": os.cpu_count(),
        "load_average": [round(value, 2) for value in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "onnxruntime": onnxruntime.__version__,
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


Worker = subprocess.Popen[str]


@contextmanager
def _workers(pack: Path, voice: str) -> Iterator[dict[tuple[str, str], Worker]]:
    workers: dict[tuple[str, str], Worker] = {}
    try:
        for task in TASKS:
            for label, threads in THREADS.items():
                # Matrix libraries start their own threads unless told.
                limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
                workers[task, label] = subprocess.Popen(
                    [sys.executable, "-m", __name__, task, str(pack), voice, str(threads)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    env={**os.environ, **limits},
                )
        yield workers
    finally:
        for worker in workers.values():
            worker.kill()
            worker.communicate()


def _ask(worker: Worker) -> dict[str, Any]:
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        worker.stdin.write("again\n")
        worker.stdin.flush()
        line = worker.stdout.readline()
    except OSError:
        line = ""
    if not line:
        _, words = worker.communicate()
        raise BenchmarkError(f"a worker of the benchmark stopped: {words.strip()[-500:]}")
    answer: dict[str, Any] = json.loads(line)
    return answer


def _peak_rss_mb() -> float | None:
    status = Path("/proc/self/status")
    if status.is_file():  # getrusage would count the parent's memory too, from before exec
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM"):
                return round(int(line.split()[1]) / 1024, 1)
    try:
        import resource
    except ImportError:  # Windows
        return None
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 1)  # bytes on macOS


def _serve(task: str, pack: str, voice: str, threads: int) -> None:
    work = TASKS[task][2](Generator(Pack.open(pack), threads), voice)
    for _ in sys.stdin:
        start = time.perf_counter()
        work()
        took_ms = 1000.0 * (time.perf_counter() - start)
        print(json.dumps({"ms": took_ms, "peak_rss_mb": _peak_rss_mb()}), flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
