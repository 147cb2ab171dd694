"""Whether what a set plays is there. Apart from the engine, so that asking costs no filters and effects."""

from collections.abc import Collection

from aijockey.control import parameters
from aijockey.live.set_file import LiveSet, SetError


def check_voices(live_set: LiveSet, voices: Collection[str]) -> None:
    """Whether every voice of the set is among ``voices``.

    Raises
    ------
    SetError : names the missing voice, what is there, and what is near.
    """
    for voice in live_set.voices:
        check_voice(voice, voices, f"the set '{live_set.title}' plays ")


def check_voice(voice: object, voices: Collection[str], where: str = "") -> None:
    """Whether there is a voice of that name; "" is none and always there.

    Raises
    ------
    SetError : names it, what is there, and what is near.
    """
    if voice and voice not in voices:
        raise SetError(
            f"{where}the voice '{voice}', which the pack lacks"
            f"{parameters.near(str(voice), voices)}; the pack has: {', '.join(voices) or 'none'}"
        )
