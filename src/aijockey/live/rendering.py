"""A set to a file, offline: block by block, whole or not at all."""

import dataclasses
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from aijockey.audio.files import FORMATS, AudioFileError
from aijockey.live.engine import Engine
from aijockey.live.loudness import LoudnessMeter
from aijockey.live.true_peak import TruePeakMeter
from aijockey.music.grid import BEATS_PER_BAR, RATE_HZ

WRITE_SAMPLES = 1 << 15


@dataclass(frozen=True)
class RenderReport:
    """What came out: file, length, level, and how fast it went."""

    path: Path
    bars: int
    seconds: float
    loudness_lufs: float
    peak_dbtp: float
    times_real_time: float
    late_loops: int

    def as_json(self) -> dict[str, Any]:
        """Plain values; null for the loudness of silence."""
        loudness_lufs = self.loudness_lufs if math.isfinite(self.loudness_lufs) else None
        return {**dataclasses.asdict(self), "path": str(self.path), "loudness_lufs": loudness_lufs}


def check_output(path: Path, force: bool) -> None:
    """Whether a render may be written to ``path``.

    Raises
    ------
    AudioFileError : unknown format, missing folder, or a file that is there and ``force`` is not given.
    """
    if path.suffix.lower() not in FORMATS:
        raise AudioFileError(f"{path}: unknown format '{path.suffix}'; expected one of {', '.join(FORMATS)}")
    if not path.parent.is_dir():
        raise AudioFileError(f"{path}: the folder {path.parent} does not exist")
    if path.exists() and not force:
        raise AudioFileError(f"{path}: exists already; --force overwrites it")


def render(
    engine: Engine,
    path: Path,
    bars: int,
    *,
    block_samples: int = WRITE_SAMPLES,
    progress: Callable[[float], None] | None = None,
) -> RenderReport:
    """Render the first ``bars`` bars of a fresh engine to ``path``.

    The engine's delay is taken out, so a loop that enters on a bar starts on its sample. The file appears
    under its name only when it is whole.

    Parameters
    ----------
    block_samples : how many samples the engine is asked for at a time; makes no difference to the sound.
    progress : called now and then with the beats done so far.

    Raises
    ------
    AudioFileError : the file cannot be written.
    """
    container, subtype = FORMATS[path.suffix.lower()]
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    loudness, peak = LoudnessMeter(), TruePeakMeter()
    started = time.perf_counter()
    written = 0
    try:
        with soundfile.SoundFile(
            partial, "w", samplerate=RATE_HZ, channels=2, format=container, subtype=subtype
        ) as file:
            skip = engine.latency_samples
            pieces: list[np.ndarray] = []
            gathered = 0
            while True:
                block = engine.process(block_samples)[:, skip:]
                # Only what has been reached knows the tempo; the end is a beat, and becomes
                # a sample when it is near.
                end = engine.clock.sample_at(bars * BEATS_PER_BAR)
                skip = max(0, skip - block_samples)
                block = block[:, : max(0, end - written - gathered)]
                if block.shape[1]:
                    pieces.append(block)
                    gathered += block.shape[1]
                done = written + gathered >= end
                if gathered >= WRITE_SAMPLES or done:
                    sound = np.concatenate(pieces, axis=1) if pieces else np.zeros((2, 0), dtype=np.float32)
                    file.write(sound.T)
                    loudness.add(sound)
                    peak.add(sound)
                    written, gathered, pieces = written + gathered, 0, []
                    if progress:
                        progress(min(engine.position_beats, float(bars * BEATS_PER_BAR)))
                if done:
                    break
        os.replace(partial, path)
    except (soundfile.LibsndfileError, OSError) as error:
        raise AudioFileError(f"{path}: cannot be written ({error})") from error
    finally:
        partial.unlink(missing_ok=True)
    seconds = written / RATE_HZ
    return RenderReport(
        path=path,
        bars=bars,
        seconds=seconds,
        loudness_lufs=loudness.integrated_lufs(),
        peak_dbtp=peak.level_dbtp,
        times_real_time=seconds / max(1e-9, time.perf_counter() - started),
        late_loops=sum(deck.swaps.late_loops for deck in engine.decks),
    )


def free_name(path: Path) -> Path:
    """``path``, or the first of ``name-2``, ``name-3``… that does not exist."""
    if not path.exists():
        return path
    number = 2
    while (candidate := path.with_stem(f"{path.stem}-{number}")).exists():
        number += 1
    return candidate


def describe(report: RenderReport) -> str:
    """One line for people."""
    level = f"{report.loudness_lufs:.1f} LUFS" if math.isfinite(report.loudness_lufs) else "silent"
    return (
        f"{report.path}: {report.bars} bars, {report.seconds:.1f} s, {level}, "
        f"peak {report.peak_dbtp:.1f} dBTP, {report.times_real_time:.1f} times real time"
    )
