"""Which sound device is tried next, and when one is taken to be lost."""

from collections.abc import Sequence

from aijockey.errors import AijockeyError
from aijockey.live.output import NoDeviceError
from aijockey.live.processes.board import DEVICE_STATES, Board
from aijockey.live.processes.watched import OPENING_S, Child

SAME_AGAIN = 3  # short lives of a device before a spare has its turn


class OutputDevices:
    """The devices that a player named, in turn.

    Parameters
    ----------
    names : None is the default device.
    """

    def __init__(self, names: Sequence[str | None], board: Board) -> None:
        self._names, self._board = tuple(names), board
        self._turn = 0

    @property
    def name(self) -> str | None:
        """The one to try now."""
        return self._names[self._turn % len(self._names)]

    @property
    def is_open(self) -> bool:
        """Whether sound can go out."""
        return self._state == "open"

    @property
    def _state(self) -> str:
        return DEVICE_STATES[self._board["device_state"]]

    def judge(self, child: Child, *, playing: bool) -> None:
        """Its process has ended: say which device is tried next.

        Before the set runs, a device that cannot be had is the player's to know; later it is tried again.

        Raises
        ------
        NoDeviceError, AijockeyError : none of them can be had.
        """
        told = self._board.read("device") or {}
        child.last_words = str(told.get("error", ""))
        if self._state in ("no device", "refused"):
            self._turn += 1
            if not playing and self._turn >= len(self._names):
                raise (NoDeviceError if self._state == "no device" else AijockeyError)(child.last_words)
        elif child.fruitless >= SAME_AGAIN:
            # It opens, and ends again soon: the same one is tried first, then the spares.
            self._turn += 1

    def hangs_at_its_start(self, child: Child, now: float, *, playing: bool) -> str | None:
        """Why a device that has not taken a block yet hangs, "" if it may still come; None once it has taken one."""
        late = now - child.started > OPENING_S
        if not playing:
            return "cannot open its device" if late and self._state == "opening" else ""
        if self._board.age_s("device") > now - child.started:
            return "takes no sound" if late else ""
        return None
