"""``aijockey like``: the player's own loop becomes a moment of a voice."""

import argparse
from pathlib import Path

from aijockey.cli.arguments import Rule, tempo, whole_number

RULES = (Rule(("--bpm",), lambda given: not given.texture, "--texture takes the file without a beat"),)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="audio file: a loop, or a recording to cut one from"
    )
    parser.add_argument(
        "--voice", metavar="V", help="voice that plays it (without: the one whose own loops are most like it)"
    )
    parser.add_argument("--pack", metavar="P", help="folder, archive or shipped pack (default: default)")
    parser.add_argument(
        "--name", metavar="NAME", help="keep the moment by this name (`aijockey moments` lists them)"
    )
    parser.add_argument("--bpm", type=tempo, metavar="BPM", help="tempo of the file (without: found)")
    parser.add_argument(
        "--start",
        type=float,
        default=0.0,
        metavar="S",
        help="take the first loop from this second of the file on",
    )
    parser.add_argument("--texture", action="store_true", help="take it as sound without a beat, as it is")
    parser.add_argument(
        "--samples",
        type=whole_number(0, 100_000),
        default=64,
        metavar="N",
        help="random latents of the voice that it is compared with",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="write how the moment sounds, to .wav, .flac or .ogg",
    )
    parser.add_argument("--force", action="store_true", help="replace an output or a name that is there")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Find the moment, keep it, say how close it is."""
    import json

    from tqdm import tqdm

    from aijockey.audio.files import write_audio
    from aijockey.corpus.one_loop import read_loop
    from aijockey.live.generator import Generator
    from aijockey.live.inversion import invert_loop, likeliest_voice, moment_of
    from aijockey.live.latent_store import LatentStore
    from aijockey.live.presets import Preset, check_free, keep
    from aijockey.live.rendering import check_output
    from aijockey.pack.find import find_pack
    from aijockey.pack.pack import Pack

    if arguments.output:
        check_output(arguments.output, arguments.force)
    if arguments.name and not arguments.force:
        check_free(arguments.name)
    pack = Pack.open(find_pack(arguments.pack))
    voice = pack.manifest.voice(arguments.voice).name if arguments.voice else None
    loop = read_loop(
        arguments.file,
        pack.manifest.bars,
        bpm=arguments.bpm,
        start_s=arguments.start,
        texture=arguments.texture,
    )
    generator = Generator(pack)
    with tqdm(disable=None, unit="step") as shown:

        def progress(what: str, done: int, total: int) -> None:
            shown.set_description(what, refresh=False)
            shown.total, shown.n = total, done
            shown.refresh()

        chosen = voice or likeliest_voice(generator, loop.audio, progress=progress)
        inversion = invert_loop(generator, chosen, loop.audio, samples=arguments.samples, progress=progress)
    store = LatentStore()
    identifier = store.add(inversion.latent)
    moment = moment_of(chosen, identifier)
    if arguments.name:
        keep(arguments.name, Preset(moment, pack.manifest.name, pack.hash), force=arguments.force)
    if arguments.output:
        sound = generator.generate(chosen, store.latent(identifier)[None])[0]
        write_audio(arguments.output, sound[None])
    report = {
        "point": f"#{identifier}",
        "moment": moment,
        "name": arguments.name,
        "file": str(arguments.file),
        "bpm": loop.bpm,
        "tempo_from": loop.tempo_from,
        "start_s": loop.start_s,
        "pack": pack.hash,
        **inversion.as_json(),
    }
    print(json.dumps(report, indent=1) if arguments.json else describe(report))
    return 0


def describe(report: dict[str, object]) -> str:
    """The report for people."""
    found = (
        "no tempo asked for"
        if report["bpm"] is None
        else f"{report['bpm']:.2f} BPM by {report['tempo_from']}"
    )
    lines = [
        f"{report['file']} from {report['start_s']:.2f} s ({found}), played by {report['voice']}",
        f"  point   {report['point']}",
        f"  moment  {report['moment']}",
        "",
        "mean difference of log-mels from your loop:",
        f"  {report['found_db']:5.2f} dB  this moment",
        f"  {report['vocoder_db']:5.2f} dB  your loop through the vocoder alone",
    ]
    if report["samples"]:
        nearest = f"the nearest of {report['samples']} random seeds ({report['nearest_seed']})"
        lines.append(f"  {report['nearest_db']:5.2f} dB  {nearest}")
    lines += [
        "",
        f"length of the latent: {report['length']:.2f} of a usual one; took {report['seconds']:.1f} s",
    ]
    return "\n".join(lines)
