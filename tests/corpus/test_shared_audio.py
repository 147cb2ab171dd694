"""Real recordings that lie beside a checkout (../shared/audio); skipped where they do not."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from aijockey.corpus.executors import HereExecutor
from aijockey.corpus.prepare import PrepareSettings, prepare
from aijockey.corpus.source import CutSettings
from aijockey.corpus.store import Corpus

AUDIO = Path(__file__).parents[3] / "shared" / "audio"
SET = AUDIO / "made-from-sonic-pi" / "set_share_126bpm.ogg"
TRUE_BPM = {
    "arovane_beat_a.flac": 130.0,
    "arovane_beat_c.flac": 130.0,
    "loop_breakbeat.flac": 126.0,
    "loop_compus.flac": 148.0,
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not AUDIO.is_dir(), reason="no ../shared/audio beside the checkout"),
]


def cut(folder: Path, corpus: Path, **settings: object) -> Corpus:
    prepare(folder, corpus, PrepareSettings(cut=CutSettings(**settings)), HereExecutor())  # type: ignore[arg-type]
    return Corpus.open(corpus)


def test_loops_of_known_tempo(tmp_path: Path) -> None:
    corpus = cut(AUDIO / "sonic-pi" / "loops", tmp_path / "corpus")
    found = {record.source: record.bpm for record in corpus.loops}
    for source, bpm in TRUE_BPM.items():
        assert found[source] == pytest.approx(bpm, rel=0.005), source
    assert "loop_3d_printer.flac" in {entry["source"] for entry in corpus.skipped()}


def test_a_set_with_breakdowns_and_no_hint(tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    shutil.copy(SET, tmp_path / "audio" / "evening.ogg")
    corpus = cut(tmp_path / "audio", tmp_path / "corpus", duplicate_db=0.0)
    beats = np.loadtxt(SET.with_name("set_share_126bpm.beats.tsv"), comments="#")
    starts = np.array([record.start_s for record in corpus.loops])
    assert len(starts) >= 55
    assert abs(corpus.loops[0].bpm - 126.0) < 0.1
    from_beat = np.abs(starts[:, None] - beats[:, 0]).min(axis=1)
    from_downbeat = np.abs(starts[:, None] - beats[beats[:, 1] == 1, 0]).min(axis=1)
    assert (from_beat < 0.015).mean() >= 0.95
    assert (from_downbeat < 0.015).mean() >= 0.8


def test_a_set_with_its_beat_file(tmp_path: Path) -> None:
    corpus = cut(SET.parent, tmp_path / "corpus", duplicate_db=0.0, bpm=126.0)
    beats = np.loadtxt(SET.with_name("set_share_126bpm.beats.tsv"), comments="#")
    starts = np.array([record.start_s for record in corpus.loops])
    downbeats = beats[beats[:, 1] == 1, 0]
    assert np.abs(starts[:, None] - downbeats).min(axis=1).max() < 0.015
