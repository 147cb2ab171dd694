"""What was played when: every loop in a JSON file, and a cue sheet short enough to read.

Times are places in the recording. A cue sheet counts minutes, seconds and frames of 1/75 s and holds at most 99
tracks; loops that enter within a few bars of one another are one track there, and all of them are in the JSON.
"""

import bisect
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from aijockey.live.recording.whole_file import write_whole
from aijockey.music.grid import BEATS_PER_BAR, RATE_HZ

FORMAT = 1
CUE_FRAMES_PER_SECOND = 75
MOST_CUE_TRACKS = 99
APART_BEATS = 8 * BEATS_PER_BAR
MOST_TITLE = 80
SILENCE = "silence"


@dataclass(frozen=True)
class PackNote:
    """Which pack the loops came from; ``sha256`` is that of its manifest."""

    name: str
    version: str
    sha256: str
    licence: str


@dataclass(frozen=True)
class LoopEntered:
    """On ``sample`` (of the set, as the ring counts) a deck began to play this alone.

    deck : from 1. voice : "" when the deck falls silent. seed : where the latent walk starts. point : the
    place in latent space, the text of an `aijockey.live.points.Point`; None: the seed itself.
    """

    deck: int
    beat: float
    sample: int
    voice: str
    seed: int = 0
    point: str | None = None
    controls: Mapping[str, float] = field(default_factory=dict)
    pack: str = ""

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "LoopEntered":
        """The inverse of ``dataclasses.asdict``.

        Raises
        ------
        ValueError, KeyError, TypeError, AttributeError : not such an entry.
        """
        return cls(
            deck=int(entry["deck"]),
            beat=float(entry["beat"]),
            sample=int(entry["sample"]),
            voice=str(entry["voice"]),
            seed=int(entry.get("seed", 0)),
            point=entry.get("point"),
            controls={str(name): float(value) for name, value in entry.get("controls", {}).items()},
            pack=str(entry.get("pack", "")),
        )

    @property
    def label(self) -> str:
        """Voice and seed, for a title."""
        return f"{self.voice} {self.seed}"


@dataclass(frozen=True)
class Mark:
    """The player said: here. Opens a track of its own in the cue sheet."""

    sample: int
    title: str


@dataclass(frozen=True)
class CueTrack:
    """One track of the cue sheet: where it begins in the recording, and what entered."""

    sample: int
    title: str
    entries: tuple[LoopEntered, ...]


