"""Latents that a set's points refer to: which they are, and how they travel with it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aijockey.control.parameters import Value
from aijockey.live.latent_store import LatentError, LatentStore, decode, encode
from aijockey.live.moments import EMPTY, parse_moment, parse_queue
from aijockey.live.point_text import read_point
from aijockey.live.points import Point, Stored
from aijockey.live.set_parts import Entry, Event, SetError, only_keys, text_of, toml

if TYPE_CHECKING:
    from aijockey.live.set_file import LiveSet

MOST_IN_A_SET = 512


def keys_of_point(point: Point) -> Iterator[str]:
    """Stored latents that a point is made of."""
    if isinstance(point, Stored):
        yield point.key
    for part in point.parts:
        yield from keys_of_point(part)


def keys_of_value(name: str, value: Value) -> Iterator[str]:
    """Stored latents that a deck's parameter ``name`` refers to."""
    if not isinstance(value, str) or "#" not in value:
        return
    points: list[Point] = []
    if name == "point":
        points = [read_point(value)]
    elif name == "queue":
        points = [item for item in parse_queue(value) if isinstance(item, Point)]
    elif name == "loop" or name.startswith("moment_"):
        points = [read_point(str(parse_moment(value).get("point", "0")))] if value != EMPTY else []
    for point in points:
        yield from keys_of_point(point)


def keys_of_item(item: Event | Entry) -> tuple[str, ...]:
    """Stored latents that an event or entry refers to."""
    if isinstance(item, Entry):
        return tuple(keys_of_point(item.request.point))
    return tuple(keys_of_value(item.address.rpartition(".")[2], item.value))


def keys_of_set(live_set: "LiveSet") -> tuple[str, ...]:
    """Stored latents that a set refers to, each once, in order of first mention."""
    keys = [
        key for deck in live_set.decks for name, value in deck.items() for key in keys_of_value(name, value)
    ]
    items: list[Event | Entry] = [*live_set.events, *live_set.entries]
    keys += [key for item in items for key in keys_of_item(item)]
    return tuple(dict.fromkeys(keys))


def carrying(live_set: "LiveSet", store: LatentStore) -> "LiveSet":
    """The set with exactly the latents that it refers to. One that is nowhere is left out: what it plays can then be
    heard on no machine, and its points say so.
    """
    latents: dict[str, bytes] = {}
    for key in keys_of_set(live_set):
        if key in live_set.latents:
            latents[key] = live_set.latents[key]
            continue
        try:
            latents[key] = store.bytes_of(key)
        except LatentError:
            continue
    return replace(live_set, latents=latents) if latents != live_set.latents else live_set


def unpack(live_set: "LiveSet", store: LatentStore) -> None:
    """Put the latents that came with a set into the player's store, where every process finds them.

    Raises
    ------
    LatentError : the store cannot take them.
    """
    for data in live_set.latents.values():
        store.add_bytes(data)


def parse_latents(table: object, listed: list[dict[str, Any]]) -> dict[str, bytes]:
    """Latents of a set file: ``table`` of key and text, and ``listed`` ones, as a file grows by.

    Raises
    ------
    SetError : no table, too many, or one that is not what its key says.
    """
    if not isinstance(table, Mapping):
        raise SetError(f"latents = {table!r}: expected a table of names and texts")
    texts = dict(table)
    for number, entry in enumerate(listed, start=1):
        only_keys(entry, ("key", "data"), f"latent {number}")
        texts[text_of(entry.get("key"), f"latent {number}: key")] = entry.get("data")
    if len(texts) > MOST_IN_A_SET:
        raise SetError(f"{len(texts)} latents; expected at most {MOST_IN_A_SET}")
    latents = {}
    for key, text in texts.items():
        try:
            latents[key] = decode(key, text_of(text, f"latents.{key}"))
        except LatentError as error:
            raise SetError(str(error)) from error
    return latents


def format_latents(latents: Mapping[str, bytes]) -> list[str]:
    """Lines of the table in a set file; none for none."""
    if not latents:
        return []
    return ["[latents]", *(f"{toml(key)} = {toml(encode(data))}" for key, data in latents.items()), ""]


def latent_table(key: str, data: bytes) -> str:
    """One latent as a table that can be appended to a set file."""
    return f"\n[[latent]]\nkey = {toml(key)}\ndata = {toml(encode(data))}\n"
