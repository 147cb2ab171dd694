"""A set never reaches PyTorch: proven in fresh interpreters, since this one may have imported anything."""

import json
import pkgutil
import subprocess
import sys

import pytest

import aijockey
from aijockey.cli.main import VERBS
from aijockey.live.processes.children import IMPORTED_AHEAD, SINGLE_THREAD

HEAVY = ("torch", "librosa", "numba", "lightning_fabric", "matplotlib", "onnx", "sklearn", "dask")
LIGHT_FOLDERS = ("audio", "music", "representation", "pack", "control", "live")
FORBIDDEN = (*HEAVY, "aijockey.train", "aijockey.corpus", "aijockey.evaluate")

PROBE = """
import importlib, json, sys
for name in {names}:
    importlib.import_module(name)
{then}
print(json.dumps(sorted(name for name in {forbidden} if name in sys.modules)))
"""

# Runs a verb inside the probe, its own output thrown away.
VERB = """
import contextlib, io
from aijockey.cli.main import main
with contextlib.redirect_stdout(io.StringIO()):
    try:
        status = main({words})
    except SystemExit as stop:
        status = stop.code
assert status == 0, status
"""


def loaded(names=(), then="", forbidden=FORBIDDEN) -> list[str]:
    """Which of ``forbidden`` a fresh interpreter holds after importing ``names`` and running ``then``."""
    code = PROBE.format(names=list(names), then=then, forbidden=list(forbidden))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def modules_of(folder: str) -> list[str]:
    package = f"aijockey.{folder}"
    path = [f"{aijockey.__path__[0]}/{folder}"]
    return [package, *(entry.name for entry in pkgutil.walk_packages(path, f"{package}."))]


@pytest.mark.parametrize("folder", LIGHT_FOLDERS)
def test_folders_have_modules(folder):
    assert modules_of(folder)


def test_playing_never_imports_training():
    names = [name for folder in LIGHT_FOLDERS for name in modules_of(folder)]
    assert len(names) > 20
    assert loaded(names) == []


def test_help_of_the_command_imports_nothing_heavy():
    assert loaded(then=VERB.format(words=["--help"]), forbidden=(*FORBIDDEN, "numpy", "onnxruntime")) == []


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_imports_nothing_heavy(verb):
    found = loaded(then=VERB.format(words=[verb, "--help"]), forbidden=(*HEAVY, "onnxruntime", "scipy"))
    assert found == []


def test_listing_and_generating_imports_nothing_heavy(tiny_pack, tmp_path):
    words = ["voices", str(tiny_pack.path)]
    assert loaded(then=VERB.format(words=words)) == []
    words = ["generate", "kick", "--pack", str(tiny_pack.path), "--count", "1", "-o", str(tmp_path)]
    assert loaded(then=VERB.format(words=words)) == []
    assert (tmp_path / "kick-0.wav").is_file()


def test_who_starts_the_processes_of_a_set_imports_no_more_than_that_takes():
    # The first sound waits for it: scipy.signal alone is a second and a half.
    slow = (*FORBIDDEN, "onnxruntime", "pedalboard", "scipy.signal", "scipy.stats")
    assert loaded(["aijockey.live.processes.supervisor", "aijockey.live.programme"], forbidden=slow) == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc of Linux")
def test_what_is_imported_ahead_of_a_fork_starts_no_thread():
    # A fork copies the thread that forks and no other, but every lock that the others hold.
    code = f"""
import importlib, os
os.environ |= {dict(SINGLE_THREAD)!r}
for name in {IMPORTED_AHEAD!r}:
    importlib.import_module(name)
print(len(os.listdir("/proc/self/task")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1"]


def test_the_probe_can_fail():
    assert loaded(["aijockey.train", "dask"]) == ["aijockey.train", "dask"]
