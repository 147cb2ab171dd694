"""What a surface wants to see of an engine, as plain values that any thread may read."""

from typing import TYPE_CHECKING, Any

from aijockey.live.gesture_delay import delay_figures
from aijockey.live.plan import request_text
from aijockey.music.grid import BEATS_PER_BAR

if TYPE_CHECKING:
    from aijockey.live.deck import Deck
    from aijockey.live.engine import Engine

# Dance music counts in eights.
PHRASE_BARS = 8


def snapshot(engine: "Engine") -> dict[str, Any]:
    """Transport and decks in a dict of plain values, made anew each time.

    ``bar``, ``beat`` and ``phrase`` count from 0; ``beat`` is that of the bar. A deck's ``loop`` and ``next`` are
    texts as a moment is written ("" is nothing), ``enters`` is the beat at which the next one does, ``fixed`` the
    beat before which nothing can be changed any more.

    Thread: audio; what is returned may be handed on
    """
    position = engine.position_samples
    beats = engine.clock.beat_at(position)
    bar = int(beats // BEATS_PER_BAR)
    values = engine.conductor.values
    return {
        "sample": position,
        "beats": float(beats),
        "bar": bar,
        "beat": float(beats - bar * BEATS_PER_BAR),
        "phrase": bar // PHRASE_BARS,
        "bar_of_phrase": bar % PHRASE_BARS,
        "tempo_bpm": engine.clock.tempo_at(position),
        "target_bpm": engine.clock.target_bpm,
        "nudge": values["transport.nudge"],
        "keep_pitch": engine.clock.keep_pitch,
        "swing": values["transport.swing"],
        "steps_to_undo": len(engine.conductor.history),
        "decks": tuple(_deck(deck) for deck in engine.decks),
    }


def _deck(deck: "Deck") -> dict[str, Any]:
    waits = deck.swaps.next
    plan = deck.plan.values
    return {
        "voice": deck.voice or str(plan["voice"]),
        "plays": deck.request is not None,
        "loop": request_text(deck.request) if deck.request else "",
        "next": request_text(waits[1]) if waits and waits[1] else "",
        "enters": float(waits[0]) if waits else None,
        "late": deck.swaps.late,
        "late_loops": deck.swaps.late_loops,
        "failed_loops": deck.swaps.failed_loops,
        "gesture_ms": delay_figures(deck.gestures.delays_s),
        "error": deck.swaps.last_error or "",
        "refresh": plan["refresh"],
        "refresh_bars": plan["refresh_bars"],
        "grid_beats": float(deck.plan.grid_beats),
        "queue": plan["queue"],
        "moments": tuple(plan[f"moment_{number}"] != "-" for number in range(1, 9)),
        "fixed": float(deck.plan_cursor),
        **{
            name: deck.values[name]
            for name in ("cue", "roll_beats", "stutter_beats", "loop_beats", "reverse")
        },
        **{
            name: deck.values[name] for name in ("shift_sixteenths", "retrigger", "pitch_semitones", "in_key")
        },
    }
