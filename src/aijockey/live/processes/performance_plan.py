"""What is to be performed, and with what: all that a supervisor needs to know before it starts anything."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aijockey.live.pace import Pace
from aijockey.live.processes import device, side_devices, workers
from aijockey.live.processes.front import SurfacePlan
from aijockey.live.set_file import LiveSet
from aijockey.live.streaming.config import StreamConfig
from aijockey.music.grid import LOOP_SAMPLES

LOOP_HANGS_S = 20.0


@dataclass(frozen=True)
class Plan:
    """What to play and with what.

    maker, material : what makes loops, see `aijockey.live.processes.workers.WorkerSetup`.
    voices : name -> whether tonal.
    devices : names to try in turn; None is the default device.
    headphones : the device for what is cued, by name; None leaves it to ``master.cue_split`` of the one there is.
    live_input : the device that decks hear whose ``input`` is 1; None opens none.
    ahead_samples : how far the sound is rendered ahead; 0 finds out how little will do.
    surfaces : pages, controllers and programs, see `aijockey.live.processes.front.SurfacePlan`.
    most_workers : at most so many processes make loops; 0 is as many as leave a processor to the sound.
    worker_memory_mib : what a worker may take beyond its start.
    loop_deadline_s : a worker that takes longer for one loop hangs; the loop is tried once more, then given up.
    paces : of voices that were measured, see `aijockey.live.pace`.
    stream : where to stream to.
    folder, record, log : where recordings go; the name of one to begin with; the file of the log.
    record_decks : whether each deck is recorded by itself too.
    keep : the set file that takes down what is done; None keeps none.
    """

    live_set: LiveSet
    maker: workers.Maker
    material: str
    voices: Mapping[str, bool]
    bars: int
    channels: int = 1
    loop_samples: int = LOOP_SAMPLES
    open_output: device.OpenOutput = device.open_device
    devices: tuple[str | None, ...] = (None,)
    block_samples: int = 512
    ahead_samples: int = 0
    surfaces: SurfacePlan = field(default_factory=SurfacePlan)
    most_workers: int = 0
    worker_memory_mib: int = 2048
    loop_deadline_s: float = LOOP_HANGS_S
    stream: StreamConfig | None = None
    folder: Path = Path()
    record: str | None = None
    log: Path | None = None
    record_decks: bool = False
    keep: Path | None = None
    packs: tuple[dict[str, Any], ...] = ()
    paces: Mapping[str, Pace] = field(default_factory=dict)
    patience_s: float = 60.0
    headphones: str | None = None
    open_headphones: device.OpenOutput = device.open_device
    live_input: str | None = None
    open_input: side_devices.OpenInput = side_devices.open_input
