"""``aijockey play``: a set into the sound device, or to a file where there is none."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from aijockey.cli.arguments import tempo, whole_number
from aijockey.cli.render import render_with_progress

if TYPE_CHECKING:
    from aijockey.live.output import Output
    from aijockey.live.playback import Status
    from aijockey.live.set_file import LiveSet
    from aijockey.pack.pack import Pack

FALLBACK_NAME = "aijockey-set.wav"


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
        "--ahead-ms",
        type=whole_number(50, 5000),
        default=350,
        metavar="MS",
        help="how far ahead the sound is rendered",
    )
    parser.add_argument(
        "--threads", type=whole_number(1, 256), default=1, metavar="N", help="threads of the networks"
    )


def run(arguments: argparse.Namespace) -> int:
    """Play the set."""
    from aijockey.live.output import DeviceOutput, NoDeviceError
    from aijockey.live.programme import choose_set
    from aijockey.pack.find import find_pack
    from aijockey.pack.pack import Pack

    pack = Pack.open(find_pack(arguments.pack))
    live_set = choose_set(arguments.set, pack).varied(arguments.seed, arguments.tempo)
    bars = arguments.bars or live_set.bars
    try:
        output = DeviceOutput(arguments.device)
    except NoDeviceError as error:
        return render_instead(live_set, pack, bars, arguments.threads, str(error))
    return play(live_set, pack, bars, output, arguments.threads, arguments.ahead_ms / 1000)


def render_instead(live_set: "LiveSet", pack: "Pack", bars: int, threads: int, reason: str) -> int:
    """Say why nothing can be heard, and render the set to a new file in the current folder."""
    from aijockey.live.engine import Engine
    from aijockey.live.programme import direct_source
    from aijockey.live.rendering import describe, free_name

    path = free_name(Path(FALLBACK_NAME))
    print(f"No sound: {reason}.\nRendering '{live_set.title}' to {path} instead.", file=sys.stderr)
    print(describe(render_with_progress(Engine(live_set, direct_source(pack, threads)), path, bars, 512)))
    return 0


def play(live_set: "LiveSet", pack: "Pack", bars: int, output: "Output", threads: int, ahead_s: float) -> int:
    """Play into ``output``, showing bars, tempo, load and dropouts until the end or Ctrl-C."""
    from tqdm import tqdm

    from aijockey.live.engine import Engine
    from aijockey.live.playback import Player
    from aijockey.live.worker import WorkerSource, wait_for

    source = WorkerSource(pack, threads)
    try:
        engine = Engine(live_set, source)
        player = Player(engine, output, ahead_s=ahead_s)
        print(f"'{live_set.title}' into {output.name}; Ctrl-C ends it", file=sys.stderr)
        wait_for(engine.prime, source)
        with tqdm(
            total=bars, unit="bar", bar_format="{desc} |{bar}| {n_fmt}/{total_fmt} bars{postfix}"
        ) as shown:

            def show(status: "Status") -> None:
                shown.n = min(bars, int(status.bar))
                shown.set_postfix_str(line(status), refresh=True)

            status = player.play(bars, show)
    finally:
        source.close()
    print(f"{status.bar:.0f} bars; {line(status)}")
    return 0


def line(status: "Status") -> str:
    """Tempo and health in a few words."""
    return (
        f"{status.tempo_bpm:.1f} BPM, load {100 * status.load:.0f} %, {status.dropouts} dropouts, "
        f"{status.late_loops} late loops, limiter {status.reduction_db:.1f} dB"
    )
