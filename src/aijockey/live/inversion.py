"""Like this audio file: the latent from which a voice makes nearly the player's own loop.

Generators that follow a flow are run backwards (`aijockey.live.sampler`), the others have an encoder
(`aijockey.live.latent_encoder`). What comes out is a latent like any other: it has neighbours, walks start from it,
and directions move it. How close it came is said beside what a random search finds, and what the vocoder alone loses.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from aijockey.audio.units import db_to_gain
from aijockey.errors import AijockeyError
from aijockey.live.generator import Generator
from aijockey.live.latent_encoder import encoder_of, improve
from aijockey.live.latent_store import latent_bytes, latent_of_bytes
from aijockey.live.loudness import loudness_lufs
from aijockey.live.moments import format_moment
from aijockey.pack.manifest import RotationSpec
from aijockey.representation.mel import LogMel

Float = npt.NDArray[np.float32]
# What is being done, how many of it are done, and how many there are.
Progress = Callable[[str, int, int], None]

DB_PER_NEPER = 20.0 / float(np.log(10.0))
RANDOM_SAMPLES = 64
VOICE_SAMPLES = 32
MOST_BOOST_DB = 40.0
# Running backwards is done again where what comes out of it is further off than this.
GOOD_DB = 0.05
MOST_CORRECTIONS = 3
LAYER_STEPS = 3


class InversionError(AijockeyError):
    """A loop that cannot become a moment; the text says why."""


def quiet(what: str, done: int, total: int) -> None:
    """Show no progress."""


@dataclass(frozen=True)
class Inversion:
    """The latent of a loop in a voice, and how close it comes. Errors are mean differences of log-mels in dB.

    Attributes
    ----------
    latent : float32, of the voice's shape, rounded as the store keeps it.
    found_db : of what the voice makes from it, before the vocoder. code_db : what its code cannot say at all.
    vocoder_db : of the loop itself through the vocoder. nearest_db : of the nearest of ``samples`` random latents,
    that of the seed ``nearest_seed``.
    length : of the latent, 1 for that of a usual sample. seconds : that it took, figures included.
    """

    voice: str
    latent: Float = field(repr=False)
    found_db: float
    code_db: float
    vocoder_db: float
    nearest_db: float
    nearest_seed: int
    samples: int
    length: float
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """All but the latent, as plain values."""
        values = asdict(self)
        del values["latent"]
        return values


def mel_of(generator: Generator, voice: str, audio: Float) -> Float:
    """Log-mel (bands, frames) of a loop (samples,) at the loudness that loops of the voice have.

    Raises
    ------
    InversionError : not as long as the pack's loops, not finite, or silent.
    """
    if audio.shape != (generator.samples,):
        raise InversionError(
            f"a loop of shape {audio.shape}; this pack's are ({generator.samples},), 2 bars at 120 BPM"
        )
    if not np.isfinite(audio).all():
        raise InversionError("a loop with numbers that are not finite")
    level_lufs = loudness_lufs(audio[None])
    if not np.isfinite(level_lufs):
        raise InversionError("a silent loop has no latent")
    wanted_lufs = generator.pack.manifest.voice(voice).loudness_lufs
    gain = db_to_gain(min(MOST_BOOST_DB, wanted_lufs - level_lufs))
    return LogMel(generator.pack.mel_config).encode(audio * np.float32(gain))


def mel_error_db(one: Float, other: Float) -> float:
    """Mean absolute difference of two log-mels in dB."""
    return DB_PER_NEPER * float(np.abs(one - other).mean(dtype=np.float64))


def invert_loop(
    generator: Generator,
    voice: str,
    audio: Float,
    *,
    samples: int = RANDOM_SAMPLES,
    progress: Progress = quiet,
) -> Inversion:
    """The latent from which ``voice`` makes nearly this loop, and how close it comes.

    Parameters
    ----------
    audio : (samples,) mono, as long as the pack's loops; its level does not matter.
    samples : random latents that it is compared with; 0 leaves that out.

    Raises
    ------
    InversionError : as `mel_of`. GenerationError, ManifestError : the voice cannot be run, or there is none.

    Thread: any but audio
    """
    began = time.monotonic()
    mel = mel_of(generator, voice, audio)
    spec = generator.pack.manifest.voice(voice)
    code = generator.pack.code(generator.pack.manifest.generators[spec.generator].codes)
    latent = latent_of_mel(generator, voice, mel, progress)
    found_db = mel_error_db(generator.mel(voice, latent[None])[0], mel)
    nearest_db, nearest_seed = nearest_sample(generator, voice, mel, samples, progress)
    progress("vocoder", 0, 1)
    sound = generator.sound(mel[None])[0]
    vocoder_db = mel_error_db(LogMel(generator.pack.mel_config).encode(sound), mel)
    progress("vocoder", 1, 1)
    return Inversion(
        voice=voice,
        latent=latent,
        found_db=found_db,
        code_db=mel_error_db(code.decode(code.encode(mel[None]))[0], mel),
        vocoder_db=vocoder_db,
        nearest_db=nearest_db,
        nearest_seed=nearest_seed,
        samples=samples,
        length=length_of(latent),
        seconds=time.monotonic() - began,
    )


def likeliest_voice(generator: Generator, audio: Float, *, progress: Progress = quiet) -> str:
    """The voice among whose own loops this one would be least surprising.

    Any flow can be run backwards from any loop, so how close it comes says nothing. Its density does: voices that it
    suits need a short latent, and the volume by which a voice's directions stretch latents counts against it. Where
    a voice of the pack cannot be run backwards, the one with the nearest of `VOICE_SAMPLES` random loops is taken.

    Raises
    ------
    InversionError, GenerationError : as `invert_loop`.

    Thread: any but audio
    """
    manifest = generator.pack.manifest
    specs = [manifest.generators[voice.generator].sampler for voice in manifest.voices]
    surprise: dict[str, float] = {}
    for number, (voice, sampler) in enumerate(zip(manifest.voices, specs, strict=True)):
        progress("trying voices", number, len(specs))
        mel = mel_of(generator, voice.name, audio)
        if all(isinstance(each, RotationSpec) for each in specs):
            assert isinstance(sampler, RotationSpec)
            latent = generator.invert(voice.name, mel[None]).astype(np.float64)
            stretch = np.log(generator.pack.array(sampler.deviation)[voice.index].astype(np.float64))
            surprise[voice.name] = 0.5 * float(np.square(latent).sum()) + float(stretch.sum())
        else:
            surprise[voice.name] = nearest_sample(generator, voice.name, mel, VOICE_SAMPLES)[0]
    progress("trying voices", len(specs), len(specs))
    return min(surprise, key=lambda name: surprise[name])


def latent_of_mel(generator: Generator, voice: str, mel: Float, progress: Progress = quiet) -> Float:
    """The latent of a log-mel (bands, frames), rounded as the store keeps it; arguments and errors as in
    `invert_loop`.
    """
    spec = generator.pack.manifest.voice(voice)
    made_by = generator.pack.manifest.generators[spec.generator]
    if isinstance(made_by.sampler, RotationSpec):
        latent = _backwards(generator, voice, mel, progress)
    else:
        latent = _found(generator, voice, mel, progress)
    return latent_of_bytes(latent_bytes(latent))


def _found(generator: Generator, voice: str, mel: Float, progress: Progress) -> Float:
    """A latent of a voice that cannot be run backwards: guessed, improved, then given a row for each layer."""
    spec = generator.pack.manifest.voice(voice)
    code = generator.pack.code(generator.pack.manifest.generators[spec.generator].codes)
    # Components of the patch code stand at right angles, so these differ as much as log-mels do.
    weights = np.linalg.norm(code.basis, axis=1)

    def made_of(latents: Float) -> Float:
        return np.asarray(generator.codes(voice, latents) * weights, dtype=np.float32)

    encoder = encoder_of(
        generator, voice, progress=lambda done, total: progress("learning the way back", done, total)
    )
    wanted = code.encode(mel[None])[0]
    guess = encoder.encode(wanted[None])[0]
    # Such networks are trained on latents of this length alone.
    latent = guess * np.float32(1.0 / max(length_of(guess), 1e-6))
    goal = wanted * weights
    latent = improve(made_of, goal, latent, progress=lambda done, total: progress("refining", done, total))
    layers = generator.layers(voice)
    if not layers:
        return latent
    return improve(
        made_of,
        goal,
        np.repeat(latent[None], layers, axis=0),
        steps=LAYER_STEPS,
        free=_heard_of_layers(generator, voice, latent, layers),
        progress=lambda done, total: progress("refining layers", done, total),
    )


def _heard_of_layers(generator: Generator, voice: str, latent: Float, layers: int) -> npt.NDArray[np.bool_]:
    """Which numbers of a latent with rows are heard: those that make the style, and of the first row all."""
    tried = latent + np.eye(latent.size, dtype=np.float32).reshape(-1, *latent.shape)
    changed = generator.styles(voice, tried) != generator.styles(voice, latent[None])
    heard = np.repeat(changed.any(axis=1).reshape(1, *latent.shape), layers, axis=0)
    heard[0] = True
    return heard


def _backwards(generator: Generator, voice: str, mel: Float, progress: Progress) -> Float:
    """The flow run backwards, and what it misses added to what is asked for, as long as that helps.

    Its steps are solved by iteration, which now and then stops short: of 50 held-out loops one was 0.3 dB off what its
    code can say, the others less than 0.06. Pulling the latent toward the length of a usual sample was tried too:
    half-way costs 0.5 dB, all the way 1.1 dB (mean of 16), so it keeps the length that it has.
    """
    spec = generator.pack.manifest.voice(voice)
    code = generator.pack.code(generator.pack.manifest.generators[spec.generator].codes)
    goal = code.decode(code.encode(mel[None]))
    asked = goal
    best, least = np.zeros(0, dtype=np.float32), float("inf")
    for turn in range(1 + MOST_CORRECTIONS):
        progress("backwards", turn, 1 + MOST_CORRECTIONS)
        latent = generator.invert(voice, asked)
        made = generator.mel(voice, latent)
        error = mel_error_db(made, goal)
        if error >= least:
            break
        best, least = latent[0], error
        if error < GOOD_DB:
            break
        asked = asked + (goal - made)
    progress("backwards", 1 + MOST_CORRECTIONS, 1 + MOST_CORRECTIONS)
    return best


def nearest_sample(
    generator: Generator, voice: str, mel: Float, samples: int, progress: Progress = quiet
) -> tuple[float, int]:
    """Error in dB and seed of the nearest of the voice's loops of seeds 0 to ``samples``; (inf, 0) for none."""
    least, seed = float("inf"), 0
    for candidate in range(samples):
        made = generator.mel(voice, generator.latent(voice, candidate)[None])[0]
        error = mel_error_db(made, mel)
        if error < least:
            least, seed = error, candidate
        progress("random search", candidate + 1, samples)
    return least, seed


def length_of(latent: Float) -> float:
    """Length of a latent beside that of a usual sample, which is 1."""
    return float(np.linalg.norm(latent) / np.sqrt(latent.size))


def moment_of(voice: str, identifier: str) -> str:
    """The moment that plays a stored latent, as text."""
    return format_moment({"voice": voice, "point": f"#{identifier}"})
