"""What others have touched, and until when it is theirs alone."""

from collections import defaultdict, deque

from aijockey.control import parameters
from aijockey.control.desk import ENGINE, Change
from aijockey.control.parameters import Value
from aijockey.music.grid import BEATS_PER_BAR

SOURCE = "autopilot"
YIELD_BARS = 16
# Whoever touches one of these wants the deck, not only the knob.
WHOLE_DECK = (
    "gain_db", "play", "voice", "seed", "walk", "point", "loop", "moment", "queue", "skip", "mute", "solo",
)  # fmt: skip
# So many values of one parameter may be on their way to the engine and back, and for so long.
MOST_OWN = 12
ON_THE_WAY_BEATS = 12.0
# What acts so long after it was meant to is late; still later, it is no loop but somebody who wants it so.
LATE_BEATS, LATEST_BEATS = 2.0, 17.0


class Hands:
    """Who has what.

    Parameters
    ----------
    yield_bars : how long what a hand has touched is left alone after the last touch.
    """

    def __init__(self, yield_bars: int = YIELD_BARS) -> None:
        self.yield_beats = float(yield_bars * BEATS_PER_BAR)
        self._until: dict[str, float] = {}  # address, or "deck.N" for all of it
        self._own: defaultdict[str, deque[tuple[float, Value]]] = defaultdict(lambda: deque(maxlen=MOST_OWN))

    def sent(self, address: str, value: Value, beat: float) -> None:
        """The autopilot itself moves this, to act at ``beat``; the engine will tell of it later."""
        self._own[address].append((beat, value))

    def overtaken(self, change: Change, beat: float) -> Value | None:
        """Where the engine is back at something that was sent earlier: what it should be at, else None.

        So it is when a deck's loop was late: the mixer that came with it acts after what was meant to follow.
        """
        own = sorted(self._own.get(change.address, ()), key=lambda sent: sent[0])
        meant = [(at, value) for at, value in own if at <= beat]
        told = [at for at, value in own if value == change.value]
        if change.source != ENGINE or not meant or not told or meant[-1][1] == change.value:
            return None
        # What acts now, or is about to, is as it should be.
        late_beats = beat - told[-1]
        return meant[-1][1] if told[-1] < meant[-1][0] and LATE_BEATS < late_beats < LATEST_BEATS else None

    def hear(self, change: Change, beat: float) -> bool:
        """Take in a change at ``beat``; True where a hand made it.

        The engine's word counts as a hand's unless the autopilot sent that very value just now or last: it gives way
        to undo, to a set's own events and to surfaces that reach the engine by another way.
        """
        if change.source == SOURCE or change.address.startswith(("autopilot.", "transport.", "history.")):
            return False
        if change.source == ENGINE and self._is_own(change, beat):
            return False
        self.touch(change.address, beat)
        return True

    def _is_own(self, change: Change, beat: float) -> bool:
        own = self._own[change.address]
        since = beat - ON_THE_WAY_BEATS
        return any(
            value == change.value and (sent >= since or (sent, value) == own[-1]) for sent, value in own
        )

    def touch(self, address: str, beat: float) -> None:
        """A hand moved or holds this at ``beat``."""
        until = beat + self.yield_beats
        self._until[address] = until
        target = parameters.resolve(address)
        if target.deck is not None and target.parameter.name in WHOLE_DECK:
            self._until[f"deck.{target.deck + 1}"] = until

    def forget(self) -> None:
        """Everything is the autopilot's."""
        self._until.clear()

    def have(self, address: str, beat: float) -> bool:
        """Whether an address, or its whole deck, is a hand's at ``beat``."""
        head = ".".join(address.split(".")[:2])
        return any(self._until.get(name, 0.0) > beat for name in (address, head))

    def have_deck(self, number: int, beat: float) -> bool:
        """Whether a whole deck (from 1) is a hand's at ``beat``."""
        return self._until.get(f"deck.{number}", 0.0) > beat

    def listed(self, beat: float) -> dict[str, float]:
        """Everything that is a hand's, and for how many more bars."""
        return {
            name: round((until - beat) / BEATS_PER_BAR, 1)
            for name, until in self._until.items()
            if until > beat
        }
