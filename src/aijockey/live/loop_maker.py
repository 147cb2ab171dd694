"""Requests -> audio, for whoever holds a generator: stored latents resolved, ensembles mixed, members kept."""

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np

from aijockey.live.ensemble import mix_members, pan_weights
from aijockey.live.loop_source import VoiceGenerator, generate_loop
from aijockey.live.loops import Float, LoopRequest

# Three ensembles of eight: 19 MiB.
KEPT_MEMBERS = 24


class LoopMaker:
    """Makes the audio of requests.

    A member of an ensemble is a loop like any other, so it is kept for a while: turning places or going on to fewer
    members makes none anew, and an ensemble whose spread is turned keeps its first.

    Parameters
    ----------
    generator : makes loops of latents.
    known : controls of a voice; others do nothing, like a knob of the desk that is not wired. None: all.
    stored_latent : latents that are no seeds, by key; None: there are none.

    Thread: one
    """

    def __init__(
        self,
        generator: VoiceGenerator,
        known: Callable[[str], Collection[str]] | None = None,
        stored_latent: Callable[[str], Float] | None = None,
    ) -> None:
        self._generator, self._known, self._stored_latent = generator, known, stored_latent
        self._kept: OrderedDict[LoopRequest, Float] = OrderedDict()

    def __call__(self, request: LoopRequest) -> Float:
        """Audio of a request, (channels, samples): 2 channels for an ensemble.

        Raises
        ------
        GenerationError, PointError, LatentError : the loop or one of its members cannot be made.
        """
        ensemble = request.ensemble
        if ensemble is None:
            return self._member(request)
        audible = ensemble.audible
        points = [ensemble.point(request.point, number) for number in audible]
        members = [self._member(replace(request, point=point, ensemble=None)) for point in points]
        if len(members) == 1:
            # Alone it stands in the middle, where it costs no second channel.
            return members[0]
        places = [place for place in ensemble.places if place is not None]
        mono = np.concatenate([member.mean(axis=0, keepdims=True) for member in members])
        return mix_members(mono, pan_weights(places))

    def _member(self, request: LoopRequest) -> Float:
        if request in self._kept:
            self._kept.move_to_end(request)
            return self._kept[request]
        known = self._known(request.voice) if self._known else None
        audio = generate_loop(self._generator, request, known, self._stored_latent)
        self._kept[request] = audio
        if len(self._kept) > KEPT_MEMBERS:
            self._kept.popitem(last=False)
        return audio
