"""Makers of loops and devices for the processes under test: imported by name in fresh interpreters."""

import os
import time

import numpy as np

from aijockey.errors import AijockeyError
from aijockey.live.output import DeviceOutput, NoDeviceError, NullOutput
from aijockey.live.sound_input import ClockedInput, DeviceInput

LOOP_SAMPLES = 192_000


def make(material):
    """The voices of `VOICES`; ``material`` is how many seconds a loop takes, or nothing."""
    time_samples = np.arange(LOOP_SAMPLES)
    tone = (0.2 * np.sin(2 * np.pi * 250 * time_samples / 48_000)).astype(np.float32)

    def render(request):
        time.sleep(float(material or 0))
        return SOUNDS[request.voice](tone)[np.newaxis]

    return render


def make_varied(material):
    """Every point of latent space sounds otherwise; ``material`` is how many seconds a loop takes."""

    def render(request):
        time.sleep(float(material or 0))
        rng = np.random.default_rng([ord(letter) for letter in str(request.point)])
        tone = 0.2 * np.sin(2 * np.pi * 25 * rng.integers(4, 40) * np.arange(LOOP_SAMPLES) / 48_000)
        return tone.astype(np.float32)[np.newaxis]

    return render


def make_nothing(material):
    """A worker that fails before it is ready, as with a pack whose graph cannot be loaded."""
    raise AijockeyError("the pack cannot be loaded")


def _hog(tone):
    held = []
    while True:
        held.append(np.ones(8 << 20, np.float32))  # 32 MiB at a time


def _hang(tone):
    time.sleep(3600)


def _raise(tone):
    raise AijockeyError("this voice makes nothing")


SOUNDS = {
    "tone": lambda tone: tone,
    "nan": lambda tone: np.full_like(tone, np.nan),
    "infinite": lambda tone: np.where(np.arange(len(tone)) % 997, tone, np.inf).astype(np.float32),
    "dc": np.ones_like,
    "loud": lambda tone: tone * np.float32(1000),
    "short": lambda tone: tone[:1000],
    "raise": _raise,
    "hog": _hog,
    "hang": _hang,
}
VOICES = dict.fromkeys(SOUNDS, False)


class FailingOutput(NullOutput):
    """A device that stops asking after a second, as one does that was pulled out."""

    def _run(self, fill):
        blocks = iter(range(94))

        def until(block):
            return next(blocks, None) is not None and fill(block)

        super()._run(until)


def open_failing(name, block_samples):
    """The first is pulled out after a second; the spare holds."""
    output = NullOutput(block_samples) if name == "spare" else FailingOutput(block_samples)
    output.name = name or "first"
    return output


def open_jack(name, block_samples):
    """A JACK server by its name, which must be known before PortAudio is loaded."""
    os.environ |= {"JACK_DEFAULT_SERVER": name, "JACK_NO_START_SERVER": "1"}
    return DeviceOutput("system", block_samples)


def open_none(name, block_samples):
    raise NoDeviceError("there is no sound output device")


def open_refused(name, block_samples):
    raise AijockeyError(f"no output device '{name}'; there are: 'Built-in'")


def open_tone_input(device, block_samples):
    """An input that hears 1000 Hz, or none of that name."""
    if device == "gone":
        raise AijockeyError("no input device 'gone'; there are: 'tone'")

    def tone(start, count):
        time_s = np.arange(start, start + count) / 48_000
        return np.tile((0.25 * np.sin(2 * np.pi * 1000 * time_s)).astype(np.float32), (2, 1))

    return ClockedInput(block_samples, tone)


def open_jack_input(device, block_samples):
    """The input of a JACK server of that name."""
    os.environ["JACK_DEFAULT_SERVER"] = device
    return DeviceInput("system", block_samples)
