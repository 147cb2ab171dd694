"""Each thing that can be wrong is made wrong, and the doctor names it and its fix."""

import importlib.metadata
import json
import os
import shutil
import socket
import sys
from types import SimpleNamespace

import pytest

from aijockey.cli.main import main
from aijockey.live.devices import NoDeviceError
from aijockey.live.doctor import examine as examine_module
from aijockey.live.doctor import sound, system
from aijockey.live.doctor.examine import CHECKS, examine
from aijockey.live.doctor.finding import Finding, Patient
from aijockey.live.recording.disk import RESERVE_BYTES


@pytest.fixture
def patient(tmp_path, tiny_pack) -> Patient:
    return Patient(pack=str(tiny_pack.path), folder=tmp_path, seconds=0.01)


def complete(finding: Finding) -> bool:
    """Whatever is wrong says what was found, why it matters and the fix in one sentence."""
    if finding.state == "ok":
        return bool(finding.found)
    return bool(finding.found and finding.matters and finding.fix.endswith("."))


def test_every_check_says_all_it_should(patient):
    findings = list(examine(patient))
    assert len(findings) == len(CHECKS)
    assert len({finding.name for finding in findings}) == len(CHECKS)
    assert all(complete(finding) for finding in findings)


def test_libraries_and_python_are_missed(patient, monkeypatch):
    assert system.versions(patient).state == "ok"
    monkeypatch.setattr(system, "NEEDED", (*system.NEEDED, "aijockey-has-no-such-part"))
    finding = system.versions(patient)
    assert (finding.state, complete(finding)) == ("broken", True)
    assert "missing: aijockey-has-no-such-part" in finding.found
    monkeypatch.undo()
    monkeypatch.setattr(system, "OLDEST_PYTHON", (99, 0))
    assert system.versions(patient).state == "broken"


def test_an_absent_extra_is_a_note_with_its_install_line(patient, monkeypatch):
    def absent(package: str) -> str:
        raise importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(system.importlib.metadata, "version", absent)
    finding = system.extras(patient)
    assert (finding.state, complete(finding)) == ("note", True)
    assert "pip install 'aijockey[stream]'" in finding.fix


def test_a_missing_portaudio_and_a_missing_device_are_told_apart(patient, monkeypatch):
    def missing() -> None:
        raise NoDeviceError("sound output is not available (PortAudio library not found)")

    monkeypatch.setattr(sound, "load_sounddevice", missing)
    finding = sound.portaudio(patient)
    assert (finding.state, complete(finding)) == ("broken", True)
    assert "libportaudio2" in finding.fix
    nothing = SimpleNamespace(
        PortAudioError=RuntimeError,
        query_devices=list,
        query_hostapis=list,
        default=SimpleNamespace(device=(-1, -1)),
        get_portaudio_version=lambda: (1, "PortAudio V19"),
    )
    monkeypatch.setattr(sound, "load_sounddevice", lambda: nothing)
    assert sound.portaudio(patient).state == "ok"
    finding = sound.device(patient)
    assert (finding.state, complete(finding)) == ("broken", True)
    assert "there is no sound output device" in finding.found


@pytest.mark.parametrize(("rates", "state"), [((48_000,), "ok"), ((44_100,), "note"), ((), "broken")])
def test_a_device_is_asked_for_its_rate(patient, monkeypatch, rates, state):
    def check(device: int, channels: int, dtype: str, samplerate: int) -> None:
        if samplerate not in rates:
            raise RuntimeError("Invalid sample rate")

    entry = {"index": 0, "name": "Box", "hostapi": 0, "default_samplerate": 44_100.0}
    entry |= {"max_output_channels": 2, "max_input_channels": 0}
    entry |= {"default_low_output_latency": 0.01, "default_high_output_latency": 0.1}
    box = SimpleNamespace(
        PortAudioError=RuntimeError,
        query_devices=lambda: [entry],
        query_hostapis=lambda: [{"name": "ALSA"}],
        default=SimpleNamespace(device=(-1, 0)),
        check_output_settings=check,
    )
    monkeypatch.setattr(sound, "load_sounddevice", lambda: box)
    finding = sound.device(patient)
    assert (finding.state, complete(finding)) == (state, True)
    assert "Box" in finding.found
    wrong = sound.device(Patient(device="nowhere"))
    assert (wrong.state, complete(wrong)) == ("broken", True)
    assert "no output device 'nowhere'" in wrong.found


def test_closed_cards_and_absent_ones(patient, monkeypatch, tmp_path):
    monkeypatch.setattr(system, "SOUND_FOLDER", tmp_path)
    (tmp_path / "pcmC0D0p").write_text("")
    assert system.sound_permissions(patient).state == "ok"
    monkeypatch.setattr(system.os, "access", lambda *_: False)
    finding = system.sound_permissions(patient)
    assert (finding.state, complete(finding)) == ("broken", True)
    assert "pcmC0D0p" in finding.found
    assert "usermod -aG audio" in finding.fix
    monkeypatch.setattr(system, "SOUND_FOLDER", tmp_path / "absent")
    monkeypatch.setattr(sys, "platform", "linux")
    finding = system.sound_permissions(patient)
    assert (finding.state, complete(finding)) == ("note", True)


