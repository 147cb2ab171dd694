"""One audio file -> its loops: what runs once for each file, in any process or on any machine.

The job is a few words, and what comes of it is written to the corpus (shard first, then its description), so
that a thousand of them can run side by side and be killed at any moment.
"""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aijockey.audio.files import AudioFileError
from aijockey.corpus.beat_file import BeatFileError, read_beats
from aijockey.corpus.cut import (
    SEAM_SAMPLES,
    TEXTURE_SEAM_SAMPLES,
    Piece,
    conform,
    pieces_of_bars,
    pieces_of_beats,
    pieces_without_tempo,
)
from aijockey.corpus.decode import Recording, decode, decode_circular
from aijockey.corpus.duplicates import Half, fingerprint, repeats
from aijockey.corpus.key import estimate_key
from aijockey.corpus.measure import measure_loop
from aijockey.corpus.rhythm import listen
from aijockey.corpus.timing import Timing, find_timing
from aijockey.corpus.writing import PARTS_FOLDER, ShardWriter, write_part
from aijockey.music.grid import BEAT_SAMPLES, RATE_HZ, REFERENCE_BPM, loop_samples

Float = npt.NDArray[np.float32]

SCRATCH_PREFIX = ".scratch-"
SHORTEST_S = 0.25
NO_TEMPO = "no tempo found"
# Stated keys are those that are more than a guess.
LEAST_KEY_CONFIDENCE = 0.1
_CIRCLE_CONTEXT_S = 1.0


@dataclass(frozen=True)
class CutSettings:
    """How files become loops.

    Attributes
    ----------
    unit : "loop" of ``bars`` bars, or "beat". channels : 1 or 2.
    bpm : tempo of all files, where the player states it. no_tempo : "skip" files without one, or "keep" them
        as textures, cut to the length of a loop and not stretched.
    silence_lufs : softer loops are dropped. duplicate_db : loops that differ less from one that is kept are
        dropped; 0 keeps all.
    """

    unit: str = "loop"
    bars: int = 2
    channels: int = 2
    bpm: float | None = None
    no_tempo: str = "skip"
    silence_lufs: float = -60.0
    duplicate_db: float = 1.0

    @property
    def samples(self) -> int:
        """Length of each item at the reference tempo."""
        return BEAT_SAMPLES if self.unit == "beat" else loop_samples(self.bars)


@dataclass(frozen=True)
class SourceJob:
    """One file to prepare: ``folder / source``, into the corpus at ``corpus``. ``beats`` : its beat file."""

    folder: str
    source: str
    corpus: str
    voice: str
    beats: str | None
    settings: CutSettings

    @property
    def part(self) -> str:
        """Name of its part and shard: readable, and unique by a hash of the path."""
        stem = re.sub(r"[^A-Za-z0-9_-]+", "_", Path(self.source).stem)[:40].strip("_") or "source"
        return f"{stem}-{sha256(self.source.encode()).hexdigest()[:10]}"

    @property
    def state(self) -> list[int]:
        """Size and time of change of the files that it reads: a part of another state is done again."""
        paths = [Path(self.folder, self.source), *([Path(self.beats)] if self.beats else [])]
        return [number for path in paths for number in (path.stat().st_size, path.stat().st_mtime_ns)]


def fingerprints_path(corpus: Path, part: str) -> Path:
    """Where the fingerprints of a part's loops are kept, to find those that repeat another file's."""
    return corpus / PARTS_FOLDER / f"{part}.npy"


def prepare_source(job: SourceJob) -> dict[str, Any]:
    """Decode, time, cut, conform and measure one file, and write its part.

    Returns
    -------
    The part: ``source``, ``state``, ``voice``, ``seconds``, ``reason`` (why nothing came of it, or None),
    ``warning``, ``timing``, ``other_bpm`` (what the tempo may be as well), ``dropped`` (counts) and ``loops`` (without
    split and licence).
    """
    corpus = Path(job.corpus)
    part: dict[str, Any] = {
        "source": job.source,
        "state": job.state,
        "voice": job.voice,
        "seconds": 0.0,
        "reason": None,
        "warning": "",
        "timing": None,
        "other_bpm": None,
        "dropped": {"silent": 0, "repeated": 0},
        "loops": [],
    }
    with tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX, dir=corpus / PARTS_FOLDER) as scratch:
        try:
            recording = decode(Path(job.folder, job.source), Path(scratch), job.settings.channels)
            part.update(seconds=recording.seconds, warning=recording.warning)
            part["reason"] = _cut_source(job, recording, Path(scratch), part)
        except (AudioFileError, BeatFileError, OSError) as error:
            part["reason"] = str(error)
    write_part(corpus, job.part, part)
    return part


