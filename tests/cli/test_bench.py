"""The benchmark measures what it says; how fast is the machine's business, so no time is asserted."""

import json

import pytest

from aijockey.cli.main import main
from aijockey.live import engine_benchmark
from aijockey.live.benchmark import TASKS, BenchmarkError, measure
from aijockey.pack.pack import Pack


@pytest.fixture(scope="module")
def report(tiny_pack, tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "figures.json"
    assert (
        main(
            ["bench", "--pack", str(tiny_pack.path), "--repeats", "2", "--voice", "kick", "--json", str(path)]
        )
        == 0
    )
    return json.loads(path.read_text())


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_its_figures(report, task):
    figures = report[task]
    assert figures["seconds_of_audio"] == 4.0 * figures["loops"]
    for label in ("one_thread", "two_threads"):
        assert 0 < figures[f"{label}_ms"] <= figures[f"{label}_p95_ms"]
        exact = 1000 * figures["seconds_of_audio"] / figures[f"{label}_ms"]
        assert figures[f"{label}_times_real_time"] == pytest.approx(exact, rel=0.02)
        # NumPy, SciPy and ONNX Runtime alone are more than this, and a training framework would show.
        assert 30 < figures[f"{label}_peak_rss_mb"] < 1000


@pytest.mark.slow
def test_it_says_on_what_it_was_measured(report, tiny_pack):
    assert report["pack"] == {"name": "tiny", "version": "1.0.0", "hash": tiny_pack.hash}
    assert report["repeats"] == 2
    assert report["generator"] == "flow"
    assert report["machine"]["logical_cores"] >= 1
    assert report["by_generator"]["flow"]["generate_4_loops"] == report["generate_4_loops"]
    assert set(report["times_faster_than_griffin_lim"]) == {"one_thread", "two_threads"}


def test_a_worker_that_dies_is_reported_with_its_last_words(make_pack, tmp_path):
    pack = make_pack()
    moved = pack.path.rename(tmp_path / "elsewhere")
    gone = Pack(pack.path, pack.manifest, pack.hash, pack.container)
    with pytest.raises(BenchmarkError, match="no pack there"):
        measure(gone, "kick", repeats=1)
    assert moved.is_dir()


@pytest.mark.parametrize(
    ("options", "status", "text"),
    [
        (["--repeats", "0"], 2, "out of range"),
        (["--json", "no/such/folder/figures.json"], 1, "the folder does not exist"),
        (["--voice", "kik"], 1, "did you mean 'kick'"),
    ],
)
def test_wishes_are_checked_before_work(tiny_pack, options, status, text, capsys):
    try:
        found = main(["bench", "--pack", str(tiny_pack.path), *options])
    except SystemExit as stop:
        found = int(stop.code or 0)
    assert found == status
    assert text in capsys.readouterr().err


@pytest.mark.slow
def test_the_engine_is_measured_by_itself_and_its_parts_sum_to_one(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(engine_benchmark, "SECONDS", 1.0)
    assert main(["bench", "--engine", "--json", str(tmp_path / "figures.json")]) == 0
    assert "x real time" in capsys.readouterr().out
    figures = json.loads((tmp_path / "figures.json").read_text())
    for name in ("offline", "offline_two_threads", "live"):
        assert figures[name]["times_real_time"] > 0
    assert sum(figures["shares"].values()) == pytest.approx(1.0, abs=0.02)
