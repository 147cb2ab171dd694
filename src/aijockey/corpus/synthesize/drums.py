"""The drum machine: kicks, snares, claps, hats, toms. Each is a function of a generator and named
parameters."""

import numpy as np

from aijockey.corpus.synthesize import shots
from aijockey.corpus.synthesize.shots import Float, band, decay, length, modes, shaped_noise, swept_sine

# The six square oscillators of the classic metal circuit, as ratios of the lowest.
METAL_RATIOS = (1.0, 1.342, 1.2312, 1.6532, 1.9523, 2.1523)


def kick(
    rng: np.random.Generator,
    *,
    end_hz: float,
    sweep_hz: float,
    sweep_ms: float,
    punch_hz: float,
    punch_ms: float,
    decay_s: float,
    hold_ms: float,
    click: float,
    click_hz: float,
    drive: float,
    sub: float,
) -> Float:
    """Bass drum: a sine under a slow and a fast pitch sweep, a click, saturation and some second harmonic.

    ``sub`` mixes the clean sine back under the driven one.
    """
    samples = length(decay_s + hold_ms / 1e3 + 0.02)
    body = swept_sine(samples, end_hz, ((sweep_hz, sweep_ms / 1e3), (punch_hz, punch_ms / 1e3)), phase=0.08)
    clean = body * decay(samples, decay_s, hold_ms / 1e3)
    sound = shots.drive(clean, drive) * decay(samples, decay_s * 1.2, hold_ms / 1e3)
    sound = sound + np.float32(sub) * clean
    snap = shaped_noise(rng, 960, band(click_hz, 4.0 * click_hz)) * decay(960, 0.012)
    sound[:960] += np.float32(0.3 * click) * snap
    return shots.attack(sound, 0.0004)


def snare(
    rng: np.random.Generator,
    *,
    tone_hz: float,
    tone_ms: float,
    noise_low_hz: float,
    noise_high_hz: float,
    noise_ms: float,
    noise: float,
    snap: float,
    drive: float,
) -> Float:
    """Snare: two bent shell modes under a band of noise with a bright snap in front."""
    samples = length(max(tone_ms, noise_ms) / 1e3 + 0.02)
    shell = modes(
        samples, (tone_hz, 1.73 * tone_hz), (tone_ms / 1e3, 0.6 * tone_ms / 1e3), (1.0, 0.55), bend=0.7
    )
    wires = shaped_noise(rng, samples, band(noise_low_hz, noise_high_hz, 1.5)) * decay(
        samples, noise_ms / 1e3
    )
    front = shaped_noise(rng, 960, band(3000.0, 12000.0)) * decay(960, 0.014)
    sound = shell + np.float32(0.45 * noise) * wires
    sound[:960] += np.float32(0.3 * snap) * front
    return shots.drive(shots.unit_peak(sound), drive)


def clap(
    rng: np.random.Generator,
    *,
    centre_hz: float,
    spread: float,
    bursts: float,
    gap_ms: float,
    tail_ms: float,
    air: float,
) -> Float:
    """Hand clap: a few short bursts of noise, then a longer tail. ``spread`` is the half width of the band
    in octaves."""
    samples = length(tail_ms / 1e3 + 0.08)
    low, high = centre_hz * 2.0**-spread, centre_hz * 2.0**spread
    noise = shaped_noise(rng, samples, band(low, high, 2.5))
    noise += np.float32(air) * shaped_noise(rng, samples, band(4000.0, 14000.0, 1.5))
    t = shots.seconds(samples)
    envelope = np.zeros(samples, dtype=np.float32)
    start = 0.0
    for _ in range(round(bursts)):
        envelope = np.maximum(envelope, np.where(t >= start, np.exp((start - t) / np.float32(0.0035)), 0.0))
        start += gap_ms / 1e3 * float(rng.uniform(0.8, 1.2))
    tail = np.where(t >= start, np.exp(np.float32(-6.908) * (t - start) / np.float32(tail_ms / 1e3)), 0.0)
    return shots.faded((noise * np.maximum(envelope, tail)).astype(np.float32))


