"""Percussion that hands, sticks and wrists play: skins, wood, shakers, bells."""

import numpy as np

from aijockey.corpus.synthesize import shots
from aijockey.corpus.synthesize.shots import Float, band, decay, length, modes, shaped_noise


def skin(
    rng: np.random.Generator,
    *,
    tone_hz: float,
    bend: float,
    decay_ms: float,
    slap: float,
    slap_hz: float,
    overtone: float,
    hollow: float,
) -> Float:
    """Conga, bongo, djembe, tabla: bent membrane modes, the slap of the hand, the hollow of the shell."""
    samples = length(decay_ms / 1e3 + 0.02)
    d = decay_ms / 1e3
    ratios = (1.0, 1.504, 2.005, 2.44, 3.01)
    gains = (1.0, 0.5 * overtone, 0.45 * overtone, 0.25 * overtone, 0.2 * overtone)
    decays = (d, 0.6 * d, 0.5 * d, 0.35 * d, 0.3 * d)
    body = modes(samples, [r * tone_hz for r in ratios], decays, gains, bend, 0.015)
    body += np.float32(hollow) * modes(samples, (0.52 * tone_hz,), (0.5 * d,), (0.6,))
    hand = shaped_noise(rng, samples, band(slap_hz, 3.5 * slap_hz, 1.5)) * decay(samples, 0.03)
    return shots.attack(body + np.float32(0.35 * slap) * hand, 0.0005)


def wood(
    rng: np.random.Generator,
    *,
    tone_hz: float,
    second_ratio: float,
    decay_ms: float,
    knock: float,
    hollow: float,
) -> Float:
    """Clave, wood block, log, coconut: two stiff modes and a knock."""
    samples = length(decay_ms / 1e3 + 0.01)
    d = decay_ms / 1e3
    body = modes(samples, (tone_hz, tone_hz * second_ratio), (d, 0.5 * d), (1.0, 0.5 * hollow), 0.03, 0.004)
    hit = shaped_noise(rng, samples, band(tone_hz, 4.0 * tone_hz)) * decay(samples, 0.008)
    return shots.attack(body + np.float32(0.25 * knock) * hit, 0.0003)


def shaker(
    rng: np.random.Generator,
    *,
    centre_hz: float,
    width: float,
    swell_ms: float,
    decay_ms: float,
    grain: float,
) -> Float:
    """Shaker, cabasa, maraca: noise that swells and falls; ``grain`` lets single beads through. Width in
    octaves."""
    samples = length((swell_ms + decay_ms) / 1e3 + 0.01)
    noise = shaped_noise(rng, samples, band(centre_hz * 2.0**-width, centre_hz * 2.0**width, 2.0))
    if grain > 0.0:
        beads = np.repeat(rng.random(samples // 48 + 1, dtype=np.float32) ** 3, 48)[:samples]
        noise = noise * (1.0 - np.float32(grain) + np.float32(3.0 * grain) * beads)
    t = shots.seconds(samples)
    swell = np.minimum(t / np.float32(swell_ms / 1e3), 1.0) ** 2
    fall = np.exp(np.float32(-6.908e3 / decay_ms) * np.maximum(t - np.float32(swell_ms / 1e3), 0.0))
    return shots.faded((noise * swell * fall).astype(np.float32))


def jingle(
    rng: np.random.Generator, *, low_hz: float, high_hz: float, count: float, decay_ms: float, skin: float
) -> Float:
    """Tambourine, sleigh bells, keys: many high modes with scattered starts, and an optional skin."""
    samples = length(decay_ms / 1e3 + 0.03)
    number = round(count)
    hz = np.exp(rng.uniform(np.log(low_hz), np.log(high_hz), number))
    sound = np.zeros(samples, dtype=np.float32)
    decays = rng.uniform(0.4, 1.0, number) * decay_ms / 1e3
    for first in range(0, number, 4):
        part = slice(first, first + 4)
        ring = modes(samples, list(hz[part]), list(decays[part]), list(rng.uniform(0.4, 1.0, len(hz[part]))))
        delay = int(rng.integers(0, 600))
        sound[delay:] += ring[: samples - delay]
    sound += (
        np.float32(0.6)
        * shaped_noise(rng, samples, band(low_hz, high_hz))
        * decay(samples, 0.3 * decay_ms / 1e3)
    )
    sound += np.float32(skin) * modes(samples, (190.0, 290.0), (0.08, 0.05), (2.0, 1.0), 0.2)
    return shots.faded(shots.attack(sound, 0.001))


def bell(
    rng: np.random.Generator, *, tone_hz: float, ratio: float, index: float, decay_ms: float, strike: float
) -> Float:
    """Agogo, triangle, bowl, gamelan: a frequency-modulated tone with a struck front."""
    samples = length(decay_ms / 1e3 + 0.01)
    t = shots.seconds(samples)
    bright = np.float32(index) * decay(samples, 0.5 * decay_ms / 1e3)
    modulator = np.sin(shots.TAU * np.float32(tone_hz * ratio) * t)
    tone = np.sin(shots.TAU * np.float32(tone_hz) * t + bright * modulator) * decay(samples, decay_ms / 1e3)
    tone = tone.astype(np.float32)
    hit = shaped_noise(rng, 960, band(min(2.0 * tone_hz, 8000.0), 15000.0)) * decay(960, 0.01)
    tone[:960] += np.float32(0.2 * strike) * hit[: len(tone)]
    return shots.attack(tone, 0.0004)


def scrape(
    rng: np.random.Generator, *, centre_hz: float, rate_hz: float, decay_ms: float, ring: float
) -> Float:
    """Guiro, washboard: a run of little knocks that slows down."""
    samples = length(decay_ms / 1e3 + 0.02)
    t = shots.seconds(samples)
    span = np.float32(decay_ms / 1e3)
    notch = np.mod(np.float32(rate_hz) * (t - 0.35 * t * t / span), 1.0)
    noise = shaped_noise(rng, samples, band(0.7 * centre_hz, 1.6 * centre_hz, 2.0))
    teeth = np.exp(notch * np.float32(-9.0 / max(ring, 0.2)))
    swell = np.minimum(t / 0.01, 1.0) * np.where(t < span, np.cos(0.5 * np.pi * t / span), 0.0)
    return shots.faded((noise * teeth * swell).astype(np.float32))


def metal(
    rng: np.random.Generator,
    *,
    tone_hz: float,
    spread: float,
    count: float,
    decay_ms: float,
    noise: float,
    drive: float,
) -> Float:
    """Anvil, pipe, plate, spring: inharmonic modes. ``spread`` stretches their spacing."""
    samples = length(decay_ms / 1e3 + 0.01)
    number = round(count)
    steps = np.arange(1, number + 1) ** spread * rng.uniform(0.9, 1.15, number)
    hz = tone_hz * steps / steps[0]
    decays = decay_ms / 1e3 * rng.uniform(0.3, 1.0, number) / np.sqrt(steps / steps[0])
    body = modes(samples, list(hz), list(decays), list(rng.uniform(0.3, 1.0, number)), 0.01)
    clang = shaped_noise(rng, samples, band(2.0 * tone_hz, 16.0 * tone_hz, 1.0)) * decay(
        samples, 0.2 * decay_ms / 1e3
    )
    return shots.drive(shots.unit_peak(shots.attack(body + np.float32(0.4 * noise) * clang, 0.0005)), drive)
