"""The terminal is given back as it was: after the end, an error, Ctrl-C and a signal; keys are read as they come."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from aijockey.cli.stage import stage
from aijockey.cli.stage.terminal import LEAVE, Terminal, names_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of POSIX")


class Pair:
    """A terminal with its other end."""

    def __init__(self) -> None:
        import pty

        self.outside, self.inside = pty.openpty()
        self.output = os.fdopen(os.dup(self.inside), "w")

    def mode(self) -> list[Any]:
        import termios

        return termios.tcgetattr(self.inside)

    def read(self, until: str = "") -> str:
        """What was written, up to and with ``until``; a terminal hands it over in pieces."""
        said = os.read(self.outside, 1 << 16).decode()
        while until not in said:
            said += os.read(self.outside, 1 << 16).decode()
        return said

    def close(self) -> None:
        self.output.close()
        os.close(self.outside), os.close(self.inside)


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.close()


def test_names_of_keys_and_nothing_of_arrows() -> None:
    assert list(names_of("qQ \x7f\x1b[A\x1bOPé?")) == ["q", "Q", "space", "backspace", "é", "?"]
    assert list(names_of("\x1b[1;5C\x1b")) == []


@pytest.mark.parametrize("error", [None, RuntimeError, KeyboardInterrupt])
def test_it_is_as_it_was_however_the_stage_ends(pair: Pair, error: type[BaseException] | None) -> None:
    before = pair.mode()
    handler = signal.getsignal(signal.SIGTERM)
    try:
        with Terminal(pair.output, pair.inside) as terminal:
            assert pair.mode() != before
            os.write(pair.outside, b"q ")
            keys: list[str] = []
            while len(keys) < 2:
                keys += terminal.keys()
            assert keys == ["q", "space"]
            terminal.draw(["one", "two"])
            if error is not None:
                raise error
    except (RuntimeError, KeyboardInterrupt):
        pass
    assert pair.mode() == before
    left = LEAVE.replace("\n", "\r\n")
    assert pair.read(until=left).endswith(left)
    assert signal.getsignal(signal.SIGTERM) is handler


@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_process_with_the_terminal_as_it_was(pair: Pair, number: str) -> None:
    before = pair.mode()
    text = (
        "import sys, time\nfrom aijockey.cli.stage.terminal import Terminal\n"
        "with Terminal():\n    print('ready', flush=True)\n    time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", text], stdin=pair.inside, stdout=pair.inside)
    said = ""
    while "ready" not in said:
        said += pair.read()
    assert pair.mode() != before
    process.send_signal(getattr(signal, number))
    assert process.wait(20) == 128 + getattr(signal, number)
    assert pair.mode() == before
    assert LEAVE in pair.read(until=LEAVE)


class FakeBoard:
    def serial(self, name: str) -> int:
        return 2

    def read(self, name: str) -> dict[str, Any]:
        return {
            "values": {"deck.1.gain_db": -6.0},
            "services": {"autopilot": {"on": True, "plan": "drop in 4 bars"}},
        }[name]


def test_keys_reach_the_engine_and_help_comes_and_goes(pair: Pair) -> None:
    from aijockey.control.desk import Instrument

    sent: list[tuple[str, Any, float]] = []
    screens: list[str] = []
    typed = [b"?", b"?", b"q1", b"O"]
    supervisor = SimpleNamespace(
        front=SimpleNamespace(instrument=Instrument("t", 2, ())), board=FakeBoard(), port=8765, failure=None,
        finished=False, notes=["a note"], plan=SimpleNamespace(live_set=SimpleNamespace(title="A night"), bars=8),
        state=lambda: {"beat": 4.0, "decks": [{"voice": "techno", "plays": True}]},
        send=lambda *move: sent.append(move), fade_out=lambda seconds: setattr(supervisor, "finished", True),
    )  # fmt: skip

    class Recorded(Terminal):
        def draw(self, lines: list[str]) -> None:
            screens.append("\n".join(lines))
            super().draw(lines)
            os.read(pair.outside, 1 << 16)
            if typed:
                os.write(pair.outside, typed.pop(0))

    stage.show(supervisor, Recorded(pair.output, pair.inside))  # type: ignore[arg-type]
    assert sent == [("deck.1.gain_db", -4.5, 0.0), ("deck.1.play", 1.0, 0.0)]
    assert "techno" in screens[0]
    assert "drop in 4 bars" in screens[0]
    assert "a note" in screens[0]
    assert any("launch or stop" in screen for screen in screens)
    assert "techno" in screens[-1]


def test_without_a_terminal_there_is_no_stage() -> None:
    # Under a test nothing is a terminal.
    code = "from aijockey.cli.stage import can_show; raise SystemExit(can_show())"
    assert subprocess.run([sys.executable, "-c", code], stdin=subprocess.DEVNULL, check=False).returncode == 0
