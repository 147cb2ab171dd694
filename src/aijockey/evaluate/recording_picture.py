"""A performance in one picture: who plays, how loud it is, what is heard, and which bars are alike."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from aijockey.control.autopilot.form import PHRASE_BARS
from aijockey.evaluate.recording import Recording
from aijockey.representation.mel import LogMel

FRAMES_A_SECOND = 4
# Of the spectrum's range what is shown, in natural logarithms of amplitude.
SHOWN_RANGE = 9.0
PIECE_SAMPLES = 1 << 20


def draw_recording(recording: Recording, path: Path) -> None:
    """Write the picture as PNG. Needs matplotlib, which comes with aijockey[train]."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    lanes, bars = recording.lanes, recording.lanes.voice.shape[1]
    figure, (who, level, heard) = pyplot.subplots(
        3, 1, figsize=(12.0, 7.2), dpi=90, sharex=True, gridspec_kw={"height_ratios": (3, 1.2, 2)}
    )
    order = [name for name in lanes.voices if (lanes.voice == lanes.voices.index(name)).any()]
    colours = pyplot.get_cmap("tab10")
    for row, name in enumerate(order):
        for deck in range(len(lanes.voice)):
            for bar in np.flatnonzero(lanes.voice[deck] == lanes.voices.index(name)):
                loud = float(np.clip(1.0 + lanes.gain_db[deck, bar] / 30.0, 0.15, 1.0))
                who.barh(
                    row, 1.0, left=int(bar), height=0.8, color=colours(row % 10), alpha=loud, linewidth=0
                )
    who.set_yticks(range(len(order)), order)
    who.invert_yaxis()
    for drop in recording.figures["changes"]["drops"]:
        who.axvline(drop, color="black", linewidth=1.0, linestyle=":")
    level.plot(np.arange(bars) + 0.5, recording.loudness_lufs, color="black", linewidth=1.0)
    level.set_ylabel("LUFS, 3 s")
    spectrum = _spectrum(recording.sound.mean(axis=0))
    heard.imshow(
        spectrum, origin="lower", aspect="auto", cmap="magma", extent=(0, bars, 0, len(spectrum)),
        vmin=spectrum.max() - SHOWN_RANGE, vmax=spectrum.max(),
    )  # fmt: skip
    heard.set_ylabel("mel bands")
    heard.set_yticks([])
    heard.set_xlabel("bars; dotted: drops")
    for axis in (who, level):
        axis.set_xticks(range(0, bars + 1, 2 * PHRASE_BARS))
        axis.grid(axis="x", alpha=0.3)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


def _spectrum(mono: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Log-mel (bands, frames) with the loudest of each quarter of a second."""
    mel = LogMel()
    hop = mel.config.hop_samples
    pooled = max(1, mel.config.rate_hz // hop // FRAMES_A_SECOND)
    piece = PIECE_SAMPLES // (hop * pooled) * hop * pooled
    columns = []
    for start in range(0, len(mono) - hop * pooled, piece):
        part = mono[start : start + piece]
        part = part[: len(part) // (hop * pooled) * hop * pooled]
        log_mel = mel.encode(part[np.newaxis])[0]
        columns.append(log_mel.reshape(len(log_mel), -1, pooled).max(axis=2))
    return np.concatenate(columns, axis=1)
