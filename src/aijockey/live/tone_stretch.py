"""Stretch of tones: a phase vocoder for each deck, whose frames are made for all of them together.

See `live.stretch` for what a stretcher is. A frame costs some twenty calls, and SciPy transforms four rows in the time
of one, so `make_frames` makes those of several stretchers, or several of one, in the same calls.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.fft

from aijockey.audio.stft import hann
from aijockey.live.clock import TempoMap
from aijockey.live.interpolation import Places, ReadReference, places_at, read_places

Float = npt.NDArray[np.float32]
Complex = npt.NDArray[np.complex64]

FRAME_SAMPLES = 5760
HOP_SAMPLES = FRAME_SAMPLES // 4
OVERLAP_GAIN = 1.5  # what squared Hann windows sum to at a hop of a quarter
ATTACK_RATIO = 8.0
# Whether a frame is silent shows mostly in every so manyth sample.
LOOK_SAMPLES = 160
# So many frames are made at once, of one stretcher that begins or of several that go on: they fit a cache.
MOST_FRAMES = 8
_WINDOW = hann(FRAME_SAMPLES)
_WINDOW_BACK = (_WINDOW / OVERLAP_GAIN).astype(np.float32)


class ToneStretch:
    """Stretch that keeps partials whole: a phase vocoder with phase locking (Laroche and Dolson 1999).

    Frames of 120 ms stand every 30 ms of *output*, and each is read from where the transport then is in
    the reference, so the sound cannot drift. How far a partial turns between two frames is measured, not
    unwrapped: from the frame and one read exactly a hop before it. At the reference tempo that is the
    last frame itself, and the reference comes through unchanged. What begins within a frame keeps its own
    phase, so that attacks stay crisp. Channels turn together.

    All that play make each frame together, see `make_frames`.

    (python-stretch was tried first: fed block by block its pitch was 0.3 to 2 % off away from a ratio of 1.)
    """

    def __init__(self, clock: TempoMap, read: ReadReference, channels: int, rate: float = 1.0) -> None:
        self.rate = rate
        self._clock = clock
        self._read = read
        self._channels = channels
        self._last: Complex | None = None  # what the last frame became, channels summed
        self._ready: list[Float] = []
        self._seek(0)
        self._position = -1  # nothing is ready

    def render(self, start: int, count: int) -> Float:
        """Sound of samples ``start`` to ``start + count``, (channels, count). Thread: audio"""
        make_frames({self: count}, start)
        sound = self._ready[0] if len(self._ready) == 1 else np.concatenate(self._ready, axis=1)
        self._ready = [sound[:, count:]]
        self._position = start + count
        return sound[:, :count]

    def lacks(self, start: int, count: int) -> int:
        """How many more frames must be made before samples ``start`` to ``start + count`` are whole."""
        if start != self._position:
            self._seek(start)
        missing = count + self._skip - sum(piece.shape[1] for piece in self._ready)
        return max(0, -(-missing // HOP_SAMPLES))

    def _seek(self, start: int) -> None:
        # Frames stand on an absolute grid; the first that reaches ``start`` is centred half a frame before.
        self._frame = (start - FRAME_SAMPLES // 2) // HOP_SAMPLES
        self._last = None
        # What past frames hold for samples that are still to come.
        self._coming = np.zeros((self._channels, FRAME_SAMPLES - HOP_SAMPLES), dtype=np.float32)
        self._ready = [np.zeros((self._channels, 0), dtype=np.float32)]
        self._skip = start - (self._frame * HOP_SAMPLES - FRAME_SAMPLES // 2)
        self._position = start

    def around(self, hop: int) -> Float | None:
        """What the next frame but ``hop`` and the one a hop before it are made of, (channels, hop and frame); None for
        silence.
        """
        centre = self._clock.reference_at((self._frame + hop) * HOP_SAMPLES)
        if self.rate == 1.0:
            sound = self._read(centre - FRAME_SAMPLES // 2 - HOP_SAMPLES, HOP_SAMPLES + FRAME_SAMPLES)
        else:
            sound = read_places(self._read, centre, _around(self.rate))
        return sound if sound[:, ::LOOK_SAMPLES].any() or sound.any() else None

    @property
    def last(self) -> Complex | None:
        """The spectrum that the last frame became, channels summed; None after silence."""
        return self._last

    def take(self, frame: Float | None, spectrum: Complex | None) -> None:
        """The next frame (channels, frame), which may be written to, and the spectrum it became; None for silence."""
        if frame is None:
            frame = np.zeros((self._channels, FRAME_SAMPLES), dtype=np.float32)
        frame[:, : FRAME_SAMPLES - HOP_SAMPLES] += self._coming
        # No later frame reaches the first hop.
        self._ready.append(frame[:, self._skip : HOP_SAMPLES])
        self._skip = max(0, self._skip - HOP_SAMPLES)
        self._coming = frame[:, HOP_SAMPLES:]
        self._last = spectrum
        self._frame += 1


@lru_cache(maxsize=8)
def _around(rate: float) -> Places:
    """Where a frame and the one a hop before it are read, from the frame's middle: the same for all of them."""
    within = np.arange(HOP_SAMPLES + FRAME_SAMPLES, dtype=np.float64) - (FRAME_SAMPLES // 2 + HOP_SAMPLES)
    return places_at(rate * within, rate)


def make_frames(wanted: Mapping[ToneStretch, int], start: int) -> None:
    """Make the frames that stretchers lack for so many samples from ``start`` on, of all of them at once: a frame is
    some twenty calls, and four transforms side by side take as long as one.

    What each gives is the same to the bit whether its frames were made with others', alone, or as it is rendered.

    Thread: audio
    """
    while lacks := {one: number for one, count in wanted.items() if (number := one.lacks(start, count))}:
        most = max(1, MOST_FRAMES // len(lacks))
        hops = {stretcher: min(most, lacking) for stretcher, lacking in lacks.items()}
        # One list a hop, of all that lack it.
        rounds = [
            [(stretcher, stretcher.around(hop)) for stretcher, making in hops.items() if hop < making]
            for hop in range(max(hops.values()))
        ]
        _make_rounds(rounds)


def _make_rounds(rounds: Sequence[Sequence[tuple[ToneStretch, Float | None]]]) -> None:
    """Make frames of what `ToneStretch.around` gave: for each stretcher its next one, then its next but one…"""
    sounds = [sound for part in rounds for _, sound in part if sound is not None]
    made: Iterator[tuple[Float, Complex]] = iter(())
    lasts = {stretcher: stretcher.last for part in rounds for stretcher, _ in part}
    became: list[Complex] = []
    if sounds:
        (spectra, before), first = _spectra(sounds), 0
        # Of one channel the sum is that channel, and is turned as it is.
        summed = _summed(spectra)
        partials = _partials(summed, _summed(before))
        for part in rounds:
            lasts |= {stretcher: None for stretcher, sound in part if sound is None}
            sounding = [stretcher for stretcher, sound in part if sound is not None]
            if sounding:
                frames = slice(first, first + len(sounding))
                turns = _turns(partials.of(frames), [lasts[one] for one in sounding])
                spectra[frames] *= turns[:, np.newaxis]
                if spectra.shape[1] > 1:
                    summed[frames] *= turns
                lasts |= zip(sounding, summed[frames], strict=True)
                became += list(summed[frames])
                first += len(sounding)
        made = zip(_frames(spectra), became, strict=True)
    for part in rounds:
        for stretcher, sound in part:
            stretcher.take(*((None, None) if sound is None else next(made)))


def _spectra(sounds: Sequence[Float]) -> Complex:
    """Spectra of frames and, apart from them, of what lies a hop before each: (2, frames, channels, bins)."""
    shape = (2, len(sounds), len(sounds[0]))
    rows = math.prod(shape)
    frames = np.empty((_whole_groups(rows), FRAME_SAMPLES), dtype=np.float32)
    frames[rows:] = 0.0
    for frame, before, sound in zip(*frames[:rows].reshape(*shape, -1), sounds, strict=True):
        np.multiply(sound[:, HOP_SAMPLES:], _WINDOW, out=frame)
        np.multiply(sound[:, :FRAME_SAMPLES], _WINDOW, out=before)
    spectra: Complex = scipy.fft.rfft(frames)[:rows].reshape(*shape, -1)
    return spectra


def _frames(spectra: Complex) -> Float:
    """Windowed sound (frames, channels, samples) of spectra (frames, channels, bins)."""
    rows = math.prod(spectra.shape[:2])
    if _whole_groups(rows) > rows:
        filled = np.zeros((_whole_groups(rows), 1, spectra.shape[2]), dtype=np.complex64)
        filled[:rows, 0] = spectra.reshape(rows, -1)
        made: Float = scipy.fft.irfft(filled, FRAME_SAMPLES)[:rows]
    else:
        made = scipy.fft.irfft(spectra, FRAME_SAMPLES)
    made *= _WINDOW_BACK
    return made.reshape(*spectra.shape[:2], -1)


def _whole_groups(rows: int) -> int:
    """How many transforms to make for ``rows``: four at once take as long as one."""
    return rows if rows == 1 else -(-rows // 4) * 4


class _Partials(NamedTuple):
    """The peaks of spectra of frames, in a row as if they were one, and all that is known of them from a frame alone.

    places : bins. back : what the frame a hop before holds there. new : whether it has just begun. widths : how many
    bins turn with each, up to half-way to the next of its frame. first : which is the first of each frame; and how
    many there are.
    """

    places: npt.NDArray[np.intp]
    back: Complex
    new: npt.NDArray[np.bool_]
    widths: npt.NDArray[np.intp]
    first: npt.NDArray[np.intp]
    bins: int

    def of(self, frames: slice) -> "_Partials":
        """Those of some of the frames."""
        first, last = self.first[frames.start], self.first[frames.stop]
        places = self.places[first:last] - frames.start * self.bins
        here = slice(first, last)
        return _Partials(
            places, self.back[here], self.new[here], self.widths[here], self.first[:0], self.bins
        )


def _summed(spectra: Complex) -> Complex:
    """Spectra (frames, channels, bins) with channels summed: (frames, bins), a view of a single one."""
    summed: Complex = spectra.sum(axis=1) if spectra.shape[1] > 1 else spectra[:, 0]
    return summed


def _power(spectra: Complex) -> Float:
    power: Float = np.square(spectra.real)
    power += np.square(spectra.imag)
    return power


def _partials(spectra: Complex, before: Complex) -> _Partials:
    """The peaks of spectra (frames, bins), of which ``before`` are those of a hop before."""
    bins = spectra.shape[1]
    power = _power(spectra).ravel()
    places, first = _peaks(power, bins)
    edges = np.empty(len(places) + 1, dtype=np.intp)
    edges[1:-1] = (places[:-1] + places[1:] + 1) // 2
    edges[first] = np.arange(len(first)) * bins
    back = before.ravel()[places]
    # What has just begun keeps its own phase.
    new = power[places] > ATTACK_RATIO * _power(back)
    return _Partials(places, back.conj(), new, edges[1:] - edges[:-1], first, bins)


def _turns(partials: _Partials, lasts: Sequence[Complex | None]) -> Complex:
    """By what to turn each bin of frames, (frames, bins), so that each partial goes on from what the frame before
    became, channels summed: ``lasts``.
    """
    last = np.zeros((len(lasts), partials.bins), dtype=np.complex64)
    for row, before in zip(last, lasts, strict=True):
        if before is not None:
            row[:] = before
    turn = last.ravel()[partials.places] * partials.back
    size = np.abs(turn)
    turn *= np.float32(1.0) / np.maximum(size, 1e-20)
    turn[partials.new | (size < 1e-20)] = 1.0  # what was nothing keeps its own phase too
    turns: Complex = turn.repeat(partials.widths).reshape(-1, partials.bins)
    return turns


def _peaks(power: Float, bins: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Places in ``power``, frames of so many ``bins`` in a row, that are the largest of their two neighbours on either
    side, at least one of each frame; and which of them is the first of each frame, and how many there are.
    """
    is_peak = np.zeros(power.size, dtype=bool)
    # At least as large as what is before, and larger than what follows: one rises to it, and the next does not.
    rises, rises_over_two = power[1:] >= power[:-1], power[2:] >= power[:-2]
    found = is_peak[2:-2]
    np.greater(rises[1:-2], rises[2:-1], out=found)
    found &= rises_over_two[:-2] > rises_over_two[2:]
    frames = is_peak.reshape(-1, bins)
    frames[:, :2] = frames[:, -2:] = False  # these have neighbours of other frames
    peaks = is_peak.nonzero()[0]
    first = peaks.searchsorted(np.arange(len(frames) + 1) * bins)
    if (first[1:] == first[:-1]).any():
        for frame in np.flatnonzero(first[1:] == first[:-1]).tolist():
            frames[frame, np.argmax(power[frame * bins : (frame + 1) * bins])] = True
        peaks = is_peak.nonzero()[0]
        first = peaks.searchsorted(np.arange(len(frames) + 1) * bins)
    return peaks, first
