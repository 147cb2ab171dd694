"""Soft take-over: a fader that is elsewhere than its parameter moves nothing until it has met it."""

from dataclasses import dataclass

# As near as two steps of seven bits counts as met.
NEAR = 2.5 / 127.0


@dataclass
class Pickup:
    """One fader. last : where it was (0 to 1), None until it moves. caught : it moves its parameter."""

    last: float | None = None
    caught: bool = False

    def moved(self, travel: float, target: float) -> bool:
        """The fader is at ``travel``, its parameter at ``target``; True where it moves the parameter."""
        if not self.caught:
            crossed = self.last is not None and (self.last - target) * (travel - target) <= 0.0
            self.caught = crossed or abs(travel - target) <= NEAR
        self.last = travel
        return self.caught

    def parameter_moved(self, target: float) -> None:
        """Somebody else moved the parameter: the fader has lost it unless it is there."""
        if self.last is None or abs(self.last - target) > NEAR:
            self.caught = False

    def waits(self, target: float) -> str:
        """Which way to move to catch it: "up", "down", or "" where nothing waits."""
        if self.caught or self.last is None:
            return ""
        return "up" if self.last < target else "down"
