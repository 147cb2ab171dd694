"""Devices are found by name, whatever order the system lists them in."""

import json
import random
from types import SimpleNamespace

import numpy as np
import pytest
import soxr

from aijockey.cli.main import main
from aijockey.errors import AijockeyError
from aijockey.live import devices as module
from aijockey.live.devices import (
    Device,
    NoDeviceError,
    accepted_rates,
    choose_device,
    list_devices,
    usable_rate,
)
from aijockey.live.output import DeviceOutput
from aijockey.live.rate_adapter import RateAdapter, look_ahead_samples


class FakePortAudio:
    """Answers like sounddevice for a list of (name, system, outputs, inputs, rates)."""

    class PortAudioError(Exception):
        pass

    class CallbackStop(Exception):
        pass

    def __init__(self, *entries: tuple, default: tuple[int, int] = (-1, -1)) -> None:
        systems = list(dict.fromkeys(entry[1] for entry in entries))
        self._systems = [{"name": name} for name in systems]
        self._rates = [entry[4] for entry in entries]
        self._devices = [
            {
                "index": index,
                "name": name,
                "hostapi": systems.index(system),
                "max_output_channels": outputs,
                "max_input_channels": inputs,
                "default_samplerate": float(rates[0]),
                "default_low_output_latency": 0.01,
                "default_high_output_latency": 0.04,
                "default_low_input_latency": 0.01,
                "default_high_input_latency": 0.04,
            }
            for index, (name, system, outputs, inputs, rates) in enumerate(entries)
        ]
        self.default = SimpleNamespace(device=default)
        self.opened: dict = {}

    def query_devices(self) -> list[dict]:
        return self._devices

    def query_hostapis(self) -> list[dict]:
        return self._systems

    def check_output_settings(self, device: int, channels: int, dtype: str, samplerate: int) -> None:
        if samplerate not in self._rates[device]:
            raise self.PortAudioError("Invalid sample rate")

    check_input_settings = check_output_settings

    def OutputStream(self, **settings):
        self.opened = settings
        return SimpleNamespace(start=lambda: None, active=True, close=lambda: None)


ALL = (44_100, 48_000, 96_000)
STUDIO = (
    ("HDA Intel PCH: ALC257 (hw:0,0)", "ALSA", 2, 2, (48_000, 44_100)),
    ("Scarlett 4i4 USB: Audio (hw:1,0)", "ALSA", 4, 4, ALL),
    ("Scarlett 2i2 USB: Audio (hw:2,0)", "ALSA", 2, 2, (44_100,)),
    ("Microphone", "ALSA", 0, 1, (44_100,)),
    ("default", "ALSA", 32, 32, ALL),
)


def studio() -> list[Device]:
    return list_devices(FakePortAudio(*STUDIO, default=(3, 4)))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, "default"),
        ("default", "default"),
        ("4I4", "Scarlett 4i4"),
        ("hda", "HDA Intel"),
        ("hw:2", "Scarlett 2i2"),
        ("  scarlett 4 ", "Scarlett 4i4"),
        ("scarlett", None),
        ("8", None),
        ("microphone", None),
    ],
)
def test_a_name_means_one_device_in_any_order(name, expected):
    for seed in range(5):
        shuffled = studio()
        random.Random(seed).shuffle(shuffled)
        if expected is None:
            with pytest.raises(AijockeyError):
                choose_device(shuffled, name)
        else:
            assert choose_device(shuffled, name).name.startswith(expected)


def test_errors_say_what_there_is():
    with pytest.raises(AijockeyError, match=r"several output devices: 'Scarlett 4i4.*'Scarlett 2i2"):
        choose_device(studio(), "scarlett")
    with pytest.raises(AijockeyError, match=r"no output device 'defualt'.*default.*there are: 'HDA"):
        choose_device(studio(), "defualt")
    with pytest.raises(AijockeyError, match="their numbers change"):
        choose_device(studio(), "8")
    with pytest.raises(AijockeyError, match="an empty name"):
        choose_device(studio(), " ")
    with pytest.raises(NoDeviceError, match="no sound output device"):
        choose_device([], None)
    assert choose_device(studio(), None, "input").name == "Microphone"
    assert choose_device(studio(), "micro", "input").name == "Microphone"


def test_one_device_under_several_systems_is_the_quickest_of_them():
    windows = FakePortAudio(
        ("Speakers", "MME", 2, 0, ALL),
        ("Speakers", "Windows DirectSound", 2, 0, ALL),
        ("Speakers", "Windows WASAPI", 2, 0, ALL),
    )
    assert choose_device(list_devices(windows), "speakers").system == "Windows WASAPI"
    assert choose_device(list_devices(windows), "speakers (mme)").system == "MME"


