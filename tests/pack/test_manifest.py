"""A manifest is read whole or refused with the place in it that is wrong."""

import copy
import dataclasses
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aijockey.pack import errors as e
from aijockey.pack.fields import LONGEST_LIST, nearest
from aijockey.pack.manifest import CARD_NAME, FileSpec, GriffinLimSpec, PaceSpec
from aijockey.pack.manifest_checks import check_file_name
from aijockey.pack.manifest_file import encode_manifest, parse_manifest


@pytest.fixture(scope="module")
def whole(tiny_pack) -> dict:
    """The tiny pack's manifest as JSON."""
    return json.loads(encode_manifest(tiny_pack.manifest))


def parse(value):
    return parse_manifest(value if isinstance(value, bytes) else json.dumps(value).encode())


def changed(whole, *path, to):
    """A deep copy with the value at ``path`` replaced; ``to`` may be a function of the old one."""
    result = copy.deepcopy(whole)
    place = result
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to(place[path[-1]]) if callable(to) else to
    return result


def without(whole, *path):
    result = copy.deepcopy(whole)
    place = result
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return result


def test_writing_and_reading_is_the_identity(tiny_pack):
    assert parse_manifest(encode_manifest(tiny_pack.manifest)) == tiny_pack.manifest


def test_defaults_may_be_left_out(whole):
    manifest = parse(without(whole, "generators", "flow", "sampler", "shift"))
    assert manifest.generators["flow"].sampler.shift == 1.0
    assert parse(without(whole, "figures")).figures == {}


def test_a_voice_may_have_a_pace(whole):
    whole["voices"][0]["pace"] = {"angles_rad": [0.1, 0.2], "changes_db": [1, 1.8]}
    manifest = parse_manifest(json.dumps(whole).encode())
    assert manifest.voices[0].pace == PaceSpec((0.1, 0.2), (1.0, 1.8))
    assert manifest.voices[1].pace is None
    assert parse_manifest(encode_manifest(manifest)) == manifest


def test_whole_numbers_will_do_for_numbers(whole):
    bpm = parse(changed(whole, "bpm", to=120)).bpm
    assert bpm == 120.0
    assert isinstance(bpm, float)


def test_a_voice_is_found_by_name(tiny_manifest):
    assert tiny_manifest.voice("hats").index == 1
    with pytest.raises(
        e.ManifestError, match=r"no voice 'drones'; did you mean 'drone'\? \(voices: kick, hats, drone\)"
    ):
        tiny_manifest.voice("drones")


