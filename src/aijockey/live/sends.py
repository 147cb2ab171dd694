"""The two sends of the mixer, echo and room, and what comes back of them."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from aijockey.live.effects.echo import Echo
from aijockey.live.effects.room import Room
from aijockey.live.gain_law import Gain, factor

Float = npt.NDArray[np.float32]
Controls = Mapping[str, Gain | Mapping[str, Gain]]


class Sends:
    """An echo in time with the transport, and a room; each sleeps once it has rung out."""

    def __init__(self) -> None:
        self._echo, self._room = Echo(), Room()

    def process(
        self, sounds: Float, echo: Float | None, room: Float | None, beat_samples: float, controls: Controls
    ) -> Float | None:
        """What comes back, (2, samples), of the decks' ``sounds`` (decks, 2, samples); None where all is silent.

        echo, room : how much each deck sends, (decks, 1) or (decks, samples); None for nothing.

        Thread: audio
        """
        count = sounds.shape[2]
        delay_samples = round(last(controls["echo.time_beats"]) * beat_samples)
        repeats = self._echo.process(
            _sent(sounds, echo), delay_samples, gain_of(controls["echo.feedback"]), count
        )
        answer = self._room.process(
            _sent(sounds, room), last(controls["room.size"]), last(controls["room.damping"]), count
        )
        returned = None
        for sound, address in ((repeats, "echo.gain_db"), (answer, "room.gain_db")):
            if sound is not None:
                heard = sound * np.asarray(factor(gain_of(controls[address])), dtype=np.float32)
                returned = heard if returned is None else returned + heard
        return returned


def _sent(sounds: Float, share: Float | None) -> Float | None:
    """What all decks send together."""
    if share is None:
        return None
    sending = share.any(axis=1)
    if not sending.all():  # adding nothing to what the others send changes nothing
        sounds, share = sounds[sending], share[sending]
    sent: Float = (sounds * share[:, np.newaxis]).sum(axis=0)
    return sent


def gain_of(value: Gain | Mapping[str, Gain]) -> Gain:
    """A control that is a number, not a choice."""
    assert not isinstance(value, Mapping)
    return value


def last(value: Gain | Mapping[str, Gain]) -> float:
    """Where a control is at the end, for what follows it block by block."""
    value = gain_of(value)
    return value if isinstance(value, float) else float(value[-1])
