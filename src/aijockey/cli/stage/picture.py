"""What the terminal shows: a state in, lines of text out."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from aijockey.control.keys import Key, lines

BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
# One accent a deck, told apart also without colours by its number and place.
COLOURS = (33, 208, 36, 170, 214, 71, 203, 110)
QUIETEST_DB = -48.0
BAR_CELLS = "▏▎▍▌▋▊▉█"
WIDTH_OF_LEVEL = 12
LEAST_WIDTH = 60


def picture(
    state: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    title: str,
    bars: int,
    width: int = 80,
    autopilot: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
    said: str = "",
    link: str = "",
    in_hand: int = 0,
) -> list[str]:
    """Lines of the stage, none wider than ``width``.

    state : the supervisor's. values : parameters by address. autopilot : its status. notes : what happened, newest
    last. said : what the last key did. link : where the page is. in_hand : the deck that is, from 1.
    """
    width = max(width, LEAST_WIDTH)
    told = [_transport(state, title, bars, width), _line(width)]
    for number, deck in enumerate(state.get("decks", ()), start=1):
        told.append(_deck(number, deck, state, values, width, number == in_hand))
    told.append(_line(width))
    if autopilot and autopilot.get("on"):
        told.append(_cut(_autopilot(autopilot), width))
    told.append(_cut(_health(state), width))
    told.append(_cut(_surfaces(state, link), width))
    told += [_cut(note, width) for note in list(notes)[-3:]]
    told.append(_cut(said or "? shows the keys, Ctrl-C fades out and ends", width))
    return told


def help_picture(keys: Sequence[Key], width: int = 80, height: int = 24) -> list[str]:
    """The keys, in as many columns as there is room for."""
    entries: list[str] = []
    group = ""
    for shown, key in lines(keys):
        if key.group != group:
            group = key.group
            entries.append(group.upper())
        entries.append(f"{shown:>9}  {key.meaning}")
    column = 44
    columns = max(1, max(width, LEAST_WIDTH) // column)
    rows = max(1, max(height - 2, math.ceil(len(entries) / columns)))
    told = []
    for row in range(min(rows, len(entries))):
        cells = [entries[index] for index in range(row, len(entries), rows)]
        told.append("".join(f"{cell[: column - 1]:{column}}" for cell in cells[:columns]).rstrip())
    return [*told, "", "? goes back"]


def level_bar(level_db: float, cells: int = WIDTH_OF_LEVEL) -> str:
    """A level as a bar of ``cells`` characters; eighths of a cell are shown."""
    share = min(1.0, max(0.0, 1.0 - level_db / QUIETEST_DB))
    eighths = round(share * cells * 8)
    full, part = divmod(eighths, 8)
    return ("█" * full + (BAR_CELLS[part - 1] if part else "")).ljust(cells)


def _transport(state: Mapping[str, Any], title: str, bars: int, width: int) -> str:
    beat = float(state.get("beat", 0.0))
    bar, of_bar = int(beat // 4), int(beat % 4)
    dots = "".join("●" if index <= of_bar else "○" for index in range(4))
    tempo, target = float(state.get("tempo_bpm", 0.0)), float(state.get("target_bpm", 0.0))
    toward = f" → {target:.1f}" if abs(target - tempo) > 0.05 and not state.get("nudge") else ""
    nudge = f" nudge {state['nudge']:+.1f} %" if state.get("nudge") else ""
    left = f"{tempo:6.1f} BPM{toward}{nudge}   bar {bar + 1} of {bars} {dots}"
    left += f"   phrase {bar // 8 + 1}, bar {bar % 8 + 1} of 8"
    return BOLD + _cut(f"{left}   {title}", width) + PLAIN


def _deck(
    number: int,
    deck: Mapping[str, Any],
    state: Mapping[str, Any],
    values: Mapping[str, Any],
    width: int,
    in_hand: bool,
) -> str:
    plays, name = bool(deck.get("plays")), f"deck.{number}."
    gain_db = float(values.get(name + "gain_db", 0.0))
    peak = float(deck.get("peak", 0.0)) if plays else 0.0
    level = level_bar(20.0 * math.log10(peak) if peak > 1e-6 else -math.inf)
    flags = [flag for flag, there in (
        ("mute", values.get(name + "mute")), ("solo", values.get(name + "solo")),
        ("late", deck.get("late")), ("error", deck.get("error")),
    ) if there]  # fmt: skip
    filtered = float(values.get(name + "filter", 0.0))
    knobs = f"{gain_db:+5.1f} dB" if gain_db > -90 else "  -inf   "
    knobs += f" filter {filtered:+.2f}" if filtered else ""
    text = (
        f"{'›' if in_hand else ' '}{number} {'▶' if plays else '·'} {str(deck.get('voice', ''))[:12]:12} "
        f"{level} {knobs:22}"
        f" {' '.join(flags):9} {_short(deck.get('loop', '')):14}"
    )
    enters = deck.get("enters")
    if enters is not None:
        bars_left = (float(enters) - float(state.get("beat", 0.0))) / 4.0
        coming = _short(deck.get("next", "")) or "stops"
        text += f" → {coming} in {max(0.0, bars_left):.1f} bars"
    colour = f"\x1b[38;5;{COLOURS[(number - 1) % len(COLOURS)]}m" if plays else DIM
    return colour + _cut(text, width) + PLAIN


def _short(loop: str) -> str:
    """Of a loop's text the point, which tells loops of one voice apart."""
    parts = dict(part.partition("=")[::2] for part in str(loop).split("; ") if "=" in part)
    return parts.get("point", "")[:14]


def _autopilot(status: Mapping[str, Any]) -> str:
    hands = status.get("hands") or {}
    yields = f"   yours: {', '.join(sorted(hands))}" if hands else ""
    return (
        f"autopilot {status.get('style', '')}: {status.get('section') or 'getting ready'}, "
        f"{status.get('plan', '')}   energy {float(status.get('energy', 0.0)):.1f}{yields}"
    )


def _health(state: Mapping[str, Any]) -> str:
    if "load" not in state:
        return "waiting for the engine"
    from aijockey.live.processes.health import health_line

    return f"{health_line(dict(state))}   undo {state.get('steps_to_undo', 0)}"


def _surfaces(state: Mapping[str, Any], link: str) -> str:
    device = state.get("device", {}).get("name", "")
    recording = state.get("recording", {})
    words = [f"into {device}" if device else "", f"page {link}" if link else ""]
    if recording.get("recording"):
        words.append(f"● recording {recording.get('name', '')}".rstrip())
    return "   ".join(word for word in words if word)


def _line(width: int) -> str:
    return DIM + "─" * width + PLAIN


def _cut(text: str, width: int) -> str:
    """On one line, without what a terminal would take for orders."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return plain if len(plain) <= width else plain[: width - 1] + "…"
