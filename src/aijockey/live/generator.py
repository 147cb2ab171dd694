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

from aijockey.live.directions import VoiceDirections, move, move_back
from aijockey.live.graph import GenerationError, Graph
from aijockey.live.sampler import SAMPLERS, DirectSampler, Sampler
from aijockey.live.vocoder import make_vocoder
from aijockey.pack.fields import nearest
from aijockey.pack.manifest import DirectSpec, GeneratorSpec, VoiceSpec
from aijockey.pack.pack import Pack
from aijockey.representation.patch_code import PatchCode

Float = npt.NDArray[np.float32]
Controls = Mapping[str, float | npt.ArrayLike]

SEEDS = 1 << 64
KNOWN_FROM = 0.25
"""Deviations that a direction pushes a condition by before the network is told in full that it is given."""


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
    batch : loops that go through a graph together. Above 1 it is a fifth quicker, but the last bits of a loop may then
        depend on its neighbours: for measuring, not for playing.
    directions : False takes every control for the raw condition of that name, as calibration needs it.

    A control that names one of the voice's directions moves its latent (or style) by the pack's calibrated mapping;
    any other is a condition that the network was trained with. Graphs load when a voice first needs them; `warm_up`
    loads all.
    """

    def __init__(self, pack: Pack, threads: int = 1, *, batch: int = 1, directions: bool = True) -> None:
        if threads < 1 or batch < 1:
            raise ValueError(f"{threads} threads, batches of {batch}; expected 1 or more")
        self.pack = pack
        self.threads = threads
        self._batch = batch
        self._samplers: dict[str, Sampler] = {}
        self._codes: dict[str, PatchCode] = {}
        self._use_directions = directions
        self._directions: dict[str, VoiceDirections] = {}
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

        Of a direction: the amount that brings a loop which is as the voice's loops are on average to ``value``.

        Raises
        ------
        GenerationError : the voice has no such control, or it is a direction without a measure.

        Thread: any.
        """
        spec = self.pack.manifest.voice(voice)
        direction = spec.direction(control) if self._use_directions else None
        if direction is None:
            self._check_control(spec, control)
        spread = spec.controls[control] if direction is None else direction.spread
        if spread is None:
            raise GenerationError(f"direction '{control}' of voice '{voice}' has no unit; give deviations")
        return (value - spread.mean) / spread.std

    def codes(
        self,
        voice: str,
        latents: Float,
        controls: Controls | None = None,
        steps: int | None = None,
        style_offset: Float | None = None,
    ) -> Float:
        """Codes of loops, (batch, patches, dims).

        Parameters
        ----------
        latents : (batch, *latent_shape), for example stacked results of `latent`.
        controls : name -> standard deviations, one number or (batch,): of a direction, how far the loop moves (0 or
            left out: not at all); of a condition, from the voice's mean (left out: the network's to choose).
        style_offset : (batch, layers, style), added to the style of each layer of a voice that has styles: with the
            difference of two `styles` in some of the layers, these take the other loop's. None: nothing.
        steps : steps of a ``rotation``; None takes the pack's. More is nearer to the exact path and
            slower.

        Raises
        ------
        GenerationError : wrong shapes, unknown controls, a graph that fails or makes numbers that are not
            finite.

        Thread: any but audio.
        """
        spec = self.pack.manifest.voice(voice)
        offsets, pushes, conditions = self._moves(spec, controls or {}, len(latents))
        return self.moved_codes(voice, latents, offsets, pushes, conditions, steps, style_offset)

    def moved_codes(
        self,
        voice: str,
        latents: Float,
        offsets: Float | None,
        pushes: Float | None,
        conditions: Controls | None = None,
        steps: int | None = None,
        style_offset: Float | None = None,
    ) -> Float:
        """`codes` of latents that are moved by hand, as calibration does.

        Parameters
        ----------
        offsets : (batch, *latent_shape), or (batch, style) for all layers of a voice that has styles; None: nothing.
        pushes : (batch, controls of the generator), added to its conditions, in deviations; None: nothing.
        conditions : held at a value, as in `codes` where there are no directions.
        """
        spec = self.pack.manifest.voice(voice)
        latents = self._batched(latents, self._spec(spec).latent_shape, "latents")
        shape = self._code_shape(spec)
        sampler = self._sampler(spec)
        values, known = self._control_rows(spec, conditions or {}, len(latents), pushes)
        styles = self._style_rows(spec, len(latents), style_offset)
        if offsets is not None and _style_shape(self._spec(spec)) and offsets.shape != latents.shape:
            styles = styles + offsets[:, None]
        elif offsets is not None:
            latents = move(latents, offsets)

        def sample(latent: Float, value: Float, given: Float, style: Float) -> Float:
            return sampler.sample(latent, self._feeds(spec, value, given, style), shape, steps)

        return self._one_by_one(f"voice '{voice}'", shape, sample, latents, values, known, styles)

    def styles(self, voice: str, latents: Float, controls: Controls | None = None) -> Float:
        """What the latents make of the style, before any direction moves it: (batch, style).

        Raises
        ------
        GenerationError : the voice's generator shows no style (`DirectSpec.style_shape`), or as in `codes`.

        Thread: any but audio.
        """
        spec = self.pack.manifest.voice(voice)
        style = _style_shape(self._spec(spec))
        if not style:
            raise GenerationError(f"the generator of voice '{voice}' shows no style; its latent says it all")
        latents = self._batched(latents, self._spec(spec).latent_shape, "latents")
        _, pushes, conditions = self._moves(spec, controls or {}, len(latents))
        values, known = self._control_rows(spec, conditions, len(latents), pushes)
        sampler = self._sampler(spec)
        assert isinstance(sampler, DirectSampler)  # only its spec has a style shape

        def show(latent: Float, value: Float, given: Float, still: Float) -> Float:
            return sampler.style(latent, self._feeds(spec, value, given, still))

        rows = self._style_rows(spec, len(latents), None)
        return self._one_by_one(f"voice '{voice}'", style[1:], show, latents, values, known, rows)

    def mel(
        self, voice: str, latents: Float, controls: Controls | None = None, steps: int | None = None
    ) -> Float:
        """Log-mels of loops, (batch, bands, frames); arguments and errors as in `codes`. Thread: any but
        audio."""
        return self.decode(voice, self.codes(voice, latents, controls, steps))

    def decode(self, voice: str, codes: Float) -> Float:
        """Log-mels (batch, bands, frames) of a voice's codes (batch, patches, dims). Thread: any but audio."""
        return self._code(voice).decode(codes)

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
        controls : for both voices, each in its own standard deviations; what the second does not have is the first's
            alone.

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
        moved = [
            self._moved_row(
                spec, row, {name: value for name, value in (controls or {}).items() if name in known}
            )
            for spec, row, known in (
                (first, rows[0], (controls or {}).keys()),
                (second, rows[1], second.control_names),
            )
        ]

        def sample(*columns: Float) -> Float:
            one, other = columns[:3], columns[3:]
            feeds = (self._feeds(first, *one[1:]), self._feeds(second, *other[1:]))
            return sampler.morph((one[0], other[0]), feeds, amount, shape, steps)

        maker = f"voices '{first.name}' and '{second.name}'"
        codes = self._one_by_one(maker, shape, sample, *moved[0], *moved[1])
        return self._code(first.name).decode(codes)

    def _moved_row(self, voice: VoiceSpec, latents: Float, controls: Controls) -> tuple[Float, Float, Float]:
        """Latents as a voice's directions among the controls move them, and its conditions: values and known."""
        offsets, pushes, conditions = self._moves(voice, controls, len(latents))
        values, known = self._control_rows(voice, conditions, len(latents), pushes)
        if offsets is not None and offsets.shape == latents.shape:
            latents = move(latents, offsets)
        return latents, values, known

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
        offsets, pushes, conditions = self._moves(spec, controls or {}, len(mel))
        values, known = self._control_rows(spec, conditions, len(mel), pushes)
        codes = self._code(voice).encode(mel)

        def invert(code: Float, value: Float, given: Float) -> Float:
            return sampler.invert(code, self._feeds(spec, value, given), steps)

        shape = self._spec(spec).latent_shape
        found = self._one_by_one(f"voice '{voice}', backwards,", shape, invert, codes, values, known)
        return found if offsets is None else move_back(found, offsets)

    def warm_up(self) -> None:
        """Load every graph and run each once, so that the first loop is as quick as the rest. Thread: any but
        audio."""
        for spec in {voice.generator: voice for voice in self.pack.manifest.voices}.values():
            self.generate(spec.name, self.latent(spec.name, 0)[None])

    def _one_by_one(
        self, maker: str, shape: tuple[int, ...], make: Callable[..., Float], *columns: Float
    ) -> Float:
        """``make`` of each row of the columns, as batches of one (or `batch`), in up to ``threads`` lanes: (rows,
        *shape)."""
        count = len(columns[0])
        result = np.empty((count, *shape), dtype=np.float32)

        def fill(start: int) -> None:
            part = slice(start, start + self._batch)
            result[part] = make(*(column[part] for column in columns))

        starts = range(0, count, self._batch)
        if self.threads == 1 or count < 2:
            for start in starts:
                fill(start)
        else:
            with ThreadPoolExecutor(self.threads) as lanes:
                list(lanes.map(fill, starts))
        if not np.isfinite(result).all():
            raise GenerationError(f"{maker} made numbers that are not finite")
        return result

    def _feeds(
        self, voice: VoiceSpec, controls: Float, known: Float, style: Float | None = None
    ) -> dict[str, npt.NDArray[Any]]:
        feeds: dict[str, npt.NDArray[Any]] = {
            "voice": np.full(len(controls), voice.index, dtype=np.int64),
            "controls": controls,
            "known": known,
        }
        return feeds if style is None else {**feeds, "style_offset": style}

    def _moves(
        self, voice: VoiceSpec, controls: Controls, count: int
    ) -> tuple[Float | None, Float | None, dict[str, float | npt.ArrayLike]]:
        """What directions among the controls move and push (see `moved_codes`), and the conditions among them."""
        if voice.directions is None or not self._use_directions or not controls:
            return None, None, dict(controls)
        if voice.name not in self._directions:
            self._directions[voice.name] = VoiceDirections(self.pack, voice)
        directions = self._directions[voice.name]
        amounts = {name: value for name, value in controls.items() if name in directions.names}
        conditions = {name: value for name, value in controls.items() if name not in directions.names}
        return *(directions.moves(amounts, count) if amounts else (None, None)), conditions

    def _style_rows(self, voice: VoiceSpec, count: int, given: Float | None) -> Float:
        """Offsets of styles, (count, layers, style); (count, 0) where a voice has none."""
        shape = _style_shape(self._spec(voice))
        if given is None:
            return np.zeros((count, *(shape or (0,))), dtype=np.float32)
        if not shape or given.shape != (count, *shape):
            wanted = (
                f"(batch, {', '.join(map(str, shape))})" if shape else "none: its generator shows no style"
            )
            raise GenerationError(f"style offsets have shape {given.shape}; expected {wanted}")
        return given.astype(np.float32)

    def _control_rows(
        self, voice: VoiceSpec, controls: Controls, count: int, pushes: Float | None
    ) -> tuple[Float, Float]:
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
        if pushes is not None:
            # A push begins at "not given" and is given in full from a quarter of a deviation on: no jump at 0.
            known = np.maximum(known, np.minimum(1.0, np.abs(pushes) / KNOWN_FROM)).astype(np.float32)
            values = values + pushes
        return values, known

    def _check_control(self, voice: VoiceSpec, name: str) -> None:
        names = self._spec(voice).controls
        if name not in names:
            names = voice.control_names if self._use_directions else names
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


def _style_shape(spec: GeneratorSpec) -> tuple[int, ...]:
    """(layers, style) of a generator that shows its style, else ()."""
    return spec.sampler.style_shape if isinstance(spec.sampler, DirectSpec) else ()
