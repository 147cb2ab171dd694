"""Sound to whoever listens in a page: read once, packed once, sent to each.

Who falls behind loses sound, nobody else.
"""

import asyncio
from collections.abc import Iterator, Sequence

from aijockey.control.web.backstage import Backstage, SoundReader
from aijockey.control.web.protocol import SoundFrame, as_int16, pack_sound
from aijockey.control.web.visitor import Visitor

PUMP_S = 0.01
FRAME_SAMPLES = 960  # 20 ms
# Where the process was held up, older sound than this is not worth sending.
MOST_SAMPLES = 24_000


class SoundPump:
    """Readers of what is listened to, and only of that."""

    def __init__(self, backstage: Backstage) -> None:
        self._backstage = backstage
        self._readers: dict[str, SoundReader] = {}

    async def run(self, visitors: Sequence[Visitor]) -> None:
        """Send for good."""
        while True:
            self.turn(visitors)
            await asyncio.sleep(PUMP_S)

    def turn(self, visitors: Sequence[Visitor]) -> None:
        """Send what is there, in frames of 20 ms."""
        wanted = {visitor.watch.sound for visitor in visitors if visitor.met} - {"off"}
        for name in set(self._readers) - wanted:
            del self._readers[name]
        for name in wanted:
            if name not in self._readers:
                self._readers[name] = self._backstage.listen(name)
            listeners = [visitor for visitor in visitors if visitor.met and visitor.watch.sound == name]
            for frame in self._frames(self._readers[name]):
                for visitor in listeners:
                    visitor.lost_sound += not visitor.show(frame)

    def _frames(self, reader: SoundReader) -> Iterator[bytes]:
        if reader.available > MOST_SAMPLES:
            reader.position += reader.available - MOST_SAMPLES
        while reader.available >= FRAME_SAMPLES:
            sound = reader.read(FRAME_SAMPLES)
            first = reader.position - sound.shape[1]
            if sound.shape[1]:
                yield pack_sound(SoundFrame(first, self._backstage.beat_at(first), as_int16(sound)))
