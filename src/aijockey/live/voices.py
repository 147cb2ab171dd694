"""Whether what a set plays is there. Apart from the engine, so that asking costs no filters and effects."""

from aijockey.control import parameters
from aijockey.live.loop_source import LoopSource
from aijockey.live.set_file import LiveSet, SetError


def check_voices(live_set: LiveSet, source: LoopSource) -> None:
    """Whether the source has every voice of the set.

    Raises
    ------
    SetError : names the missing voice, what is there, and what is near.
    """
    for voice in live_set.voices:
        if voice not in source.voices:
            known = ", ".join(source.voices) or "none"
            raise SetError(
                f"the set '{live_set.title}' plays the voice '{voice}', which the pack lacks"
                f"{parameters.near(voice, source.voices)}; the pack has: {known}"
            )