class TrackList:
    """Gathers what enters while a recording runs.

    Parameters
    ----------
    start_sample : of the set, where the recording begins.
    sounding : what each deck plays already; it stands at the recording's beginning.

    Thread: one, not audio
    """

    def __init__(
        self,
        title: str,
        start_sample: int,
        packs: Sequence[PackNote] = (),
        sounding: Sequence[LoopEntered] = (),
        started_at: str = "",
    ) -> None:
        self.title, self.start_sample, self.started_at = title, start_sample, started_at
        self.packs = tuple(packs)
        self.gaps: list[
            tuple[int, int]
        ] = []  # place in the recording, samples of silence put in for lost ones
        self._entries: list[LoopEntered] = []
        self._marks: list[Mark] = []
        for entry in sounding:
            self.add(entry)

    def add(self, entry: LoopEntered) -> None:
        """Take an entry; they may come in any order."""
        bisect.insort_right(self._entries, entry, key=lambda item: item.sample)

    def add_mark(self, mark: Mark) -> None:
        """Take a mark."""
        bisect.insort_right(self._marks, mark, key=lambda item: item.sample)

    def place(self, sample: int) -> int:
        """Sample of the recording at which the set's ``sample`` is heard; 0 for what sounded already."""
        return max(0, sample - self.start_sample)

    def as_json(self, file_name: str, frames: int) -> dict[str, Any]:
        """All of it; what lies beyond ``frames``, the recording's length, was not recorded and is left out."""
        return {
            "format": FORMAT,
            "title": self.title,
            "file": file_name,
            "started_at": self.started_at,
            "rate_hz": RATE_HZ,
            "seconds": frames / RATE_HZ,
            "start_sample": self.start_sample,
            "packs": [asdict(pack) for pack in self.packs],
            "loops": [
                {
                    "time_s": self.place(entry.sample) / RATE_HZ,
                    "bar": int(entry.beat // BEATS_PER_BAR) + 1,
                    **asdict(entry),
                }
                for entry in self._entries
                if self.place(entry.sample) < frames
            ],
            "marks": [
                {"time_s": self.place(mark.sample) / RATE_HZ, **asdict(mark)}
                for mark in self._marks
                if self.place(mark.sample) < frames
            ],
            "gaps": [{"time_s": at / RATE_HZ, "seconds": count / RATE_HZ} for at, count in self.gaps],
        }

    def cue_tracks(self, frames: int) -> list[CueTrack]:
        """Tracks for people: at least `APART_BEATS` apart but for marks, and twice that, and so on, until there
        are no more than `MOST_CUE_TRACKS`.
        """
        apart_beats = float(APART_BEATS)
        while len(tracks := self._grouped(frames, apart_beats)) > MOST_CUE_TRACKS and apart_beats < 1e9:
            apart_beats *= 2
        # Only marks can still be too many; the first of them stay.
        return tracks[:MOST_CUE_TRACKS]

    def as_cue(self, file_name: str, frames: int) -> str:
        """The cue sheet of a recording of ``frames`` samples in ``file_name``."""
        lines = [f'REM DATE "{_quotable(self.started_at)}"'] if self.started_at else []
        for pack in self.packs:
            lines.append(
                f'REM PACK "{_quotable(f"{pack.name} {pack.version}, {pack.licence}")}" {pack.sha256}'
            )
        lines += ['PERFORMER "AI Jockey"', f'TITLE "{_quotable(self.title)}"']
        lines.append(f'FILE "{_quotable(file_name)}" WAVE')
        for number, track in enumerate(self.cue_tracks(frames), start=1):
            lines += [f"  TRACK {number:02} AUDIO", f'    TITLE "{_quotable(track.title)}"']
            lines += [
                f"    REM BAR {entry.beat / BEATS_PER_BAR + 1:g} DECK {entry.deck} {_quotable(entry.label)}"
                for entry in track.entries
                if entry.voice
            ]
            lines.append(f"    INDEX 01 {cue_time(track.sample)}")
        return "\n".join(lines) + "\n"

    def write(self, sound: Path, frames: int) -> None:
        """Write ``NAME.json`` and ``NAME.cue`` beside the recording ``sound``, each appearing whole.

        Raises
        ------
        OSError : they cannot be written.
        """
        text = json.dumps(self.as_json(sound.name, frames), indent=1, ensure_ascii=False) + "\n"
        write_whole(sound.with_suffix(".json"), text)
        write_whole(sound.with_suffix(".cue"), self.as_cue(sound.name, frames))

    def _grouped(self, frames: int, apart_beats: float) -> list[CueTrack]:
        heard: list[LoopEntered | Mark] = [
            *(entry for entry in self._entries if self.place(entry.sample) < frames),
            *(mark for mark in self._marks if self.place(mark.sample) < frames),
        ]
        heard.sort(key=lambda item: item.sample)
        tracks: list[tuple[int, str, list[LoopEntered]]] = [(0, "", [])]
        last_beat: float | None = None
        for item in heard:
            place = self.place(item.sample)
            if isinstance(item, Mark):
                if place == tracks[-1][0]:
                    tracks[-1] = (place, item.title, tracks[-1][2])
                else:
                    tracks.append((place, item.title, []))
                last_beat = None
                continue
            if not item.voice:
                continue
            if last_beat is None:
                last_beat = item.beat
            elif place > 0 and item.beat >= last_beat + apart_beats:
                tracks.append((place, "", []))
                last_beat = item.beat
            tracks[-1][2].append(item)
        return [CueTrack(place, title or _title(entries), tuple(entries)) for place, title, entries in tracks]


def cue_time(sample: int) -> str:
    """A place in the recording as ``MM:SS:FF``, the frame it falls in; minutes go on beyond 99."""
    frames = sample * CUE_FRAMES_PER_SECOND // RATE_HZ
    seconds, frame = divmod(frames, CUE_FRAMES_PER_SECOND)
    minutes, second = divmod(seconds, 60)
    return f"{minutes:02}:{second:02}:{frame:02}"


def _title(entries: Sequence[LoopEntered]) -> str:
    labels = list(dict.fromkeys(entry.label for entry in entries))
    title = " + ".join(labels) or SILENCE
    if len(title) > MOST_TITLE:
        title = " + ".join(dict.fromkeys(entry.voice for entry in entries))
    return title


def _quotable(text: str) -> str:
    """Cue sheets have no escapes: quotes and line ends are replaced, and what is too long is cut."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text.replace('"', "'"))
    return plain if len(plain) <= 2 * MOST_TITLE else plain[: 2 * MOST_TITLE - 1] + "…"
