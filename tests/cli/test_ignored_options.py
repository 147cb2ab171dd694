"""An option that would be ignored beside another is wrong use, said before any work; what is heeded passes."""

import pytest

from aijockey.cli.main import VERBS, build_parser, main

IGNORED = [
    ("bench --members 2", "--members would be ignored: only --soak MINUTES plays"),
    ("bench --block 512", "--block would be ignored"),  # the default, and typed all the same
    ("bench --device speakers --output null", "--device, --output would be ignored"),
    ("bench --soak 1 --output null --device speakers", "--output null has no device"),
    ("bench --soak 1 --voice kick", "--soak plays all voices"),
    ("bench --engine --soak 1 --pack tiny", "--pack, --soak would be ignored: --engine"),
    ("bench --mem 2", "--members would be ignored"),
    ("play --output null --device speakers", "there is no device"),
    ("play --output page --spare one --spare other", "--spare would be ignored"),
    ("play --record-decks", "nothing is recorded without --record"),
    ("play --stream-format mp3", "nothing is streamed without --stream"),
    ("play --stream-password word.txt", "nothing is streamed without --stream"),
    ("play --midi-transport", "--midi-clock-in"),
    ("play --midi --midi-notes-channel 1", "--midi-notes NAME"),
    ("play --midi --midi-delay-ms 5", "--midi-clock-out"),
    ("play --midi-api jack", "no MIDI is used"),
    ("play --osc-allow 10.0.0.1", "--osc PORT"),
    ("play --osc-send 10.0.0.1:9", "--osc PORT"),
    ("play --link-delay-ms 3", "--link"),
    ("render -o a.wav --autopilot-style techno", "nobody plays without --autopilot"),
    ("render -o a.wav --autopilot-seed 0", "nobody plays without --autopilot"),
    ("directions tiny --paces --quick", "--paces measures no directions"),
    ("directions tiny --paces --held-out 90", "--paces measures no directions"),
    ("evaluate corpus --count 5", "--against CORPUS"),
    ("evaluate corpus --quick --seed 5", "--quick, --seed would be ignored"),
    ("midi ports nano", "NAME would be ignored"),
    ("midi maps --midi-api jack", "maps are files"),
    ("moments --pack tiny", "only --keep TEXT"),
    ("moments mine --force", "only --keep TEXT"),
    ("moments mine --keep point=7 --forget", "--forget would be ignored"),
    ("like loop.wav --texture --bpm 120", "without a beat"),
    ("parameters tempo --markdown", "the whole page"),
    ("prepare in out --unit beat --bars 4", "--bars would be ignored"),
    ("prepare in out --bpm 120 --no-tempo keep", "--no-tempo would be ignored"),
    ("prepare in out --scheduler tcp://a:1 --workers 3", "--workers would be ignored"),
]
HEEDED = [
    "bench --pack tiny --voice kick --repeats 2",
    "bench --soak 1 --device speakers --block 64 --members 1 --pack tiny",
    "bench --soak 1 --output null",
    "bench --engine --json figures.json",
    "play",
    "play --device speakers --spare other --output device",
    "play --output null --block 64 --headphones phones --input microphone",
    "play --record night --record-decks --stream icecast://a/b --stream-format mp3",
    "play --autopilot-style techno --autopilot-seed 3",  # a surface may switch it on
    "play --midi-clock-in drums --midi-transport --midi-api jack",
    "play --midi-notes drums --midi-notes-channel 0 --midi-delay-ms 3",
    "play --osc 0 --osc-allow 10.0.0.1",
    "play --link-start-stop --link-delay-ms 3",
    "render -o a.wav --autopilot --autopilot-energy 0.5",
    "directions tiny --quick --held-out 90",
    "evaluate tiny --against corpus --count 5 --seed 1",
    "midi",
    "midi maps nano",
    "midi monitor nano --midi-api jack",
    "moments mine --keep point=7 --pack tiny --force",
    "moments mine --forget",
    "like loop.wav --texture",
    "prepare in out --bars 4 --workers 3 --no-tempo keep",
    "prepare in out --bpm 120 --beats a.tsv --unit beat",
]


@pytest.mark.parametrize(("line", "said"), IGNORED)
def test_an_option_that_would_be_ignored_is_wrong_use(line, said, capsys):
    with pytest.raises(SystemExit) as stop:
        main(line.split())
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith(f"usage: aijockey {line.split()[0]}")
    assert said in " ".join(told.split())


@pytest.mark.parametrize("line", HEEDED)
def test_what_is_heeded_passes(line):
    verb, *words = line.split()
    arguments = build_parser(verb).parse_args([verb, *words])
    arguments.check(words, arguments)


@pytest.mark.parametrize("verb", VERBS)
def test_rules_speak_of_options_that_there_are(verb):
    arguments = build_parser(verb).parse_args([verb, *NEEDED.get(verb, [])])
    for rule in arguments.check.keywords["rules"]:
        for option in rule.options:
            assert hasattr(arguments, option.lstrip("-").replace("-", "_").lower()), option


NEEDED = {
    "render": ["-o", "a.wav"],
    "generate": ["kick", "-o", "out"],
    "like": ["loop.wav"],
    "prepare": ["in", "out"],
    "synthesize": ["out"],
    "train": ["in"],
    "export": ["run", "-o", "pack"],
    "evaluate": ["pack"],
    "directions": ["pack"],
    "explore": ["pack", "kick", "-o", "out"],
    "flac": ["a.wav"],
    "osc-layout": ["--for", "touchosc"],
}
