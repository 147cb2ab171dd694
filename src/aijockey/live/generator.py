"""Seeds or latents of a voice -> loops: the generator of a pack and its vocoder, run together.

Each loop is computed alone, ``threads`` of them at once: matrix kernels may choose their order of summation
by size, so without that the last bits of a loop could depend on what was made beside it. As it is, the same
voice and seed give the same samples on the same machine, alone or among others, with any number of threads.
(Matrix products of NumPy are cut small for the same reason, see `aijockey.audio.products`.)
It costs nothing: with a transformer of 3 M parameters and a vocoder of 4 M, four loops on one core took 182
ms one by one and 175 ms as a batch, on two cores 150 ms in two lanes and 171 ms with ONNX Runtime's own
threads (lower quartiles of 25 runs).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from aijockey.live.conditions import Conditions, Controls
from aijockey.live.directions import move_back
from aijockey.live.graph import GenerationError, Graph
from aijockey.live.sampler import SAMPLERS, DirectSampler, Sampler
from aijockey.live.vocoder import make_vocoder
from aijockey.live.voice_noise import voice_noise
from aijockey.pack.manifest import GeneratorSpec, VoiceSpec
from aijockey.pack.pack import Pack
from aijockey.representation.patch_code import PatchCode

Float = npt.NDArray[np.float32]


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
        self._conditions: dict[str, Conditions] = {}
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

    def layers(self, voice: str) -> int:
        """Layers whose styles can differ, of a voice that shows its style; else 0. Its latents may be (layers, *shape):
        each layer's style is made from its own row, and the noise from the first.

        Raises
        ------
        ManifestError : no such voice.

        Thread: any.
        """
        return next(iter(self._conditions_of(voice).style_shape), 0)

    def standardize(self, voice: str, control: str, value: float) -> float:
        """``value`` of a control in its own unit, in standard deviations from this voice's mean.

        Of a direction: the amount that brings a loop which is as the voice's loops are on average to ``value``.

        Raises
        ------
        GenerationError : the voice has no such control, or it is a direction without a measure.

        Thread: any.
        """
        return self._conditions_of(voice).standardize(control, value)

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
        latents : (batch, *latent_shape), for example stacked results of `latent`; or with a row for each of the voice's
            `layers`, (batch, layers, *latent_shape).
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
        offsets, pushes, conditions = self._conditions_of(voice).moves(controls or {}, len(latents))
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
        offsets : (batch, *latent_shape), or (batch, style) for all layers of a voice whose directions move its style;
            None: nothing.
        pushes : (batch, controls of the generator), added to its conditions, in deviations; None: nothing.
        conditions : held at a value, as in `codes` where there are no directions.
        """
        spec = self.pack.manifest.voice(voice)
        shape = self._code_shape(spec)
        sampler, told = self._sampler(spec), self._conditions_of(voice)
        values, known = told.rows(conditions or {}, len(latents), pushes)
        latents, mixed = self._unlayered(spec, latents, values, known)
        latents, styles = told.shift(latents, offsets, style_offset)
        styles = styles + mixed

        def sample(latent: Float, value: Float, given: Float, style: Float) -> Float:
            return sampler.sample(latent, told.feeds(value, given, style), shape, steps)

        return self._one_by_one(f"voice '{voice}'", shape, sample, latents, values, known, styles)

    def styles(self, voice: str, latents: Float, controls: Controls | None = None) -> Float:
        """What the latents make of the style, before any direction moves it: (batch, style).

        Raises
        ------
        GenerationError : the voice's generator shows no style (`DirectSpec.style_shape`), or as in `codes`.

        Thread: any but audio.
        """
        spec, told = self.pack.manifest.voice(voice), self._conditions_of(voice)
        if not told.style_shape:
            raise GenerationError(f"the generator of voice '{voice}' shows no style; its latent says it all")
        latents = self._batched(latents, self._spec(spec).latent_shape, "latents")
        _, pushes, conditions = told.moves(controls or {}, len(latents))
        return self._styles(spec, latents, *told.rows(conditions, len(latents), pushes))

    def _styles(self, voice: VoiceSpec, latents: Float, values: Float, known: Float) -> Float:
        sampler, told = self._sampler(voice), self._conditions_of(voice.name)
        assert isinstance(sampler, DirectSampler)  # only its spec has a style shape

        def show(latent: Float, value: Float, given: Float, still: Float) -> Float:
            return sampler.style(latent, told.feeds(value, given, still))

        rows = told.style_rows(len(latents), None)
        maker, shape = f"voice '{voice.name}'", told.style_shape[1:]
        return self._one_by_one(maker, shape, show, latents, values, known, rows)

    def _unlayered(
        self, voice: VoiceSpec, latents: Float, values: Float, known: Float
    ) -> tuple[Float, Float]:
        """Latents as the graph takes them, (batch, *latent_shape), and offsets of styles that make their layers differ:
        rows of zeros where they have no layers.
        """
        told, shape = self._conditions_of(voice.name), self._spec(voice).latent_shape
        array = np.asarray(latents, dtype=np.float32)
        layers = self.layers(voice.name)
        if not layers or array.shape[1:] != (layers, *shape):
            return self._batched(latents, shape, "latents"), told.style_rows(len(latents), None)
        rows = array.reshape(-1, *shape)
        told_twice = (np.repeat(values, layers, axis=0), np.repeat(known, layers, axis=0))
        # Most layers share a latent, and each is asked for once.
        whole = np.concatenate([rows.reshape(len(rows), -1), *told_twice], axis=1)
        _, first, place = np.unique(whole, axis=0, return_index=True, return_inverse=True)
        styles = self._styles(voice, rows[first], *(part[first] for part in told_twice))
        styles = styles[place.reshape(-1)].reshape(len(array), *told.style_shape)
        return array[:, 0], styles - styles[:, :1]

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
        if len(latents[0]) != len(latents[1]):
            raise GenerationError(
                f"{len(latents[0])} and {len(latents[1])} latents; expected as many of each voice"
            )
        # What the second voice does not have is the first's alone.
        shared = {name: value for name, value in (controls or {}).items() if name in second.control_names}
        told = [self._conditions_of(name) for name in voices]
        columns: list[Float] = []
        for voice, each, rows, given in zip(
            (first, second), told, latents, (controls or {}, shared), strict=True
        ):
            offsets, pushes, conditions = each.moves(given, len(rows))
            values, known = each.rows(conditions, len(rows), pushes)
            plain, mixed = self._unlayered(voice, rows, values, known)
            moved, styles = each.shift(plain, offsets, None)
            columns += [moved, values, known, styles + mixed]

        def sample(*row: Float) -> Float:
            feeds = (told[0].feeds(*row[1:4]), told[1].feeds(*row[5:]))
            return sampler.morph((row[0], row[4]), feeds, amount, shape, steps)

        codes = self._one_by_one(f"voices '{first.name}' and '{second.name}'", shape, sample, *columns)
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
        sampler, told = self._sampler(spec), self._conditions_of(voice)
        offsets, pushes, conditions = told.moves(controls or {}, len(mel))
        values, known = told.rows(conditions, len(mel), pushes)
        codes = self._code(voice).encode(mel)

        def invert(code: Float, value: Float, given: Float) -> Float:
            return sampler.invert(code, told.feeds(value, given), steps)

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

    def _batched(self, value: Float, shape: tuple[int, ...], what: str) -> Float:
        array = np.asarray(value, dtype=np.float32)
        if array.shape[1:] != shape or array.ndim != len(shape) + 1:
            raise GenerationError(
                f"{what} have shape {array.shape}; expected (batch, {', '.join(map(str, shape))})"
            )
        return array

    def _spec(self, voice: VoiceSpec) -> GeneratorSpec:
        return self.pack.manifest.generators[voice.generator]

    def _conditions_of(self, voice: str) -> Conditions:
        if voice not in self._conditions:
            spec = self.pack.manifest.voice(voice)
            self._conditions[voice] = Conditions(self.pack, spec, directions=self._use_directions)
        return self._conditions[voice]

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
