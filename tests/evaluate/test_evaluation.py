"""The whole way: a small corpus, packs and folders judged, reports and cards written."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aijockey.audio.files import write_audio
from aijockey.cli.main import main
from aijockey.corpus.store import CorpusHeader, LoopRecord
from aijockey.corpus.writing import ShardWriter, finish_corpus, open_for_writing
from aijockey.evaluate.evaluation import Evaluation, Settings, evaluate_against, work_units
from aijockey.evaluate.intervals import Figure
from aijockey.evaluate.model_card import model_card_tables, short_figures
from aijockey.evaluate.report import write_report
from aijockey.pack.pack import Pack

SMALL = Settings(count=13, training=30, vocoder=2, paths=1, tiles=2, pairs=2)
SAMPLES = 192_000


def hits(rng: np.random.Generator) -> np.ndarray:
    loop = np.zeros(SAMPLES, np.float32)
    time = np.arange(6000)
    for place in np.flatnonzero(rng.random(32) < 0.4) * 6000:
        body = np.sin(2 * np.pi * rng.uniform(60, 900) * time / 48_000) + 0.3 * rng.normal(size=6000)
        loop[place : place + 6000] += (0.2 * body * np.exp(-time / rng.uniform(300, 2500))).astype(np.float32)
    return loop[None]


@pytest.fixture(scope="module")
def corpus_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "hits"
    header = CorpusHeader(channels=1, licence="CC0-1.0", made_by="<tests & co>", key="A minor")
    open_for_writing(path, header)
    rng = np.random.default_rng(11)
    records = []
    with ShardWriter(path, "kick", 1, SAMPLES) as shard:
        for row in range(40):
            shard.append(hits(rng))
            records.append(
                LoopRecord(
                    id=f"kick-{row}", source=f"{row}.wav", start_s=0.0, bpm=124.0, voice="kick",
                    split="test" if row % 3 == 0 else "train", licence="CC0-1.0", shard="kick", row=row,
                    measures={"loudness_lufs": -14.0 - row / 20, "onset_density": 2.0}, notes={"key": "none"},
                )
            )  # fmt: skip
    finish_corpus(path, header, records, [{"source": "bad.wav", "reason": "silent"}], [])
    return path


@pytest.fixture(scope="module")
def evaluation(corpus_path: Path, tiny_pack: Pack) -> Evaluation:
    told: list[int] = []
    found = evaluate_against(
        tiny_pack.path, corpus_path, SMALL, advance=lambda units, what: told.append(units)
    )
    assert sum(told) == work_units(tiny_pack.path, corpus_path, SMALL), "progress ends at 100 %"
    return found


def figures_in(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        if set(value) == {"value", "low", "high", "count"}:
            return [value]
        return [found for inner in value.values() for found in figures_in(inner)]
    return []


def test_a_pack_is_judged_in_the_voices_it_shares(evaluation: Evaluation) -> None:
    figures = evaluation.figures
    assert list(figures["voices"]) == ["kick"], "hats and drone are not in the corpus"
    kick = figures["voices"]["kick"]
    assert kick["counts"] == {"generated": 13, "held_out": 14, "training": 26}
    assert kick["truths"]["generated"]["exact_length"]["value"] == 1.0
    assert set(kick["vocoder"]) == {"vocos", "griffin-lim"}
    assert kick["movement"]["detour"]["value"] >= 0.99
    assert kick["score"] > 1.0, "sines under an envelope are no drum hits"
    json.dumps(figures, allow_nan=False)


def test_every_figure_has_its_interval_and_count(evaluation: Evaluation) -> None:
    found = figures_in(evaluation.figures["voices"])
    assert len(found) > 40
    for figure in found:
        assert figure["low"] <= figure["value"] + 1e-9
        assert figure["high"] >= figure["value"] - 1e-9
        assert figure["count"] >= 1


def test_the_same_seed_gives_the_same_figures(
    evaluation: Evaluation, corpus_path: Path, tiny_pack: Pack
) -> None:
    again = evaluate_against(tiny_pack.path, corpus_path, SMALL).figures
    assert {**again, "seconds": 0} == {**evaluation.figures, "seconds": 0}


def test_the_page_holds_everything_and_asks_nobody(evaluation: Evaluation, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(path, evaluation)
    page = path.read_text(encoding="utf-8")
    addresses = re.findall(r"""(?:src|href|data-sound)=["']([^"']*)["']""", page)
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert "http" not in re.sub(r"base64,[A-Za-z0-9+/=]*", "", page)
    assert page.count('class="tile"') == 2 + 2 + 2 * 2
    assert "&lt;tests &amp; co&gt;" in page
    assert "<tests" not in page
    assert list(tmp_path.iterdir()) == [path], "no partial file is left"


def test_the_model_card_states_figures_and_how_they_were_measured(evaluation: Evaluation) -> None:
    card = model_card_tables(evaluation.figures, "aijockey evaluate …")
    assert "| kick |" in card
    assert "griffin-lim" in card
    assert "13 generated loops a voice" in card
    rows = [line for line in card.splitlines() if line.startswith("|")]
    widths = {line.count("|") for line in rows if line.startswith("| kick")}
    assert widths <= {line.count("|") for line in rows if line.startswith("| voice")}
    short = short_figures(evaluation.figures)
    assert short["voices"]["kick"]["generated"] == 13
    assert set(short["vocoder"]["griffin-lim"]) >= {"mel_error_db", "envelope_correlation"}


def test_a_folder_of_training_loops_is_unmasked(corpus_path: Path, tmp_path: Path) -> None:
    from aijockey.corpus.store import Corpus

    corpus = Corpus.open(corpus_path)
    for index in corpus.select("train")[:13]:
        write_audio(tmp_path / f"{index:02d}.wav", 0.5 * np.roll(corpus.audio(index), 12_000, axis=1))
    found = evaluate_against(tmp_path, corpus_path, SMALL)
    assert found.figures["subject"]["kind"] == "folder"
    assert found.figures["voices"]["kick"]["copying"]["ratio"]["value"] < 0.1
    suspect, original, _ = found.exhibits["kick"].pairs[0]
    assert original.title == f"kick-{int(suspect.title[:2])}"


def test_the_verb_writes_what_was_asked_and_keeps_what_is_there(
    corpus_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, figures = tmp_path / "corpus.html", tmp_path / "corpus.json"
    words = ["evaluate", str(corpus_path), "--output", str(report), "--json", str(figures), "--workers", "1"]
    assert main(words) == 0
    assert "warning: kick: 40 loops" in capsys.readouterr().out
    found = json.loads(figures.read_text())
    assert found["skipped"] == {"sources": 1, "reasons": {"silent": 1}}
    assert found["voices"]["kick"]["tempo_bpm"]["median"] == 124.0
    assert found["voices"]["kick"]["duplicates"]["share"] == 0.0
    assert "<html" in report.read_text()
    assert main(words) == 1
    assert "--force" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere", "--against", "CORPUS"], "nowhere"),
        (["CORPUS", "--against", "CORPUS", "--voices", "snare"], "snare"),
        (["CORPUS", "--against", "CORPUS", "--count", "3"], "at least 12"),
        (["EMPTY", "--against", "CORPUS"], "holds no audio"),
        (["EMPTY"], "is no corpus"),
        (["CORPUS", "--voices", "snare"], "no voice snare"),
        (["CORPUS", "-o", "EMPTY/no/where.html"], "does not exist"),
    ],
)
def test_what_cannot_be_judged_is_said(
    words: list[str], said: str, corpus_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled = [word.replace("CORPUS", str(corpus_path)).replace("EMPTY", str(tmp_path)) for word in words]
    assert main(["evaluate", *filled, "--workers", "1"]) == 1
    assert said in capsys.readouterr().err


def test_a_bootstrap_interval_covers_the_mean_as_often_as_it_says(rng: np.random.Generator) -> None:
    from aijockey.evaluate.intervals import mean_figure

    found = [mean_figure(rng.exponential(size=60), rng, repeats=300) for _ in range(200)]
    assert 0.86 <= np.mean([figure.low <= 1.0 <= figure.high for figure in found]) <= 0.99
    assert Figure.exact(2.0, 3) == Figure(2.0, 2.0, 2.0, 3)
