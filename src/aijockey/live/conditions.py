"""What a voice's network is told beside its latent: conditions, those that directions push, and offsets of styles.

A control that names one of the voice's directions moves its latent (or style) by the pack's calibrated mapping and
pushes conditions; any other is a condition that the network was trained with.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from aijockey.live.directions import VoiceDirections, move
from aijockey.live.graph import GenerationError
from aijockey.pack.fields import nearest
from aijockey.pack.manifest import DirectSpec, VoiceSpec
from aijockey.pack.pack import Pack

Float = npt.NDArray[np.float32]
Controls = Mapping[str, float | npt.ArrayLike]

KNOWN_FROM = 0.25
"""Deviations that a direction pushes a condition by before the network is told in full that it is given."""


class Conditions:
    """Controls of one voice of a pack, as its network takes them.

    directions : False takes every control for the raw condition of that name, as calibration needs it.

    Thread: any but audio
    """

    def __init__(self, pack: Pack, voice: VoiceSpec, *, directions: bool = True) -> None:
        self._pack, self._voice = pack, voice
        self._spec = pack.manifest.generators[voice.generator]
        self._use_directions = directions
        self._directions: VoiceDirections | None = None

    @property
    def style_shape(self) -> tuple[int, ...]:
        """(layers, style) of a generator that shows its style, else ()."""
        sampler = self._spec.sampler
        return sampler.style_shape if isinstance(sampler, DirectSpec) else ()

    @property
    def moves_style(self) -> bool:
        """Whether directions move the style rather than the latent."""
        if self._voice.directions is not None and self._use_directions:
            return self._voice.directions.space == "style"
        return bool(self.style_shape)

    def standardize(self, control: str, value: float) -> float:
        """As `aijockey.live.generator.Generator.standardize`."""
        voice = self._voice
        direction = voice.direction(control) if self._use_directions else None
        if direction is None:
            self._check(control)
        spread = voice.controls[control] if direction is None else direction.spread
        if spread is None:
            raise GenerationError(
                f"direction '{control}' of voice '{voice.name}' has no unit; give deviations"
            )
        return (value - spread.mean) / spread.std

    def moves(
        self, controls: Controls, count: int
    ) -> tuple[Float | None, Float | None, dict[str, float | npt.ArrayLike]]:
        """What directions among the controls move and push, see `aijockey.live.generator.Generator.moved_codes`, and
        the conditions among them."""
        if self._voice.directions is None or not self._use_directions or not controls:
            return None, None, dict(controls)
        if self._directions is None:
            self._directions = VoiceDirections(self._pack, self._voice)
        names = self._directions.names
        amounts = {name: value for name, value in controls.items() if name in names}
        conditions = {name: value for name, value in controls.items() if name not in names}
        return *(self._directions.moves(amounts, count) if amounts else (None, None)), conditions

    def shift(self, latents: Float, offsets: Float | None, styles: Float | None) -> tuple[Float, Float]:
        """Latents and offsets of styles (None: none so far) as ``offsets``, of whichever directions move, move them."""
        rows = self.style_rows(len(latents), styles)
        if offsets is None:
            return latents, rows
        return (latents, rows + offsets[:, None]) if self.moves_style else (move(latents, offsets), rows)

    def rows(self, conditions: Controls, count: int, pushes: Float | None) -> tuple[Float, Float]:
        """Values of the network's conditions, and how much each counts as given, both (count, conditions).

        pushes : (count, conditions), added in deviations; None: nothing.

        Raises
        ------
        GenerationError : no such condition, or not one finite number or ``count`` of them.
        """
        names = self._spec.controls
        values = np.zeros((count, len(names)), dtype=np.float32)
        known = np.zeros_like(values)
        for name, value in conditions.items():
            self._check(name)
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

    def style_rows(self, count: int, given: Float | None) -> Float:
        """Offsets of styles, (count, layers, style); (count, 0) where the voice has none.

        Raises
        ------
        GenerationError : ``given`` has another shape.
        """
        shape = self.style_shape
        if given is None:
            return np.zeros((count, *(shape or (0,))), dtype=np.float32)
        if not shape or given.shape != (count, *shape):
            wanted = (
                f"(batch, {', '.join(map(str, shape))})" if shape else "none: its generator shows no style"
            )
            raise GenerationError(f"style offsets have shape {given.shape}; expected {wanted}")
        return given.astype(np.float32)

    def feeds(self, values: Float, known: Float, style: Float | None = None) -> dict[str, npt.NDArray[Any]]:
        """Inputs of the graph by name, but for the latent; `rows` and `style_rows` give the arguments."""
        feeds: dict[str, npt.NDArray[Any]] = {
            "voice": np.full(len(values), self._voice.index, dtype=np.int64),
            "controls": values,
            "known": known,
        }
        return feeds if style is None else {**feeds, "style_offset": style}

    def _check(self, name: str) -> None:
        names = self._spec.controls
        if name not in names:
            names = self._voice.control_names if self._use_directions else names
            raise GenerationError(
                f"voice '{self._voice.name}' has no control '{name}'{nearest(name, names)} "
                f"(controls: {', '.join(names) or 'none'})"
            )
