"""Plug-ins by alias: what the player's configuration says, and what happens when it is wrong."""

import numpy as np
import pedalboard
import pytest
from tests.live.test_mixer import Desk

from aijockey.live.effects.insert import Place
from aijockey.live.plugins import HostedPlugin, PluginEntry, PluginError, PluginRack, read_plugins
from aijockey.live.set_file import Event
from aijockey.live.strip import named_plugins

PLACE = Place(0, np.zeros(512), 24_000.0)


class Foreign:
    """Stands for a plug-in: delays as pedalboard does, by holding back its first samples."""

    def __init__(self, latency=0, answer=lambda audio: -audio):
        self.latency, self.answer = latency, answer
        self.reset()

    def reset(self):
        self.held = np.zeros((2, 0), np.float32)
        self.owed = self.latency

    def process(self, audio, rate, reset):
        line = np.concatenate(
            [np.zeros((len(audio), self.held.shape[1]), np.float32) + self.held[: len(audio)], audio], axis=1
        )
        give = max(0, line.shape[1] - self.latency)
        self.held = line[:, give:]
        return self.answer(line[:, :give])


def rack(**plugins):
    entries = {alias: PluginEntry(alias) for alias in plugins}
    return PluginRack(entries, lambda entry: plugins[entry.path])


def test_the_configuration_names_files_by_alias(tmp_path):
    file = tmp_path / "plugins.toml"
    file.write_text(
        '[plugins]\ntape = "/x/Tape.vst3"\n[plugins.space]\npath = "/y"\nsettings = { mix = 30.0 }\n'
    )
    entries = read_plugins(file)
    assert str(entries["tape"].path) == "/x/Tape.vst3"
    assert entries["space"].settings == {"mix": 30.0}
    assert read_plugins(tmp_path / "none.toml") == {}
    for bad in ("[plugins]\ntape = 3\n", "[plugins.tape]\npth = 'x'\n", "[plugins"):
        file.write_text(bad)
        with pytest.raises(PluginError, match=r"plugins\.toml"):
            read_plugins(file)


@pytest.mark.parametrize("latency", [0, 100, 700])
def test_its_delay_is_measured_and_its_sound_stays_aligned_with_the_dry(latency, rng):
    hosted = HostedPlugin("it", Foreign(latency))
    hosted.prepare(1)
    assert hosted.latency_samples == latency
    sound = rng.normal(size=(1, 4096)).astype(np.float32)
    for amount, sign in [(1.0, -1.0), (0.0, 1.0), (0.5, 0.0)]:
        hosted.reset()
        parts = [hosted.process(sound[:, at : at + 512], amount, 0.5, PLACE) for at in range(0, 4096, 512)]
        expected = sign * np.concatenate([np.zeros((1, latency)), sound], axis=1)[:, :4096]
        np.testing.assert_allclose(np.concatenate(parts, axis=1), expected, atol=1e-6)


def test_all_decks_are_late_alike_when_one_hosts_a_slow_plugin(rng):
    desk = Desk(
        {"insert_2": "plugin", "insert_2_plugin": "slow"},
        {"insert_1": "drive"},
        {},
        rack=rack(slow=Foreign(300, lambda audio: audio)),
        named=[(0, 2, "slow")],
    )
    assert desk.mixer.latency_samples == 300
    sound = (0.1 * rng.normal(size=(1, 4096))).astype(np.float32)
    silence = np.zeros_like(sound)
    decks = [[sound, silence, silence], [silence, silence, sound]]
    hosted, plain = (
        np.concatenate(
            [desk.quantum(*(one[:, at : at + 512] for one in given)).main for at in range(0, 4096, 512)],
            axis=1,
        )
        for given in decks
    )
    np.testing.assert_allclose(hosted[0, 300:], sound[0, :-300], atol=1e-6)
    np.testing.assert_allclose(plain[0, 300:], sound[0, :-300], atol=1e-6)


def broken(audio):
    if audio.any():
        raise RuntimeError("licence expired")
    return audio


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (broken, "licence expired"),
        (lambda audio: audio * np.float32(np.nan) if audio.any() else audio, "not finite"),
        (lambda audio: audio[:, :5] if audio.any() else audio, "less sound"),
    ],
)
def test_one_that_fails_is_bypassed_and_says_so(answer, word, rng):
    desk = Desk(
        {"insert_1": "plugin", "insert_1_plugin": "bad", "insert_1_amount": 1.0},
        rack=rack(bad=Foreign(0, answer)),
        named=[(0, 1, "bad")],
    )
    sound = (0.1 * rng.normal(size=(1, 512))).astype(np.float32)
    for _ in range(3):
        np.testing.assert_array_equal(desk.quantum(sound).main[0], sound[0])
    (words,) = desk.mixer.words()
    assert word in words
    assert "bypassed" in words
    assert desk.strips[0].faults == 0


def test_a_missing_or_unknown_one_is_bypassed_and_says_so(tmp_path, rng):
    entries = {"gone": PluginEntry(tmp_path / "gone.vst3")}
    sound = (0.1 * rng.normal(size=(1, 512))).astype(np.float32)
    for alias, word in [
        ("gone", "no such plug-in"),
        ("gnoe", "did you mean gone"),
        ("/etc/passwd", "no plug-in"),
    ]:
        setup = {"insert_1": "plugin", "insert_1_plugin": alias}
        desk = Desk(setup, rack=PluginRack(entries), named=named_plugins([setup], []))
        np.testing.assert_array_equal(desk.quantum(sound).main[0], sound[0])
        assert word in desk.mixer.words()[0]


def test_a_real_effect_of_the_library_can_be_hosted(rng):
    hosted = rack(gain=pedalboard.Gain(6.0)).make("gain", 2)
    sound = (0.1 * rng.normal(size=(2, 512))).astype(np.float32)
    np.testing.assert_allclose(hosted.process(sound, 1.0, 0.0, PLACE), sound * 10 ** (6 / 20), rtol=1e-4)


def test_a_set_names_its_plugins_in_decks_and_events():
    events = [Event(4.0, "deck.2.insert_1_plugin", "tape"), Event(5.0, "deck.2.insert_1_plugin", "tape")]
    assert named_plugins([{"insert_2_plugin": "space"}, {}], events) == [(0, 2, "space"), (1, 1, "tape")]
