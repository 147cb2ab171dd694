"""A corpus on disk: a header, one JSON line per loop, and memory-mapped arrays of 16-bit audio.

    CORPUS/corpus.json        header (`CorpusHeader`); ``complete`` is false while the corpus is being made
    CORPUS/manifest.jsonl     one `LoopRecord` a line
    CORPUS/skipped.jsonl      one ``{"source", "reason"}`` a line: what was left out, and why
    CORPUS/scores.jsonl       synthesized corpora: what each loop plays (``id``, ``score``, ``labels``)
    CORPUS/shards/NAME.npy    int16 (loops, channels, samples), full scale 32767

Here are the reader and the shapes that it reads; `aijockey.corpus.writing` makes them.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from aijockey.errors import AijockeyError
from aijockey.music.grid import LOOP_BARS, LOOP_SAMPLES, RATE_HZ, REFERENCE_BPM

Float = npt.NDArray[np.float32]
Int16 = npt.NDArray[np.int16]

FORMAT = 1
FULL_SCALE = 32767
HEADER_FILE = "corpus.json"
MANIFEST_FILE = "manifest.jsonl"
SKIPPED_FILE = "skipped.jsonl"
SCORES_FILE = "scores.jsonl"
SHARDS_FOLDER = "shards"
UNITS = ("loop", "beat")
SPLITS = ("train", "test")
_SHARD_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}")


class CorpusError(AijockeyError):
    """A folder that is not a corpus, or not a whole one; the text names the file and the fault."""


@dataclass(frozen=True)
class CorpusHeader:
    """What is true of every loop of a corpus.

    Attributes
    ----------
    unit : "loop" (``bars`` bars each) or "beat" (one beat each; ``bars`` is then 0).
    channels, samples : shape of each item. ``samples`` is exact at ``rate_hz`` and ``bpm``.
    key : one key that all tonal loops share ("A minor"), or None where they differ or none is known.
    licence : of the audio, as the maker stated it.
    made_by : program and version.
    settings : whatever the maker needs to be the same when it resumes.
    complete : False while the corpus is being made; such a folder cannot be opened for reading.
    """

    unit: str = "loop"
    bars: int = LOOP_BARS
    rate_hz: int = RATE_HZ
    channels: int = 2
    samples: int = LOOP_SAMPLES
    bpm: float = REFERENCE_BPM
    key: str | None = None
    licence: str = "unknown"
    made_by: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    complete: bool = False
    format: int = FORMAT


@dataclass(frozen=True)
class LoopRecord:
    """One loop (or beat) of a corpus.

    Attributes
    ----------
    id : unique in the corpus.
    source : path of the file that it was cut from, relative to the folder that was prepared, with ``/``.
    start_s : where it begins in that file, in seconds. bpm : tempo of that file there.
    voice : the kind of sound it is. split : "train" or "test".
    shard, row : where its samples are.
    measures : every other number of its line, by name (`aijockey.corpus.measure`, ``tempo_confidence`` …).
    notes : every other text of its line, by name (``key``, ``tempo_from`` …).
    """

    id: str
    source: str
    start_s: float
    bpm: float
    voice: str
    split: str
    licence: str
    shard: str
    row: int
    measures: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The record as one flat JSON object."""
        flat = asdict(self)
        measures, notes = flat.pop("measures"), flat.pop("notes")
        return flat | measures | notes

    @staticmethod
    def from_json(line: Mapping[str, Any]) -> "LoopRecord":
        """The record of one manifest line.

        Raises
        ------
        ValueError : a field is missing, of the wrong type or out of range.
        """
        known: dict[str, Any] = {}
        for name, kind in _RECORD_FIELDS.items():
            if name not in line:
                raise ValueError(f"'{name}' is missing")
            value = line[name]
            if kind is float and isinstance(value, int) and not isinstance(value, bool):
                value = float(value)
            if not isinstance(value, kind) or isinstance(value, bool):
                raise ValueError(f"'{name}' is {value!r}; expected {kind.__name__}")
            known[name] = value
        if known["split"] not in SPLITS:
            raise ValueError(f"'split' is {known['split']!r}; expected one of {', '.join(SPLITS)}")
        if known["row"] < 0:
            raise ValueError(f"'row' is {known['row']}; expected 0 or more")
        check_shard_name(known["shard"])
        rest = {name: value for name, value in line.items() if name not in _RECORD_FIELDS}
        numbers = {
            n: float(v) for n, v in rest.items() if isinstance(v, int | float) and not isinstance(v, bool)
        }
        return LoopRecord(
            **known, measures=numbers, notes={n: v for n, v in rest.items() if isinstance(v, str)}
        )


