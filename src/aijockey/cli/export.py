"""``aijockey export``: training runs -> pack."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aijockey.cli.arguments import whole_number
from aijockey.errors import MissingExtraError

if TYPE_CHECKING:
    from aijockey.pack.pack import Pack


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Words of the verb."""
    parser.add_argument(
        "runs", nargs="+", type=Path, help="generator runs; a later one takes over voices they share"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="pack to write: a folder, or NAME.ajpack"
    )
    parser.add_argument(
        "--vocoder",
        default="default",
        help="a vocoder run's folder, a pack whose vocoder is copied, 'default' for the shipped one, or 'griffin-lim'",
    )
    parser.add_argument(
        "--corrections",
        type=whole_number(0, 8),
        metavar="N",
        help="rounds in which the vocoder's sound is corrected towards its mel: nearer, and slower "
        "(default: as the vocoder was trained for)",
    )
    parser.add_argument("--name", help="of the pack (default: from the output's name)")
    parser.add_argument("--pack-version", default="1.0.0", help="version of the pack")
    parser.add_argument("--voices", help="comma-separated voices to keep, in this order (default: all)")
    parser.add_argument(
        "--licence", default="", help="licence of the weights (default: those of the training audio)"
    )
    parser.add_argument("--card", type=Path, help="Markdown to begin the model card with")
    parser.add_argument(
        "--figures",
        type=Path,
        metavar="FILE",
        help="figures that evaluate wrote with --json: for manifest and model card",
    )
    parser.add_argument("--force", action="store_true", help="replace a pack that is already there")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Export and verify."""
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("torch", "train") from error
    from aijockey.train.export import PackText, export_pack, voice_word

    output: Path = arguments.output
    figures, tables = _figures(arguments.figures) if arguments.figures else (None, "")
    text = PackText(
        name=arguments.name or voice_word(output.stem),
        version=arguments.pack_version,
        licence=arguments.licence,
        card=_read(arguments.card) if arguments.card else "",
        tables=tables,
    )
    voices = [voice.strip() for voice in arguments.voices.split(",")] if arguments.voices else None
    vocoder = _vocoder(arguments.vocoder)
    pack = export_pack(
        output, arguments.runs, vocoder, text, voices, figures, arguments.force, arguments.corrections
    )
    names = [voice.name for voice in pack.manifest.voices]
    size = sum(entry.bytes for entry in pack.manifest.files.values())
    if arguments.json:
        print(json.dumps({"pack": str(output), "hash": pack.hash, "voices": names, "bytes": size}))
    else:
        print(
            f"{output}: {len(names)} voices ({', '.join(names)}), {size / 1e6:.1f} MB, hash {pack.hash[:12]}"
        )
        print(f"next: aijockey render --pack {output} -o set.wav")
    return 0


def _read(path: Path) -> str:
    from aijockey.train.export import ExportError

    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{path} cannot be read ({error})") from error


def _figures(path: Path) -> "tuple[dict[str, Any], str]":
    """Plain numbers for the manifest and Markdown for the card."""
    from aijockey.evaluate.model_card import model_card_tables, short_figures
    from aijockey.train.export import ExportError

    try:
        figures = json.loads(_read(path))
        return short_figures(figures), model_card_tables(figures)
    except (ValueError, KeyError, TypeError) as error:
        raise ExportError(
            f"{path} does not hold figures of `aijockey evaluate PACK --json` ({error!r})"
        ) from error


def _vocoder(name: str) -> "Path | Pack | None":
    """A run's folder or checkpoint, an opened pack, or None for Griffin-Lim."""
    from aijockey.pack.find import find_pack
    from aijockey.pack.pack import Pack

    path = Path(name)
    if name == "griffin-lim":
        return None
    if path.suffix == ".safetensors" or (path / "best.safetensors").is_file():
        return path
    return Pack.open(find_pack(None if name == "default" else name))
