"""A terminal as an instrument: its whole screen, and keys as they are pressed; left as it was found in any case."""

import atexit
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType
from typing import Any, TextIO

ENTER, LEAVE = "\x1b[?1049h\x1b[?25l\x1b[2J", "\x1b[0m\x1b[?25h\x1b[?1049l"
HOME, TO_END_OF_LINE, TO_END = "\x1b[H", "\x1b[K", "\x1b[J"
# What keys send, as the table of keys calls them; an escape that begins a longer sequence is dropped with it.
NAMES = {" ": "space", "\x7f": "backspace", "\x08": "backspace"}
MOST_BYTES = 1024
# Signals that would otherwise end the process without a word to the terminal.
SIGNALS = ("SIGTERM", "SIGHUP")


class Terminal:
    """The terminal while it shows the stage; to be used with ``with``.

    Ctrl-C works as ever. On Windows keys come from the console (msvcrt), elsewhere from the terminal in its
    character mode (termios).
    """

    def __init__(self, output: TextIO | None = None, keyboard: int | None = None) -> None:
        self._output = output or sys.stdout
        self._keyboard = sys.stdin.fileno() if keyboard is None else keyboard
        self._before: Any = None
        self._handlers: dict[int, Any] = {}
        self._entered = False

    def __enter__(self) -> "Terminal":
        self._entered = True
        atexit.register(self.restore)
        for name in SIGNALS:
            number = getattr(signal, name, None)
            if number is not None:
                with contextlib.suppress(ValueError):  # not in the main thread
                    self._handlers[number] = signal.signal(number, self._end)
        if sys.platform == "win32":
            _allow_escapes()
        else:
            import termios
            import tty

            with contextlib.suppress(termios.error):
                self._before = termios.tcgetattr(self._keyboard)
                # Keys at once and unseen; Ctrl-C still interrupts, and output is as it was.
                tty.setcbreak(self._keyboard)
        self._write(ENTER)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.restore()

    def restore(self) -> None:
        """Give the terminal back as it was. Harmless a second time."""
        if not self._entered:
            return
        self._entered = False
        atexit.unregister(self.restore)
        with contextlib.suppress(OSError, ValueError):
            self._write(LEAVE)
        if self._before is not None:
            import termios

            with contextlib.suppress(termios.error, OSError):
                termios.tcsetattr(self._keyboard, termios.TCSANOW, self._before)
        for number, handler in self._handlers.items():
            with contextlib.suppress(ValueError):
                signal.signal(number, handler)
        self._handlers.clear()

    def size(self) -> tuple[int, int]:
        """Columns and lines."""
        try:
            size = os.get_terminal_size(self._output.fileno())
        except (OSError, ValueError):
            return 80, 24
        return size.columns, size.lines

    def draw(self, lines: list[str]) -> None:
        """Show ``lines`` from the top, in place of what was there, in one piece so that nothing flickers. Nothing where
        a signal has given the terminal back.
        """
        if not self._entered:
            return
        _, height = self.size()
        text = "\r\n".join(f"{line}{TO_END_OF_LINE}" for line in lines[:height])
        self._write(f"{HOME}{text}{TO_END}")

    def keys(self) -> list[str]:
        """What was pressed since the last time, by the names of the table of keys; does not wait."""
        return list(names_of("".join(self._typed())))

    def _typed(self) -> Iterator[str]:
        if sys.platform == "win32":
            import msvcrt

            while msvcrt.kbhit():
                yield msvcrt.getwch()
            return
        import select

        if select.select([self._keyboard], [], [], 0.0)[0]:
            yield os.read(self._keyboard, MOST_BYTES).decode(errors="ignore")

    def _write(self, text: str) -> None:
        self._output.write(text)
        self._output.flush()

    def _end(self, number: int, frame: FrameType | None) -> None:
        """A signal that ends the process: first the terminal, then whoever would have had the signal."""
        handler = self._handlers.get(number)
        self.restore()
        _hand_on(number, handler, frame)


def names_of(typed: str) -> Iterator[str]:
    """Names of the keys behind characters; sequences of arrows and function keys are left out."""
    index = 0
    while index < len(typed):
        character = typed[index]
        index += 1
        if character == "\x1b":
            if index < len(typed) and typed[index] in "[O":
                index += 1
                while index < len(typed) and not "@" <= typed[index] <= "~":
                    index += 1
                index += 1
        elif character in ("\x00", "\xe0") and sys.platform == "win32":
            index += 1  # the second half of a key without a character
        elif character in NAMES:
            yield NAMES[character]
        elif character.isprintable():
            yield character


def _hand_on(number: int, handler: "Callable[..., Any] | int | None", frame: FrameType | None) -> None:
    if callable(handler):
        handler(number, frame)
        return
    # As if nobody had listened: the exit status says which signal it was.
    raise SystemExit(128 + number)


def _allow_escapes() -> None:
    """Consoles of Windows understand escapes once they are asked to."""
    os.system("")
