"""The stage: a supervisor's set in a terminal, until it ends."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from aijockey.cli.stage.picture import help_picture, picture
from aijockey.cli.stage.terminal import Terminal
from aijockey.control.desk import Desk
from aijockey.control.keys import Keyboard, keys_for
from aijockey.control.parameters import Value

if TYPE_CHECKING:
    from aijockey.live.processes.supervisor import Supervisor

DRAW_S = 0.1
LOOK_S = 0.02
# What a key did is shown for so long.
SAID_S = 4.0


class SupervisorLink:
    """A `aijockey.control.desk.Link` to the engine by way of the supervisor. Thread: the terminal's"""

    def __init__(self, supervisor: "Supervisor") -> None:
        self._supervisor = supervisor
        self._serial = 0

    def check(self, address: str, value: object) -> Value:
        """As `aijockey.live.set_parts.check_move`."""
        from aijockey.live.set_parts import check_move

        return check_move(address, value)

    def send(self, address: str, value: Value, over_beats: float) -> bool:
        """Move; always True."""
        self._supervisor.send(address, value, over_beats)
        return True

    def crowded(self) -> bool:
        """False: nobody types so fast."""
        return False

    def values(self) -> Mapping[str, Value] | None:
        """What the engine published since the last time."""
        board = self._supervisor.board
        serial = board.serial("values")
        if serial == self._serial:
            return None
        told = board.read("values")
        if told is not None:
            self._serial = serial
        return told

    def state(self) -> dict[str, Any]:
        """What the supervisor shows."""
        return self._supervisor.state()

    def hits(self, loop_key: str) -> None:
        """None: a terminal shows no loops."""


def can_show() -> bool:
    """Whether there is a terminal to show and type in, that understands more than lines."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        return False
    return sys.platform == "win32" or _is_in_front()


def show(
    supervisor: "Supervisor", terminal: Terminal | None = None, stopped: Callable[[], bool] = lambda: False
) -> None:
    """Show the set and hand on keys until it ends or it is ``stopped``; then the terminal is as it was."""
    desk = Desk(supervisor.front.instrument, SupervisorLink(supervisor))
    helping = [False]

    def toggle_help() -> None:
        helping[0] = not helping[0]

    keyboard = Keyboard(desk, "terminal", {"help": toggle_help, "end": lambda: supervisor.fade_out(4.0)})
    keys = keys_for(desk.instrument.decks)
    link = f"http://127.0.0.1:{supervisor.port}/" if supervisor.port is not None else ""
    said, said_at, drawn = "", 0.0, 0.0
    with terminal or Terminal() as screen:
        while not (supervisor.finished or stopped()) and supervisor.failure is None:
            desk.turn()
            pressed = screen.keys()
            for key in pressed:
                said, said_at = keyboard.press(key) or said, time.monotonic()
            now = time.monotonic()
            if pressed or now - drawn > DRAW_S:
                drawn = now
                width, height = screen.size()
                lines = (
                    help_picture(keys, width, height)
                    if helping[0]
                    else picture(
                        supervisor.state(), desk.values, title=supervisor.plan.live_set.title,
                        bars=supervisor.plan.bars, width=width, autopilot=_autopilot(supervisor),
                        notes=list(supervisor.notes), said=said if now - said_at < SAID_S else "", link=link,
                        in_hand=keyboard.deck,
                    )
                )  # fmt: skip
                screen.draw(lines)
            time.sleep(LOOK_S)


def _autopilot(supervisor: "Supervisor") -> Mapping[str, Any] | None:
    services = supervisor.board.read("services") or {}
    status = services.get("autopilot")
    return status if isinstance(status, Mapping) else None


def _is_in_front() -> bool:
    """A process in the background would be stopped for touching the terminal."""
    try:
        return os.getpgrp() == os.tcgetpgrp(sys.stdin.fileno())
    except OSError:
        return False