_RECORD_FIELDS: dict[str, type] = {
    "id": str, "source": str, "start_s": float, "bpm": float, "voice": str, "split": str, "licence": str,
    "shard": str, "row": int,
}  # fmt: skip


def check_shard_name(name: str) -> None:
    """A shard is named by a plain word, so that no manifest can point outside its folder.

    Raises
    ------
    ValueError : anything else.
    """
    if not _SHARD_NAME.fullmatch(name):
        raise ValueError(f"'shard' is {name!r}; expected a plain name of letters, digits and . _ + -")


def to_int16(audio: Float) -> Int16:
    """Float audio as it is stored: rounded, full scale at 32767, clipped beyond it."""
    return np.rint(np.clip(audio, -1.0, 1.0) * FULL_SCALE).astype(np.int16)


class Corpus:
    """A finished corpus, opened for reading. Samples stay on disk until they are asked for.

    Attributes
    ----------
    path : its folder. header : `CorpusHeader`. loops : its records, in the order of the manifest.
    """

    def __init__(self, path: Path, header: CorpusHeader, loops: list[LoopRecord]) -> None:
        self.path = path
        self.header = header
        self.loops = loops
        self._shards: dict[str, Int16] = {}

    @classmethod
    def open(cls, path: Path | str) -> "Corpus":
        """Read header and manifest, and check that every shard is there and long enough.

        Raises
        ------
        CorpusError : not a corpus, unfinished, of a newer format, or damaged.
        """
        path = Path(path)
        header = read_header(path)
        if not header.complete:
            raise CorpusError(
                f"{path}: this corpus is unfinished; run the command that was making it once more"
            )
        loops: list[LoopRecord] = []
        seen: set[str] = set()
        for number, line in enumerate(read_lines(path / MANIFEST_FILE), 1):
            try:
                record = LoopRecord.from_json(line)
                if record.id in seen:
                    raise ValueError(f"the id {record.id!r} came before")
            except ValueError as error:
                raise CorpusError(f"{path / MANIFEST_FILE}, line {number}: {error}") from error
            seen.add(record.id)
            loops.append(record)
        corpus = cls(path, header, loops)
        corpus._check_shard_sizes()
        return corpus

    @property
    def voices(self) -> list[str]:
        """Names of the voices, sorted."""
        return sorted({record.voice for record in self.loops})

    def select(self, split: str | None = None, voice: str | None = None) -> list[int]:
        """Indices of the loops of one split and one voice; None takes all.

        Raises
        ------
        CorpusError : the corpus has no such voice, or there is no such split.
        """
        if split is not None and split not in SPLITS:
            raise CorpusError(f"no split is called {split!r}; expected one of {', '.join(SPLITS)}")
        if voice is not None and voice not in self.voices:
            raise CorpusError(f"{self.path} has no voice {voice!r}; it has {', '.join(self.voices)}")
        return [
            index
            for index, record in enumerate(self.loops)
            if (split is None or record.split == split) and (voice is None or record.voice == voice)
        ]

    def audio(self, index: int) -> Float:
        """Samples of loop ``index``: (channels, samples) float32, -1 to 1.

        Raises
        ------
        CorpusError : its shard is not the array that the header and manifest describe.
        """
        return self.audio_int16(index).astype(np.float32) * np.float32(1.0 / FULL_SCALE)

    def audio_int16(self, index: int) -> Int16:
        """Samples of loop ``index`` as stored: (channels, samples), a read-only view of the file."""
        record = self.loops[index]
        shard = self._shards.get(record.shard)
        if shard is None:
            shard = self._shards[record.shard] = self._map_shard(record.shard)
        if record.row >= len(shard):
            raise CorpusError(
                f"{self._shard_path(record.shard)} has {len(shard)} loops; "
                f"{record.id} should be its row {record.row}"
            )
        return cast(Int16, shard[record.row])

    def skipped(self) -> list[dict[str, str]]:
        """What was left out when the corpus was made: ``source`` and ``reason`` of each."""
        path = self.path / SKIPPED_FILE
        return read_lines(path) if path.exists() else []

    def scores(self) -> list[dict[str, Any]]:
        """Scores and labels of a synthesized corpus (``id``, ``score``, ``labels``); empty for others."""
        path = self.path / SCORES_FILE
        return read_lines(path) if path.exists() else []

    def _shard_path(self, name: str) -> Path:
        return self.path / SHARDS_FOLDER / f"{name}.npy"

    def _check_shard_sizes(self) -> None:
        rows: dict[str, int] = {}
        for record in self.loops:
            rows[record.shard] = max(rows.get(record.shard, 0), record.row + 1)
        loop_bytes = 2 * self.header.channels * self.header.samples
        for name, count in rows.items():
            path = self._shard_path(name)
            if not path.is_file():
                raise CorpusError(f"{path} is missing; the manifest names {count} loops of it")
            if path.stat().st_size < count * loop_bytes:
                raise CorpusError(
                    f"{path} holds {path.stat().st_size} bytes; {count} loops of {self.header.channels} x "
                    f"{self.header.samples} samples need {count * loop_bytes}: was it cut short in copying?"
                )

    def _map_shard(self, name: str) -> Int16:
        path = self._shard_path(name)
        try:
            shard = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise CorpusError(f"{path} cannot be read as an array ({error})") from error
        expected = (self.header.channels, self.header.samples)
        if shard.dtype != np.int16 or shard.ndim != 3 or shard.shape[1:] != expected:
            raise CorpusError(
                f"{path} is {shard.dtype} {shard.shape}; expected int16 (loops, {expected[0]}, {expected[1]})"
            )
        return cast(Int16, shard)


