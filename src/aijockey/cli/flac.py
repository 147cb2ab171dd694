"""``aijockey flac``: recordings as FLAC, afterwards."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "recordings", nargs="+", type=Path, metavar="FILE.wav", help="recordings, WAV or RF64"
    )
    parser.add_argument(
        "--remove", action="store_true", help="delete each recording once its FLAC is checked"
    )
    parser.add_argument("--force", action="store_true", help="overwrite FLAC files that are there")


def run(arguments: argparse.Namespace) -> int:
    """Make FLAC of each."""
    from tqdm import tqdm

    from aijockey.audio.files import AudioFileError
    from aijockey.live.recording.flac import to_flac

    for path in arguments.recordings:  # all checks before any work
        if not path.is_file():
            raise AudioFileError(f"{path}: no such file")
    for path in arguments.recordings:
        size = path.stat().st_size
        with tqdm(desc=path.name, unit="frame", unit_scale=True, disable=None) as shown:
            made = to_flac(path, force=arguments.force, remove=arguments.remove, progress=shown.update)
        print(f"{made}: {made.stat().st_size / 1e6:.1f} MB of {size / 1e6:.1f} MB")
    return 0
