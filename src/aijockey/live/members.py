"""Members of an ensemble: how many neighbours of a point play, how far off, and where each stands.

`aijockey.live.ensemble` makes one stereo loop of their sound.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from aijockey.control.parameters import DECK_PARAMETERS, Value
from aijockey.errors import AijockeyError
from aijockey.live.points import Neighbour, Point

MOST_MEMBERS = int(DECK_PARAMETERS["members"].high)
EVEN = "-"
MUTED = "x"
# Parameters of a deck that say what plays with the loop itself.
OF_THE_ENSEMBLE = ("spread", "members", "member_pans", "member_solo")
# Toward the noise of these seeds members lie; no hand names them, so no point is its own neighbour, and where a point
# moves its members move along.
FIRST_MEMBER_SEED = 1 << 32


class EnsembleError(AijockeyError):
    """Places of members that make no sense; the text says what was expected."""


@dataclass(frozen=True)
class Ensemble:
    """How a loop is played by several members.

    spread : angle from the point itself to each other member, in radians.
    members : how many play, the point itself included: 2 to 8.
    pans : place of each from -1 (left) to 1 (right), None for one that is silent; empty: evenly from left to right.
    solo : only this member, from 1, in the middle; 0 all.
    """

    spread: float
    members: int
    pans: tuple[float | None, ...] = ()
    solo: int = 0

    @property
    def places(self) -> tuple[float | None, ...]:
        """Place of each member, (members,); those that ``pans`` does not name stand where they would evenly."""
        steps = max(1, self.members - 1)
        even = tuple((2.0 * number - (self.members - 1)) / steps for number in range(self.members))
        return (*self.pans[: self.members], *even[len(self.pans) :])

    def as_values(self) -> dict[str, Value]:
        """The parameters of a deck that make it, those at their defaults left out but for ``spread``."""
        values: dict[str, Value] = {"spread": self.spread, "members": float(self.members)}
        values |= {"member_pans": format_pans(self.pans), "member_solo": float(self.solo)}
        return {
            name: value
            for name, value in values.items()
            if name == "spread" or value != DECK_PARAMETERS[name].default
        }

    def point(self, start: Point, number: int) -> Point:
        """Where member ``number``, from 0, plays: the first at ``start``, the others around it."""
        return Neighbour(start, FIRST_MEMBER_SEED + number, self.spread) if number else start

    @property
    def audible(self) -> tuple[int, ...]:
        """Members, from 0, that are heard; the first of them plays the bass."""
        if self.solo:
            return (min(self.solo, self.members) - 1,)
        return tuple(number for number, place in enumerate(self.places) if place is not None) or (0,)


def ensemble_of_values(values: Mapping[str, Value]) -> Ensemble | None:
    """The ensemble that parameters of a deck describe, by name; what is missing has its default.

    Raises
    ------
    ParameterError, EnsembleError : a value that the table does not allow, or places that cannot be read.
    """
    spread, members, pans, solo = (
        DECK_PARAMETERS[name].check(values.get(name, DECK_PARAMETERS[name].default))
        for name in OF_THE_ENSEMBLE
    )
    return ensemble_of(float(spread), int(float(members)), str(pans), int(float(solo)))


def ensemble_of(spread: float, members: int, pans: str = EVEN, solo: int = 0) -> Ensemble | None:
    """The ensemble that parameters of a deck describe; None where one member, in mono, is all of it.

    Raises
    ------
    EnsembleError : ``pans`` cannot be read.
    """
    if spread <= 0.0 or members <= 1 or solo == 1:
        return None
    ensemble = Ensemble(float(spread), int(members), parse_pans(pans), int(solo))
    return None if ensemble.audible == (0,) else ensemble


def parse_pans(text: str) -> tuple[float | None, ...]:
    """Places of members as a hand writes them: ``-1 x 0.3 1``, where ``x`` is silent; ``-`` is evenly.

    Raises
    ------
    EnsembleError : a word that is neither, a place outside -1 to 1, too many, or all silent.
    """
    if text == EVEN:
        return ()
    words = text.split()
    try:
        pans = tuple(None if word == MUTED else round(float(word), 4) for word in words[: MOST_MEMBERS + 1])
    except ValueError:
        pans = ()
    known = [place for place in pans if place is not None]
    if not 1 <= len(pans) <= MOST_MEMBERS or not known or not all(-1.0 <= place <= 1.0 for place in known):
        raise EnsembleError(
            f"{text[:80]!r} are no places of members; expected 1 to {MOST_MEMBERS} numbers from -1 to 1, "
            f"'{MUTED}' for a silent one ('-1 x 0.3 1'), or '{EVEN}' for evenly"
        )
    return pans


def format_pans(pans: tuple[float | None, ...]) -> str:
    """The inverse of `parse_pans`."""
    return " ".join(MUTED if place is None else f"{place:g}" for place in pans) or EVEN
