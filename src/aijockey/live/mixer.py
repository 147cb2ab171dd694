"""The mixer: strips, sends and buses of all decks, as stacked arrays.

What every deck needs is done for all decks in one call (one isolator, one array of gains), since calls and
not samples are what costs. A strip, in order: trim, isolator, filter, two inserts, guard, cue tap, width, pan,
fader; echo and room are sent to after the fader.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from aijockey.control.parameters import GLOBAL_PARAMETERS, Parameter, Value
from aijockey.live.crew import Crew
from aijockey.live.desk_setting import Setting, Settings
from aijockey.live.effects.isolator import Isolator
from aijockey.live.effects.sweep_filter import SweepFilter
from aijockey.live.gain_law import pump_gain
from aijockey.live.guard import MOST_LEVEL, Guard
from aijockey.live.insert_rack import InsertRack
from aijockey.live.plugins import PluginRack
from aijockey.live.sends import Controls, Sends
from aijockey.live.smoothing import Smoothed, SmoothedChoice
from aijockey.live.span import QUANTUM_SAMPLES
from aijockey.live.strip import Strip
from aijockey.live.strip_values import StripValues

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]
MixerControl = Smoothed | SmoothedChoice

MIXER_GROUPS = ("master", "mixer", "echo", "room")

# A deck that has fallen silent is processed for this long, so that its filters ring out.
RING_SAMPLES = 16_384
# What inserts and resonances may add to a level, for deciding whether the guard must be near.
INSERTS_RAISE = 8.0


def global_controls(setup: Mapping[str, Value]) -> dict[str, MixerControl]:
    """Controls of the parameters that belong to no deck, by address, from their values in ``setup``."""
    return {
        address: _control(row, setup.get(address, row.default))
        for address, row in GLOBAL_PARAMETERS.items()
        if row.group in MIXER_GROUPS and not row.gesture
    }


class Mix:
    """What the mixer gives for one span: the sum (2, samples) before the master, and the cued decks.

    cue : (2, samples) or None where no deck is cued. sounds : each deck's share of the sum,
    (decks, 2, samples). before_fader : (decks, channels, samples) for meters.
    """

    __slots__ = ("before_fader", "cue", "main", "sounds")

    def __init__(self, main: Float, cue: Float | None, sounds: Float, before_fader: Float) -> None:
        self.main, self.cue, self.sounds, self.before_fader = main, cue, sounds, before_fader

    @classmethod
    def joined(cls, pieces: Sequence["Mix"]) -> "Mix":
        """One after the other."""
        silence = np.zeros_like(pieces[0].main)
        cues = [piece.cue for piece in pieces]
        cue = None
        if any(tapped is not None for tapped in cues):
            cue = np.concatenate([silence if tapped is None else tapped for tapped in cues], axis=1)
        return cls(
            np.concatenate([piece.main for piece in pieces], axis=1),
            cue,
            np.concatenate([piece.sounds for piece in pieces], axis=2),
            np.concatenate([piece.before_fader for piece in pieces], axis=2),
        )


class Mixer:
    """Mixes the decks' sound.

    Parameters
    ----------
    strips : controls of each deck.
    channels : of the decks' sound, 1 or 2.
    rack : plug-ins of the player; ``named`` are those to load: (deck, slot, alias).
    crew : who runs the inserts; None is the calling thread.

    latency_samples : by how much inserts delay all decks alike; 0 unless a plug-in delays.
    peaks : of each deck before the fader, (decks,), in what was made last.
    """

    def __init__(
        self,
        strips: Sequence[Strip],
        channels: int,
        rack: PluginRack | None = None,
        named: Sequence[tuple[int, int, str]] = (),
        crew: Crew | None = None,
    ) -> None:
        self.strips = strips
        self._crew = crew or Crew()
        self.channels = channels
        decks = len(strips)
        self._inserts = InsertRack(strips, channels, rack or PluginRack(), named)
        self.latency_samples = self._inserts.latency_samples
        self._settings = Settings(StripValues(strips), self._inserts, channels)
        self._isolator = Isolator(decks * channels)
        self._sweep = SweepFilter(decks * channels)
        self._guard = Guard(decks, channels)
        self._sends = Sends()
        self._everyone = np.arange(decks)
        self._ringing = [0] * decks
        self._restarted = True  # something began anew in the last quantum
        self.peaks = np.zeros(decks, dtype=np.float32)

    @property
    def steady(self) -> bool:
        """Whether nothing moves, comes or goes: then several quanta may be mixed at once. Thread: audio"""
        return (
            not self._restarted
            and not any(strip.moving or strip.changes for strip in self.strips)
            and self._inserts.steady
        )

    def words(self) -> list[str]:
        """What plug-ins have to say: why they are bypassed. Thread: any"""
        return self._inserts.words()

    def process(
        self,
        given: Sequence[Float | None],
        start: int,
        beats: Double,
        beat_samples: float,
        controls: Controls,
        live: Float | None = None,
    ) -> Mix:
        """Mix one quantum, or several where all is `steady` and ``controls`` rest.

        Parameters
        ----------
        given : sound of each deck, (channels, samples), or None for silence.
        start : the first sample.
        beats : (samples,) position of each sample in beats. beat_samples : length of a beat.
        controls : values of the parameters that belong to no deck, ``latency_samples`` ago.
        live : the live input, (channels, samples); None where there is none.

        Thread: audio
        """
        count = len(beats)
        setting = self._settings.at(start, count, controls)
        sound = np.zeros((len(self.strips), self.channels, count), dtype=np.float32)
        for deck, part in enumerate(given):
            if part is not None:
                sound[deck] = part
        if setting.input is not None:
            sound *= 1.0 - setting.input[:, np.newaxis]
            if live is not None:
                sound += live * setting.input[:, np.newaxis]
        peaks, bad = self._guard.check(sound)
        awake = self._awake(sound, peaks, count)
        # What a quantum begins with decides; a span in which that would differ is taken apart.
        loud = bool(bad.any()) or float(peaks.max()) * setting.loudest * INSERTS_RAISE >= MOST_LEVEL
        if count > QUANTUM_SAMPLES and (loud or awake is None):
            return self._apart(given, start, beats, beat_samples, controls, live)
        self._restarted = False
        self._ring(awake or {})
        if bad.any():
            sound[bad] = 0.0
        sound = self._before_inserts(sound, setting, count)
        self._inserts.choose()
        sound = self._inserts.process(
            sound, awake or {}, start, beats, beat_samples, setting.inserts, self._crew
        )
        peaks, wild = self._guard.check(sound)
        self._fade_out(sound, peaks, bad | wild)
        stereo = self._stereo(sound, setting.width)
        left, right = setting.left, setting.right
        if setting.pump is not None:
            swing = pump_gain(beats - self.latency_samples / beat_samples, setting.pump).astype(np.float32)
            left, right = left * swing, right * swing
        sounds = np.empty((len(self.strips), 2, count), dtype=np.float32)
        np.multiply(stereo[:, 0], left, out=sounds[:, 0])
        np.multiply(stereo[:, -1], right, out=sounds[:, 1])
        main = sounds.sum(axis=0)
        returned = self._sends.process(sounds, setting.echo, setting.room, beat_samples, controls)
        if returned is not None:
            main += returned
        return Mix(main, _cued(sound, setting.cue), sounds, sound)

    def _apart(
        self,
        given: Sequence[Float | None],
        start: int,
        beats: Double,
        beat_samples: float,
        controls: Controls,
        live: Float | None,
    ) -> Mix:
        """Quantum by quantum."""
        pieces = []
        for at in range(0, len(beats), QUANTUM_SAMPLES):
            part = slice(at, at + QUANTUM_SAMPLES)
            parts = [None if sound is None else sound[:, part] for sound in given]
            heard = None if live is None else live[:, part]
            pieces.append(self.process(parts, start + at, beats[part], beat_samples, controls, heard))
        return Mix.joined(pieces)

    def _awake(self, sound: Float, peaks: Float, count: int) -> dict[int, int] | None:
        """Decks that sound or ring, and for how long they then still ring; None where one would fall asleep or wake
        up in the middle of the span.
        """
        awake: dict[int, int] = {}
        for deck, peak in enumerate(peaks.tolist()):
            rang = self._ringing[deck]
            if peak == 0.0:
                if rang > 0:
                    if rang <= count > QUANTUM_SAMPLES:
                        return None
                    awake[deck] = rang - count
                continue
            if count == QUANTUM_SAMPLES:
                awake[deck] = RING_SAMPLES
                continue
            if sound[deck, :, :QUANTUM_SAMPLES].any() and sound[deck, :, -QUANTUM_SAMPLES:].any():
                awake[deck] = RING_SAMPLES
                continue
            sounding = sound[deck].reshape(self.channels, -1, QUANTUM_SAMPLES).any(axis=(0, 2))
            first, last = int(sounding.argmax()), int(sounding[::-1].argmax())
            if first and rang - first * QUANTUM_SAMPLES <= 0:
                return None
            awake[deck] = RING_SAMPLES - last * QUANTUM_SAMPLES
        return awake

    def _ring(self, awake: Mapping[int, int]) -> None:
        """Count down; a deck that has rung out forgets its sound, once."""
        for deck, rings in awake.items():
            self._ringing[deck] = rings
            if rings <= 0 and not self._inserts.hosts(deck):
                self._restart([deck])
                self._guard.rest(deck)

    def _restart(self, decks: Iterable[int]) -> None:
        """Forget all sound of decks' filters and inserts."""
        for deck in decks:
            rows = np.arange(deck * self.channels, (deck + 1) * self.channels)
            self._isolator.reset(rows)
            self._sweep.reset(rows)
            self._inserts.reset(deck)
            self._restarted = True

    def _before_inserts(self, sound: Float, setting: Setting, count: int) -> Float:
        if setting.trim is not None:
            sound *= setting.trim[:, np.newaxis]
        rows = self._isolator.process(sound.reshape(-1, count), *setting.bands)
        return self._sweep.process(rows, setting.filter).reshape(sound.shape)

    def _fade_out(self, sound: Float, peaks: Float, bad: npt.NDArray[np.bool_]) -> None:
        """Keep what is no sound out of the mix, in place, and start anew what made it."""
        self._guard.apply(sound, bad, self._everyone)
        faults = np.flatnonzero(bad).tolist()
        self._restart(faults)
        for deck in faults:
            self.strips[deck].faults += 1
            peaks[deck] = 0.0
        self.peaks = peaks
        for strip, peak in zip(self.strips, peaks.tolist(), strict=True):
            strip.peak = peak

    def _stereo(self, sound: Float, width: Double | None) -> Float:
        """(decks, channels, samples), with the sides of stereo decks as wide as wished."""
        if self.channels == 1 or width is None:
            return sound
        half_side = (0.5 * (sound[:, 0] - sound[:, 1]) * (width - 1.0)).astype(np.float32)
        return np.stack([sound[:, 0] + half_side, sound[:, 1] - half_side], axis=1)


def _cued(sound: Float, share: Float | None) -> Float | None:
    """What the headphones hear of ``sound`` (decks, channels, samples) before the faders."""
    if share is None:
        return None
    tapped = (sound * share[:, np.newaxis]).sum(axis=0)
    return np.broadcast_to(tapped, (2, sound.shape[2])).astype(np.float32)


def _control(row: Parameter, value: Value) -> MixerControl:
    if row.curve == "choice":
        return SmoothedChoice([str(choice) for choice in row.choices], str(value))
    return Smoothed(float(value))
