"""A set that plays without an engine, behind the real web server: a clock, meters, pictures, loops that enter.

``python -m tests.control.web.page.stage`` serves it for looking at the page by hand.
"""

import asyncio
import base64
import threading
import time
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from aijockey.control import parameters
from aijockey.control.desk import Desk, Instrument, Voice
from aijockey.control.keys import rows
from aijockey.control.parameters import Value
from aijockey.control.web.guard import Access
from aijockey.control.web.protocol import Meters
from aijockey.control.web.service import WebConfig, WebService
from aijockey.live.processes.server import listen

DIRECTIONS = ("onset_density", "bass_share", "brightness", "swing", "tonalness", "sustain")
NAMES = ("techno", "house", "breaks", "percussion", "bass", "pads", "stabs", "textures")
VOICES = tuple(Voice(name, name in ("bass", "pads", "stabs"), DIRECTIONS) for name in NAMES)
TEMPO_BPM = 126.0
DECKS = 8
BAR_BEATS = 4
COLUMNS, BANDS, FRAMES = 256, 32, 128


class EchoLink:
    """An engine that does what it is told and says so; it keeps moments as texts, as the real one does."""

    def __init__(self) -> None:
        self.values_: dict[str, Value] = {}
        self.sent: list[tuple[str, Value]] = []
        self._news = False

    def check(self, address: str, value: object) -> Value:
        return parameters.check(address, value)

    def send(self, address: str, value: Value, over_beats: float) -> bool:
        self.sent.append((address, value))
        row = parameters.resolve(address).parameter
        deck = address.rpartition(".")[0]
        if row.name == "store":
            point = self.values_.get(f"{deck}.point", "0")
            self.values_[f"{deck}.moment_{int(float(value))}"] = f"point={point}"
        elif not row.gesture:
            self.values_[address] = value
        self._news = True
        return True

    def values(self) -> Mapping[str, Value] | None:
        news, self._news = self._news, False
        return dict(self.values_) if news else None

    def state(self) -> dict[str, Any]:
        return {}