def read_header(path: Path) -> CorpusHeader:
    """The header of a corpus folder, finished or not.

    Raises
    ------
    CorpusError : no such folder, no header in it, or one that is not understood.
    """
    file = path / HEADER_FILE
    if not path.is_dir():
        raise CorpusError(
            f"{path}: no such folder; `aijockey prepare` or `aijockey synthesize` makes a corpus"
        )
    if not file.is_file():
        raise CorpusError(
            f"{path} is not a corpus (it has no {HEADER_FILE}); is it the folder of audio to prepare?"
        )
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CorpusError(f"{file} is damaged ({error})") from error
    if not isinstance(content, dict) or not isinstance(content.get("format"), int):
        raise CorpusError(f"{file} is not the header of a corpus: it states no format")
    if content["format"] > FORMAT:
        raise CorpusError(
            f"{file} has format {content['format']}; this version reads up to {FORMAT}: update aijockey"
        )
    known = {entry.name: entry for entry in fields(CorpusHeader)}
    header = CorpusHeader(**{name: value for name, value in content.items() if name in known})
    for name, allowed in _HEADER_TYPES.items():
        value = getattr(header, name)
        if not isinstance(value, allowed) or isinstance(value, bool) is not (name == "complete"):
            raise CorpusError(f"{file}: '{name}' is {value!r}")
    if (
        header.unit not in UNITS
        or min(header.channels, header.samples, header.rate_hz) < 1
        or header.bpm <= 0
    ):
        raise CorpusError(
            f"{file}: unit {header.unit!r} of {header.channels} x {header.samples} samples, "
            f"{header.rate_hz} Hz, {header.bpm} BPM; expected one of {', '.join(UNITS)} and positive sizes"
        )
    return header


_HEADER_TYPES: dict[str, tuple[type, ...]] = {
    "unit": (str,), "bars": (int,), "rate_hz": (int,), "channels": (int,), "samples": (int,),
    "bpm": (int, float), "key": (str, type(None)), "licence": (str,), "made_by": (str,), "settings": (dict,),
    "complete": (bool,),
}  # fmt: skip


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file.

    Raises
    ------
    CorpusError : the file is missing, or a line of it is no JSON object.
    """
    lines: list[dict[str, Any]] = []
    try:
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                line = json.loads(text)
                if not isinstance(line, dict):
                    raise CorpusError(f"{path}, line {number}: expected an object, got {text.strip()[:60]!r}")
                lines.append(line)
    except FileNotFoundError as error:
        raise CorpusError(f"{path} is missing") from error
    except (OSError, ValueError) as error:
        raise CorpusError(f"{path}, line {len(lines) + 1}, is damaged ({error})") from error
    return lines
