"""What is to be judged: a pack, a folder of loops or another corpus, voice by voice."""

from dataclasses import dataclass
from pathlib import Path

from aijockey.corpus.store import HEADER_FILE, Corpus
from aijockey.evaluate.sources import (
    CorpusSource,
    EvaluationError,
    FolderSource,
    PackSource,
    Source,
    list_audio,
    open_corpus,
)
from aijockey.music.key import Key
from aijockey.pack.find import find_pack
from aijockey.pack.pack import Pack

TONAL_FROM = 0.45
"""Voices whose loops have at least this tonalness on average are judged by key and pitch, where nobody
says.
"""


@dataclass(frozen=True)
class Subject:
    """Loops by voice, and what is known of them.

    Attributes
    ----------
    kind : "pack", "folder" or "corpus". voices : in their order. pack : where ``kind`` is a pack.
    """

    kind: str
    path: Path
    voices: tuple[str, ...]
    pack: Pack | None = None

    def source(self, voice: str, count: int, seed: int) -> Source:
        """At most ``count`` loops of a voice; a pack makes exactly so many, of seeds from ``seed`` millions
        on.
        """
        if self.pack is not None:
            first = seed * 1_000_000
            return PackSource(self.path, voice, tuple(range(first, first + count)))
        if self.kind == "corpus":
            return CorpusSource(self.path, tuple(open_corpus(self.path).select(voice=voice)[:count]))
        folder = self.path / voice if (self.path / voice).is_dir() else self.path
        return FolderSource(list_audio(folder)[:count])


def find_subject(name: Path, chosen: tuple[str, ...], known: list[str]) -> Subject:
    """What ``name`` is, and its voices that are to be judged.

    Parameters
    ----------
    name : a corpus, a folder with audio (of one voice) or with a folder of audio for each voice, or a pack
        (folder, archive or the name of a shipped one).
    chosen : voices asked for; empty for all. known : voices of the corpus to judge against.

    Raises
    ------
    EvaluationError : nothing to judge, or voices that are not on both sides.
    """
    pack = None
    if (name / HEADER_FILE).is_file():
        kind, found = "corpus", tuple(open_corpus(name).voices)
    elif name.is_dir() and not (name / "manifest.json").is_file():
        kind, found = "folder", _folder_voices(name, chosen, known)
    else:
        name = find_pack(str(name))
        pack = Pack.open(name)
        kind, found = "pack", tuple(voice.name for voice in pack.manifest.voices)
    missing = [voice for voice in chosen if voice not in found or voice not in known]
    if missing:
        raise EvaluationError(
            f"voice {', '.join(missing)}: {name} has {', '.join(found)}; the corpus has {', '.join(known)}"
        )
    voices = tuple(voice for voice in chosen or found if voice in known)
    if not voices:
        raise EvaluationError(
            f"{name} has the voices {', '.join(found)} and the corpus {', '.join(known)}: none in common"
        )
    return Subject(kind, name, voices, pack)


def _folder_voices(folder: Path, chosen: tuple[str, ...], known: list[str]) -> tuple[str, ...]:
    inside = tuple(sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and list_audio(entry)))
    if inside:
        return inside
    if not list_audio(folder):
        raise EvaluationError(f"{folder} holds no audio files, no folders of them, no pack and no corpus")
    if len(chosen) == 1:
        return chosen
    if len(known) == 1:
        return (known[0],)
    raise EvaluationError(
        f"{folder} holds loops of one voice: say with --voices which of {', '.join(known)} "
        f"they are meant to be"
    )


def key_of_voice(voice: str, subject: Subject, corpus: Corpus) -> Key | None:
    """The key that loops of a tonal voice claim: by the pack, else by the corpus; None for voices without
    one.
    """
    if subject.pack is not None:
        spec = subject.pack.manifest.voice(voice)
        return Key.parse(spec.key) if spec.tonal and spec.key else None
    if corpus.header.key is None:
        return None
    indices = corpus.select(voice=voice)
    tonal = [corpus.loops[index].measures.get("tonalness", 0.0) for index in indices]
    return Key.parse(corpus.header.key) if sum(tonal) >= TONAL_FROM * len(tonal) else None


def is_tonal(voice: str, subject: Subject, corpus: Corpus) -> bool:
    """Whether a pitch error means something for this voice."""
    if subject.pack is not None:
        return subject.pack.manifest.voice(voice).tonal
    return key_of_voice(voice, subject, corpus) is not None
