"""Checks of what sounds: PortAudio, the device, the pack, and whether the machine is quick enough."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aijockey.control.parameters import Value
from aijockey.errors import AijockeyError
from aijockey.live.devices import (
    INSTALL_PORTAUDIO,
    NoDeviceError,
    choose_device,
    list_devices,
    load_sounddevice,
    usable_rate,
)
from aijockey.live.doctor.finding import Finding, Patient
from aijockey.live.engine import QUANTUM_SAMPLES, Engine
from aijockey.live.generator import Generator
from aijockey.live.loop_source import DirectSource
from aijockey.live.loops import Float, LoopRequest
from aijockey.live.processes.cores import most_workers, usable_cores
from aijockey.live.set_file import LiveSet
from aijockey.music.grid import BEATS_PER_BAR, LOOP_BARS, LOOP_SAMPLES, RATE_HZ
from aijockey.pack.errors import FileHashError, FileSizeError, PackError, PackNotFoundError
from aijockey.pack.find import find_pack
from aijockey.pack.pack import Pack

DECKS = 8
# Share of the time there is that may be used: above the first it is said, above the second it does not go.
GENERATION_SHARES = (0.6, 1.0)
ENGINE_SHARES = (0.4, 0.8)


def portaudio(_: Patient) -> Finding:
    """Whether sound can be asked for at all."""
    try:
        sounddevice = load_sounddevice()
        version = sounddevice.get_portaudio_version()[1]
    except NoDeviceError as error:
        return Finding(
            "PortAudio",
            "broken",
            str(error),
            "nothing can be heard; rendering works",
            f"{INSTALL_PORTAUDIO}.",
        )
    return Finding("PortAudio", "ok", str(version))


def device(patient: Patient) -> Finding:
    """Whether there is an output, and whether it takes what we send."""
    name, matters = "output device", "nothing can be heard; rendering works"
    try:
        sounddevice = load_sounddevice()
        devices = list_devices(sounddevice)
        chosen = choose_device(devices, patient.device)
        rate_hz = usable_rate(sounddevice, chosen)
    except NoDeviceError as error:
        fix = "Plug one in, start the sound server (PipeWire, PulseAudio, JACK), or look into 'sound permissions'."
        return Finding(name, "broken", str(error), matters, fix)
    except AijockeyError as error:
        fix = "Choose one of 'aijockey devices' by --device, or close the program that holds it."
        return Finding(name, "broken", str(error), matters, fix)
    found = f"'{chosen.name}' through {chosen.system} at {rate_hz / 1000:g} kHz"
    if rate_hz != RATE_HZ:
        return Finding(
            name,
            "note",
            f"{found}, resampled from 48 kHz",
            "it delays the sound by about 20 ms",
            "Set the device to 48 kHz if it can.",
        )
    return Finding(name, "ok", found)


def pack(patient: Patient) -> Finding:
    """Whether the pack is whole."""
    try:
        opened = Pack.open(find_pack(patient.pack))
    except (FileHashError, FileSizeError) as error:
        fix = "Copy the pack again from where it came, or install aijockey again for the default one."
        return Finding("pack", "broken", str(error), "its loops cannot be made", fix)
    except PackNotFoundError as error:
        return Finding("pack", "broken", str(error), "its loops cannot be made", "Name one by --pack.")
    except PackError as error:
        return Finding(
            "pack", "broken", str(error), "its loops cannot be made", "Export or fetch the pack again."
        )
    manifest = opened.manifest
    found = f"{manifest.name} {manifest.version}, {len(manifest.voices)} voices, {opened.hash[:12]}…"
    return Finding("pack", "ok", f"{found}, every file as its manifest says")


def generation(patient: Patient) -> Finding:
    """Whether the processes that a set may have make loops for eight decks, each new every two bars."""
    name = "speed of the pack"
    try:
        opened = Pack.open(find_pack(patient.pack))
        generator = Generator(opened, 1)
        voices = [voice.name for voice in opened.manifest.voices]
        latents = {voice: np.stack([generator.latent(voice, 1)]) for voice in voices}

        def make(turn: int) -> None:
            voice = voices[turn % len(voices)]
            generator.generate(voice, latents[voice])

        loop = measure(make, patient.seconds)
    except AijockeyError as error:
        return Finding(
            name, "broken", f"cannot be measured: {error}", "its loops cannot be made", "See 'pack'."
        )
    there_s = LOOP_BARS * BEATS_PER_BAR * 60.0 / patient.bpm
    workers = most_workers(usable_cores())
    share = DECKS / there_s / workers
    found = (
        f"{1000 * loop.median_s:.0f} ms a loop; {DECKS} decks that change every {LOOP_BARS} bars at {patient.bpm:g} "
        f"BPM use {100 * share * loop.median_s:.0f} % of the time of {workers} process{'es' if workers > 1 else ''}"
    )
    fix = "Refresh decks less often, play fewer of them, take a lighter pack, or end other programs."
    matters = "new loops come late; the sound goes on"
    return _graded(name, share * loop.median_s, share * loop.own_s, GENERATION_SHARES, found, matters, fix)


def engine(patient: Patient) -> Finding:
    """Whether the mixer keeps up with eight decks."""
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, (1, LOOP_SAMPLES)).astype(np.float32)

    def loop(_: LoopRequest) -> Float:
        return noise

    decks: list[dict[str, Value]] = [{"voice": "noise", "seed": number, "play": 1} for number in range(DECKS)]
    machine = Engine(LiveSet(tuple(decks), tempo_bpm=patient.bpm), DirectSource(loop, {"noise": False}))
    for _ in range(20):
        machine.process(QUANTUM_SAMPLES)  # the loops are made and stretched
    block = measure(lambda _: machine.process(QUANTUM_SAMPLES), patient.seconds)
    share = RATE_HZ / QUANTUM_SAMPLES
    found = (
        f"{DECKS} decks use {100 * share * block.mean_s:.0f} % of the time, {100 * share * block.worst_s:.0f} % in the "
        "worst hundredth of blocks"
    )
    fix = "Plug in the mains, end other programs, set the performance governor, or play fewer decks."
    matters = "the sound drops out"
    return _graded(
        "speed of the mixer", share * block.mean_s, share * block.own_s, ENGINE_SHARES, found, matters, fix
    )


def _graded(
    name: str, share: float, own: float, limits: tuple[float, float], found: str, matters: str, fix: str
) -> Finding:
    """By the share of the time that was taken, and that of a processor of its own, which nobody else can slow."""
    noted, broken = limits
    if share < noted:
        return Finding(name, "ok", found)
    return Finding(name, "broken" if own >= broken else "note", found + _busy(), matters, fix)


def _busy() -> str:
    """What else the machine does, if that alone may explain a slow result."""
    cores = os.cpu_count() or 1
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return f"; other programs are at work (load {load:.1f} on {cores} cores)" if load > cores else ""


@dataclass(frozen=True)
class Speed:
    """Seconds of one piece of work: by the clock, and (own_s, the mean) of a processor."""

    median_s: float
    mean_s: float
    worst_s: float
    own_s: float


def measure(work: Callable[[int], object], seconds: float) -> Speed:
    """Do ``work(0)``, ``work(1)`` … for so long, three times at least; the first is not counted."""
    work(0)
    times_s: list[float] = []
    deadline, own_s = time.perf_counter() + seconds, -time.process_time()
    while len(times_s) < 3 or time.perf_counter() < deadline:
        started = time.perf_counter()
        work(len(times_s))
        times_s.append(time.perf_counter() - started)
    own_s += time.process_time()
    return Speed(
        float(np.median(times_s)),
        float(np.mean(times_s)),
        float(np.quantile(times_s, 0.99)),
        own_s / len(times_s),
    )
