import pytest

from aijockey.errors import AijockeyError
from aijockey.live.arrange import arrange
from aijockey.live.programme import choose_set, shipped_sets
from aijockey.live.set_file import SetError, format_set, parse_set, read_set

CASES = [
    {"default": False},
    {"pad": True},
    {"a": False, "b": True},
    {f"v{k}": k % 2 == 1 for k in range(8)},
    {f"v{k}": k % 3 == 0 for k in range(40)},
]


@pytest.mark.parametrize("voices", CASES, ids=len)
def test_any_pack_can_be_arranged(voices):
    live_set = arrange(voices)
    assert set(live_set.voices) <= set(voices)
    assert len(live_set.decks) >= 3
    assert parse_set(format_set(live_set)) == live_set
    plays = [event for event in live_set.events if event.address.endswith(".play")]
    assert min(event.beat for event in plays) == 0.0
    stops = [event.beat for event in plays if event.value == 0.0]
    # Everyone leaves, before the end, so that the echoes are heard out.
    assert len(stops) == len(live_set.decks)
    assert max(stops) < live_set.bars * 4
    for event in live_set.events:
        assert event.beat < live_set.bars * 4


def test_all_voices_of_a_small_pack_are_heard():
    voices = CASES[3]
    assert set(arrange(voices).voices) == set(voices)


def test_no_voices_is_an_error():
    with pytest.raises(AijockeyError, match="no voices"):
        arrange({})


@pytest.mark.parametrize("name", sorted(shipped_sets()))
def test_shipped_sets_are_whole(name):
    live_set = read_set(shipped_sets()[name])
    assert live_set.events
    last = max(event.beat + event.over_beats for event in live_set.events)
    assert last <= live_set.bars * 4
    decks = {event.address.split(".")[1] for event in live_set.events if event.address.endswith(".play")}
    assert len(decks) == len(live_set.decks)


def test_the_default_set_plays_all_eight_voices_and_never_all_rhythms_at_once():
    live_set = read_set(shipped_sets()["default"])
    rhythms = {"techno", "house", "breaks", "percussion"}
    assert set(live_set.voices) == rhythms | {"bass", "pads", "stabs", "textures"}
    playing = set()
    for event in live_set.events:
        if event.address.endswith(".play"):
            voice = live_set.decks[int(event.address.split(".")[1]) - 1]["voice"]
            (playing.add if event.value else playing.discard)(voice)
            assert len(playing & rhythms) <= 3
    assert playing <= {"pads", "textures"}


def test_the_default_set_has_a_beat_at_once_a_kick_by_bar_five_and_never_two_of_them():
    live_set = read_set(shipped_sets()["default"])
    voices = [deck["voice"] for deck in live_set.decks]
    lows = {deck["voice"]: float(deck.get("low_db", 0.0)) for deck in live_set.decks}
    playing: set[str] = set()
    kicks: dict[float, set[str]] = {}
    for event in sorted(live_set.events, key=lambda event: event.beat):
        voice = voices[int(event.address.split(".")[1]) - 1] if event.address.startswith("deck") else ""
        if event.address.endswith(".low_db"):
            lows[voice] = float(event.value)
        elif event.address.endswith(".play"):
            (playing.add if event.value else playing.discard)(voice)
        else:
            continue
        if event.beat == 0:
            first = set(playing)
        kicks[event.beat] = {name for name in playing & {"techno", "house", "breaks"} if lows[name] > -20.0}
    assert first & {"percussion", "techno", "house", "breaks"}
    assert min(beat for beat, heard in kicks.items() if heard) <= 16.0
    assert max(map(len, kicks.values())) == 1


def test_a_pack_without_the_voices_of_the_default_set_is_arranged(tiny_pack):
    assert choose_set(None, tiny_pack) == arrange({"kick": False, "hats": False, "drone": True})


def test_sets_are_found_by_name_and_by_path_and_pinned_by_hash(tiny_pack, tmp_path):
    assert choose_set("default", tiny_pack).title == "First light"
    with pytest.raises(SetError, match="did you mean default"):
        choose_set("defualt", tiny_pack)
    path = tmp_path / "mine.set"
    text = format_set(arrange({"kick": False}))
    path.write_text(text)
    assert choose_set(str(path), tiny_pack).title == "An arrangement"
    path.write_text(text + f'\n[pack]\nname = "tiny"\nsha256 = "{tiny_pack.hash}"\n')
    assert choose_set(str(path), tiny_pack).pack.sha256 == tiny_pack.hash
    path.write_text(text + '\n[pack]\nname = "other"\nsha256 = "abc"\n')
    with pytest.raises(SetError, match=r"other.*tiny"):
        choose_set(str(path), tiny_pack)
