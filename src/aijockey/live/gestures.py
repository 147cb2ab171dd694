"""What some gestures of hands come down to: the moves of decks that a set then holds in their place."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace

from aijockey.control.parameters import DECK_PARAMETERS, Value
from aijockey.live.history import Move
from aijockey.live.loops import LoopError, LoopRequest
from aijockey.live.moments import MOST_QUEUED, format_queue, parse_queue
from aijockey.live.plan import request_text
from aijockey.live.points import Neighbour

NEIGHBOURS = 4


def deal(request: LoopRequest, deck: int, decks: int, trims_db: Sequence[float]) -> list[Move]:
    """Each member of a deck's ensemble on a deck of its own, where it stood, softer together by as much as they are
    many; none where no ensemble plays.

    Parameters
    ----------
    deck : whose ensemble it is, from 0; it keeps the first member, the decks after it, of ``decks``, take the others
    as far as there are any.
    trims_db : trim of each deck as it is.
    """
    ensemble = request.ensemble
    if ensemble is None:
        return []
    lowest = DECK_PARAMETERS["trim_db"].low
    numbers = ensemble.audible[: decks - deck]
    softer_db = 10.0 * math.log10(len(numbers))
    moves: list[Move] = []
    for place, number in enumerate(numbers):
        address = f"deck.{deck + place + 1}"
        alone = replace(request, point=ensemble.point(request.point, number), ensemble=None)
        if not alone.point.fits:
            raise LoopError(
                f"{str(request.point)[:60]}… is too long a point to deal its members; store it first"
            )
        trim_db = trims_db[deck + place] - softer_db if len(numbers) > 1 else trims_db[deck + place]
        pan = ensemble.places[number] if not ensemble.solo else 0.0
        moves += [
            (f"{address}.loop", request_text(alone), 0.0),
            (f"{address}.pan", float(pan or 0.0), 0.0),
            (f"{address}.trim_db", max(lowest, trim_db), 0.0),
        ]
        if place:
            moves.append((f"{address}.play", 1.0, 0.0))
    return moves


def more_like_this(request: LoopRequest, distance: float, queue: Value, salt: int) -> str:
    """A deck's queue with neighbours of a loop before what waits in it.

    Parameters
    ----------
    distance : of each from the loop, in radians. salt : another one gives other neighbours.

    Raises
    ------
    LoopError : the loop's point is too long a text to have neighbours.
    """
    words = (f"{request.voice} {request.point} {salt} {number}" for number in range(NEIGHBOURS))
    seeds = (int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "little") for word in words)
    near = tuple(Neighbour(request.point, seed, distance) for seed in seeds)
    if not all(point.fits for point in near):
        raise LoopError(
            f"{str(request.point)[:60]}… is too long a point to have neighbours; take a seed or store it"
        )
    return format_queue((*near, *parse_queue(str(queue)))[:MOST_QUEUED])
