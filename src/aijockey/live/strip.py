"""The mixer's channel strip of one deck: isolator, filter, pump, fader, pan, sends."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from aijockey.control.parameters import DECK_PARAMETERS, SILENCE_DB, Value
from aijockey.live.effects.isolator import Isolator
from aijockey.live.effects.sweep_filter import SweepFilter
from aijockey.live.smoothing import Smoothed

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]
Gain = float | Double

SMOOTHED = tuple(
    name
    for name, row in DECK_PARAMETERS.items()
    if not row.planned and row.curve in ("linear", "decibel", "switch")
)
# A deck that has fallen silent is processed for this long, so that its filters ring out.
RING_SAMPLES = 4096
# Louder than +100 dB is a fault of the deck, not a sound.
FAULT_LEVEL = 1e5


class Strip:
    """Shapes the sound of one deck; every move is smoothed."""

    def __init__(self, setup: Mapping[str, Value]) -> None:
        values = {name: row.default for name, row in DECK_PARAMETERS.items()} | dict(setup)
        self.controls = {name: Smoothed(float(values[name])) for name in SMOOTHED}
        self.side = Smoothed(_side(values["side"]))
        self.faults = 0
        self.peak = 0.0
        self._isolator = Isolator()
        self._sweep = SweepFilter()
        self._ringing = 0

    def send(self, name: str, sample: int, value: Value, over_samples: int) -> None:
        """Move a parameter from ``sample`` on. Thread: audio"""
        if name == "side":
            self.side.send(sample, _side(value), over_samples)
        else:
            self.controls[name].send(sample, float(value), over_samples)

    def process(
        self, sound: Float | None, start: int, count: int, beats: Double, crossfader: Gain
    ) -> "Buses | None":
        """Sound of the deck, (channels, samples) or None for silence -> what it adds to the buses.

        beats : (samples,) position of each sample in beats; crossfader : -1 to 1. Thread: audio
        """
        moves = {name: control.render(start, count) for name, control in self.controls.items()}
        side = self.side.render(start, count)
        if sound is None:
            self.peak = 0.0
            if self._ringing <= 0:
                return None
            self._ringing -= count
            sound = np.zeros((2, count), dtype=np.float32)
        else:
            self._ringing = RING_SAMPLES
        if sound.shape[0] == 1:
            sound = np.concatenate([sound, sound])
        sound = self._isolator.process(
            sound, factor(moves["low_db"]), factor(moves["mid_db"]), factor(moves["high_db"])
        )
        sound = self._sweep.process(sound, moves["filter"])
        level = float(np.abs(sound).max())
        if not level < FAULT_LEVEL:  # also true of NaN
            self._fault()
            return None
        gain = factor(moves["gain_db"]) * (1.0 - moves["mute"]) * _crossfader_gain(side, crossfader)
        if not (isinstance(moves["pump"], float) and moves["pump"] == 0.0):
            gain = gain * pump_gain(beats, moves["pump"])
        left, right = pan_gains(moves["pan"])
        sound = np.stack([sound[0] * (gain * left), sound[1] * (gain * right)]).astype(np.float32, copy=False)
        self.peak = level if isinstance(gain, float) and gain == 1.0 else float(np.abs(sound).max())
        return Buses(sound, _sent(sound, moves["echo_send"]), _sent(sound, moves["room_send"]))

    def _fault(self) -> None:
        self.faults += 1
        self._isolator.reset()
        self._sweep.reset()


class Buses:
    """What one deck gives: to the master, to the echo, to the room (None: nothing)."""

    __slots__ = ("echo", "main", "room")

    def __init__(self, main: Float, echo: Float | None, room: Float | None) -> None:
        self.main, self.echo, self.room = main, echo, room


def factor(level_db: float | Double) -> Gain:
    """Amplitude factor of a fader; its lowest position is silence."""
    if isinstance(level_db, float):
        return 0.0 if level_db <= SILENCE_DB else float(10.0 ** (level_db / 20.0))
    return np.where(level_db <= SILENCE_DB, 0.0, 10.0 ** (level_db / 20.0))


def pan_gains(pan: Gain) -> tuple[Gain, Gain]:
    """Left and right factors: equal power, their squares sum to 2; 1 and 1 in the middle."""
    if isinstance(pan, float) and pan == 0.0:
        return 1.0, 1.0
    angle = (np.asarray(pan) + 1.0) * (np.pi / 4)
    return np.sqrt(2.0) * np.cos(angle), np.sqrt(2.0) * np.sin(angle)


def pump_gain(beats: Double, depth: Gain) -> Double:
    """Factor that dips by ``depth`` (0 to 1) on each beat and is back after three quarters of it."""
    phase = np.mod(beats, 1.0)
    # Down within a hundredth of a beat at the end of the last one, so that the kick finds the room it needs.
    back = np.clip(phase / 0.75, 0.0, 1.0)
    shape = np.where(phase > 0.98, (phase - 0.98) / 0.02, (1.0 - back) ** 2)
    gain: Double = 1.0 - depth * shape
    return gain


def _crossfader_gain(side: Gain, position: Gain) -> Gain:
    """Equal power between sides a (-1) and b (1); 1 for a deck on neither (0), blended as it moves over."""
    if isinstance(side, float) and side == 0.0:
        return 1.0
    quarter = np.pi / 4
    toward = np.cos((1.0 - np.sign(side) * np.asarray(position)) * quarter)
    share = np.abs(side)
    gain = (1.0 - share) + share * toward
    return float(gain) if np.ndim(gain) == 0 else np.asarray(gain)


def _sent(sound: Float, amount: Gain) -> Float | None:
    if isinstance(amount, float):
        return None if amount == 0.0 else sound * np.float32(amount)
    return (sound * amount).astype(np.float32)


def _side(value: Value) -> float:
    return {"a": -1.0, "thru": 0.0, "b": 1.0}[str(value)]