def hat(
    rng: np.random.Generator,
    *,
    base_hz: float,
    metal: float,
    low_hz: float,
    high_hz: float,
    decay_ms: float,
    peak: float,
    ring: float,
) -> Float:
    """Hi-hat or cymbal: six square oscillators and noise through a resonant high-pass; ``metal`` 0 is all
    noise."""
    samples = length(decay_ms / 1e3 + 0.01)
    t = shots.seconds(samples)
    oscillators = np.zeros(samples, dtype=np.float32)
    for ratio in METAL_RATIOS:
        hz = base_hz * ratio * float(rng.uniform(0.97, 1.03))
        oscillators += np.sign(np.sin(shots.TAU * (np.float32(hz) * t + np.float32(rng.random()))))
    oscillators = shots.filtered(oscillators, band(low_hz, high_hz, 3.0, peak))
    noise = shaped_noise(rng, samples, band(low_hz, high_hz, 2.5, 0.5 * peak))
    sound = np.float32(metal) * shots.unit_rms(oscillators) + np.float32(1.0 - metal) * noise
    envelope = decay(samples, decay_ms / 1e3)
    if ring > 0.0:
        envelope = (1.0 - np.float32(ring)) * decay(samples, 0.3 * decay_ms / 1e3) + np.float32(
            ring
        ) * envelope
    return shots.attack(sound * envelope, 0.0005)


def tom(
    rng: np.random.Generator,
    *,
    tone_hz: float,
    bend: float,
    bend_ms: float,
    decay_ms: float,
    skin: float,
    drive: float,
) -> Float:
    """Tom: bent membrane modes with a little noise from the skin."""
    samples = length(decay_ms / 1e3 + 0.02)
    d = decay_ms / 1e3
    body = modes(
        samples,
        (tone_hz, 1.59 * tone_hz, 2.14 * tone_hz),
        (d, 0.5 * d, 0.3 * d),
        (1.0, 0.3, 0.15),
        bend,
        bend_ms / 1e3,
    )
    noise = shaped_noise(rng, samples, band(tone_hz, 12.0 * tone_hz, 1.0)) * decay(samples, 0.25 * d)
    return shots.drive(shots.unit_peak(body + np.float32(0.25 * skin) * noise), drive)


def rim(
    rng: np.random.Generator,
    *,
    tone_hz: float,
    second_ratio: float,
    decay_ms: float,
    wood: float,
    drive: float,
) -> Float:
    """Rim shot or side stick: two short modes and a knock."""
    samples = length(decay_ms / 1e3 + 0.01)
    d = decay_ms / 1e3
    body = modes(samples, (tone_hz, tone_hz * second_ratio), (d, 0.7 * d), (1.0, 0.7), 0.1, 0.003)
    knock = shaped_noise(rng, samples, band(0.8 * tone_hz, 5.0 * tone_hz)) * decay(samples, 0.012)
    return shots.drive(shots.unit_peak(body + np.float32(0.4 * wood) * knock), drive)


def cowbell(
    rng: np.random.Generator, *, base_hz: float, second_ratio: float, decay_ms: float, body: float
) -> Float:
    """Cowbell: two square waves through a band-pass."""
    samples = length(decay_ms / 1e3 + 0.01)
    t = shots.seconds(samples)
    squares = np.sign(np.sin(shots.TAU * np.float32(base_hz) * t))
    squares = squares + np.sign(
        np.sin(shots.TAU * np.float32(base_hz * second_ratio) * t + np.float32(rng.random()))
    )
    sound = shots.filtered(squares.astype(np.float32), band(0.9 * base_hz, 4.0 * base_hz, 2.0))
    envelope = np.float32(1.0 - body) * decay(samples, 0.05) + np.float32(body) * decay(
        samples, decay_ms / 1e3
    )
    return sound * envelope


def zap(
    rng: np.random.Generator,
    *,
    start_hz: float,
    end_hz: float,
    sweep_ms: float,
    decay_ms: float,
    index: float,
) -> Float:
    """Electronic blip: a frequency-modulated sine that falls fast."""
    samples = length(decay_ms / 1e3 + 0.01)
    modulator = swept_sine(samples, 1.41 * end_hz, ((start_hz, sweep_ms / 1e3),))
    t = shots.seconds(samples)
    constant = np.float32(sweep_ms / 1e3)
    cycles = np.float32(end_hz) * t + np.float32(start_hz) * constant * (1.0 - np.exp(-t / constant))
    sound = np.sin(shots.TAU * cycles + np.float32(index) * modulator * decay(samples, decay_ms / 2e3))
    return shots.attack(sound.astype(np.float32) * decay(samples, decay_ms / 1e3), 0.0005)


def crackle(rng: np.random.Generator, *, centre_hz: float, decay_ms: float, grains: float) -> Float:
    """A burst of tiny grains: glitch, gravel, static."""
    samples = length(decay_ms / 1e3 + 0.01)
    density = grains / samples * np.exp(-4.0 * np.arange(samples) / samples)
    impulses = (rng.random(samples) < density) * rng.standard_normal(samples, dtype=np.float32)
    impulses[0] = 1.0
    sound = shots.filtered(impulses.astype(np.float32), band(0.6 * centre_hz, 1.8 * centre_hz, 1.5))
    return shots.faded(sound)
