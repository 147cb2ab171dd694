"""Where the knobs of all strips stand in one span, as what they do to the sound."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aijockey.control.parameters import INSERT_SLOTS
from aijockey.live.gain_law import Gain, crossfader_gain, factor, pan_gains, solo_gain
from aijockey.live.insert_rack import InsertRack
from aijockey.live.sends import Controls, gain_of
from aijockey.live.strip_values import StripValues

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]

BANDS = ("low_db", "mid_db", "high_db")


@dataclass(slots=True)
class Setting:
    """Factors and positions of all decks, (decks, 1) or (decks, samples); None where they leave the sound as it is.

    input : share of the live input in what a strip carries. bands, filter : of each row, decks times channels.
    inserts : of each slot, amounts and (decks,) tones. left, right, echo, room : after the fader. loudest : at most
    so much does a strip raise its sound before the inserts.
    """

    input: Float | None
    trim: Float | None
    bands: tuple[Gain, Gain, Gain]
    filter: Double
    inserts: tuple[tuple[Double, Double], ...]
    cue: Float | None
    width: Double | None
    pump: Double | None
    left: Float
    right: Float
    echo: Float | None
    room: Float | None
    loudest: float


class Settings:
    """Makes the `Setting` of each span, and keeps it while nothing moves."""

    def __init__(self, values: StripValues, rack: InsertRack, channels: int) -> None:
        self._values, self._rack, self._channels = values, rack, channels
        self._kept: Setting | None = None
        self._kept_for: tuple[object, ...] = ()

    def at(self, start: int, count: int, controls: Controls) -> Setting:
        """The setting of samples ``start`` on. Thread: audio"""
        moves = self._values.look()
        position, curves = gain_of(controls["mixer.crossfader"]), controls["mixer.crossfader_curve"]
        assert isinstance(curves, Mapping)
        rests = not moves and isinstance(position, float) and len(curves) == 1
        key = (position, *curves, self._values.version) if rests else ()
        if rests and self._kept is not None and key == self._kept_for:
            return self._kept
        setting = self._make(start, count, position, curves)
        self._kept, self._kept_for = (setting, key) if rests else (None, ())
        return setting

    def _make(self, start: int, count: int, position: Gain, curves: Mapping[str, Gain]) -> Setting:
        read = self._values.read
        late = start - self._rack.latency_samples
        trim_db = read("trim_db", start, count)
        bands = tuple(np.asarray(factor(read(name, start, count))) for name in BANDS)
        low, mid, high = (self._rows(band) for band in bands)
        trim = 10.0 ** (trim_db / 20.0)
        inserts = []
        for number, slot in enumerate(INSERT_SLOTS):
            at = start - self._rack.passed_before(number)
            tones = read(f"insert_{slot}_tone", at, count)[:, -1]
            inserts.append((read(f"insert_{slot}_amount", at, count).copy(), tones.copy()))
        cue, width, pump, echo, room = (
            read(name, late, count) for name in ("headphones", "width", "pump", "echo_send", "room_send")
        )
        left, right = self._faders(late, count, position, curves)
        return Setting(
            input=_single(read("input", start, count)),
            trim=trim.astype(np.float32) if trim_db.any() else None,
            bands=(low, mid, high),
            filter=self._rows(read("filter", start, count)).copy(),
            inserts=tuple(inserts),
            cue=_single(cue),
            width=None if (width == 1.0).all() else width.copy(),
            pump=pump.copy() if pump.any() else None,
            left=left.astype(np.float32),
            right=right.astype(np.float32),
            echo=_single(echo),
            room=_single(room),
            loudest=float(trim.max()) * sum(max(1.0, float(band.max())) for band in bands),
        )

    def _rows(self, values: Double) -> Double:
        """Values of decks as those of their channels."""
        return np.repeat(values, self._channels, axis=0) if self._channels > 1 else values

    def _faders(
        self, late: int, count: int, position: Gain, curves: Mapping[str, Gain]
    ) -> tuple[Double, Double]:
        gain_db, mute, pan, side, solo, safe = (
            self._values.read(name, late, count)
            for name in ("gain_db", "mute", "pan", "side", "solo", "solo_safe")
        )
        gain = np.asarray(factor(gain_db)) * (1.0 - mute)
        if solo.any():
            gain = gain * solo_gain(solo, safe)
        if side.any():
            gain = gain * crossfader_gain(side, position, curves)
        left, right = pan_gains(pan)
        return np.asarray(gain * left), np.asarray(gain * right)


def _single(values: Double) -> Float | None:
    return values.astype(np.float32) if values.any() else None
