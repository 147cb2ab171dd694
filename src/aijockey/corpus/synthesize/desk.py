"""The mixing desk: sends, bus, master. Ends every loop at its voice's loudness and below full scale."""

from dataclasses import dataclass

import numpy as np
import scipy.fft

from aijockey.audio.units import db_to_gain, gain_to_db
from aijockey.corpus.synthesize import effects
from aijockey.corpus.synthesize.canvas import Canvas
from aijockey.corpus.synthesize.draw import Range, chance, log_uniform, pick, uniform
from aijockey.corpus.synthesize.effects import Float

CEILING = 0.97
KNEE = 0.8
# A limiter that takes more than this off the peaks is heard as dirt.
MOST_LIMITING_DB = 5.0


@dataclass(frozen=True)
class Rack:
    """Settings of the send effects and the bus of one loop.

    room : index into the bank of rooms. wet, echo : return gains. echo_sixteenths, feedback, echo_low_hz,
    echo_high_hz, ping_pong : the delay. tilt_db : brightness, dB an octave about 800 Hz. low_cut_hz :
    high-pass of the whole. drive, squeeze : saturation and compression. crush_hold : samples held by the
    lo-fi sampler; 1 is off.
    """

    room: int
    wet: float
    echo: float
    echo_sixteenths: float
    feedback: float
    echo_low_hz: float
    echo_high_hz: float
    ping_pong: bool
    tilt_db: float
    low_cut_hz: float
    drive: float
    squeeze: float
    crush_hold: int


def draw_rack(
    rng: np.random.Generator,
    *,
    room: tuple[int, int],
    wet: Range = (0.3, 1.0),
    echo: Range = (0.0, 0.3),
    feedback: Range = (0.1, 0.65),
    drive: Range = (0.0, 0.4),
    squeeze: Range = (0.0, 0.5),
    crush: float = 0.0,
    tilt_db: Range = (-0.9, 0.9),
    low_cut_hz: Range = (22.0, 35.0),
) -> Rack:
    """Draw the settings of a loop; ``crush`` is the chance of the lo-fi sampler, the rest are ranges."""
    return Rack(
        room=int(rng.integers(room[0], room[1] + 1)),
        wet=uniform(rng, wet),
        echo=uniform(rng, echo),
        echo_sixteenths=pick(rng, (1.0, 1.5, 2.0, 3.0, 4.0, 6.0), (1, 1, 3, 6, 3, 2)),
        feedback=uniform(rng, feedback),
        echo_low_hz=log_uniform(rng, (150.0, 600.0)),
        echo_high_hz=log_uniform(rng, (1500.0, 7000.0)),
        ping_pong=chance(rng, 0.6),
        tilt_db=uniform(rng, tilt_db),
        low_cut_hz=log_uniform(rng, low_cut_hz),
        drive=uniform(rng, drive),
        squeeze=uniform(rng, squeeze),
        crush_hold=int(pick(rng, (2, 3, 4), (3, 2, 1))) if chance(rng, crush) else 1,
    )


def mix(canvas: Canvas, rack: Rack) -> Float:
    """Dry and sends through the rack to one stereo loop (2, samples), level not yet set."""
    samples = canvas.samples
    spectrum = scipy.fft.rfft(canvas.dry)
    if rack.wet > 0.0 and np.any(canvas.reverb):
        spectrum += (
            np.float32(rack.wet) * effects.room_response(rack.room, samples) * scipy.fft.rfft(canvas.reverb)
        )
    if rack.echo > 0.0 and np.any(canvas.delay):
        response = effects.echo_response(
            samples, rack.echo_sixteenths, rack.feedback, rack.echo_low_hz, rack.echo_high_hz, rack.ping_pong
        )
        spectrum += np.float32(rack.echo) * response * scipy.fft.rfft(canvas.delay)
    hz = np.maximum(effects.frequencies_hz(samples), 1.0)
    tilt = (np.clip(hz, 40.0, 12000.0) / 800.0) ** np.float32(rack.tilt_db / 6.02)
    spectrum *= tilt / (1.0 + (rack.low_cut_hz / hz) ** 4)
    audio = scipy.fft.irfft(spectrum, n=samples).astype(np.float32, copy=False)
    if rack.crush_hold > 1:
        audio = effects.crush(audio, rack.crush_hold, 12.0)
    audio = effects.compress(audio, rack.squeeze)
    return effects.saturate(audio, rack.drive)


def loudness_lufs(audio: Float) -> float:
    """Loudness of a loop played for ever, by the K-weighting of BS.1770 drawn in the spectrum; ungated."""
    spectrum = scipy.fft.rfft(audio)
    hz = np.maximum(effects.frequencies_hz(audio.shape[-1]), 1.0)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    x = (hz / 1500.0) ** 2
    weight = (1.0 + 2.51 * x * x) / (1.0 + x * x) / (1.0 + (38.0 / hz) ** 2) ** 2
    mean_square = 2.0 * float(np.sum(power * weight)) / audio.shape[-1] ** 2
    return -0.691 + 10.0 * float(np.log10(max(mean_square, 1e-20)))


def master(audio: Float, target_lufs: float) -> Float:
    """Bring a loop to ``target_lufs``, or as near as 5 dB of limiting allow, with every peak below 0.98."""
    audio = audio - audio.mean(axis=1, keepdims=True)
    peak = float(np.max(np.abs(audio)))
    gain_db = target_lufs - loudness_lufs(audio)
    most_db = MOST_LIMITING_DB + gain_to_db(CEILING) - gain_to_db(peak)
    audio = audio * np.float32(db_to_gain(min(gain_db, most_db)))
    over = np.abs(audio) - np.float32(KNEE)
    soft = np.float32(KNEE) + np.float32(CEILING - KNEE) * np.tanh(over / np.float32(CEILING - KNEE))
    return np.asarray(np.where(over > 0.0, np.sign(audio) * soft, audio), dtype=np.float32)
