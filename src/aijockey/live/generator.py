"""Seeds or latents of a voice -> loops: the generator of a pack and its vocoder, run together.

Each loop is computed alone, ``threads`` of them at once: matrix kernels may choose their order of summation
by size, so without that the last bits of a loop could depend on what was made beside it. As it is, the same
voice and seed give the same samples on the same machine, alone or among others, with any number of threads.
It costs nothing: with a transformer of 3 M parameters and a vocoder of 4 M, four loops on one core took 182
ms one by one and 175 ms as a batch, on two cores 150 ms in two lanes and 171 ms with ONNX Runtime's own
threads (lower quartiles of 25 runs).
"""

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.special

from aijockey.live.graph import GenerationError, Graph
from aijockey.live.sampler import SAMPLERS, Sampler
from aijockey.live.vocoder import make_vocoder
from aijockey.pack.fields import nearest
from aijockey.pack.manifest import GeneratorSpec, VoiceSpec
from aijockey.pack.pack import Pack
from aijockey.representation.patch_code import PatchCode

Float = npt.NDArray[np.float32]
Controls = Mapping[str, float | npt.ArrayLike]

SEEDS = 1 << 64


def voice_noise(voice: str, seed: int, count: int) -> Float:
    """``count`` standard normal numbers that belong to ``voice`` and ``seed``, for good.

    The counter-based generator Philox4x64-10 (Salmon et al. 2011) with the key (first 8 bytes of the SHA-256
    of the voice's name, little-endian; seed), its words' upper 53 bits made uniform and sent through the
    normal quantile function. NumPy promises the stream of its bit generators but not its normal variates,
    hence our own last step.

    Raises
    ------
    ValueError : the seed is not in 0 .. 2^64 - 1.
    """
    if not 0 <= seed < SEEDS:
        raise ValueError(f"seed {seed} is out of range; expected 0 to {SEEDS - 1}")
    voice_key = int.from_bytes(hashlib.sha256(voice.encode()).digest()[:8], "little")
    words = np.random.Philox(key=np.array([voice_key, seed], dtype=np.uint64)).random_raw(count)
    uniform = ((words >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return scipy.special.ndtri(uniform).astype(np.float32)


class Generator:
    """The voices of a pack, ready to make loops.

    Parameters
    ----------
    threads : how many loops are computed at once; 1 leaves a small machine's other core to the audio.

    Graphs load when a voice first needs them; `warm_up` loads all.
    """

    def __init__(self, pack: Pack, threads: int = 1) -> None:
        if threads < 1:
            raise ValueError(f"{threads} threads; expected 1 or more")
        self.pack = pack
        self.threads = threads
        self._samplers: dict[str, Sampler] = {}
        self._codes: dict[str, PatchCode] = {}
        self.vocoder = make_vocoder(pack)

    @property
    def voices(self) -> tuple[str, ...]:
        """Names of the pack's voices, in its order. Thread: any."""
        return tuple(voice.name for voice in self.pack.manifest.voices)

    @property
    def samples(self) -> int:
        """Samples of every loop. Thread: any."""
        return self.pack.manifest.samples

    def latent(self, voice: str, seed: int) -> Float:
        """The latent of ``seed`` (0 to 2^64 - 1): standard normal, of the voice's latent shape, see
        `voice_noise`.

        Raises
        ------
        ManifestError : no such voice.
        ValueError : seed out of range.

        Thread: any.
        """
        shape = self._spec(self.pack.manifest.voice(voice)).latent_shape
        return voice_noise(voice, seed, int(np.prod(shape))).reshape(shape)

    def standardize(self, voice: str, control: str, value: float) -> float:
        """``value`` of a control in its own unit, in standard deviations from this voice's mean.

        Raises
        ------
        GenerationError : the voice has no such control.

        Thread: any.
        """
        spec = self.pack.manifest.voice(voice)
        self._check_control(spec, control)
        spread = spec.controls[control]
        return (value - spread.mean) / spread.std

    def codes(
        self, voice: str, latents: Float, controls: Controls | None = None, steps: int | None = None
    ) -> Float:
        """Codes of loops, (batch, patches, dims).

        Parameters
        ----------
        latents : (batch, *latent_shape), for example stacked results of `latent`.
        controls : name -> standard deviations from the voice's mean, one number or (batch,). One left out is
            the
            network's to choose.
        steps : steps of a ``rotation``; None takes the pack's. More is nearer to the exact path and
            slower.

        Raises
        ------
        GenerationError : wrong shapes, unknown controls, a graph that fails or makes numbers that are not
            finite.

        Thread: any but audio.
        """
        spec = self.pack.manifest.voice(voice)
        latents = self._batched(latents, self._spec(spec).latent_shape, "latents")
        shape = self._code_shape(spec)
        sampler = self._sampler(spec)
        values, known = self._control_rows(spec, controls or {}, len(latents))

        def sample(latent: Float, value: Float, given: Float) -> Float:
            return sampler.sample(latent, self._feeds(spec, value, given), shape, steps)

        return self._one_by_one(f"voice '{voice}'", shape, sample, latents, values, known)

    def mel(
        self, voice: str, latents: Float, controls: Controls | None = None, steps: int | None = None
    ) -> Float:
        """Log-mels of loops, (batch, bands, frames); arguments and errors as in `codes`. Thread: any but
        audio."""
        return self._code(voice).decode(self.codes(voice, latents, controls, steps))

    def generate(
        self, voice: str, latents: Float, controls: Controls | None = None, steps: int | None = None
    ) -> Float:
        """Loops, (batch, samples), float32, circular; arguments and errors as in `codes`. Thread: any but
        audio."""
        return self.sound(self.mel(voice, latents, controls, steps))

    def morph_mel(
        self,
        voices: tuple[str, str],
        latents: tuple[Float, Float],
        amount: float,
        controls: Controls | None = None,
        steps: int | None = None,
    ) -> Float:
        """Log-mels of loops between two voices of one generator, (batch, bands, frames); see `RotationSampler.morph`.

        Parameters
        ----------
        latents : of the first voice and of the second, each (batch, *latent_shape).
        amount : 0 is the first voice's loops, 1 the second's.
        controls : for both voices, each in its own standard deviations.

        Raises
        ------
        GenerationError : voices of different generators, a sampler that takes one voice alone, or as in `codes`.

        Thread: any but audio.
        """
        first, second = (self.pack.manifest.voice(name) for name in voices)
        if first.generator != second.generator:
            raise GenerationError(
                f"voices '{first.name}' and '{second.name}' come from different generators, '{first.generator}' and "
                f"'{second.generator}'; only voices of one can be morphed"
            )
        shape, sampler = self._code_shape(first), self._sampler(first)
        rows = [self._batched(latent, self._spec(first).latent_shape, "latents") for latent in latents]
        if len(rows[0]) != len(rows[1]):
            raise GenerationError(
                f"{len(rows[0])} and {len(rows[1])} latents; expected as many of each voice"
            )
        values, known = self._control_rows(first, controls or {}, len(rows[0]))

        def sample(one: Float, other: Float, value: Float, given: Float) -> Float:
            feeds = (self._feeds(first, value, given), self._feeds(second, value, given))
            return sampler.morph((one, other), feeds, amount, shape, steps)

        maker = f"voices '{first.name}' and '{second.name}'"
        codes = self._one_by_one(maker, shape, sample, rows[0], rows[1], values, known)
        return self._code(first.name).decode(codes)

    def sound(self, mel: Float) -> Float:
        """Log-mels (batch, bands, frames) through the pack's vocoder: (batch, samples). Thread: any but
        audio."""
        return self._one_by_one("the vocoder", (self.samples,), self.vocoder.decode, mel)

    def invert(
        self, voice: str, mel: Float, controls: Controls | None = None, steps: int | None = None
    ) -> Float:
        """Latents that `mel`, with the same controls and steps, turns back into nearly this (batch, bands,
        frames).

        What the voice's code cannot say, and what its network never makes, is lost; the rest comes back.

        Raises
        ------
        GenerationError : the voice's sampler cannot run backwards, or as in `codes`.

        Thread: any but audio.
        """
        spec = self.pack.manifest.voice(voice)
        bands = self.pack.manifest.representation.bands
        mel = self._batched(mel, (bands, self.pack.manifest.frames), "mel")
        sampler = self._sampler(spec)
        values, known = self._control_rows(spec, controls or {}, len(mel))
        codes = self._code(voice).encode(mel)

        def invert(code: Float, value: Float, given: Float) -> Float:
            return sampler.invert(code, self._feeds(spec, value, given), steps)

        shape = self._spec(spec).latent_shape
        return self._one_by_one(f"voice '{voice}', backwards,", shape, invert, codes, values, known)

    def warm_up(self) -> None:
        """Load every graph and run each once, so that the first loop is as quick as the rest. Thread: any but
        audio."""
        for spec in {voice.generator: voice for voice in self.pack.manifest.voices}.values():
            self.generate(spec.name, self.latent(spec.name, 0)[None])

    def _one_by_one(
        self, maker: str, shape: tuple[int, ...], make: Callable[..., Float], *columns: Float
    ) -> Float:
        """``make`` of each row of the columns, as batches of one, in up to ``threads`` lanes: (rows,
        *shape)."""
        count = len(columns[0])
        result = np.empty((count, *shape), dtype=np.float32)

        def fill(index: int) -> None:
            result[index] = make(*(column[index : index + 1] for column in columns))[0]

        if self.threads == 1 or count < 2:
            for index in range(count):
                fill(index)
        else:
            with ThreadPoolExecutor(self.threads) as lanes:
                list(lanes.map(fill, range(count)))
        if not np.isfinite(result).all():
            raise GenerationError(f"{maker} made numbers that are not finite")
        return result

    def _feeds(self, voice: VoiceSpec, controls: Float, known: Float) -> dict[str, npt.NDArray[Any]]:
        return {"voice": np.full(1, voice.index, dtype=np.int64), "controls": controls, "known": known}

    def _control_rows(self, voice: VoiceSpec, controls: Controls, count: int) -> tuple[Float, Float]:
        names = self._spec(voice).controls
        values = np.zeros((count, len(names)), dtype=np.float32)
        known = np.zeros_like(values)
        for name, value in controls.items():
            self._check_control(voice, name)
            column = np.asarray(value, dtype=np.float32)
            if column.shape not in ((), (count,)) or not np.isfinite(column).all():
                raise GenerationError(
                    f"control '{name}': expected one finite number or {count}, got shape {column.shape}"
                )
            values[:, names.index(name)] = column
            known[:, names.index(name)] = 1.0
        return values, known

    def _check_control(self, voice: VoiceSpec, name: str) -> None:
        names = self._spec(voice).controls
        if name not in names:
            raise GenerationError(
                f"voice '{voice.name}' has no control '{name}'{nearest(name, names)} "
                f"(controls: {', '.join(names) or 'none'})"
            )

    def _batched(self, value: Float, shape: tuple[int, ...], what: str) -> Float:
        array = np.asarray(value, dtype=np.float32)
        if array.shape[1:] != shape or array.ndim != len(shape) + 1:
            raise GenerationError(
                f"{what} have shape {array.shape}; expected (batch, {', '.join(map(str, shape))})"
            )
        return array

    def _spec(self, voice: VoiceSpec) -> GeneratorSpec:
        return self.pack.manifest.generators[voice.generator]

    def _code_shape(self, voice: VoiceSpec) -> tuple[int, int]:
        code = self.pack.manifest.codes[self._spec(voice).codes]
        return self.pack.manifest.frames // code.patch_frames, code.dims

    def _code(self, voice: str) -> PatchCode:
        name = self._spec(self.pack.manifest.voice(voice)).codes
        if name not in self._codes:
            self._codes[name] = self.pack.code(name)
        return self._codes[name]

    def _sampler(self, voice: VoiceSpec) -> Sampler:
        if voice.generator not in self._samplers:
            spec = self._spec(voice)
            graph = Graph(self.pack, spec.graph)
            self._samplers[voice.generator] = SAMPLERS[spec.sampler.kind](graph, spec.sampler, self.pack)
        return self._samplers[voice.generator]