def _cut_source(job: SourceJob, recording: Recording, scratch: Path, part: dict[str, Any]) -> str | None:
    """Fill ``part`` with loops; returns why there are none, if so."""
    settings = job.settings
    if recording.seconds < SHORTEST_S:
        return f"too short ({recording.seconds:.2f} s)"
    rhythm = listen(recording.audio)
    if float(rhythm.power.max(initial=0.0)) < 1e-6:
        return "silent"
    written = read_beats(Path(job.beats)) if job.beats else None
    timing = find_timing(rhythm, recording.seconds, Path(job.source).stem, settings.bpm, written)
    if timing is None and settings.no_tempo == "skip":
        return NO_TEMPO
    pieces = _pieces(settings, recording.seconds, timing)
    if not pieces:
        wanted = "beat" if settings.unit == "beat" else f"loop of {settings.bars} bars or an even part of it"
        tempo = f"at {timing.bpm:.1f} BPM" if timing else "without a tempo"
        return f"too short for a {wanted} ({recording.seconds:.1f} s {tempo})"
    about = _describe(recording, timing)
    part["timing"] = about
    part["other_bpm"] = timing.other_bpm if timing else None
    audio, origin = recording.audio, 0
    if timing is not None and timing.circular:
        path = Path(job.folder, job.source)
        audio, origin = decode_circular(path, scratch, settings.channels, _CIRCLE_CONTEXT_S)
    loops = _conformed(audio, origin, pieces, settings, SEAM_SAMPLES if timing else TEXTURE_SEAM_SAMPLES)
    _write_loops(job, part, about, loops)
    if part["loops"]:
        return None
    return f"silent: all {len(pieces)} pieces are below {settings.silence_lufs:g} LUFS"


def _pieces(settings: CutSettings, seconds: float, timing: Timing | None) -> list[Piece]:
    if timing is None:
        return pieces_without_tempo(seconds, settings.bars) if settings.unit == "loop" else []
    return pieces_of_beats(timing) if settings.unit == "beat" else pieces_of_bars(timing, settings.bars)


def _conformed(
    audio: Float, origin: int, pieces: list[Piece], settings: CutSettings, seam_samples: int
) -> Iterator[tuple[Piece, Float]]:
    for piece in pieces:
        yield piece, conform(audio, origin, piece, seam_samples)


def _describe(recording: Recording, timing: Timing | None) -> dict[str, Any]:
    """What is true of all loops of a source."""
    about: dict[str, Any] = {"tempo_from": "none", "bpm": REFERENCE_BPM, "tempo_confidence": 0.0}
    if timing is not None:
        about = {
            "tempo_from": timing.found_by,
            "bpm": round(timing.bpm, 5),
            "tempo_confidence": round(timing.confidence, 4),
            "downbeat_confidence": round(timing.downbeat_confidence, 4),
        }
    key = estimate_key(recording.audio, RATE_HZ)
    if key is not None and key.confidence >= LEAST_KEY_CONFIDENCE:
        about.update(key=key.name, key_confidence=round(key.confidence, 4))
    return about


def _write_loops(
    job: SourceJob, part: dict[str, Any], about: dict[str, Any], loops: Iterator[tuple[Piece, Float]]
) -> None:
    """Write those that are neither silent nor the same again, and describe them in ``part``."""
    settings, corpus = job.settings, Path(job.corpus)
    prints: list[Half] = []
    with ShardWriter(corpus, job.part, settings.channels, settings.samples) as shard:
        for piece, audio in loops:
            measures = measure_loop(audio)
            if measures["loudness_lufs"] < settings.silence_lufs:
                part["dropped"]["silent"] += 1
                continue
            mark = fingerprint(audio)
            if repeats(mark, prints, settings.duplicate_db):
                part["dropped"]["repeated"] += 1
                continue
            prints.append(mark)
            row = shard.append(audio)
            bpm = round(piece.bpm, 5) if about["tempo_from"] != "none" else REFERENCE_BPM
            part["loops"].append(
                {
                    "id": f"{job.part}-{row}",
                    "source": job.source,
                    "start_s": round(piece.start_s, 6),
                    "voice": job.voice,
                    "shard": job.part,
                    "row": row,
                    **about,
                    "bpm": bpm,
                    **{name: round(value, 5) for name, value in measures.items()},
                }
            )
    path = fingerprints_path(corpus, job.part)
    partial = path.with_name(f".{path.name}.partial.npy")
    np.save(partial, np.stack(prints) if prints else np.zeros((0, 0), np.float16), allow_pickle=False)
    partial.replace(path)


def settings_as_json(settings: CutSettings) -> dict[str, Any]:
    """The settings as they stand in a corpus's header."""
    return asdict(settings)
