"""The manifest of a pack, format 1: what it holds and how its parts join. ``docs/pack-format.md`` is its
specification.

A loader never asks which family a graph belongs to. It asks which *sampler* drives a generator and which
*output* a vocoder has; those two fields choose the code that runs.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Final, Literal

from aijockey.pack.errors import ManifestError
from aijockey.pack.fields import Between, FreeJson, Matching, nearest

FORMAT: Final = 1
MANIFEST_NAME = "manifest.json"
CARD_NAME = "MODEL_CARD.md"
MAX_MANIFEST_BYTES = 4 << 20
MAX_FILE_BYTES = 512 << 20
MAX_PACK_BYTES = 1 << 30
MAX_FILES = 256

Word = Annotated[
    str,
    Matching(r"[a-z0-9][a-z0-9_-]{0,47}", "a name (a-z, 0-9, - and _, at most 48, not starting with - or _)"),
]
ControlName = Annotated[
    str, Matching(r"[a-z][a-z0-9_]{0,47}", "a control name (a-z, 0-9 and _, starting with a letter)")
]
FileName = Annotated[str, Matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", "a file name without folders")]
Version = Annotated[str, Matching(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,47}", "a version such as 1.0.0")]
Line = Annotated[str, Matching(r"[^\r\n\x00]{1,300}", "one line of 1 to 300 characters")]
KeyName = Annotated[str, Matching(r"[A-G][#b]? (major|minor)", "a key such as 'A minor' or 'F# major'")]
Sha256 = Annotated[str, Matching(r"[0-9a-f]{64}", "64 hexadecimal digits")]
Count = Annotated[int, Between(1, 65_536)]


@dataclass(frozen=True)
class MelSpec:
    """Log-mel of a circular loop, natural logarithm; frame ``t`` is centred on sample ``t * hop_samples``."""

    kind: Literal["mel"]
    hop_samples: Annotated[int, Between(1, 65_536)]
    window_samples: Annotated[int, Between(2, 65_536)]
    bands: Annotated[int, Between(1, 2_048)]
    low_hz: Annotated[float, Between(0, 96_000)]
    high_hz: Annotated[float, Between(1, 96_000)]
    floor: Annotated[float, Between(1e-12, 1.0)]
    TAG: ClassVar[str] = "kind"


@dataclass(frozen=True)
class ControlSpec:
    """A measured attribute that generators may be conditioned on; each voice states its spread of it."""

    name: ControlName
    unit: Line
    description: Line


@dataclass(frozen=True)
class PatchPcaSpec:
    """Principal components of patches of ``patch_frames`` x all bands: mel patch = mean + code @ basis."""

    kind: Literal["patch-pca"]
    patch_frames: Annotated[int, Between(1, 1_024)]
    dims: Annotated[int, Between(1, 4_096)]
    mean: FileName
    basis: FileName
    TAG: ClassVar[str] = "kind"


@dataclass(frozen=True)
class RotationSpec:
    """Turn noise into codes in ``steps`` steps, each number by its own angle; see `aijockey.live.sampler`.

    Times are ``u / (u + shift * (1 - u))`` for ``u`` in ``linspace(0, 1, steps + 1)``: a shift above 1 spends
    more steps near noise. The files hold, for each of the graph's ``voices``: the ``mean`` of its codes, (patches,
    dims); the directions of its loops, ``time_basis`` (patches, patches) and ``code_basis`` (dims, dims) with
    orthonormal rows (`aijockey.representation.loop_basis`); and the ``deviation`` along these, (patches, dims).
    """

    kind: Literal["rotation"]
    steps: Annotated[int, Between(1, 256)]
    voices: Annotated[int, Between(1, 65_536)]
    mean: FileName
    deviation: FileName
    time_basis: FileName
    code_basis: FileName
    shift: Annotated[float, Between(0.01, 100)] = 1.0
    TAG: ClassVar[str] = "kind"


@dataclass(frozen=True)
class DirectSpec:
    """One call: the graph's output is the codes. ``truncation`` (1: none) is fed where asked for.

    ``style_shape`` (layers, style), where the graph has it: it takes ``style_offset`` of that shape, which is added to
    the style of each layer, and also gives ``style`` (style,), what the latent alone makes. ``style_factors`` names an
    array (``factors``, style): directions of the style that the network's own weights amplify most, strongest first.
    """

    kind: Literal["direct"]
    truncation: Annotated[float, Between(0, 2)] = 1.0
    style_shape: tuple[Count, ...] = ()
    style_factors: FileName | None = None
    factors: Annotated[int, Between(0, 4_096)] = 0
    TAG: ClassVar[str] = "kind"


@dataclass(frozen=True)
class GeneratorSpec:
    """One graph that makes codes of loops for one or more voices.

    ``codes`` names the entry of the manifest's ``codes`` that it writes in; ``controls`` are the columns of
    its ``controls`` input, in order.
    """

    family: Word
    graph: FileName
    codes: Word
    latent_shape: tuple[Count, ...]
    controls: tuple[ControlName, ...]
    sampler: RotationSpec | DirectSpec


@dataclass(frozen=True)
class SpectrumVocoderSpec:
    """The graph makes a complex spectrum; a circular inverse STFT with a Hann window makes audio of it, and
    ``corrections`` rounds of `aijockey.representation.mel_correction` bring that nearer to its mel."""

    family: Word
    graph: FileName
    output: Literal["spectrum"]
    window_samples: Annotated[int, Between(2, 65_536)]
    hop_samples: Annotated[int, Between(1, 65_536)]
    corrections: Annotated[int, Between(0, 8)] = 0
    TAG: ClassVar[str] = "output"


@dataclass(frozen=True)
class AudioVocoderSpec:
    """The graph makes audio itself."""

    family: Word
    graph: FileName
    output: Literal["audio"]
    TAG: ClassVar[str] = "output"


@dataclass(frozen=True)
class GriffinLimSpec:
    """No graph: phase by Griffin and Lim's iteration, slowly, for packs without a trained vocoder."""

    family: Word
    output: Literal["griffin-lim"]
    iterations: Annotated[int, Between(1, 1_000)] = 32
    TAG: ClassVar[str] = "output"


