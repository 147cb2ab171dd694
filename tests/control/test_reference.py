from pathlib import Path

from aijockey.cli.main import main
from aijockey.control.parameters import PARAMETERS
from aijockey.control.reference import GROUPS, address, as_markdown

PAGE = Path(__file__).parents[2] / "docs" / "parameters.md"


def test_the_page_says_what_the_table_does():
    assert PAGE.read_text(encoding="utf-8") == as_markdown(), (
        "aijockey parameters --markdown > docs/parameters.md"
    )


def test_every_row_is_on_the_page_once():
    assert {row.group for row in PARAMETERS} == set(GROUPS)
    page = as_markdown()
    for row in PARAMETERS:
        assert page.count(f"| `{address(row)}` |") == 1


def test_the_verb_finds_by_address_and_by_meaning(capsys):
    assert main(["parameters", "crossfader"]) == 0
    told = capsys.readouterr().out
    assert "mixer.crossfader_curve" in told
    assert "deck.N.side" in told  # by what it does
    assert main(["parameters", "xyzzy"]) == 1
