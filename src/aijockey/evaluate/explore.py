"""A voice's latent space to be seen and heard: a grid between four corners, each direction, layers, a walk around.

All loops are made from four seeds, so the sheet of a pack is the same wherever it is made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aijockey.audio.files import write_audio
from aijockey.errors import MissingExtraError
from aijockey.evaluate.exhibits import Tile, encode_opus, mel_picture
from aijockey.evaluate.movement import DB_PER_NEPER, path_changes_db
from aijockey.evaluate.page import number, render_page, table, text, tiles, write_text
from aijockey.live.generator import Generator
from aijockey.live.latent_math import slerp
from aijockey.music.grid import RATE_HZ
from aijockey.pack.manifest import DirectionSpec

Float = npt.NDArray[np.float32]

GRID = 5
WALK = 8
AMOUNTS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
LOWEST_DB, HIGHEST_DB = -80.0, 0.0


@dataclass(frozen=True)
class Strip:
    """Loops in a row (or in rows of ``columns``): what it is, a title for each, log-mels, and audio once it is made."""

    name: str
    caption: str
    columns: int
    titles: tuple[str, ...]
    mels: Float
    audio: Float


@dataclass(frozen=True)
class Sheet:
    """All strips of a voice: the grid, one for each direction, its layers where they have styles, the walk."""

    voice: str
    strips: tuple[Strip, ...]
    directions: tuple[DirectionSpec, ...]


def explore(
    generator: Generator,
    voice: str,
    seed: int = 0,
    advance: Callable[[int, str], None] = lambda done, what: None,
) -> Sheet:
    """Make the loops of a sheet; the corners are ``seed`` and the three after it.

    Raises
    ------
    ManifestError : no such voice.
    """
    spec = generator.pack.manifest.voice(voice)
    directions = spec.directions.directions if spec.directions else ()
    corners = [generator.latent(voice, seed + corner) for corner in range(4)]

    def strip(
        name: str,
        caption: str,
        columns: int,
        titles: list[str],
        latents: list[Float],
        amounts: dict[str, list[float]] | None = None,
    ) -> Strip:
        mels = generator.mel(voice, np.stack(latents), {k: np.array(v) for k, v in (amounts or {}).items()})
        audio = generator.sound(mels)
        advance(len(latents), name)
        return Strip(name, caption, columns, tuple(titles), mels, audio)

    places = np.linspace(0.0, 1.0, GRID)
    between = [
        slerp(slerp(corners[0], corners[1], x), slerp(corners[2], corners[3], x), y).astype(np.float32)
        for y in places
        for x in places
    ]
    labels = [f"{x:.2f}, {y:.2f}" for y in places for x in places]
    for corner, place in enumerate((0, GRID - 1, GRID * (GRID - 1), GRID * GRID - 1)):
        labels[place] = f"seed {seed + corner}"
    strips = [strip("grid", "Between four seeds, by angle.", GRID, labels, between)]
    for direction in directions:
        strips.append(
            strip(
                direction.name,
                f"{direction.description}: seed {seed} from -3 to 3 deviations.",
                len(AMOUNTS),
                [f"{amount:+g}" for amount in AMOUNTS],
                [corners[0]] * len(AMOUNTS),
                {direction.name: list(AMOUNTS)},
            )
        )
    if layers := generator.layers(voice):
        strips.append(
            strip(
                "layers",
                f"Seed {seed}, whose layers take the style of seed {seed + 1} one after the other, finest first.",
                layers + 1,
                [f"{taken} of {layers}" for taken in range(layers + 1)],
                [
                    np.stack([corners[layers - row <= taken] for row in range(layers)])
                    for taken in range(layers + 1)
                ],
            )
        )
    around = [_circle(corners[0], corners[1], turn / WALK) for turn in range(WALK)]
    turns = [f"{turn}/{WALK}" for turn in range(WALK)]
    strips.append(
        strip("walk", f"Around the circle through seeds {seed} and {seed + 1}.", WALK, turns, around)
    )
    return Sheet(voice, tuple(strips), tuple(directions))


def loops_of_sheet(directions: int, layers: int = 0) -> int:
    """How many loops a sheet takes."""
    return GRID * GRID + directions * len(AMOUNTS) + (layers + 1 if layers else 0) + WALK


def write_sheet(sheet: Sheet, folder: Path) -> list[Path]:
    """Write ``VOICE.html``, ``VOICE.png`` and ``VOICE-STRIP.wav`` (the loops one after the other) to a folder.

    Raises
    ------
    MissingExtraError : matplotlib is not there, which draws the picture.
    AudioFileError : a file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "train") from error
    page, picture = folder / f"{sheet.voice}.html", folder / f"{sheet.voice}.png"
    rows = [(strip, start) for strip in sheet.strips for start in range(0, len(strip.mels), strip.columns)]
    columns = max(strip.columns for strip in sheet.strips)
    figure = Figure(figsize=(1.5 * columns + 1.2, 1.05 * len(rows)), dpi=100, layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for axes, (strip, start) in zip(grid, rows, strict=True):
        for column, axis in enumerate(axes):
            place = start + column
            axis.set_axis_off()
            if column < strip.columns and place < len(strip.mels):
                mel_db = strip.mels[place] * DB_PER_NEPER
                axis.imshow(
                    mel_db, origin="lower", aspect="auto", cmap="magma", vmin=LOWEST_DB, vmax=HIGHEST_DB
                )
                title = f"{strip.name} {strip.titles[place]}" if column == 0 else strip.titles[place]
                axis.set_title(title, fontsize=7, pad=2, loc="left")
    figure.savefig(picture, metadata={"Software": None})
    written = [page, picture]
    for strip in sheet.strips:
        sound = folder / f"{sheet.voice}-{strip.name}.wav"
        write_audio(sound, strip.audio.reshape(1, -1))
        written.append(sound)
    write_text(page, sheet_page(sheet))
    return written


def sheet_page(sheet: Sheet) -> str:
    """The sheet as one page with everything in it."""
    parts = [
        f"<h1>{text(sheet.voice)}</h1><p class='lead'>What its latent space holds. A click plays a loop.</p>"
    ]
    if not sheet.directions:
        parts.append(
            "<p>This pack holds no directions of this voice; <code>aijockey directions</code> makes them.</p>"
        )
    curves = {direction.name: direction for direction in sheet.directions}
    for strip in sheet.strips:
        parts.append(f"<h2>{text(strip.name)}</h2><p>{text(strip.caption)}</p>")
        if strip.name in curves:
            parts.append(_curve_table(curves[strip.name]))
        if strip.name == "walk":
            changes = path_changes_db(np.concatenate([strip.mels, strip.mels[:1]]))
            parts.append(
                f"<p class='note'>Change a step: {number(float(changes.mean()))} dB, at most "
                f"{number(float(changes.max()))} dB.</p>"
            )
        shown = [
            Tile(title, mel_picture(mel), encode_opus(audio[None]), len(audio) / RATE_HZ)
            for title, mel, audio in zip(strip.titles, strip.mels, strip.audio, strict=True)
        ]
        grid = f"grid-template-columns:repeat({strip.columns},minmax(0,1fr))"
        parts.append(tiles(shown).replace('class="tiles"', f'class="tiles" style="{grid}"', 1))
    return render_page(f"{sheet.voice}: its latent space", "".join(parts))


def _curve_table(direction: DirectionSpec) -> str:
    amounts = [f"{amount:+g}" for amount in direction.amounts]
    effect = [f"{value:+.2f}" for value in direction.effect]
    others = ", ".join(
        f"{text(name)} {slope / max(abs(direction.slope), 1e-9):+.0%}"
        for name, slope in sorted(direction.crosstalk.items(), key=lambda entry: -abs(entry[1]))
    )
    return table(["amount", *amounts], [["effect, deviations", *effect]]) + (
        f"<p class='note'>Beside it, in times of its own effect: {others}.</p>" if others else ""
    )


def _circle(first: Float, second: Float, turn: float) -> Float:
    """A place on the great circle through two latents, at the first one's length; ``turn`` 0 to 1 is once around."""
    a, b = first.ravel().astype(np.float64), second.ravel().astype(np.float64)
    length = float(np.linalg.norm(a))
    across = b - a * (a @ b) / max(length**2, 1e-12)
    across *= length / max(float(np.linalg.norm(across)), 1e-12)
    angle = 2.0 * np.pi * turn
    return (np.cos(angle) * a + np.sin(angle) * across).reshape(first.shape).astype(np.float32)
