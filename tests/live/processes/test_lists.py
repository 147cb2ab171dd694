"""What a performance leaves behind beside its sound: which loops were heard when, and how it went."""

import json
import re
import sys

import pytest

from aijockey.live.effects.limiter import Limiter
from aijockey.live.point_text import read_point

pytestmark = pytest.mark.slow
BAR_SAMPLES = 96_000  # at 120 BPM


def loops(path):
    listed = json.loads(path.read_text())
    return listed["loops"], listed


@pytest.mark.skipif(sys.platform != "linux", reason="needs signals")
def test_every_loop_is_listed_at_its_sample_also_by_a_writer_that_takes_over(
    perform, eventually, stage, tmp_path
):
    pack = {"name": "tones", "version": "1.0", "sha256": "ab" * 32, "licence": "CC0-1.0"}
    supervisor, ear = perform(folder=tmp_path, record="night", log=tmp_path / "log.txt", packs=(pack,))
    eventually(lambda: stage.swaps(supervisor) >= 3)
    stage.kill(supervisor, "writer").join(60)
    eventually(lambda: (supervisor.board.read("writer") or {}).get("path", "").endswith("night-2.wav"))
    made = stage.swaps(supervisor)
    eventually(lambda: stage.swaps(supervisor) >= made + 2)
    eventually(lambda: (supervisor.board.read("writer") or {}).get("seconds", 0) > 4)
    ear.stop()
    supervisor.close()
    later, listed = loops(tmp_path / "night-2.json")
    assert listed["packs"] == [pack]
    # The loop that sounded when it took over, then one a bar, each on the bar but for the limiter's delay.
    assert later[0]["time_s"] == 0.0
    assert len(later) >= 2
    for entry in later:
        assert entry["sample"] == BAR_SAMPLES * (entry["bar"] - 1) + Limiter.latency_samples
        assert (entry["voice"], entry["deck"], entry["pack"]) == ("tone", 1, "tones")
    # A walk: each is a little farther on the way from seed 1 to seed 2.
    amounts = [read_point(entry["point"]).amount for entry in later]
    assert amounts == sorted(amounts)
    assert len(set(amounts)) == len(amounts)
    assert 'TITLE "tone 1"' in (tmp_path / "night-2.cue").read_text()
    # How it went, in the log: once a minute and at the end.
    health = [line for line in (tmp_path / "log.txt").read_text().splitlines() if "underruns" in line]
    assert re.search(r"120\.0 BPM, load \d+ % \(p99 \d+ %\), \d+ underruns", health[-1])
