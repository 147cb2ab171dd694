"""What every scene starts from: the shape of a scene, noise, a moving filter's clock."""

from collections.abc import Callable
from typing import Any

import numpy as np

from aijockey.corpus.synthesize import effects
from aijockey.corpus.synthesize.canvas import Canvas
from aijockey.corpus.synthesize.score import Event
from aijockey.corpus.synthesize.shots import Float

Scene = Callable[[np.random.Generator, Canvas], tuple[list[Event], dict[str, Any]]]


def noise(rng: np.random.Generator, canvas: Canvas) -> Float:
    """White noise, its sides independent: (2, samples), RMS 0.3."""
    return rng.standard_normal((2, canvas.samples), dtype=np.float32) * np.float32(0.3)


def frames(canvas: Canvas) -> int:
    """Steps of a filter that moves along the loop."""
    return canvas.samples // effects.SWEEP_HOP
