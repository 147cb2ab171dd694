"""A graph of a pack as a function from named arrays to named arrays, run by ONNX Runtime."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from aijockey.errors import AijockeyError
from aijockey.pack.pack import Pack

Array = npt.NDArray[Any]


class GenerationError(AijockeyError):
    """A graph could not be loaded or run, or what it made is no sound; the text names it."""


class Graph:
    """One ONNX Runtime session.

    Parameters
    ----------
    pack, name : the graph file; it is loaded from verified bytes, never from a path, so it cannot reach other
    files.

    A call uses the calling thread alone. Several may be made at once; nothing spins, which would starve the
    audio on a small machine.
    """

    def __init__(self, pack: Pack, name: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        self.name = name
        data = pack.read(name)
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        # ONNX Runtime's exceptions share no base class of their own.
        except Exception as error:
            raise GenerationError(
                f"{name}: ONNX Runtime {onnxruntime.__version__} cannot load it: {error}"
            ) from error
        self.inputs = frozenset(entry.name for entry in self._session.get_inputs())
        self.outputs = tuple(entry.name for entry in self._session.get_outputs())

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Outputs by name. Feeds that the graph does not declare are left out.

        Raises
        ------
        GenerationError : the graph refuses its inputs or fails.

        Thread: any but audio.
        """
        try:
            results = self._session.run(
                None, {name: value for name, value in feeds.items() if name in self.inputs}
            )
        except Exception as error:
            raise GenerationError(f"{self.name}: cannot be run: {error}") from error
        return dict(zip(self.outputs, results, strict=True))

    def output(
        self, feeds: Mapping[str, Array], name: str, shape: tuple[int, ...]
    ) -> npt.NDArray[np.float32]:
        """One output, as float32 of ``shape``.

        Raises
        ------
        GenerationError : as in `run`, or another shape.
        """
        return self.checked(self.run(feeds), name, shape)

    def checked(
        self, results: Mapping[str, Array], name: str, shape: tuple[int, ...]
    ) -> npt.NDArray[np.float32]:
        """``results[name]`` as float32, or a `GenerationError` if it does not have ``shape``."""
        value = results[name]
        if value.shape != shape:
            raise GenerationError(f"{self.name}: output '{name}' has shape {value.shape}; expected {shape}")
        return value.astype(np.float32, copy=False)
