"""Where decks get their loops: one protocol, and the source that makes them on the spot."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from aijockey.errors import AijockeyError
from aijockey.live.latent_math import latent_at
from aijockey.live.loops import Float, Loop, LoopRequest, Ticket, make_loop
from aijockey.live.pace import Pace
from aijockey.live.points import Point
from aijockey.pack.pack import Pack

CACHED_LOOPS = 64


def paces_of_source(source: object) -> Mapping[str, Pace]:
    """Paces of a source's voices, by which walks go; a source need not know any."""
    paces: Mapping[str, Pace] = getattr(source, "paces", {})
    return paces


def request_ahead(source: "LoopSource", request: LoopRequest, due: float) -> Ticket:
    """Ask for a loop that will be needed at the beat ``due`` if nothing changes; a source need not tell such requests
    from others. Thread: audio"""
    ahead: Callable[[LoopRequest, float], Ticket] | None = getattr(source, "request_ahead", None)
    return source.request(request) if ahead is None else ahead(request, due)


def request_fixed(
    source: "LoopSource", request: LoopRequest, foreseen: Ticket | None, since: float, by_hand: bool
) -> Ticket:
    """A ticket for a loop that is certain to be needed: what was asked ahead where it is there, or where the source
    makes no difference.

    since : the beat since which the deck has had its present loop. by_hand : whether a hand waits for it. Thread: audio
    """
    fixed: Callable[[LoopRequest, float, bool], Ticket] | None = getattr(source, "request_fixed", None)
    if foreseen is not None and (fixed is None or foreseen.loop is not None):
        return foreseen
    return source.request(request) if fixed is None else fixed(request, since, by_hand)


class LoopSource(Protocol):
    """Makes loops for decks.

    voices : name of each voice -> whether it is tonal (which decides how it is time-stretched).
    channels : of its loops, 1 or 2.
    """

    voices: Mapping[str, bool]
    channels: int

    def request(self, request: LoopRequest) -> Ticket:
        """Ask for a loop; returns at once with a ticket that is filled now or later. Thread: audio"""

    def close(self) -> None:
        """Let go of what the source holds. Thread: control"""


class VoiceGenerator(Protocol):
    """The part of `aijockey.live.generator.Generator` that a source needs."""

    def latent(self, voice: str, seed: int) -> Float:
        """Latent of a seed."""

    def generate(
        self,
        voice: str,
        latents: Float,
        controls: Mapping[str, npt.NDArray[np.float32] | float] | None = None,
    ) -> Float:
        """Loops (batch, samples) or (batch, channels, samples) of latents (batch, …)."""

    def morph_mel(
        self,
        voices: tuple[str, str],
        latents: tuple[Float, Float],
        amount: float,
        controls: Mapping[str, npt.NDArray[np.float32] | float] | None = None,
    ) -> Float:
        """Log-mels between two voices, see `aijockey.live.generator.Generator.morph_mel`."""

    def sound(self, mel: Float) -> Float:
        """Loops of log-mels."""


class DirectSource:
    """Makes each loop in the moment it is asked for: for offline rendering, examples and tests.

    Parameters
    ----------
    render : request -> audio (samples,) or (channels, samples), whole beats at 120 BPM.
    voices : name -> whether tonal.
    match_level : bring every loop to the same loudness.
    strict : raise where a loop cannot be made, instead of leaving the deck with the one it has.
    paces : of the voices that were measured, for walks.
    """

    def __init__(
        self,
        render: Callable[[LoopRequest], Float],
        voices: Mapping[str, bool],
        *,
        channels: int = 1,
        match_level: bool = True,
        strict: bool = False,
        paces: Mapping[str, Pace] | None = None,
    ) -> None:
        self.voices: Mapping[str, bool] = dict(voices)
        self.paces: Mapping[str, Pace] = dict(paces or {})
        self.channels = channels
        self._render = render
        self._match_level = match_level
        self._strict = strict
        self._cache: OrderedDict[LoopRequest, Loop] = OrderedDict()

    def request(self, request: LoopRequest) -> Ticket:
        """A ticket that is already filled, with the loop or with what went wrong. Thread: audio"""
        ticket = Ticket(request)
        if request in self._cache:
            self._cache.move_to_end(request)
            ticket.loop = self._cache[request]
            return ticket
        try:
            made = make_loop(self._render(request), match_level=self._match_level)
        except AijockeyError as error:
            if self._strict:
                raise
            ticket.error = str(error)
            return ticket
        ticket.loop = self._cache[request] = made.within(self.channels)
        if len(self._cache) > CACHED_LOOPS:
            self._cache.popitem(last=False)
        return ticket

    def close(self) -> None:
        """Forget the loops made so far. Thread: control"""
        self._cache.clear()


def generate_loop(
    generator: VoiceGenerator,
    request: LoopRequest,
    known: Collection[str] | None = None,
    stored_latent: Callable[[str], Float] | None = None,
) -> Float:
    """Audio of a request, (channels, samples), from a generator that takes latents.

    known : controls that the voice has; others do nothing, like a knob of the desk that is not wired.
    None: all.
    stored_latent : latents that are no seeds, by key; None: there are none.
    """
    latent = latent_of(generator, request.voice, request.point, stored_latent)
    controls = {name: value for name, value in request.controls if known is None or name in known}
    if request.second_voice:
        other = latent_of(generator, request.second_voice, request.point, stored_latent)
        voices, latents = (request.voice, request.second_voice), (latent[np.newaxis], other[np.newaxis])
        audio = generator.sound(generator.morph_mel(voices, latents, request.morph, controls or None))[0]
    else:
        audio = generator.generate(request.voice, latent[np.newaxis], controls or None)[0]
    return audio if audio.ndim == 2 else audio[np.newaxis]


def latent_of(
    generator: VoiceGenerator,
    voice: str,
    point: Point,
    stored_latent: Callable[[str], Float] | None = None,
) -> Float:
    """Latent of a point in a voice; of one with styles it may have a row for each layer.

    Raises
    ------
    PointError : as `aijockey.live.latent_math.latent_at`.
    """
    # Generators of tests and other makers of loops need not know of layers.
    layers: Callable[[str], int] = getattr(generator, "layers", lambda voice: 0)
    return latent_at(point, lambda seed: generator.latent(voice, seed), stored_latent, layers(voice))


def controls_of(pack: Pack, voice: str) -> tuple[str, ...]:
    """Names of the controls that a voice of a pack has: its directions, and conditions that none of them hides."""
    return pack.manifest.voice(voice).control_names
