"""The mixer: strips, sends and buses of all decks, as stacked arrays.

What every deck needs is done for all decks in one call (one isolator, one array of gains), since calls and
not samples are what costs at 512 samples a quantum. A strip, in order: trim, isolator, filter, two inserts,
guard, cue tap, width, pan, fader; echo and room are sent to after the fader.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from aijockey.control.parameters import GLOBAL_PARAMETERS, INSERT_SLOTS, Parameter, Value
from aijockey.live.effects.echo import Echo
from aijockey.live.effects.insert import Insert, Place
from aijockey.live.effects.inserts import INSERT_ROWS
from aijockey.live.effects.isolator import Isolator
from aijockey.live.effects.room import Room
from aijockey.live.effects.slot import Slot
from aijockey.live.effects.sweep_filter import SweepFilter
from aijockey.live.gain_law import crossfader_gain, factor, pan_gains, pump_gain, solo_gain
from aijockey.live.guard import Guard
from aijockey.live.plugins import PluginRack
from aijockey.live.smoothing import Smoothed, SmoothedChoice
from aijockey.live.strip import PLUGIN, SMOOTHED, Strip

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]
Gain = float | Double
MixerControl = Smoothed | SmoothedChoice

MIXER_GROUPS = ("master", "mixer", "echo", "room")

# A deck that has fallen silent is processed for this long, so that its filters ring out.
RING_SAMPLES = 16_384
# Knobs before the inserts, and after them, where the sound is late by what inserts delay.
EARLY = ("trim_db", "low_db", "mid_db", "high_db", "filter")
FADER = ("gain_db", "mute", "pan", "side", "solo", "solo_safe", "echo_send", "room_send")


def global_controls(setup: Mapping[str, Value]) -> dict[str, MixerControl]:
    """Controls of the parameters that belong to no deck, by address, from their values in ``setup``."""
    return {
        address: _control(row, setup.get(address, row.default))
        for address, row in GLOBAL_PARAMETERS.items()
        if row.group in MIXER_GROUPS and not row.gesture
    }


class Mix:
    """What the mixer gives for one quantum: the sum (2, samples) before the master, and the cued decks.

    cue : (2, samples) or None where no deck is cued. sounds : each deck's share of the sum,
    (decks, 2, samples). before_fader : (decks, channels, samples) for meters.
    """

    __slots__ = ("before_fader", "cue", "main", "sounds")

    def __init__(self, main: Float, cue: Float | None, sounds: Float, before_fader: Float) -> None:
        self.main, self.cue, self.sounds, self.before_fader = main, cue, sounds, before_fader


class Mixer:
    """Mixes the decks' sound.

    Parameters
    ----------
    strips : controls of each deck.
    channels : of the decks' sound, 1 or 2.
    rack : plug-ins of the player; ``named`` are those to load: (deck, slot, alias).

    latency_samples : by how much inserts delay all decks alike; 0 unless a plug-in delays.
    """

    def __init__(
        self,
        strips: Sequence[Strip],
        channels: int,
        rack: PluginRack | None = None,
        named: Sequence[tuple[int, int, str]] = (),
    ) -> None:
        self.strips = strips
        self.channels = channels
        self.rack = rack or PluginRack()
        decks = len(strips)
        self._isolator = Isolator(decks * channels)
        self._sweep = SweepFilter(decks * channels)
        self._guard = Guard(decks, channels)
        self._echo, self._room = Echo(), Room()
        self._hosted = {key: plugin for key in named if (plugin := self.rack.make(key[2], channels))}
        self._slots = [self._make_slots(deck, strip) for deck, strip in enumerate(strips)]
        self.latency_samples = sum(slot.latency_samples for slot in self._slots[0])
        self._keys = np.zeros((decks, channels, self.latency_samples), dtype=np.float32)
        self._ringing = [0] * decks
        self._resting = {
            name: np.array([[strip.controls[name].target] for strip in strips])
            for name in (*SMOOTHED, "side")
        }
        self._gains: tuple[Double, Double, Double, Double] | None = None
        self._gains_for: tuple[object, ...] = ()
        self.peaks = np.zeros(decks, dtype=np.float32)  # of each deck before the fader, in the last quantum
        self._version = 0  # of what rests
        self._moving: list[tuple[int, Strip]] = []

    def words(self) -> list[str]:
        """What plug-ins have to say: why they are bypassed. Thread: any"""
        return [
            *self.rack.words.values(),
            *(plugin.words for plugin in self._hosted.values() if plugin.words),
        ]

    def process(
        self,
        given: Sequence[Float | None],
        start: int,
        beats: Double,
        beat_samples: float,
        controls: Mapping[str, Gain | Mapping[str, Gain]],
    ) -> Mix:
        """Mix one quantum.

        Parameters
        ----------
        given : sound of each deck, (channels, samples), or None for silence.
        start : the quantum's first sample.
        beats : (samples,) position of each sample in beats. beat_samples : length of a beat.
        controls : values of the parameters that belong to no deck, ``latency_samples`` ago.

        Thread: audio
        """
        count = len(beats)
        self._moving = [(deck, strip) for deck, strip in enumerate(self.strips) if strip.moving]
        decks = self._awake(given, count)
        late = start - self.latency_samples
        early = {name: self._values(name, start, count) for name in EARLY}
        cues = self._values("headphones", late, count)
        width = self._values("width", late, count)
        faders = self._fader_gains(late, count, controls)
        pump = self._values("pump", late, count)
        sound = np.zeros((len(self.strips), self.channels, count), dtype=np.float32)
        for deck in decks:
            sound[deck] = given[deck] if given[deck] is not None else 0.0
        peaks, bad = self._guard.check(sound)
        if bad.any():
            sound[bad] = 0.0
        sound = self._before_inserts(sound, early, count)
        sound = self._through_inserts(sound, decks, start, count, beats, beat_samples)
        peaks, wild = self._guard.check(sound)
        bad |= wild
        everyone = np.arange(len(self.strips))
        self._guard.apply(sound, bad, everyone)
        for deck in np.flatnonzero(bad).tolist():
            self._restart(deck)
            peaks[deck] = 0.0
        self.peaks = peaks
        for strip, peak in zip(self.strips, peaks.tolist(), strict=True):
            strip.peak = peak
        cue = self._cue(sound, cues)
        stereo = self._stereo(sound, width)
        left, right, echo_gain, room_gain = faders
        if pump.any():
            swing = pump_gain(beats - self.latency_samples / beat_samples, pump)
            left, right = left * swing, right * swing
        sounds = np.empty((len(self.strips), 2, count), dtype=np.float32)
        np.multiply(stereo[:, 0], left, out=sounds[:, 0], casting="same_kind")
        np.multiply(stereo[:, -1], right, out=sounds[:, 1], casting="same_kind")
        main = sounds.sum(axis=0)
        main += self._returns(
            _sent(sounds, echo_gain), _sent(sounds, room_gain), beat_samples, controls, count
        )
        return Mix(main, cue, sounds, sound)

    def _make_slots(self, deck: int, strip: Strip) -> list[Slot]:
        slots = []
        for slot in INSERT_SLOTS:
            effects: dict[str, Insert] = {row.name: row.make() for row in INSERT_ROWS}
            for effect in effects.values():
                effect.prepare(self.channels)
            for (owner, place, alias), plugin in self._hosted.items():
                if (owner, place) == (deck, slot):
                    effects[f"{PLUGIN}:{alias}"] = plugin
            # Alike for all decks, so that they stay aligned.
            slowest = max(
                (plugin.latency_samples for key, plugin in self._hosted.items() if key[1] == slot), default=0
            )
            slots.append(Slot(self.channels, effects, strip.held(slot), slowest))
        return slots

    def _awake(self, given: Sequence[Float | None], count: int) -> list[int]:
        """Decks that sound or ring; one that has rung out forgets its sound, once."""
        awake = []
        for deck, sound in enumerate(given):
            if sound is not None and (self._ringing[deck] == RING_SAMPLES or sound.any()):
                self._ringing[deck] = RING_SAMPLES
                awake.append(deck)
                if not sound.any():
                    self._ringing[deck] -= count
            elif self._ringing[deck] > 0:
                awake.append(deck)
                self._ringing[deck] -= count
                if self._ringing[deck] <= 0 and not self._hosts(deck):
                    self._restart(deck, count_fault=False)
                    self._guard.rest(deck)
        return awake

    def _hosts(self, deck: int) -> bool:
        return any(slot.name.startswith(PLUGIN) for slot in self._slots[deck])

    def _restart(self, deck: int, *, count_fault: bool = True) -> None:
        """Forget all sound of a deck's filters and inserts."""
        rows = np.arange(deck * self.channels, (deck + 1) * self.channels)
        self._isolator.reset(rows)
        self._sweep.reset(rows)
        for slot in self._slots[deck]:
            slot.reset()
        if count_fault:
            self.strips[deck].faults += 1

    def _values(self, name: str, start: int, count: int) -> Double:
        """Values of a control of all decks: (decks, 1) where it rests, else (decks, samples)."""
        moves: dict[int, Double] = {}
        for deck, strip in self._moving:
            if name in strip.moving:
                control = strip.controls[name]
                value = control.render(start, count)
                if isinstance(value, float):
                    if self._resting[name][deck, 0] != value:
                        self._resting[name][deck, 0] = value
                        self._version += 1
                    if control.resting:
                        strip.moving.discard(name)
                else:
                    moves[deck] = value
        if not moves:
            return self._resting[name]
        values = np.repeat(self._resting[name], count, axis=1)
        for deck, value in moves.items():
            values[deck] = value
        return values

    def _before_inserts(self, sound: Float, early: Mapping[str, Double], count: int) -> Float:
        trim = early["trim_db"]
        if trim.any():
            sound *= (10.0 ** (trim / 20.0)).astype(np.float32)[:, np.newaxis]
        rows = sound.reshape(-1, count)
        low, mid, high = (self._rows(factor(early[name])) for name in ("low_db", "mid_db", "high_db"))
        rows = self._isolator.process(rows, low, mid, high)
        rows = self._sweep.process(rows, self._rows(early["filter"]))
        return rows.reshape(sound.shape)

    def _rows(self, values: Gain) -> Gain:
        """Values of decks as those of their channels."""
        return np.repeat(values, self.channels, axis=0) if self.channels > 1 else values

    def _through_inserts(
        self, sound: Float, decks: Sequence[int], start: int, count: int, beats: Double, beat_samples: float
    ) -> Float:
        keys = sound
        if self.latency_samples:
            line = np.concatenate([self._keys, sound], axis=2)
            self._keys = line[:, :, count:]
        passed = 0
        for number, slot_number in enumerate(INSERT_SLOTS):
            slots = [slots[number] for slots in self._slots]
            amounts = self._values(f"insert_{slot_number}_amount", start - passed, count)
            tones = self._values(f"insert_{slot_number}_tone", start - passed, count)[:, -1]
            for deck, strip in enumerate(self.strips):
                for sample, changed, name in strip.changes if strip.changes else ():
                    if changed == slot_number:
                        slots[deck].choose(sample, name)
            made = sound
            place = Place(start - passed, beats - passed / beat_samples if passed else beats, beat_samples)
            if self.latency_samples:
                at = self.latency_samples - passed
                keys = line[:, :, at : at + count]
            for deck in decks if not slots[0].latency_samples else range(len(slots)):
                if slots[deck].idle:
                    continue
                if made is sound:
                    made = sound.copy()
                source = self.strips[deck].duck_from
                place.key = keys[source] if 0 <= source < len(keys) else None
                amount = amounts[deck]
                knob = float(amount[0]) if len(amount) == 1 or (amount == amount[0]).all() else amount
                made[deck] = slots[deck].process(sound[deck], knob, float(tones[deck]), place)
            sound = made
            passed += slots[0].latency_samples
        for strip in self.strips:
            if strip.changes:
                strip.changes.clear()
        return sound

    def _cue(self, sound: Float, cues: Double) -> Float | None:
        if not cues.any():
            return None
        tapped = np.einsum("dcs,ds->cs", sound, np.broadcast_to(cues, (len(cues), sound.shape[2])))
        return np.broadcast_to(tapped, (2, sound.shape[2])).astype(np.float32)

    def _stereo(self, sound: Float, width: Double) -> Float:
        """(decks, channels, samples), with the sides of stereo decks as wide as wished."""
        if self.channels == 1 or (width == 1.0).all():
            return sound
        half_side = (0.5 * (sound[:, 0] - sound[:, 1]) * (width - 1.0)).astype(np.float32)
        return np.stack([sound[:, 0] + half_side, sound[:, 1] - half_side], axis=1)

    def _fader_gains(
        self, start: int, count: int, controls: Mapping[str, Gain | Mapping[str, Gain]]
    ) -> tuple[Double, Double, Double, Double]:
        """Factors of decks, (decks, 1) or (decks, samples): left, right, to the echo, to the room."""
        values = [self._values(name, start, count) for name in FADER]
        position, curves = controls["mixer.crossfader"], controls["mixer.crossfader_curve"]
        assert not isinstance(position, Mapping)
        assert isinstance(curves, Mapping)
        key: tuple[object, ...] = (position if isinstance(position, float) else None, *curves, self._version)
        rests = (
            isinstance(position, float) and len(curves) == 1 and all(value.shape[1] == 1 for value in values)
        )
        if rests and self._gains is not None and key == self._gains_for:
            return self._gains
        gain_db, mute, pan, side, solo, safe, echo_send, room_send = values
        gain = np.asarray(factor(gain_db)) * (1.0 - mute)
        if solo.any():
            gain = gain * solo_gain(solo, safe)
        if side.any():
            gain = gain * crossfader_gain(side, position, curves)
        left, right = pan_gains(pan)
        gains = (np.asarray(gain * left), np.asarray(gain * right), echo_send.copy(), room_send.copy())
        # Kept while nothing moves.
        self._gains, self._gains_for = (gains, key) if rests else (None, ())
        return gains

    def _returns(
        self,
        echo: Float | None,
        room: Float | None,
        beat_samples: float,
        controls: Mapping[str, Gain | Mapping[str, Gain]],
        count: int,
    ) -> Float:
        def value(address: str) -> Gain:
            found = controls[address]
            assert not isinstance(found, Mapping)
            return found

        delay_samples = round(_last(value("echo.time_beats")) * beat_samples)
        repeats = self._echo.process(echo, delay_samples, value("echo.feedback"), count)
        answer = self._room.process(room, _last(value("room.size")), _last(value("room.damping")), count)
        returned = np.zeros((2, count), dtype=np.float32)
        for sound, level in ((repeats, value("echo.gain_db")), (answer, value("room.gain_db"))):
            if sound is not None:
                returned += sound * np.asarray(factor(level), dtype=np.float32)
        return returned


def _sent(sounds: Float, amount: Double) -> Float | None:
    """What decks (decks, 2, samples) send together by ``amount`` (decks, 1) or (decks, samples)."""
    if not amount.any():
        return None
    share = amount.astype(np.float32)
    if share.shape[1] == 1:
        return (share[:, 0] @ sounds.reshape(len(sounds), -1)).reshape(sounds.shape[1:])
    return np.einsum("dcs,ds->cs", sounds, share)


def _last(value: Gain) -> float:
    return value if isinstance(value, float) else float(value[-1])


def _control(row: Parameter, value: Value) -> MixerControl:
    if row.curve == "choice":
        return SmoothedChoice([str(choice) for choice in row.choices], str(value))
    return Smoothed(float(value))
