"""Checks of the machine: versions, permissions, port, disk, shared memory."""

import importlib.metadata
import os
import platform
import shutil
import socket
import sys
import tempfile
from pathlib import Path

from aijockey.live.doctor.finding import Finding, Patient, State
from aijockey.live.recording.disk import DiskWatch
from aijockey.music.grid import RATE_HZ

OLDEST_PYTHON = (3, 11)
NEEDED = ("numpy", "scipy", "onnxruntime", "soundfile", "soxr", "pedalboard", "python-stretch", "sounddevice")
# Extra -> the package that shows whether it is there, and what it is for.
EXTRAS = {"stream": ("av", "streaming")}
SOUND_FOLDER = Path("/dev/snd")
SHARED_MEMORY = Path("/dev/shm")
LEAST_SHARED_BYTES = 128 << 20
MASTER_BYTES_PER_SECOND = 6 * RATE_HZ


def versions(_: Patient) -> Finding:
    """Python and the libraries."""
    missing, there = [], [f"Python {platform.python_version()}"]
    for package in NEEDED:
        try:
            there.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(package)
    found = ", ".join(there)
    if missing or sys.version_info < OLDEST_PYTHON:
        lacks = f"; missing: {', '.join(missing)}" if missing else ""
        return Finding(
            "versions",
            "broken",
            found + lacks,
            "nothing plays without them",
            "Make the environment again with scripts/setup, with Python 3.11 or newer.",
        )
    return Finding("versions", "ok", found)


def extras(_: Patient) -> Finding:
    """Optional parts."""
    absent = []
    for extra, (package, purpose) in EXTRAS.items():
        try:
            importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            absent.append((extra, purpose))
    if not absent:
        return Finding("extras", "ok", f"{', '.join(EXTRAS)} installed")
    names = ",".join(extra for extra, _ in absent)
    return Finding(
        "extras",
        "note",
        f"not installed: {names}",
        f"only for {', '.join(purpose for _, purpose in absent)}",
        f"If you want it: pip install 'aijockey[{names}]'.",
    )


def sound_permissions(_: Patient) -> Finding:
    """Whether this user may open sound cards (Linux)."""
    name = "sound permissions"
    if not SOUND_FOLDER.is_dir():
        if sys.platform == "linux":
            return Finding(
                name,
                "note",
                f"there is no {SOUND_FOLDER}: the kernel knows no sound card",
                "only network or virtual devices can play",
                f"Plug a card in, or give the container {SOUND_FOLDER}.",
            )
        return Finding(name, "ok", "nothing to ask for on this system")
    cards = sorted(SOUND_FOLDER.glob("pcm*p"))
    closed = [card.name for card in cards if not os.access(card, os.R_OK | os.W_OK)]
    if closed:
        return Finding(
            name,
            "broken",
            f"this user may not open {', '.join(closed)}",
            "the sound card cannot be used directly",
            "sudo usermod -aG audio $USER, then log in again.",
        )
    return Finding(name, "ok", f"{len(cards)} playback devices in {SOUND_FOLDER} can be opened")


def priority(_: Patient) -> Finding:
    """Whether audio may have real-time priority (Unix)."""
    name = "real-time priority"
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_RTPRIO)[1]  # Linux alone has it
    except (ImportError, AttributeError):
        return Finding(name, "ok", "given by the sound system here")
    if limit == 0 and os.geteuid() != 0:
        return Finding(
            name,
            "note",
            "this user may not ask for it (limit rtprio 0)",
            "other programs can make the sound drop out",
            "Put '@audio - rtprio 95' and '@audio - memlock unlimited' into /etc/security/limits.d/audio.conf, join "
            "the group audio and log in again.",
        )
    return Finding(name, "ok", "root may" if os.geteuid() == 0 else f"up to {limit}")


def port(patient: Patient) -> Finding:
    """Whether the control port is free on loopback."""
    name = "control port"
    if not 0 < patient.port < 65_536:
        return Finding(
            name, "broken", f"{patient.port} is no port", "", "Choose one from 1024 to 65535 by --port."
        )
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as opened:
        if os.name == "posix":  # as the server does: a port whose last owner has just gone is free
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            opened.bind(("127.0.0.1", patient.port))
        except OSError as error:
            return Finding(
                name,
                "broken",
                f"port {patient.port} cannot be used ({error.strerror or error})",
                "a second set cannot be controlled on it",
                "End the set or program that holds it, or choose another by --port.",
            )
    return Finding(name, "ok", f"port {patient.port} is free")


def disk(patient: Patient) -> Finding:
    """Whether recordings can be written, and how long."""
    name = "disk"
    try:
        state = DiskWatch(patient.folder).look(MASTER_BYTES_PER_SECOND)
        with tempfile.TemporaryFile(dir=patient.folder) as file:
            file.write(b"\0")
    except OSError as error:
        return Finding(
            name,
            "broken",
            f"{patient.folder} cannot be written to ({error.strerror or error})",
            "recordings need it; the sound does not",
            "Choose another folder by --folder.",
        )
    minutes = state.minutes_left
    left = f"{minutes / 60:.0f} h" if minutes >= 120 else f"{minutes:.0f} min"
    found = f"{state.free_bytes / 1e9:.1f} GB free in {patient.folder}: {left} of the master"
    if state.level == "ok":
        return Finding(name, "ok", found)
    grade: State = "broken" if state.level == "full" else "note"
    return Finding(
        name, grade, found, "recordings stop when it is full", "Free some space or record elsewhere."
    )


def shared_memory(_: Patient) -> Finding:
    """Whether the processes can share sound (Linux; containers give little)."""
    name = "shared memory"
    if not SHARED_MEMORY.is_dir():
        return Finding(name, "ok", "given by the system")
    try:
        free = shutil.disk_usage(SHARED_MEMORY).free
        writable = os.access(SHARED_MEMORY, os.W_OK)
    except OSError as error:
        return Finding(name, "note", f"{SHARED_MEMORY} does not answer ({error.strerror})")
    if not writable or free < LEAST_SHARED_BYTES:
        return Finding(
            name,
            "broken",
            f"{free >> 20} MB free in {SHARED_MEMORY}{'' if writable else ', not writable'}",
            "the processes of a set hand each other sound there",
            "Mount a larger one (mount -o remount,size=512M /dev/shm; Docker: --shm-size=512m).",
        )
    return Finding(name, "ok", f"{free >> 20} MB free")
