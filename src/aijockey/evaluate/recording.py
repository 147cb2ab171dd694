"""A recorded performance as a whole: level, silence, truths of its bars, who played when, drops and basses.

The sound is measured from the recording, who plays when from its set file, which is rehearsed without sound.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aijockey.audio.files import read_audio
from aijockey.control.autopilot.form import PHRASE_BARS
from aijockey.control.autopilot.roles import role_of
from aijockey.control.desk import Instrument, Voice
from aijockey.evaluate.truths import measure_truths
from aijockey.live.engine_link import Rehearsal, silent_source
from aijockey.live.loudness import LoudnessMeter
from aijockey.live.set_file import LiveSet, read_set
from aijockey.live.true_peak import TruePeakMeter
from aijockey.music.grid import BEATS_PER_BAR, LOOP_BARS, RATE_HZ, REFERENCE_BPM

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]

SHORT_TERM_S = 3.0
WINDOW_S = 0.05
PIECE_SAMPLES = 10 * RATE_HZ
SILENT_DBFS = -50.0
AUDIBLE_DB = -30.0
FULL_DB = -12.0
# Of a loop's truths, those that hold for a mix.
TRUTHS = (
    "on_grid",
    "grid_deviation_ms",
    "clipped_share",
    "dc_offset",
    "silent",
    "mono_loss_db",
    "loudness_lufs",
)
# At other tempos than the reference, bars are no whole numbers of sixteenths of 6,000 samples.
OF_THE_GRID = ("on_grid", "grid_deviation_ms")


@dataclass(frozen=True)
class Lanes:
    """Who played: (decks, bars) each.

    voice : index into ``voices``, -1 where a deck is not heard. gain_db : fader. bass, beat : how many decks of that
    role had their lows open, by bar.
    """

    voices: tuple[str, ...]
    voice: npt.NDArray[np.int64]
    gain_db: Double
    bass: npt.NDArray[np.int64]
    beat: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Recording:
    """What was measured. loudness_lufs : short-term (3 s), one a bar. figures : plain values."""

    sound: Float
    lanes: Lanes
    loudness_lufs: Double
    figures: dict[str, Any]


def judge_recording(sound_file: Path, set_file: Path) -> Recording:
    """Figures of a performance and what a picture of it needs.

    Raises
    ------
    AudioFileError, SetError : a file that cannot be read.
    """
    sound, _ = read_audio(sound_file)
    live_set = read_set(set_file)
    lanes, starts = rehearse(live_set, sound.shape[1])
    loudness = short_term_lufs(sound, starts)
    return Recording(sound, lanes, loudness, _figures(sound, live_set, lanes, starts, loudness))


def rehearse(live_set: LiveSet, samples: int) -> tuple[Lanes, npt.NDArray[np.int64]]:
    """Who plays in the middle of each bar within ``samples``; and where each bar begins, with the end as the last."""
    names = live_set.voices
    engine = Rehearsal(
        live_set,
        silent_source(dict.fromkeys(names, False)),
        Instrument(live_set.title, len(live_set.decks), tuple(Voice(name, False) for name in names)),
    )
    # A set counts a bar that has only begun.
    decks, bars = len(live_set.decks), live_set.bars - (engine.sample_of_bar(live_set.bars) > samples)
    voice = np.full((decks, bars), -1, dtype=np.int64)
    gain_db, low_db = np.zeros((decks, bars)), np.zeros((decks, bars))
    starts = []
    for bar in range(bars):
        starts.append(engine.sample_of_bar(bar))
        engine.play_until((bar + 0.5) * BEATS_PER_BAR)
        values = engine.conductor.values
        for deck in range(decks):
            name = f"deck.{deck + 1}."
            gain_db[deck, bar] = float(values[f"{name}gain_db"])
            low_db[deck, bar] = float(values[f"{name}low_db"])
            muted = bool(values[f"{name}mute"])
            heard = engine.decks[deck].voice
            if engine.plays(deck + 1) and heard and gain_db[deck, bar] > AUDIBLE_DB and not muted:
                voice[deck, bar] = names.index(heard)
    starts.append(engine.sample_of_bar(bars))
    roles = np.array([role_of(Voice(name, False)) for name in names] + [""])
    open_lows = (voice >= 0) & (low_db > FULL_DB) & (gain_db > FULL_DB)
    counts = {role: (open_lows & (roles[voice] == role)).sum(axis=0) for role in ("bass", "beat")}
    return Lanes(names, voice, gain_db, counts["bass"], counts["beat"]), np.array(starts)


def short_term_lufs(sound: Float, starts: npt.NDArray[np.int64]) -> Double:
    """Loudness of the 3 s around the middle of each bar; -70 for silence."""
    half = round(SHORT_TERM_S * RATE_HZ / 2)
    levels = []
    for start, end in itertools.pairwise(starts):
        middle = (start + end) // 2
        meter = LoudnessMeter()
        meter.add(sound[:, max(0, middle - half) : middle + half])
        levels.append(max(-70.0, meter.integrated_lufs()))
    return np.array(levels)


def longest_silence_s(sound: Float) -> float:
    """The longest stretch in which no 50 ms reach -50 dB full scale."""
    window = round(WINDOW_S * RATE_HZ)
    power = np.array([
        np.mean(np.square(sound[:, start : start + window]))
        for start in range(0, sound.shape[1] - window + 1, window)
    ])  # fmt: skip
    longest = run = 0
    for quiet in power < 10.0 ** (SILENT_DBFS / 10.0):
        run = run + 1 if quiet else 0
        longest = max(longest, run)
    return longest * WINDOW_S


def _figures(
    sound: Float, live_set: LiveSet, lanes: Lanes, starts: npt.NDArray[np.int64], loudness: Double
) -> dict[str, Any]:
    meter, peak = LoudnessMeter(), TruePeakMeter()
    for start in range(0, sound.shape[1], PIECE_SAMPLES):
        meter.add(sound[:, start : start + PIECE_SAMPLES])
        peak.add(sound[:, start : start + PIECE_SAMPLES])
    heard = lanes.voice >= 0
    at_once = heard.sum(axis=0)
    return {
        "bars": len(loudness),
        "seconds": round(sound.shape[1] / RATE_HZ, 1),
        "loudness_lufs": round(meter.integrated_lufs(), 1),
        "peak_dbtp": round(peak.level_dbtp, 1),
        "short_term_lufs": {f"p{part}": round(float(np.percentile(loudness, part)), 1) for part in (5, 50, 95)},
        "longest_silence_s": round(longest_silence_s(sound), 2),
        "bars_with_two_open_basses": int((lanes.bass > 1).sum()),
        "bars_with_two_open_beats": int((lanes.beat > 1).sum()),
        "decks_at_once": {
            "least": int(at_once.min()), "mean": round(float(at_once.mean()), 2), "most": int(at_once.max()),
        },
        "voices": _voices(live_set, lanes),
        "changes": _changes(lanes),
        "truths": _truths(sound, live_set, starts),
    }  # fmt: skip


def _voices(live_set: LiveSet, lanes: Lanes) -> dict[str, Any]:
    """Share of the bars in which each voice is heard, and how many different loops it played."""
    loops: dict[str, set[str]] = {name: set() for name in lanes.voices}
    for entry in live_set.entries:
        if entry.beat is not None and entry.request.voice in loops:
            loops[entry.request.voice].add(repr(entry.request))
    return {
        name: {"share": round(float((lanes.voice == index).any(axis=0).mean()), 2), "loops": len(loops[name])}
        for index, name in enumerate(lanes.voices)
    }


def _changes(lanes: Lanes) -> dict[str, Any]:
    """Where decks come in or go: how many of those changes fall on borders of phrases and half phrases, and drops.

    A drop is a bar on which beat and bass come in together after bars without both.
    """
    heard = lanes.voice >= 0
    moved = np.flatnonzero((heard[:, 1:] != heard[:, :-1]).any(axis=0)) + 1
    floor = (lanes.bass > 0) & (lanes.beat > 0)
    none = (lanes.bass == 0) & (lanes.beat == 0)
    drops = np.flatnonzero(floor[1:] & none[:-1]) + 1
    half = PHRASE_BARS // 2
    return {
        "bars": len(moved),
        "on_phrases": int((moved % PHRASE_BARS == 0).sum()),
        "on_half_phrases": int((moved % half == 0).sum()),
        "drops": [int(bar) for bar in drops],
        "drops_on_phrases": int((drops % PHRASE_BARS == 0).sum()),
    }


def _truths(sound: Float, live_set: LiveSet, starts: npt.NDArray[np.int64]) -> Mapping[str, float | None]:
    """Means over stretches of two bars; None for what none of them has."""
    measured = [
        measure_truths(np.ascontiguousarray(sound[:, starts[bar] : starts[bar + LOOP_BARS]]), LOOP_BARS)
        for bar in range(0, len(starts) - LOOP_BARS, LOOP_BARS)
    ]
    wanted = [name for name in TRUTHS if live_set.tempo_bpm == REFERENCE_BPM or name not in OF_THE_GRID]
    means: dict[str, float | None] = {}
    for name in wanted:
        known = [truths[name] for truths in measured if np.isfinite(truths[name])]
        means[name] = round(float(np.mean(known)), 5) if known else None
    return means
