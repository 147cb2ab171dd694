"""``python -m aijockey.evaluate.judge_recording SOUND SET``: figures and a picture of a recorded performance."""

import argparse
import json
from pathlib import Path


def main() -> None:
    """Judge; prints the figures."""
    parser = argparse.ArgumentParser(
        description="Judge a recorded performance by its sound and its set file."
    )
    parser.add_argument("sound", type=Path)
    parser.add_argument("set", type=Path)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    parser.add_argument(
        "--picture", type=Path, metavar="FILE", help="write a picture of the structure to FILE.png"
    )
    arguments = parser.parse_args()

    from aijockey.evaluate.recording import judge_recording
    from aijockey.evaluate.recording_picture import draw_recording

    recording = judge_recording(arguments.sound, arguments.set)
    text = json.dumps(recording.figures, indent=1)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")
    if arguments.picture:
        draw_recording(recording, arguments.picture)


if __name__ == "__main__":
    main()
