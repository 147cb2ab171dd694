"""The form and the styles: graphs that lead on, energy that counts, errors that say what is wrong."""

import pytest

from aijockey.control.autopilot.form import PHRASE_BEATS, Form, next_phrase
from aijockey.control.autopilot.roles import ROLES, role_of
from aijockey.control.autopilot.style import StyleError, parse_style, read_style, style_names
from aijockey.control.desk import Voice


@pytest.mark.parametrize("name", style_names())
def test_a_style_leads_from_its_first_section_everywhere_and_has_a_drop_after_a_build(name: str) -> None:
    style = read_style(name)
    reached = [style.sections[0].name]
    for section in reached:
        reached += [following for following in style.section(section).next if following not in reached]
    assert set(reached) == {section.name for section in style.sections}
    drops = [section for section in style.sections if section.arrive == "drop"]
    assert drops
    for section in style.sections:
        if any(drop.name in section.next for drop in drops):
            assert "bass" not in section.play
            assert section.rise


@pytest.mark.parametrize("name", style_names())
def test_more_energy_chooses_livelier_sections(name: str) -> None:
    form = Form(read_style(name), 7)

    def mean(energy: float) -> float:
        part, total, beats = form.first(0.0, energy, ()), 0.0, 0.0
        for _ in range(300):
            part = form.follow(part, energy)
            total += part.section.energy * (part.end - part.start)
            beats += part.end - part.start
        return total / beats

    assert mean(0.9) > mean(0.5) > mean(0.1)


def test_parts_end_on_borders_of_phrases_and_follow_each_other() -> None:
    form = Form(read_style("breaks"), 1)
    part = form.first(12.0, 0.5, ())
    for _ in range(50):
        assert part.end % PHRASE_BEATS == 0
        assert part.end - part.start >= PHRASE_BEATS / 2
        following = form.follow(part, 0.5)
        assert following.start == part.end
        part = following
    assert next_phrase(32.0) == 32.0
    assert next_phrase(32.1) == 64.0


def test_energy_stays_in_its_range_and_rises_at_the_beginning() -> None:
    form = Form(read_style("techno"), 1)
    curve = [form.energy_at(beat, 0.9) for beat in range(0, 4000, 16)]
    assert all(0.0 <= energy <= 1.0 for energy in curve)
    assert curve[0] < curve[8]


@pytest.mark.parametrize(
    ("name", "tonal", "role"),
    [("techno", False, "beat"), ("deep_bass", True, "bass"), ("drum_and_bass", False, "bass"), ("hats", False, "tops"),
     ("pads", True, "pad"), ("stabs", True, "lead"), ("textures", False, "texture"), ("x", True, "pad"),
     ("x", False, "beat")],
)  # fmt: skip
def test_roles_of_voices(name: str, tonal: bool, role: str) -> None:
    assert role_of(Voice(name, tonal)) == role
    assert role in ROLES


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("summary = 1\nnothing", "not TOML"),
        ('summary = "x"\ncolour = "red"', "colour"),
        ('summary = "x"', "one or more"),
        ('summary = "x"\n[[section]]\nname = "a"\nenergy = 0.5\nplay = ["drums"]\nnext = ["a"]', "drums"),
        ('summary = "x"\n[[section]]\nname = "a"\nenergy = 0.5\nplay = ["beat"]\nnext = ["b"]', "'b'"),
        ('summary = "x"\n[[section]]\nname = "a"\nenergy = 5\nplay = ["beat"]\nnext = ["a"]', "energy"),
        ('[mix]\nbeat = { filter = 3 }\n[[section]]\nname = "a"\nenergy = 1\nplay = ["beat"]\nnext = ["a"]', "filter"),
    ],
)  # fmt: skip
def test_a_wrong_style_says_where(text: str, said: str) -> None:
    from aijockey.errors import AijockeyError

    with pytest.raises(AijockeyError, match=said):
        parse_style(text)


def test_no_such_style_names_those_there_are() -> None:
    with pytest.raises(StyleError, match="house"):
        read_style("hose")
