"""The musical grid that loops are stored on: 120 BPM, 4/4, 48 kHz.

At this reference a sixteenth is exactly 6,000 samples, so every musical length is a whole number of samples and
networks can take their time axis from it.
"""

RATE_HZ = 48_000
REFERENCE_BPM = 120.0
BEATS_PER_BAR = 4
SIXTEENTHS_PER_BEAT = 4
SIXTEENTHS_PER_BAR = BEATS_PER_BAR * SIXTEENTHS_PER_BEAT
BEAT_SAMPLES = 24_000
SIXTEENTH_SAMPLES = BEAT_SAMPLES // SIXTEENTHS_PER_BEAT
BAR_SAMPLES = BEAT_SAMPLES * BEATS_PER_BAR
LOOP_BARS = 2
LOOP_SAMPLES = LOOP_BARS * BAR_SAMPLES


def beat_samples(bpm: float, rate_hz: int = RATE_HZ) -> float:
    """Length of a beat at ``bpm``, in samples; a fraction unless the tempo divides the rate."""
    return 60.0 * rate_hz / bpm


def loop_samples(bars: int) -> int:
    """Length of a loop of ``bars`` whole bars at the reference tempo, in samples."""
    return bars * BAR_SAMPLES