def test_a_user_without_priority_is_told_the_limits(patient, monkeypatch):
    resource = pytest.importorskip("resource", reason="this system has no limits")
    if not hasattr(resource, "RLIMIT_RTPRIO"):
        pytest.skip("this system has no limit of priority")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (0, 0))
    finding = system.priority(patient)
    assert (finding.state, complete(finding)) == ("note", True)
    assert "rtprio 95" in finding.fix
    monkeypatch.setattr(resource, "getrlimit", lambda _: (0, 95))
    assert system.priority(patient).state == "ok"


def test_a_taken_port_is_named(patient):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        finding = system.port(Patient(port=number))
        assert (finding.state, complete(finding)) == ("broken", True)
        assert str(number) in finding.found
    assert system.port(Patient(port=number)).state == "ok"


@pytest.mark.parametrize(("minutes", "state"), [(-1, "broken"), (5, "note"), (600, "ok")])
def test_the_disk_is_measured_in_minutes(patient, monkeypatch, minutes, state):
    free = RESERVE_BYTES + minutes * 60 * system.MASTER_BYTES_PER_SECOND
    usage = SimpleNamespace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    finding = system.disk(patient)
    assert (finding.state, complete(finding)) == (state, True)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    finding = system.disk(Patient(folder=tmp_path / "absent"))
    assert (finding.state, complete(finding)) == ("broken", True)
    assert "absent" in finding.found


def test_little_shared_memory_is_named(patient, monkeypatch, tmp_path):
    monkeypatch.setattr(system, "SHARED_MEMORY", tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=64 << 20))
    finding = system.shared_memory(patient)
    assert (finding.state, complete(finding)) == ("broken", True)
    assert "--shm-size" in finding.fix
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 30))
    assert system.shared_memory(patient).state == "ok"


def test_a_damaged_pack_is_named_with_its_file(patient, tiny_pack, tmp_path):
    assert sound.pack(patient).state == "ok"
    copy = tmp_path / "copy"
    shutil.copytree(tiny_pack.path, copy)
    damaged = max(copy.glob("*.onnx"), key=lambda path: path.stat().st_size)
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(bytes(data))
    finding = sound.pack(Patient(pack=str(copy)))
    assert (finding.state, complete(finding)) == ("broken", True)
    assert damaged.name in finding.found
    assert "damaged" in finding.found
    speed = sound.generation(Patient(pack=str(copy), seconds=0.01))
    assert (speed.state, complete(speed)) == ("broken", True)
    absent = sound.pack(Patient(pack=str(tmp_path / "absent")))
    assert (absent.state, complete(absent)) == ("broken", True)


@pytest.mark.parametrize(
    ("limits", "state"), [((1e9, 1e9), "ok"), ((0.0, 1e9), "note"), ((0.0, 0.0), "broken")]
)
@pytest.mark.parametrize(
    ("check", "name"), [(sound.generation, "GENERATION_SHARES"), (sound.engine, "ENGINE_SHARES")]
)
def test_a_machine_is_judged_by_the_share_it_uses(patient, monkeypatch, check, name, limits, state):
    monkeypatch.setattr(sound, name, limits)
    finding = check(patient)
    assert (finding.state, complete(finding)) == (state, True)
    assert "% of the time" in finding.found


def test_a_machine_that_others_keep_busy_is_not_called_slow(patient, monkeypatch):
    # A thousand times slower by the clock than by the processor's own time.
    monkeypatch.setattr(sound, "measure", lambda *_: sound.Speed(1.0, 1.0, 1.0, 1e-5))
    for check in (sound.generation, sound.engine):
        assert check(patient).state == "note"
    monkeypatch.setattr(sound, "measure", lambda *_: sound.Speed(10.0, 10.0, 10.0, 10.0))
    for check in (sound.generation, sound.engine):
        assert check(patient).state == "broken"


def test_a_check_that_fails_is_a_finding_and_the_others_go_on(patient, monkeypatch):
    def odd(_: Patient) -> Finding:
        raise ZeroDivisionError("odd")

    monkeypatch.setattr(examine_module, "CHECKS", (odd, system.extras))
    findings = list(examine(patient))
    assert [finding.name for finding in findings] == ["odd", "extras"]
    assert "ZeroDivisionError" in findings[0].found
    assert complete(findings[0])


@pytest.mark.parametrize(("state", "status"), [("ok", 0), ("note", 0), ("broken", 1)])
def test_the_verb_fails_where_something_is_broken(monkeypatch, capsys, state, status):
    def made(_: Patient) -> Finding:
        return Finding("thing", state, "seen", "it matters", "Mend it.")

    monkeypatch.setattr(examine_module, "CHECKS", (made,))
    assert main(["doctor"]) == status
    text = capsys.readouterr().out
    assert "thing: seen" in text
    assert "-> Mend it." in text
    assert main(["doctor", "--json"]) == status
    report = json.loads(capsys.readouterr().out)
    assert report["healthy"] is (status == 0)
    assert report["findings"] == [
        {"name": "thing", "state": state, "found": "seen", "matters": "it matters", "fix": "Mend it."}
    ]