@pytest.mark.parametrize("number", [2, 7, 10**30])
def test_a_newer_format_is_named_before_anything_else(number):
    with pytest.raises(e.NewerPackError, match="made by a newer aijockey") as caught:
        parse({"format": number, "made_by": "aijockey 9.1", "what": ["is", "this"]})
    assert "(aijockey 9.1)" in str(caught.value)
    assert "pip install --upgrade aijockey" in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        (("format",), 0, "format: expected 1, got a number, 0"),
        (("format",), True, "format: expected 1, got true or false"),
        (("format",), "1", "format: expected 1, got a text"),
        (("name",), "Tiny Pack", 'name: "Tiny Pack" is not a name'),
        (("name",), 3, "name: expected a text, got a number, 3"),
        (("version",), "", "version: "),
        (("licence",), "two\nlines", "licence: "),
        (("rate_hz",), 44_100, "rate_hz: is 44100; packs of format 1 are at 48000"),
        (("rate_hz",), 48_000.5, "rate_hz: expected a whole number"),
        (("bpm",), 129.2, "bpm: is 129.2; packs of format 1 are at 120"),
        (("bpm",), None, "bpm: expected a number, got null"),
        (("bars",), 4, "samples: is 192000, but 4 bars are 384000 samples"),
        (("bars",), 0, "bars: is 0; expected 1 to 64"),
        (("samples",), 176_000, "samples: is 176000, but 2 bars are 192000"),
        (("key",), "H minor", 'key: "H minor" is not a key'),
        (("representation", "hop_samples"), 275, "representation.hop_samples: 275 does not divide a sixteenth"),
        (("representation", "high_hz"), 30_000, "representation.high_hz: bands from 20 to 30000 Hz"),
        (("representation", "low_hz"), 20_000, "representation.high_hz: bands from 20000"),
        (("representation", "kind"), "mell", "representation.kind: expected \"mel\", got a text, \"mell\"; did you mean 'mel'?"),  # noqa: E501
        (("controls",), {}, "controls: expected a list, got an object"),
        (("controls", 0, "name"), "9lives", "controls[0].name: "),
        (("controls", 1, "name"), "onset_density", "controls: 'onset_density' appears twice"),
        (("codes", "patch-pca", "dims"), 0, "codes.patch-pca.dims: is 0"),
        (("codes", "patch-pca", "patch_frames"), 7, "codes.patch-pca.patch_frames: 7 does not divide a loop of 256 frames"),  # noqa: E501
        (("codes", "patch-pca", "basis"), "basis.npy", "files: 'basis.npy' is used but not listed; did you mean 'code-basis.npy'?"),  # noqa: E501
        (("codes", "patch-pca", "mean"), "../mean.npy", "codes.patch-pca.mean: "),
        (("generators", "flow", "codes"), "patch-pda", "generators.flow.codes: no codes 'patch-pda'; did you mean 'patch-pca'?"),  # noqa: E501
        (("generators", "flow", "latent_shape"), [64, 5], "generators.flow.latent_shape: is [64, 5]; a rotation's latents are shaped like codes, [64, 4]"),  # noqa: E501
        (("generators", "direct", "latent_shape"), [], "generators.direct.latent_shape: is []"),
        (("generators", "direct", "latent_shape"), [65_536, 65_536], "generators.direct.latent_shape: "),
        (("generators", "direct", "latent_shape", 0), 0, "generators.direct.latent_shape[0]: is 0"),
        (("generators", "flow", "controls", 0), "onset_densty", "generators.flow.controls: no control 'onset_densty'; did you mean"),  # noqa: E501
        (("generators", "flow", "controls", 0), "brightness", "generators.flow.controls: 'brightness' appears twice"),
        (("generators", "flow", "sampler", "kind"), "rotation2", "generators.flow.sampler.kind: expected one of rotation, direct"),  # noqa: E501
        (("generators", "flow", "sampler", "steps"), 100_000, "generators.flow.sampler.steps: is 100000; expected 1 to 256"),  # noqa: E501
        (("generators", "flow", "sampler"), [], "generators.flow.sampler: expected an object, got a list"),
        (("vocoder", "output"), "sound", "vocoder.output: expected one of spectrum, audio, griffin-lim"),
        (("vocoder", "hop_samples"), 376, "vocoder.hop_samples: 376 does not divide"),
        (("vocoder", "window_samples"), 1501, "vocoder.window_samples: 1501 is not 2 or more whole hops of 375"),
        (("vocoder", "window_samples"), 375, "vocoder.window_samples: "),
        (("voices",), [], "voices: the list is empty"),
        (("voices", 1, "name"), "kick", "voices: 'kick' appears twice"),
        (("voices", 1, "index"), 0, "voices, generator and index: 'flow 0' appears twice"),
        (("voices", 2, "generator"), "direkt", "voices[2].generator: no generator 'direkt'; did you mean 'direct'?"),
        (("voices", 0, "controls"), {}, "voices[0].controls: 'onset_density' is missing"),
        (("voices", 2, "controls"), {"brightness": {"mean": 0, "std": 1}}, "voices[2].controls: 'brightness' is not a control"),  # noqa: E501
        (("voices", 0, "controls", "brightness", "std"), 0, "voices[0].controls.brightness.std: is 0"),
        (("voices", 0, "pace"), {"angles_rad": [0.1, 0.2], "changes_db": [1.0]}, "voices[0].pace: has 2 angles and 1 changes"),  # noqa: E501
        (("voices", 0, "pace"), {"angles_rad": [], "changes_db": []}, "voices[0].pace: has 0 angles"),
        (("voices", 0, "pace"), {"angles_rad": [0.1, 0.2], "changes_db": [1, 1]}, "voices[0].pace.changes_db: does not rise"),  # noqa: E501
        (("voices", 0, "pace"), {"angles_rad": [0.2, 0.1], "changes_db": [1, 2]}, "voices[0].pace.angles_rad: does not rise"),  # noqa: E501
        (("voices", 0, "pace"), {"angles_rad": [0], "changes_db": [1]}, "voices[0].pace.angles_rad[0]: is 0"),
        (("voices", 0, "tonal"), 1, "voices[0].tonal: expected true or false, got a number"),
        (("figures",), [], "figures: expected an object"),
        (("files", "flow.onnx", "sha256"), "00", 'files.flow.onnx.sha256: "00" is not 64 hexadecimal digits'),
        (("files", "flow.onnx", "bytes"), -1, "files.flow.onnx.bytes: is -1"),
        (("files", "flow.onnx", "bytes"), 1 << 40, "files.flow.onnx.bytes: is "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(whole, path, value, text):
    with pytest.raises(e.ManifestError) as caught:
        parse(changed(whole, *path, to=value))
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("licence",), "the manifest: the key 'licence' is missing"),
        (("voices", 0, "index"), "voices[0]: the key 'index' is missing"),
        (
            ("vocoder", "output"),
            "vocoder: the key 'output' is missing; it is one of spectrum, audio, griffin-lim",
        ),
        (("files", CARD_NAME), "files: 'MODEL_CARD.md' is used but not listed"),
    ],
)
def test_what_is_missing_is_said_with_its_place(whole, path, text):
    with pytest.raises(e.ManifestError) as caught:
        parse(without(whole, *path))
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize(
    ("path", "key", "text"),
    [
        ((), "license", "license: unknown key; did you mean 'licence'?"),
        (
            ("generators", "flow", "sampler"),
            "step",
            "generators.flow.sampler.step: unknown key; did you mean 'steps'?",
        ),
        (("voices", 1), "zzz", "voices[1].zzz: unknown key; known here: name, generator, index"),
    ],
)
def test_an_unknown_key_names_its_nearest(whole, path, key, text):
    value = copy.deepcopy(whole)
    place = value
    for step in path:
        place = place[step]
    place[key] = 1
    with pytest.raises(e.UnknownKeyError) as caught:
        parse(value)
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff{}", "is not UTF-8"),
        (b"[]", "expected an object, got a list"),
        (b'{"format": 1, "format": 1}', "the key 'format' twice"),
        (b'{"bpm": NaN}', "holds NaN"),
        (b'{"bpm": -Infinity}', "holds -Infinity"),
        (b'{"bpm": ' + b"9" * 5000 + b"}", "is not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b" " * (5 << 20), "at most 4,194,304 are allowed"),
    ],
)
def test_odd_bytes_are_refused(data, text):
    with pytest.raises(e.ManifestError, match=text):
        parse(data)


