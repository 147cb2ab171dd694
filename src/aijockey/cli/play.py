"""``aijockey play``: a set into the sound device, or to a file where there is none."""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from aijockey.cli import surfaces
from aijockey.cli.arguments import Rule, tempo, whole_number
from aijockey.cli.interrupts import Interrupts, StoppedError
from aijockey.cli.render import render_with_progress
from aijockey.cli.surfaces import autopilot, page

if TYPE_CHECKING:
    from aijockey.live.devices import Kind
    from aijockey.live.engine import Engine
    from aijockey.live.output import Output
    from aijockey.live.processes.supervisor import Plan, Supervisor
    from aijockey.live.streaming.config import StreamConfig
    from aijockey.pack.pack import Pack

FALLBACK_NAME = "aijockey-set.wav"
SHOW_S = 0.1

RULES = (
    *surfaces.rules(),
    Rule(
        ("--device", "--spare"),
        lambda given: given.output == "device",
        "with --output page or null there is no device",
    ),
    Rule(("--record-decks",), lambda given: given.record, "nothing is recorded without --record FILE"),
    Rule(
        ("--stream-format", "--stream-password"),
        lambda given: given.stream,
        "nothing is streamed without --stream URL",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "set",
        nargs="?",
        metavar="SET",
        help="set file or shipped set (without: the default set, or an arrangement of the pack)",
    )
    parser.add_argument(
        "--pack", metavar="PACK", help="folder, archive or shipped pack (without: the default pack)"
    )
    parser.add_argument(
        "--device", metavar="NAME", help="part of an output device's name (without: the default)"
    )
    parser.add_argument(
        "--bars", type=whole_number(1, 1_000_000), metavar="N", help="bars (without: the set's length)"
    )
    parser.add_argument("--tempo", type=tempo, metavar="BPM", help="start at this tempo instead of the set's")
    parser.add_argument(
        "--seed",
        type=whole_number(0, 1 << 30),
        default=0,
        metavar="S",
        help="added to every seed: another piece",
    )
    parser.add_argument(
        "--spare",
        action="append",
        default=[],
        metavar="NAME",
        help="a device to go on with when the first is lost; may be given more than once",
    )
    parser.add_argument(
        "--headphones",
        metavar="NAME",
        help="a second output device for what is cued, with a clock of its own (without: master.cue_split)",
    )
    parser.add_argument(
        "--input",
        metavar="NAME",
        help="an input device as one more deck, through all of its strip (deck.N.input gives it to another)",
    )
    parser.add_argument(
        "--output",
        choices=("device", "page", "null"),
        default="device",
        help="page plays in the browser alone, for machines without sound; null into nothing, in real time",
    )
    parser.add_argument(
        "--block",
        type=whole_number(64, 2048),
        default=512,
        metavar="N",
        help="samples of the device's blocks",
    )
    parser.add_argument(
        "--ahead-ms",
        type=whole_number(20, 2000),
        metavar="MS",
        help="how far ahead the sound is rendered, which is what a move is late by (without: as little as will do)",
    )
    parser.add_argument(
        "--workers",
        type=whole_number(1, 8),
        metavar="N",
        help="processes that make loops, at most (without: what a short measurement says)",
    )
    page.add_arguments(parser)
    surfaces.add_arguments(parser)
    parser.add_argument(
        "--mono",
        action="store_true",
        help="mix decks in one channel, about two thirds of the work; ensembles are heard as their mono sum",
    )
    parser.add_argument(
        "--record", type=Path, metavar="FILE", help="record to FILE.wav (FILE-2 if it is there)"
    )
    parser.add_argument(
        "--stream",
        metavar="URL",
        help="stream to Icecast, icecast://source@host:8000/mount (icecasts for TLS); needs aijockey[stream]",
    )
    parser.add_argument(
        "--stream-format", choices=("opus", "mp3", "flac"), default="opus", help="what is streamed"
    )
    parser.add_argument(
        "--stream-password",
        type=Path,
        metavar="FILE",
        help="file that holds the stream's password (without: AIJOCKEY_STREAM_PASSWORD)",
    )
    parser.add_argument(
        "--record-decks", action="store_true", help="record each deck too, as FILE-deck-1.wav and so on"
    )
    parser.add_argument(
        "--save",
        type=Path,
        metavar="FILE",
        help="keep what is done as FILE.set, which plays the same again (without: beside the recording, if any)",
    )
    parser.add_argument("--log", type=Path, metavar="FILE", help="append what happens to FILE")


def run(arguments: argparse.Namespace) -> int:
    """Play the set."""
    with Interrupts() as interrupts:
        from aijockey.live.processes import children

        interrupts.check()
        children.get_ready()  # the first sound waits for this above all
        try:
            plan, pack = plan_of(arguments, interrupts)
        except StoppedError:
            children.end_server()
            raise

        from aijockey.live.output import NoDeviceError

        try:
            return play(plan, interrupts, open_page=not arguments.no_open)
        except NoDeviceError as error:
            reason = str(error)
    from aijockey.live.programme import direct_source

    source = direct_source(pack, live_set=plan.live_set)
    engine = autopilot.engine(arguments, plan.live_set, pack, source)
    return render_instead(engine, plan.bars, reason)


def plan_of(arguments: argparse.Namespace, interrupts: Interrupts) -> "tuple[Plan, Pack]":
    """What is to be played and with what, checked as far as that goes before anything plays.

    Raises
    ------
    AijockeyError : what was asked for is not to be had. StoppedError : somebody stopped it.
    """
    from aijockey.live.latent_store import LatentStore
    from aijockey.live.pace import paces_of
    from aijockey.live.processes import device, workers
    from aijockey.live.processes.supervisor import Plan
    from aijockey.live.programme import choose_set, with_input
    from aijockey.live.set_latents import unpack
    from aijockey.music.grid import RATE_HZ
    from aijockey.pack.find import find_pack
    from aijockey.pack.pack import Pack

    interrupts.check()
    pack = Pack.open(find_pack(arguments.pack))
    live_set = choose_set(arguments.set, pack).varied(arguments.seed, arguments.tempo)
    unpack(live_set, LatentStore())
    interrupts.check()
    live_set = autopilot.stage(arguments, live_set, pack)
    if arguments.input is not None:
        check_device(arguments.input, "input")
        live_set = with_input(live_set)
    if arguments.headphones is not None:
        check_device(arguments.headphones, "output")
    bars = arguments.bars or live_set.bars
    folder, record = recording_of(arguments.record)
    manifest = pack.manifest
    plan = Plan(
        live_set=live_set,
        maker=workers.from_pack,
        material=str(pack.path),
        voices={voice.name: voice.tonal for voice in manifest.voices},
        paces=paces_of(manifest),
        bars=bars,
        channels=1 if arguments.mono else 2,
        loop_samples=manifest.samples,
        open_output=open_output if arguments.output == "device" else device.open_null,
        devices=(arguments.device, *arguments.spare),
        headphones=arguments.headphones,
        live_input=arguments.input,
        block_samples=arguments.block,
        ahead_samples=(arguments.ahead_ms or 0) * RATE_HZ // 1000,
        surfaces=page.surface_plan(arguments, pack),
        most_workers=arguments.workers or 0,
        stream=stream_of(arguments, live_set.title),
        folder=folder,
        record=record,
        record_decks=arguments.record_decks and record is not None,
        log=arguments.log.absolute() if arguments.log else None,
        keep=performance_path(arguments.save, arguments.record),
        packs=(pack_note(pack),),
    )
    interrupts.check()
    return plan, pack


def check_device(name: str, kind: "Kind") -> None:
    """Whether there is such a device, before anything plays.

    Raises
    ------
    AijockeyError : none, or several; the text lists them.
    """
    from aijockey.live.devices import choose_device, list_devices, load_sounddevice

    choose_device(list_devices(load_sounddevice()), name, kind)


def open_output(name: str | None, block_samples: int) -> "Output":
    """The sound device; runs in the device's process."""
    from aijockey.live.processes.device import open_device

    return open_device(name, block_samples)


def recording_of(path: Path | None) -> tuple[Path, str | None]:
    """Folder and name of a recording.

    Raises
    ------
    AijockeyError : the folder does not exist, or the name is none.
    """
    from aijockey.errors import AijockeyError
    from aijockey.live.recording.recorder import check_name

    if path is None:
        return Path.cwd(), None
    folder = path.absolute().parent
    if not folder.is_dir():
        raise AijockeyError(f"--record {path}: the folder {folder} does not exist")
    if path.suffix.lower() not in ("", ".wav"):
        raise AijockeyError(
            f"--record {path}: recordings are WAV files; 'aijockey flac' converts them afterwards"
        )
    return folder, check_name(path.stem)


def performance_path(save: Path | None, record: Path | None) -> Path | None:
    """Where the performance is kept as a set: where it is said, else beside the recording; never over a file.

    Raises
    ------
    AijockeyError : the folder does not exist, or the name is none.
    """
    from aijockey.errors import AijockeyError
    from aijockey.live.programme import SET_SUFFIX
    from aijockey.live.rendering import free_name

    if save is not None and save.suffix.lower() not in ("", SET_SUFFIX):
        raise AijockeyError(
            f"--save {save}: a performance is kept as a set; expected {save.stem}{SET_SUFFIX}"
        )
    path = save or record
    if path is None:
        return None
    if not path.absolute().parent.is_dir():
        raise AijockeyError(f"--save {path}: the folder {path.absolute().parent} does not exist")
    return free_name(path.absolute().with_suffix(SET_SUFFIX))


def stream_of(arguments: argparse.Namespace, title: str) -> "StreamConfig | None":
    """Where to stream to, checked as far as that goes without a server.

    Raises
    ------
    StreamError : no address, no password, or no encoder.
    """
    if arguments.stream is None:
        return None
    from aijockey.live.streaming.config import StreamConfig, find_password
    from aijockey.live.streaming.encoder import Encoder

    config = StreamConfig.from_url(
        arguments.stream,
        find_password(arguments.stream_password) or "",
        stream_format=arguments.stream_format,
        title=title,
    )
    Encoder(config.format).close()
    return config


def pack_note(pack: "Pack") -> dict[str, str]:
    """What a recording says of the pack that it was played with."""
    manifest = pack.manifest
    return {
        "name": manifest.name,
        "version": manifest.version,
        "sha256": pack.hash,
        "licence": manifest.licence,
    }


def render_instead(engine: "Engine", bars: int, reason: str) -> int:
    """Say why nothing can be heard, and render the set to a new file in the current folder."""
    from aijockey.live.rendering import describe, free_name

    path = free_name(Path(FALLBACK_NAME))
    print(f"No sound: {reason}.\nRendering '{engine.live_set.title}' to {path} instead.", file=sys.stderr)
    print(describe(render_with_progress(engine, path, bars, 1 << 15)))
    return 0


def play(plan: "Plan", interrupts: Interrupts, *, open_page: bool = False) -> int:
    """Play a plan, showing bars and health until its end or Ctrl-C, which fades out; a second one cuts.

    Raises
    ------
    AijockeyError : it cannot be played, or not any more. StoppedError : a signal came before the first sound.
    """
    from aijockey.live.processes.health import health_line
    from aijockey.live.processes.supervisor import Supervisor

    supervisor = Supervisor(plan)
    try:
        interrupts.check()
        supervisor.start()
        supervisor.wait_until_playing(meanwhile=interrupts.check)
        if supervisor.front.serves:
            page.announce(supervisor.front.access, open_page=open_page)
        while not supervisor.finished and supervisor.failure is None:
            show(supervisor, interrupts)
            if interrupts.take():
                if supervisor.fading:
                    break
                supervisor.fade_out()
    finally:
        interrupts.end()
        supervisor.close()
    if supervisor.failure is not None:
        raise supervisor.failure
    state = supervisor.state()
    if "load" in state:
        print(f"{state['bar']:.0f} bars; {health_line(state)}")
    if plan.keep is not None:
        print(
            f"kept as {plan.keep}; aijockey render {plan.keep.name} -o FILE plays it again", file=sys.stderr
        )
    return 0


def show(supervisor: "Supervisor", interrupts: Interrupts) -> None:
    """A set until it ends or somebody wants it to: the stage in a terminal, else bars and health."""
    from aijockey.cli import stage

    if stage.can_show():
        stage.show(supervisor, stopped=lambda: interrupts.waiting)
        return
    from tqdm import tqdm

    from aijockey.live.processes.health import health_line

    plan = supervisor.plan
    name = supervisor.state()["device"].get("name", "the device")
    if not supervisor.fading:
        print(f"'{plan.live_set.title}' into {name}; Ctrl-C ends it", file=sys.stderr)
    told = len(supervisor.notes) if supervisor.fading else 0
    shape = "{desc} |{bar}| {n_fmt}/{total_fmt} bars{postfix}"
    with tqdm(total=plan.bars, unit="bar", bar_format=shape) as shown:
        while not (supervisor.finished or interrupts.waiting) and supervisor.failure is None:
            state = supervisor.state()
            if "load" in state:
                shown.n = min(plan.bars, int(state["bar"]))
                shown.set_postfix_str(health_line(state), refresh=True)
            for note in list(supervisor.notes)[told:]:
                shown.write(note, file=sys.stderr)
            told = len(supervisor.notes)
            time.sleep(SHOW_S)