@dataclass(frozen=True)
class SpreadSpec:
    """Mean and standard deviation of a control over a voice's loops, in the control's unit."""

    mean: Annotated[float, Between(-1e9, 1e9)]
    std: Annotated[float, Between(1e-9, 1e9)]


@dataclass(frozen=True)
class PaceSpec:
    """How much a voice changes with the angle between two of its latents: ``changes_db``, the mean absolute change of
    its log-mel in dB, at ``angles_rad``. Both rise; 0 is 0."""

    angles_rad: tuple[Annotated[float, Between(1e-6, 3.1416)], ...]
    changes_db: tuple[Annotated[float, Between(1e-6, 200)], ...]


@dataclass(frozen=True)
class DirectionSpec:
    """A named, calibrated control of a voice: one unit is one standard deviation of its measure.

    Attributes
    ----------
    spread : mean and deviation of the measure over what the voice generates, in ``unit``. None where it has no
        measure of its own, as a principal component that is named by what it changes most.
    amounts, strengths : the curve from the player's amount to a strength, both ascending, 0 at 0. Beyond its ends it
        holds.
    conditions : of the generator -> deviations that a strength of 1 pushes them by, beside the vector.
    effect : measured on held-out latents: mean change of the measure at each amount, in deviations; never falling.
    slope : of ``effect`` per unit, by least squares.
    monotone : 0 to 1, of the steps from one amount to the next in single loops, how many go the right way.
    crosstalk : other measures of the voice -> their slope per unit, in their own deviations.
    kept : how unlike itself the loop gets far out, by ``rhythm`` (correlation of onset patterns) and ``timbre``
        (distance), each as a share of the way to another seed's loop: 0 the same, 1 as unlike as another loop.
    """

    name: ControlName
    unit: Line
    description: Line
    spread: SpreadSpec | None
    amounts: tuple[Annotated[float, Between(-16, 16)], ...]
    strengths: tuple[Annotated[float, Between(-1e6, 1e6)], ...]
    effect: tuple[Annotated[float, Between(-1e3, 1e3)], ...]
    slope: Annotated[float, Between(-1e3, 1e3)]
    monotone: Annotated[float, Between(0, 1)]
    conditions: dict[ControlName, Annotated[float, Between(-100, 100)]] = field(default_factory=dict)
    crosstalk: dict[ControlName, Annotated[float, Between(-1e3, 1e3)]] = field(default_factory=dict)
    kept: dict[ControlName, Annotated[float, Between(-1e3, 1e3)]] = field(default_factory=dict)


@dataclass(frozen=True)
class DirectionsSpec:
    """The directions of a voice: vectors to move its latents (``space`` latent) or its styles by.

    ``vectors`` names an array (directions, *latent shape) or (directions, style). A latent that is moved keeps its
    length.
    """

    space: Literal["latent", "style"]
    vectors: FileName
    directions: tuple[DirectionSpec, ...]