def test_rates_and_blocks():
    portaudio = FakePortAudio(*STUDIO)
    listed = list_devices(portaudio)
    assert accepted_rates(portaudio, listed[0]) == (44_100, 48_000)
    assert accepted_rates(portaudio, listed[3], "input") == (44_100,)
    assert listed[0].blocks_samples == (256, 512, 1024, 2048)
    assert usable_rate(portaudio, listed[1]) == 48_000
    assert usable_rate(portaudio, listed[2]) == 44_100
    assert usable_rate(portaudio, listed[1], 96_000) == 96_000
    with pytest.raises(AijockeyError, match="does not take stereo at 96000 Hz"):
        usable_rate(portaudio, listed[0], 96_000)
    with pytest.raises(AijockeyError, match=r"is it in kHz\?"):
        usable_rate(portaudio, listed[0], 48)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("block_samples", [64, 256, 2048])
def test_a_device_of_another_rate_gets_the_same_sound(monkeypatch, rng, rate_hz, block_samples):
    portaudio = FakePortAudio(("Box", "ALSA", 2, 0, (rate_hz,)))
    monkeypatch.setattr("aijockey.live.output.load_sounddevice", lambda: portaudio)
    sound = rng.uniform(-0.5, 0.5, (30_000, 2)).astype(np.float32)
    output = DeviceOutput("box", block_samples)
    assert output.rate_hz == rate_hz
    output.start(Feed(sound).fill)
    assert (portaudio.opened["samplerate"], portaudio.opened["blocksize"]) == (rate_hz, block_samples)
    heard = []
    while True:
        block = np.full((block_samples, 2), np.nan, dtype=np.float32)
        try:
            portaudio.opened["callback"](block, block_samples, None, None)
        except portaudio.CallbackStop:
            heard.append(block)
            break
        heard.append(block)
    whole = soxr.resample(sound, 48_000, rate_hz, quality="HQ") if rate_hz != 48_000 else sound
    back = np.concatenate(heard)
    assert 0 <= len(back) - len(whole) < block_samples + 512
    assert np.abs(back[: len(whole)] - whole).max() < 1e-6
    assert np.abs(back[len(whole) + 64 :]).max(initial=0.0) < 0.01


class Feed:
    """Gives a sound in blocks, and silence after it."""

    def __init__(self, sound: np.ndarray) -> None:
        self.sound, self.position = sound, 0

    def fill(self, block: np.ndarray) -> bool:
        part = self.sound[self.position : self.position + len(block)]
        block[: len(part)], block[len(part) :] = part, 0.0
        self.position += len(block)
        return self.position < len(self.sound)


@pytest.mark.parametrize("rate_hz", [44_100, 96_000])
@pytest.mark.parametrize("block", [1, 64, 65, 480, 4096])
def test_resampling_in_blocks_equals_the_whole(rng, rate_hz, block):
    sound = rng.uniform(-0.5, 0.5, (12_800, 2)).astype(np.float32)
    feed = Feed(sound)
    adapter = RateAdapter(feed.fill, rate_hz)
    whole = soxr.resample(sound, 48_000, rate_hz, quality="HQ")
    heard, more, ahead = [], True, []
    while more:
        part = np.empty((block, 2), dtype=np.float32)
        more = adapter.fill(part)
        heard.append(part)
        ahead.append(feed.position - len(heard) * block * 48_000 / rate_hz)
    back = np.concatenate(heard)[: len(whole)]
    assert np.abs(back - whole).max() < 1e-6
    # It takes no more ahead than it declares.
    assert 0.5 * adapter.latency_samples < max(ahead) <= adapter.latency_samples


def test_a_tone_keeps_its_pitch_and_level():
    time_s = np.arange(48_000) / 48_000
    tone = np.stack([0.5 * np.sin(2 * np.pi * 1_000 * time_s)] * 2, axis=1).astype(np.float32)
    for rate_hz in (44_100, 96_000):
        block = np.empty((rate_hz // 2, 2), dtype=np.float32)
        RateAdapter(Feed(tone).fill, rate_hz).fill(block)
        expected = 0.5 * np.sin(2 * np.pi * 1_000 * np.arange(rate_hz // 2) / rate_hz)
        assert np.abs(block[500:-500, 0] - expected[500:-500]).max() < 1e-4
        assert 0 < look_ahead_samples(rate_hz) <= 1_152


def test_the_verb_lists_them(monkeypatch, capsys):
    monkeypatch.setattr(module, "load_sounddevice", lambda: FakePortAudio(*STUDIO, default=(3, 4)))
    assert main(["devices"]) == 0
    text = capsys.readouterr().out
    assert " * default  [ALSA]" in text
    assert "4 channels; 44.1, 48, 96 kHz; blocks of 256 to 2048 samples" in text
    assert text.index("Outputs:") < text.index("Inputs:") < text.index(" * Microphone")
    assert main(["devices", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in listed] == [entry[0] for entry in STUDIO]
    assert listed[1]["rates_hz"] == [44_100, 48_000, 96_000]


def test_no_device_is_a_failure_that_says_so(monkeypatch, capsys):
    monkeypatch.setattr(module, "load_sounddevice", lambda: FakePortAudio())
    assert main(["devices"]) == 1
    assert "there is no sound device" in capsys.readouterr().err