@pytest.mark.parametrize("number", ["1e999", "-1e999"])
def test_numbers_beyond_the_finite_are_refused_everywhere(whole, number):
    for key in ("loudness_lufs", "mel_error_db"):
        text = json.dumps(
            changed(whole, "voices", 0, "loudness_lufs", to=-14.25) | {"figures": {"mel_error_db": 1.25}}
        )
        old = "-14.25" if key == "loudness_lufs" else "1.25"
        with pytest.raises(e.ManifestError, match=rf"{key}: expected a finite number"):
            parse(text.replace(f'"{key}": {old}', f'"{key}": {number}').encode())


def nested(levels):
    value = {}
    for _ in range(levels):
        value = {"more": [value]}
    return value


def test_figures_may_nest_but_not_for_ever(whole):
    assert parse(changed(whole, "figures", to=nested(15))).figures == nested(15)
    with pytest.raises(e.ManifestError, match="nested too deeply"):
        parse(changed(whole, "figures", to=nested(20)))


def test_sizes_are_bounded(whole):
    with pytest.raises(e.ManifestError, match=f"at most {LONGEST_LIST} are allowed"):
        parse(changed(whole, "voices", to=lambda voices: voices * LONGEST_LIST))
    with pytest.raises(e.ManifestError, match="at most 20000 are allowed"):
        parse(changed(whole, "training_data", to="x" * 20_001))
    entry = {"bytes": 1, "sha256": "0" * 64}
    with pytest.raises(e.ManifestError, match="at most 256 are allowed"):
        parse(changed(whole, "files", to={f"{index}.npy": entry for index in range(300)}))
    big = {name: {**value, "bytes": 500 << 20} for name, value in whole["files"].items()}
    with pytest.raises(e.ManifestError, match="bytes in all; at most"):
        parse(changed(whole, "files", to=big))


def test_files_are_listed_once_and_used(whole):
    entry = {"bytes": 1, "sha256": "0" * 64}
    with pytest.raises(e.ManifestError, match=r"'spare\.npy' is listed, but nothing in the manifest uses it"):
        parse(with_file(whole, "spare.npy", entry))
    with pytest.raises(e.ManifestError, match="appears twice"):
        parse(with_file(whole, "FLOW.onnx", entry))
    with pytest.raises(e.ManifestError, match="appears twice"):
        parse(with_file(whole, "Manifest.json", entry))


def with_file(whole, name, entry):
    return changed(whole, "files", to=lambda files: {**files, name: entry})


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../a", "a/b", "a\\b", "/a", "C:a", ".a", "-a", "a b", "a\n", "ä", "a" * 101, "a\x00"],
)
def test_file_names_stay_in_their_folder(whole, name):
    with pytest.raises(e.UnsafeNameError, match="is not allowed"):
        check_file_name(name)
    with pytest.raises(e.UnsafeNameError, match="is not allowed"):
        parse(with_file(whole, name, {"bytes": 1, "sha256": "0" * 64}))


@pytest.mark.parametrize("name", ["flow.onnx", "MODEL_CARD.md", "code-mean.npy", "a", "2.npy"])
def test_plain_file_names_are_fine(name):
    check_file_name(name)


def test_nearest_says_nothing_when_nothing_is_near():
    assert nearest("abc", ["xyz"]) == ""
    assert nearest("techo", ["techno", "house"]) == "; did you mean 'techno'?"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


def places(value, path=()):
    """Every place in a JSON value."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in items:
        yield from places(entry, (*path, key))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_a_manifest_holds_only_pack_errors_come_out(whole, data):
    path = data.draw(st.sampled_from(list(places(whole))))
    value = changed(whole, *path, to=data.draw(JSON))
    try:
        manifest = parse(value)
    except e.PackError:
        return
    assert parse_manifest(encode_manifest(manifest)) == manifest


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=200))
def test_random_bytes_are_no_manifest(data):
    with pytest.raises(e.PackError):
        parse(data)


def test_specs_are_immutable(tiny_manifest):
    with pytest.raises(dataclasses.FrozenInstanceError):
        tiny_manifest.name = "other"
    assert math.isclose(GriffinLimSpec("griffin-lim", "griffin-lim").iterations, 32)
    assert FileSpec(1, "0" * 64) == FileSpec(1, "0" * 64)
