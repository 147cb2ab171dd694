"""Messages on the beat: a thread that sleeps until each one's time, so that no other surface delays it.

Thread: `run` its own; everything else any
"""

import heapq
import math
import threading
import time
from collections.abc import Callable, Sequence

from aijockey.control.beat_clock import Course
from aijockey.control.midi.clock_in import TICKS_PER_BEAT
from aijockey.control.midi.messages import CLOCK, CONTINUE, NOTE_OFF, START, STOP, song_position
from aijockey.music.grid import BEATS_PER_BAR, SIXTEENTHS_PER_BEAT

Send = Callable[[bytes], None]

# The course may change while a thread sleeps: it looks again this often.
LOOK_S = 0.01
# A note that is this late is not sent any more. Ticks are counted by those who get them, so they are caught up with.
LATE_S = 0.1
LATE_TICK_S = 1.0
# A set that began so lately is still begun with a start.
JUST_BEGUN_TICKS = TICKS_PER_BEAT // 2
MOST_WAITING = 4096
SONG_SIXTEENTHS = 1 << 14


def is_end(data: bytes) -> bool:
    """Whether a message ends a note."""
    return data[0] & 0xF0 == NOTE_OFF


class Sender:
    """Sends a clock, and messages each at its beat.

    Parameters
    ----------
    clocks : where the clock goes, with start, continue, stop and song position.
    delay_s : how much later (earlier below 0) everything is sent than it is heard here, for what is slow elsewhere.
    """

    def __init__(
        self, clocks: Sequence[Send], delay_s: float = 0.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.sent, self.late = 0, 0
        self._clocks, self._delay_s, self._clock = tuple(clocks), delay_s, clock
        self._course: Course | None = None
        self._lock = threading.Lock()
        self._waiting: list[tuple[float, int, Send, bytes]] = []
        self._number = 0
        self._tick: int | None = None  # the next one, counted from the set's beginning
        self._serial = -1
        self._running = False  # devices were told to
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self.run, name="midi clock", daemon=True)

    def follow(self, course: Course | None) -> None:
        """From now on by this course; None stops the clock."""
        self._course = course

    def put(self, beat: float, send: Send, data: bytes) -> bool:
        """Send ``data`` at ``beat``; False where too much waits."""
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                return False
            self._number += 1
            heapq.heappush(self._waiting, (beat, self._number, send, data))
            return True

    def drop(self, from_beat: float = -math.inf, send: Send | None = None) -> None:
        """Forget what waits from a beat on, of one who sends or of all; notes that sound still end."""
        with self._lock:
            self._waiting = [
                entry
                for entry in self._waiting
                if entry[0] < from_beat or (send is not None and entry[2] is not send) or is_end(entry[3])
            ]
            heapq.heapify(self._waiting)

    def begin(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop devices and thread."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(1.0)
        self._stop()

    def run(self) -> None:
        """Send until closed."""
        while not self._ended.is_set():
            wait_s = self.turn(self._clock())
            if wait_s > 0.0:
                # Waiting for an event rounds to milliseconds on some systems; sleeping does not.
                time.sleep(min(wait_s, LOOK_S))

    def turn(self, now_s: float) -> float:
        """Send what is due; returns how long nothing more will be."""
        course = self._course
        if course is None:
            self._stop()
            return LOOK_S
        if course.serial != self._serial or self._tick is None:
            self._serial = course.serial
            self._stop()
            tick = math.ceil(course.beat_at(now_s - self._delay_s) * TICKS_PER_BEAT)
            self._tick = 0 if 0 < tick <= JUST_BEGUN_TICKS else tick
        tick_s = course.time_of(self._tick / TICKS_PER_BEAT) + self._delay_s if self._clocks else math.inf
        with self._lock:
            message = self._waiting[0] if self._waiting else None
        message_s = course.time_of(message[0]) + self._delay_s if message else math.inf
        next_s = min(tick_s, message_s)
        if next_s > now_s:
            return next_s - now_s
        if message is not None and message_s <= tick_s:
            with self._lock:
                if not self._waiting or self._waiting[0] is not message:
                    return 0.0
                heapq.heappop(self._waiting)
            if now_s - message_s > LATE_S:
                self.late += 1
            else:
                message[2](message[3])
                self.sent += 1
            return 0.0
        if now_s - tick_s > LATE_TICK_S:
            self.late += 1
            self._serial = -1
            return 0.0
        self._send_tick(self._tick)
        self._tick += 1
        return 0.0

    def _send_tick(self, tick: int) -> None:
        """A tick, on the first of a bar with what lets devices start there."""
        if not self._running and tick >= 0 and tick % (TICKS_PER_BEAT * BEATS_PER_BAR) == 0:
            self._running = True
            beat = tick // TICKS_PER_BEAT
            self._tell(
                bytes((START,)) if not beat else song_position(beat * SIXTEENTHS_PER_BEAT % SONG_SIXTEENTHS)
            )
            if beat:
                self._tell(bytes((CONTINUE,)))
        self._tell(bytes((CLOCK,)))

    def _stop(self) -> None:
        if self._running:
            self._running = False
            self._tell(bytes((STOP,)))
        self._tick = None

    def _tell(self, data: bytes) -> None:
        for send in self._clocks:
            send(data)
