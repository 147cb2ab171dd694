"""The insert slots of all decks, two each: which effects they hold, their keys, and the delay that all share."""

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from aijockey.control.parameters import INSERT_SLOTS
from aijockey.live.crew import Crew
from aijockey.live.effects.insert import Insert, Place
from aijockey.live.effects.inserts import INSERT_ROWS
from aijockey.live.effects.slot import Slot
from aijockey.live.plugins import PluginRack
from aijockey.live.strip import PLUGIN, Strip

Float = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]


class InsertRack:
    """Runs decks through their slots, one after the other.

    Parameters
    ----------
    channels : of the decks' sound, 1 or 2.
    named : plug-ins to load: (deck, slot, alias).

    latency_samples : by how much the slots delay all decks alike; 0 unless a plug-in delays.
    """

    def __init__(
        self,
        strips: Sequence[Strip],
        channels: int,
        plugins: PluginRack,
        named: Sequence[tuple[int, int, str]] = (),
    ) -> None:
        self._strips, self._channels, self._plugins = strips, channels, plugins
        self._hosted = {key: plugin for key in named if (plugin := plugins.make(key[2], channels))}
        self._slots = [self._make_slots(deck, strip) for deck, strip in enumerate(strips)]
        self.latency_samples = sum(slot.latency_samples for slot in self._slots[0])
        self._line = np.zeros((len(strips), channels, self.latency_samples), dtype=np.float32)

    def _make_slots(self, deck: int, strip: Strip) -> list[Slot]:
        slots = []
        for slot in INSERT_SLOTS:
            effects: dict[str, Insert] = {row.name: row.make() for row in INSERT_ROWS}
            for effect in effects.values():
                effect.prepare(self._channels)
            for (owner, place, alias), plugin in self._hosted.items():
                if (owner, place) == (deck, slot):
                    effects[f"{PLUGIN}:{alias}"] = plugin
            # Alike for all decks, so that they stay aligned.
            slowest = max(
                (plugin.latency_samples for key, plugin in self._hosted.items() if key[1] == slot), default=0
            )
            slots.append(Slot(self._channels, effects, strip.held(slot), slowest))
        return slots

    @property
    def steady(self) -> bool:
        """Whether every slot holds what it held, and none of it is foreign code, which may mind the size of blocks."""
        return not self._hosted and all(slot.steady for slots in self._slots for slot in slots)

    def words(self) -> list[str]:
        """What plug-ins have to say: why they are bypassed. Thread: any"""
        spoken = (plugin.words for plugin in self._hosted.values())
        return [*self._plugins.words.values(), *(words for words in spoken if words)]

    def hosts(self, deck: int) -> bool:
        """Whether a deck has a plug-in, which may ring for longer than anybody knows."""
        return any(slot.name.startswith(PLUGIN) for slot in self._slots[deck])

    def reset(self, deck: int) -> None:
        """Forget all sound of a deck. Thread: audio"""
        for slot in self._slots[deck]:
            slot.reset()

    def choose(self) -> None:
        """Take the changes that the strips were sent. Thread: audio"""
        for strip, slots in zip(self._strips, self._slots, strict=True):
            if strip.changes:
                for sample, number, name in strip.changes:
                    slots[INSERT_SLOTS.index(number)].choose(sample, name)
                strip.changes.clear()

    def process(
        self,
        sound: Float,
        awake: Collection[int],
        start: int,
        beats: Double,
        beat_samples: float,
        knobs: Sequence[tuple[Double, Double]],
        crew: Crew,
    ) -> Float:
        """``sound`` (decks, channels, samples) through the slots of the decks that are ``awake``.

        knobs : of each slot, amounts (decks, 1 or samples) and tones (decks,), at the slot's own time.

        Thread: audio
        """
        count = sound.shape[2]
        busy = [deck for deck, slots in enumerate(self._slots) if self._works(deck, slots, awake)]
        keys = [sound] * len(knobs)
        if self.latency_samples:
            line = np.concatenate([self._line, sound], axis=2)
            self._line = line[:, :, count:]
            late = [self.latency_samples - self.passed_before(number) for number in range(len(knobs))]
            keys = [line[:, :, at : at + count] for at in late]
        if not busy:
            return sound

        passed = [self.passed_before(number) for number in range(len(knobs))]
        at = [beats - late / beat_samples if late else beats for late in passed]

        def through(deck: int) -> Float:
            """One deck through its slots."""
            part = sound[deck]
            source = self._strips[deck].duck_from
            for number, (amounts, tones) in enumerate(knobs):
                slot = self._slots[deck][number]
                if slot.idle or not (slot.latency_samples or deck in awake):
                    continue
                key = keys[number][source] if 0 <= source < len(sound) else None
                place = Place(start - passed[number], at[number], beat_samples, key)
                amount = amounts[deck]
                knob = float(amount[0]) if len(amount) == 1 or (amount == amount[0]).all() else amount
                part = slot.process(part, knob, float(tones[deck]), place)
            return part

        made = sound.copy()
        for deck, part in zip(busy, crew.map(through, busy), strict=True):
            made[deck] = part
        return made

    @staticmethod
    def _works(deck: int, slots: Sequence[Slot], awake: Collection[int]) -> bool:
        # What delays must be given silence too.
        return any(not slot.idle and (slot.latency_samples or deck in awake) for slot in slots)

    def passed_before(self, number: int) -> int:
        """Samples by which the sound is late when it comes to slot ``number``, from 0."""
        return sum(slot.latency_samples for slot in self._slots[0][:number])
