"""Sound devices by name: which there are, what they take, and which one somebody means.

Numbers of devices change when one is plugged in, so they are never what a player says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from aijockey.control.parameters import near
from aijockey.errors import AijockeyError
from aijockey.music.grid import RATE_HZ

Kind = Literal["output", "input"]

RATES_HZ = (44_100, 48_000, 96_000)
BLOCKS_SAMPLES = (64, 128, 256, 512, 1024, 2048)
# The same device may appear under several systems (Windows): the one with the least delay is meant.
SYSTEMS = ("ASIO", "JACK Audio Connection Kit", "Core Audio", "Windows WASAPI", "Windows WDM-KS", "ALSA")
INSTALL_PORTAUDIO = "apt install libportaudio2 (Debian, Ubuntu); wheels for Windows and macOS bring it"


class NoDeviceError(AijockeyError):
    """There is nothing to play into; the text says why."""


@dataclass(frozen=True)
class Device:
    """One sound device as the system lists it.

    index : of this moment, for opening it, never for people. system : through which it is reached, such as
    ALSA or JACK. outputs, inputs : channels. rate_hz : its own. low_latency_s, high_latency_s : that it suggests
    for output, or for input where it has no output.
    """

    index: int
    name: str
    system: str
    outputs: int
    inputs: int
    rate_hz: int
    low_latency_s: float
    high_latency_s: float
    default_output: bool = False
    default_input: bool = False

    @property
    def label(self) -> str:
        """Name and system, which is never said of two devices but by an odd driver."""
        return f"{self.name} ({self.system})"

    @property
    def blocks_samples(self) -> tuple[int, ...]:
        """Sizes of blocks that can be expected to run: two of them last the delay that it suggests."""
        sizes = tuple(size for size in BLOCKS_SAMPLES if 2 * size >= self.low_latency_s * RATE_HZ)
        return sizes or BLOCKS_SAMPLES[-1:]


def load_sounddevice() -> Any:
    """The binding of PortAudio.

    Raises
    ------
    NoDeviceError : it or the library is missing; the text says how to install it.
    """
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # OSError: the PortAudio library is missing
        raise NoDeviceError(f"sound output is not available ({error}); {INSTALL_PORTAUDIO}") from error
    return sounddevice


def list_devices(sounddevice: Any) -> list[Device]:
    """All devices, in the system's order. Thread: control

    Raises
    ------
    NoDeviceError : the sound system does not answer.
    """
    try:
        systems = sounddevice.query_hostapis()
        entries = sounddevice.query_devices()
        default_input, default_output = (int(index) for index in sounddevice.default.device)
    except sounddevice.PortAudioError as error:
        raise NoDeviceError(f"the sound system does not answer ({error})") from error
    devices = []
    for entry in entries:
        way = "output" if entry["max_output_channels"] else "input"
        devices.append(
            Device(
                index=int(entry["index"]),
                name=str(entry["name"]).strip(),
                system=str(systems[entry["hostapi"]]["name"]),
                outputs=int(entry["max_output_channels"]),
                inputs=int(entry["max_input_channels"]),
                rate_hz=round(entry["default_samplerate"]),
                low_latency_s=float(entry[f"default_low_{way}_latency"]),
                high_latency_s=float(entry[f"default_high_{way}_latency"]),
                default_output=entry["index"] == default_output,
                default_input=entry["index"] == default_input,
            )
        )
    return devices


def choose_device(devices: Sequence[Device], name: str | None, kind: Kind = "output") -> Device:
    """The device that ``name`` means: its whole name or label, else the beginning of one, else a part of one.

    Parameters
    ----------
    name : None is the system's default.

    Raises
    ------
    NoDeviceError : there is no device of this kind at all.
    AijockeyError : none of that name, or several.
    """
    least = 2 if kind == "output" else 1
    able = [device for device in devices if getattr(device, f"{kind}s") >= least]
    if not able:
        raise NoDeviceError(f"there is no sound {kind} device{' for stereo' if devices else ''}")
    if name is None:
        return next((device for device in able if getattr(device, f"default_{kind}")), able[0])
    wanted = name.strip().lower()
    if not wanted:
        raise AijockeyError(f"an empty name for the {kind} device; there are: {_names(able)}")
    for match in (str.__eq__, str.startswith, str.__contains__):
        found = [
            device
            for device in able
            if match(device.name.lower(), wanted) or match(device.label.lower(), wanted)
        ]
        if len({device.name for device in found}) > 1:
            raise AijockeyError(
                f"'{name}' means several {kind} devices: {_names(found)}; say more of the name"
            )
        if found:
            return min(found, key=_rank)
    guess = near(name, [device.name for device in able])
    hint = "; devices are named, since their numbers change" if wanted.isdigit() else ""
    raise AijockeyError(f"no {kind} device '{name}'{guess}; there are: {_names(able)}{hint}")


def accepted_rates(sounddevice: Any, device: Device, kind: Kind = "output") -> tuple[int, ...]:
    """Which of `RATES_HZ` the device takes, in stereo (or mono, an input that has no more). Thread: control"""
    return tuple(rate for rate in RATES_HZ if _refusal(sounddevice, device, rate, kind) is None)


def usable_rate(sounddevice: Any, device: Device, rate_hz: int | None = None, kind: Kind = "output") -> int:
    """The rate to open a device at: ``rate_hz``, or for None 48 kHz where it is taken, else the device's own or
    another of `RATES_HZ`. Thread: control

    Raises
    ------
    AijockeyError : it refuses.
    """
    wanted = (rate_hz,) if rate_hz else tuple(dict.fromkeys((RATE_HZ, device.rate_hz, *RATES_HZ)))
    for rate in wanted:
        if rate not in RATES_HZ and rate != device.rate_hz:
            raise AijockeyError(
                f"a rate of {rate} Hz; expected one of {', '.join(map(str, RATES_HZ))} (is it in kHz?)"
            )
    refusals = [_refusal(sounddevice, device, rate, kind) for rate in wanted]
    for rate, refusal in zip(wanted, refusals, strict=True):
        if refusal is None:
            return rate
    tried = " or ".join(str(rate) for rate in wanted)
    sound = "give sound" if kind == "input" else "take stereo"
    raise AijockeyError(f"the device '{device.name}' does not {sound} at {tried} Hz ({refusals[0]})")


def _refusal(sounddevice: Any, device: Device, rate_hz: int, kind: Kind) -> str | None:
    check = getattr(sounddevice, f"check_{kind}_settings")
    channels = min(2, getattr(device, f"{kind}s"))
    try:
        check(device=device.index, channels=channels, dtype="float32", samplerate=rate_hz)
    except (sounddevice.PortAudioError, ValueError) as error:
        return str(error)
    return None


def _rank(device: Device) -> int:
    return SYSTEMS.index(device.system) if device.system in SYSTEMS else len(SYSTEMS)


def _names(devices: Sequence[Device]) -> str:
    return ", ".join(dict.fromkeys(f"'{device.name}'" for device in devices))
