from pathlib import Path

import pytest

from aijockey.corpus.beat_file import BeatFileError, find_sidecar, read_beats


def test_times_and_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.beats.tsv"
    path.write_text("# time_s\tbeat_in_bar\tbpm\n0.5\t3\t126.0\n1.0\t4\t126.0\n\n1.5\t1\t126.0\n")
    beats = read_beats(path)
    assert beats.times_s.tolist() == [0.5, 1.0, 1.5]
    assert beats.numbers is not None
    assert beats.numbers.tolist() == [3, 4, 1]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("0.5\n1.0\n", None),
        ("0.5,1\n1.0,2\n", [1, 2]),
        ("0.5 12.1\n1.0 12.2\n", [1, 2]),
        ("0.5\tverse\n1.0\t1\n", None),
        ("0.5\t2\n1.0\t3\n", None),
    ],
)
def test_forms(tmp_path: Path, text: str, numbers: list[int] | None) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text)
    beats = read_beats(path)
    assert beats.times_s.tolist() == [0.5, 1.0]
    assert (None if beats.numbers is None else beats.numbers.tolist()) == numbers


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0.5\n0.4\n", "line 2: 0.4 s does not come after"),
        ("0.5\nbeat\n", "line 2: 'beat' is no time"),
        ("0.5\n", "holds 1 beats"),
        ("", "holds 0 beats"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "a.beats"
    path.write_text(text)
    with pytest.raises(BeatFileError, match=words):
        read_beats(path)


def test_not_text(tmp_path: Path) -> None:
    path = tmp_path / "a.beats"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(BeatFileError, match="cannot be read"):
        read_beats(path)
    with pytest.raises(BeatFileError, match="cannot be read"):
        read_beats(tmp_path / "absent.beats")


def test_sidecars(tmp_path: Path) -> None:
    song = tmp_path / "my song.v2.flac"
    assert find_sidecar(song) is None
    lyrics = tmp_path / "my song.v2.txt"
    lyrics.write_text("1 love\n2 love\n")
    assert find_sidecar(song) is None
    lyrics.write_text("0.0\n0.5\n1.0\n1.5\n")
    assert find_sidecar(song) == lyrics
    beats = tmp_path / "my song.v2.beats.tsv"
    beats.write_text("0.0\n0.5\n")
    assert find_sidecar(song) == beats