@dataclass(frozen=True)
class VoiceSpec:
    """One named sound source.

    ``index`` is fed to the generator's ``voice`` input. ``tonal`` voices are in ``key``; ``loudness_lufs`` is
    the usual loudness of this voice's loops, so that a mixer can level voices without listening; ``pace`` makes equal
    paces of walks sound equally fast (None: it was not measured).
    """

    name: Word
    generator: Word
    index: Annotated[int, Between(0, 65_535)]
    tonal: bool
    key: KeyName | None
    loudness_lufs: Annotated[float, Between(-100, 20)]
    controls: dict[ControlName, SpreadSpec]
    pace: PaceSpec | None = None
    directions: DirectionsSpec | None = None

    def direction(self, name: str) -> DirectionSpec | None:
        """The direction called ``name``, or None."""
        listed = self.directions.directions if self.directions else ()
        return next((direction for direction in listed if direction.name == name), None)

    @property
    def control_names(self) -> tuple[str, ...]:
        """What a player can move: directions first, then conditions of the generator that no direction hides."""
        named = tuple(d.name for d in self.directions.directions) if self.directions else ()
        return (*named, *(name for name in self.controls if name not in named))


@dataclass(frozen=True)
class FileSpec:
    """Size and SHA-256 (hexadecimal) of one file of the pack."""

    bytes: Annotated[int, Between(0, MAX_FILE_BYTES)]
    sha256: Sha256


@dataclass(frozen=True)
class Manifest:
    """Everything a loader needs to know. ``files`` lists all files but the manifest itself."""

    format: Literal[1]
    name: Word
    version: Version
    licence: Line
    made_by: Line
    training_data: str
    rate_hz: Annotated[int, Between(8_000, 192_000)]
    bpm: Annotated[float, Between(20, 999)]
    bars: Annotated[int, Between(1, 64)]
    samples: Annotated[int, Between(1, 1 << 26)]
    key: KeyName | None
    representation: MelSpec
    controls: tuple[ControlSpec, ...]
    codes: dict[Word, PatchPcaSpec]
    generators: dict[Word, GeneratorSpec]
    vocoder: SpectrumVocoderSpec | AudioVocoderSpec | GriffinLimSpec
    voices: tuple[VoiceSpec, ...]
    figures: Annotated[dict[str, Any], FreeJson()] = field(default_factory=dict)
    files: dict[str, FileSpec] = field(default_factory=dict)

    @property
    def frames(self) -> int:
        """Frames of a loop's mel."""
        return self.samples // self.representation.hop_samples

    @property
    def graphs(self) -> tuple[str, ...]:
        """File names of all graphs."""
        vocoder = () if isinstance(self.vocoder, GriffinLimSpec) else (self.vocoder.graph,)
        return tuple(dict.fromkeys((*(spec.graph for spec in self.generators.values()), *vocoder)))

    @property
    def arrays(self) -> dict[str, tuple[int, ...]]:
        """File name -> declared shape of all arrays."""
        shapes: dict[str, tuple[int, ...]] = {}
        for spec in self.codes.values():
            values = spec.patch_frames * self.representation.bands
            shapes[spec.mean] = (values,)
            shapes[spec.basis] = (spec.dims, values)
        for generator in self.generators.values():
            sampler = generator.sampler
            if isinstance(sampler, RotationSpec):
                patches, dims = generator.latent_shape
                shapes[sampler.mean] = shapes[sampler.deviation] = (sampler.voices, patches, dims)
                shapes[sampler.time_basis] = (sampler.voices, patches, patches)
                shapes[sampler.code_basis] = (sampler.voices, dims, dims)
            elif sampler.style_factors is not None:
                shapes[sampler.style_factors] = (sampler.factors, sampler.style_shape[-1])
        for voice in self.voices:
            if voice.directions is not None:
                shapes[voice.directions.vectors] = (
                    len(voice.directions.directions),
                    *self.space_of(voice),
                )
        return shapes

    def space_of(self, voice: "VoiceSpec") -> tuple[int, ...]:
        """Shape of what a voice's directions move: its latent, or the style of a generator that shows it."""
        generator = self.generators[voice.generator]
        if voice.directions is not None and voice.directions.space == "style":
            assert isinstance(generator.sampler, DirectSpec)  # as `manifest_checks` holds
            return generator.sampler.style_shape[-1:]
        return generator.latent_shape

    def voice(self, name: str) -> VoiceSpec:
        """The voice called ``name``.

        Raises
        ------
        ManifestError : there is none; the text names the nearest.
        """
        for voice in self.voices:
            if voice.name == name:
                return voice
        known = [voice.name for voice in self.voices]
        raise ManifestError(
            f"pack '{self.name}' has no voice '{name}'{nearest(name, known)} (voices: {', '.join(known)})"
        )
