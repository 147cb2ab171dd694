"""Loops turned into what is judged of them, a batch at a time: embeddings are kept, audio is not.

Eight voices of a thousand loops are 6 GB of audio but 60 MB of views, so a whole evaluation fits any laptop.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aijockey.audio.units import rms
from aijockey.evaluate.copying import copying_pictures
from aijockey.evaluate.harmony import harmony_of_audio
from aijockey.evaluate.score import frequency_detail, time_detail
from aijockey.evaluate.truths import TRUTHS, measure_truths
from aijockey.evaluate.views import VIEWS, Groups, embed_mels
from aijockey.music.grid import LOOP_BARS, loop_samples
from aijockey.music.key import Key
from aijockey.representation.mel import LogMel

Float = npt.NDArray[np.float32]

LOG_MEL = LogMel()
"""Judging always uses the default mel, whatever a pack uses inside, so that figures of packs compare."""

LEVEL = 0.1
SILENT = 1e-5


@dataclass(frozen=True)
class Material:
    """What is known of a set of loops of one voice.

    Attributes
    ----------
    groups : view -> group -> (loops, features). pictures : (loops, 24, 64) for copying.
    truths : name -> (loops,); NaN where a loop has none. Empty where they were not asked for.
    frequency_detail, time_detail : (loops,).
    rhythm_map : (4, 32) mean share of onset strength by register and sixteenth. chroma : (12,) mean by pitch
        class.
    """

    groups: dict[str, Groups]
    pictures: Float
    truths: dict[str, npt.NDArray[np.float64]]
    frequency_detail: npt.NDArray[np.float64]
    time_detail: npt.NDArray[np.float64]

    @property
    def count(self) -> int:
        """Loops."""
        return len(self.pictures)

    @property
    def rhythm_map(self) -> Float:
        """Mean share of onset strength by register and sixteenth, (4, 32)."""
        shares: Float = np.square(self.groups["rhythm"]["strength"]).mean(axis=0).reshape(4, -1)
        return shares

    @property
    def chroma(self) -> Float:
        """Mean share of peak amplitude by pitch class from C, (12,)."""
        shares: Float = np.square(self.groups["harmony"]["chroma"]).mean(axis=0).reshape(-1, 12).sum(axis=0)
        return shares

    @classmethod
    def join(cls, parts: Sequence["Material"]) -> "Material":
        """One set of several, in their order.

        Raises
        ------
        ValueError : no parts.
        """
        if not parts:
            raise ValueError("no loops to describe")
        first = parts[0]
        return cls(
            groups={
                view: {
                    name: np.concatenate([part.groups[view][name] for part in parts])
                    for name in first.groups[view]
                }
                for view in VIEWS
            },
            pictures=np.concatenate([part.pictures for part in parts]),
            truths={name: np.concatenate([part.truths[name] for part in parts]) for name in first.truths},
            frequency_detail=np.concatenate([part.frequency_detail for part in parts]),
            time_detail=np.concatenate([part.time_detail for part in parts]),
        )


def to_mono(audio: Float) -> Float:
    """The mid of (channels, samples), or its first channel where the channels all but cancel: (samples,)."""
    mid: Float = audio.mean(axis=0, dtype=np.float32)
    return mid if rms(mid) > 0.05 * rms(audio) else audio[0]


def at_level(mono: Float) -> Float:
    """``mono`` (samples,) at an RMS of -20 dB full scale, so that neither a gain nor the floor of the mel
    changes what is seen of it. Silence stays silent.
    """
    level = rms(mono)
    return mono * np.float32(LEVEL / level) if level > SILENT else mono


def picture_mels(loops: Iterable[Float], bars: int) -> tuple[Float, Float]:
    """Loops (channels, samples) as they are looked at: mono at one level (loops, samples), and its
    log-mels.
    """
    batch = np.stack([at_level(to_mono(fit_length(audio, bars))) for audio in loops])
    return batch, LOG_MEL.encode(batch)


def fit_length(audio: Float, bars: int = LOOP_BARS) -> Float:
    """``audio`` (channels, samples) cut or padded to exactly ``bars``, so that a wrong length is judged as a
    truth and not as a crash.
    """
    samples = loop_samples(bars)
    fitted = audio[:, :samples]
    return np.pad(fitted, ((0, 0), (0, samples - fitted.shape[1])))


def describe(
    loops: Iterable[Float], *, bars: int = LOOP_BARS, key: Key | None = None, truths: bool = True
) -> Material:
    """Views, copying pictures and truths of loops (channels, samples); about 25 ms a loop, 15 without truths.

    Parameters
    ----------
    key : for tonal voices, to measure how much lies in it.
    truths : False leaves them out, as for training loops, of which only the distance matters.
    """
    kept = list(loops)
    rows = [measure_truths(audio, bars, key) for audio in kept] if truths else []
    batch, mels = picture_mels(kept, bars)
    groups = embed_mels(mels, LOG_MEL.config)
    groups["harmony"] = harmony_of_audio(batch)
    return Material(
        groups=groups,
        pictures=copying_pictures(mels),
        truths={name: np.array([row[name] for row in rows]) for name in TRUTHS} if truths else {},
        frequency_detail=np.array([frequency_detail(mel[None]) for mel in mels]),
        time_detail=np.array([time_detail(mel[None]) for mel in mels]),
    )