class PageBackstage:
    """What else the page sees. A deck that is launched plays from the next bar on, and so does a new loop."""

    def __init__(self, link: EchoLink, decks: int) -> None:
        self.sounds = ("master",)
        self.keys = rows(decks)
        self.heard: list[tuple[str, Mapping[str, Any]]] = []
        self.recording = False
        self.learned = ""
        self._link, self._decks = link, decks
        self._began = time.monotonic()
        self._reader = Tone()
        self._plays: dict[int, bool] = {}
        self._waits: dict[int, tuple[float, bool]] = {}

    @property
    def beat(self) -> float:
        return 64.0 + (time.monotonic() - self._began) * TEMPO_BPM / 60.0

    def state(self) -> dict[str, Any]:
        beat = self.beat
        return {
            "beat": round(beat, 3), "sample": int(beat * 24_000), "bar": int(beat // 4), "tempo_bpm": TEMPO_BPM,
            "steps_to_undo": min(99, len(self._link.sent)), "late_loops": 0, "failed_loops": 0, "underruns": 0,
            "ahead_ms": 21.3, "loop_ms": [184.0, 190.5], "load": {"mean": 0.21, "p50": 0.2, "p99": 0.38, "max": 0.5},
            "device": {"state": "open", "name": "Built-in Audio"}, "clients": 2, "network": "",
            "recording": {"recording": self.recording, "path": "night.wav", "seconds": 12.0},
            "services": {"web": {"clients": 2, "dropped": 0}, "midi": {"learned": self.learned}},
            "decks": [self._deck(number, beat) for number in range(1, self._decks + 1)],
        }  # fmt: skip

    def _deck(self, number: int, beat: float) -> dict[str, Any]:
        value = self._link.values_.get
        wanted = value(f"deck.{number}.play", 0.0) == 1.0
        plays = self._plays.get(number, False)
        if wanted != plays and self._waits.get(number, (0, plays))[1] != wanted:
            self._waits[number] = ((beat // BAR_BEATS + 1) * BAR_BEATS, wanted)
        enters, goal = self._waits.get(number, (None, plays))
        if enters is not None and beat >= enters:
            self._plays[number] = plays = goal
            del self._waits[number]
            enters = None
        voice = str(value(f"deck.{number}.voice", NAMES[(number - 1) % len(NAMES)]))
        point = value(f"deck.{number}.point", str(number))
        loop = f"voice={voice}; point={point}"
        refreshes = enters is None and plays and number % 2 == 1
        if refreshes:
            enters = (beat // 16 + 1) * 16.0
        return {
            "voice": voice, "plays": plays, "loop": loop if plays else "", "next": loop if enters else "",
            "enters": enters, "late": number == 3 and plays, "pending": 0, "loop_beats": 8.0, "error": "",
            "picture": f"{voice}-{number}" if plays else "", "next_picture": f"{voice}-{number}-next" if enters else "",
        }  # fmt: skip

    def notes(self) -> list[str]:
        return []

    def meters(self) -> Meters:
        beat = self.beat
        level = -6.0 - 16.0 * (beat % 1.0)
        levels = np.full((self._decks + 1, 4), -120.0, np.float32)
        playing = [number for number, plays in self._plays.items() if plays]
        for number in playing:
            levels[number] = [level - number, level - number, level - 6 - number, -18.0]
        if playing:
            levels[0] = [level + 2, level + 1.4, level - 4, -13.2]
        return Meters(beat, beat * 24_000, TEMPO_BPM, 0.8, levels)

    def beat_at(self, sample: float) -> float:
        return sample / 24_000

    def listen(self, name: str) -> "Tone":
        return self._reader

    def picture(self, deck: int, which: str) -> dict[str, Any] | None:
        shown = self._deck(deck, self.beat)
        key = shown["picture" if which == "present" else "next_picture"]
        return {"picture": key, "loop": key, **draw(zlib.crc32(key.encode()))} if key else None

    def history(self) -> dict[str, Any]:
        return {
            "events": [
                [40.0, "deck.4.filter", -0.5, "live"], [48.0, "mixer.crossfader", 0.25, "set"],
                [4000.0, "deck.5.mute", 1.0, "set"],
            ],
            "loops": [[32.0, 4, "7"]],
        }  # fmt: skip

    def do(self, what: str, arguments: Mapping[str, Any]) -> Any:
        self.heard.append((what, arguments))
        self.recording = what == "record"
        if what == "service" and "learn" in arguments["command"]:
            self.learned = f"{arguments['command']['learn']}: control 21 of nanoKONTROL2"
        return True


class Tone:
    """A sine in real time: what is to be read is what time has brought."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.position = 0

    @property
    def available(self) -> int:
        return max(0, int((time.monotonic() - self._began) * 48_000) - self.position)

    def read(self, most: int) -> "np.ndarray[Any, np.dtype[np.float32]]":
        count = min(most, self.available)
        at = np.arange(self.position, self.position + count) / 48_000
        self.position += count
        return (0.25 * np.sin(2 * np.pi * 440 * np.stack([at, at]))).astype(np.float32)


def draw(seed: int) -> dict[str, Any]:
    """Picture of a loop that was never made: hits that fade, low and high."""
    rng = np.random.default_rng(seed)
    envelope = np.zeros(COLUMNS)
    mel = np.zeros((BANDS, FRAMES))
    for step in range(16):
        if step % 4 == 0 or rng.random() < 0.5:
            centre, loud = (3, 1.0) if step % 4 == 0 else (rng.integers(6, 30), rng.uniform(0.3, 0.8))
            fade = np.exp(-np.arange(COLUMNS) / 9)
            envelope = np.maximum(envelope, loud * np.concatenate([np.zeros(step * 16), fade])[:COLUMNS])
            bands = np.exp(-(((np.arange(BANDS) - centre) / 4) ** 2))
            hit = np.concatenate([np.zeros(step * 8), np.exp(-np.arange(FRAMES) / 5)])[:FRAMES]
            mel = np.maximum(mel, loud * bands[:, None] * hit)
    noise = rng.uniform(0.7, 1.0, COLUMNS)
    high = np.round(120 * envelope * noise).astype(np.int8)
    shades = np.round(255 * np.clip(1 + np.log10(mel + 1e-4) / 4, 0, 1)).astype(np.uint8)
    return {
        "beats": 8, "columns": COLUMNS, "bands": BANDS, "frames": FRAMES,
        "low": _text(-high), "high": _text(high), "mel": _text(shades),
    }  # fmt: skip


def _text(array: "np.ndarray[Any, Any]") -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


class PageStage:
    """The web server with such a set behind it, on a thread of its own; it can end and begin again on its port."""

    def __init__(
        self, decks: int = DECKS, port: int = 0, backstage: "type[PageBackstage]" = PageBackstage
    ) -> None:
        self.link = EchoLink()
        self.backstage = backstage(self.link, decks)
        self.instrument = Instrument("First light", decks, VOICES, "default")
        self.port = port
        self.begin()

    def begin(self) -> None:
        self.desk = Desk(self.instrument, self.link)
        for address, value in self.link.values_.items():
            self.desk._values[address] = value
        self.listener = listen(self.port)
        self.port = int(self.listener.getsockname()[1])
        self.service: WebService = WebConfig(self.listener, self.backstage, Access(self.port)).build(
            self.desk
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._task = self._loop.create_task(self._serve())
        self._loop.run_until_complete(self._task)
        self._loop.close()

    async def _serve(self) -> None:
        turning = asyncio.create_task(self._turn())
        try:
            await self.service.run()
        except asyncio.CancelledError:
            return
        finally:
            turning.cancel()

    async def _turn(self) -> None:
        while True:
            self.desk.turn()
            await asyncio.sleep(0.02)

    def call(self, function: Any, *arguments: Any, **more: Any) -> Any:
        """Call something on the server's own thread and wait for what it returns."""

        async def run() -> Any:
            return function(*arguments, **more)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(30)

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(30)
        self.listener.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


def fill(stage: PageStage) -> None:
    """Decks that play, faders that are not all the same, moments on the pads."""
    rng = np.random.default_rng(7)
    for number in range(1, DECKS + 1):
        moves: dict[str, Value] = {
            "voice": NAMES[number - 1], "play": float(number not in (3, 6)), "gain_db": -3.0 * (number % 4),
            "low_db": 0.0 if number in (1, 5) else -9.0, "filter": float(np.round(rng.uniform(-0.5, 0.5), 2)),
            "echo_send": float(np.round(rng.uniform(0, 0.6), 2)), "side": ("a", "thru", "b")[number % 3],
            "controls.onset_density": 0.8, "controls.brightness": float(np.round(rng.normal(), 1)), "store": 1.0,
        }  # fmt: skip
        for name, value in moves.items():
            stage.call(stage.desk.move, f"deck.{number}.{name}", value, source="script")
        for slot in (2, 3, 4):
            stage.call(stage.desk.move, f"deck.{number}.point", str(slot * 10 + number), source="script")
            stage.call(stage.desk.move, f"deck.{number}.store", float(slot), source="script")


if __name__ == "__main__":
    shown = PageStage(port=8766)
    fill(shown)
    print(shown.url, flush=True)
    threading.Event().wait()
