"""JSON to frozen dataclasses and back; the dataclasses are the table that validation reads.

A field's annotation says everything: ``int``, ``float`` (an integer will do), ``bool``, ``str``, ``Literal``,
``X | None``, ``tuple[X, ...]`` (a JSON list), ``dict[str, X]``, another dataclass, or a union of dataclasses
that differ in the literal field which their class variable ``TAG`` names. ``Annotated`` adds bounds. Nothing
is converted and nothing is ignored: an unknown key, a missing one, a wrong type or a number out of range
stops with its place.
"""

import dataclasses
import difflib
import functools
import json
import math
import re
import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NoReturn, TypeVar, Union, get_args, get_origin

from aijockey.pack.errors import ManifestError, UnknownKeyError

T = TypeVar("T")

LONGEST_LIST = 4096
LONGEST_TEXT = 20_000
DEEPEST = 32


@dataclass(frozen=True)
class Between:
    """A number from ``low`` to ``high``, both included."""

    low: float
    high: float


@dataclass(frozen=True)
class Matching:
    """A text that ``pattern`` matches as a whole; ``says`` is the pattern in words."""

    pattern: str
    says: str


@dataclass(frozen=True)
class FreeJson:
    """Any JSON object without NaN, for figures whose names belong to whoever measured them."""


def nearest(word: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"`` with the likeliest of ``known``, or nothing when none is near."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean '{found[0]}'?" if found else ""


def parse_json(text: str) -> Any:
    """Strict JSON: no NaN, no infinity, no key twice, no absurd depth or number.

    Raises
    ------
    ManifestError : with the line where there is one.
    """

    def refuse_constant(word: str) -> NoReturn:
        raise ManifestError(f"the manifest holds {word}; JSON has no such number")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in pairs:
            if key in result:
                raise ManifestError(f"the manifest has the key '{key}' twice in one object")
            result[key] = value
        return result

    try:
        return json.loads(text, parse_constant=refuse_constant, object_pairs_hook=unique)
    except RecursionError as error:
        raise ManifestError("the manifest is nested too deeply") from error
    except ValueError as error:
        raise ManifestError(f"the manifest is not JSON: {error}") from error


def read_fields(kind: type[T], value: Any) -> T:
    """Build the dataclass ``kind`` from parsed JSON.

    Raises
    ------
    ManifestError : the text begins with the place, such as ``generators.flow.sampler.steps``.
    """
    result: T = _read(kind, value, "")
    return result


def write_fields(value: Any) -> dict[str, Any]:
    """The JSON object of a dataclass; `read_fields` reads it back equal."""
    return typing.cast(dict[str, Any], json.loads(json.dumps(dataclasses.asdict(value), allow_nan=False)))


def _fail(where: str, message: str) -> NoReturn:
    raise ManifestError(f"{where or 'the manifest'}: {message}")


def _describe(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    kind = names.get(type(value), "a number")
    text = json.dumps(value, default=str)
    return f"{kind}, {text[:60]}{'…' if len(text) > 60 else ''}"


def _read(annotation: Any, value: Any, where: str) -> Any:
    origin = get_origin(annotation)
    if origin is Annotated:
        base, *bounds = get_args(annotation)
        if any(isinstance(bound, FreeJson) for bound in bounds):
            if not isinstance(value, dict):
                _fail(where, f"expected an object, got {_describe(value)}")
            _check_free(value, where, 0)
            return value
        result = _read(base, value, where)
        for bound in bounds:
            _check_bound(bound, result, where)
        return result
    if origin is Literal:
        options = get_args(annotation)
        # 1 == True in Python, not in JSON.
        if any(value == option and type(value) is type(option) for option in options):
            return value
        guess = nearest(value, map(str, options)) if isinstance(value, str) else ""
        _fail(where, f"expected {' or '.join(json.dumps(o) for o in options)}, got {_describe(value)}{guess}")
    if origin in (Union, types.UnionType):
        return _read_union(get_args(annotation), value, where)
    if origin is tuple:
        if not isinstance(value, list):
            _fail(where, f"expected a list, got {_describe(value)}")
        if len(value) > LONGEST_LIST:
            _fail(where, f"has {len(value)} entries; at most {LONGEST_LIST} are allowed")
        item = get_args(annotation)[0]
        return tuple(_read(item, entry, f"{where}[{index}]") for index, entry in enumerate(value))
    if origin is dict:
        if not isinstance(value, dict):
            _fail(where, f"expected an object, got {_describe(value)}")
        if len(value) > LONGEST_LIST:
            _fail(where, f"has {len(value)} entries; at most {LONGEST_LIST} are allowed")
        key_kind, item = get_args(annotation)
        return {
            _read(key_kind, key, f"{where}, key {json.dumps(key)}"): _read(item, entry, _join(where, key))
            for key, entry in value.items()
        }
    if dataclasses.is_dataclass(annotation):
        return _read_dataclass(typing.cast(type, annotation), value, where)
    return _read_plain(annotation, value, where)


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind, include_extras=True)


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _read_plain(kind: type, value: Any, where: str) -> Any:
    if kind is float and type(value) in (int, float):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            _fail(where, "expected a finite number")
        return number
    words = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
    if type(value) is not kind:  # bool is an int to isinstance
        _fail(where, f"expected {words[kind]}, got {_describe(value)}")
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        _fail(where, f"is a text of {len(value)} characters; at most {LONGEST_TEXT} are allowed")
    return value


def _read_union(options: tuple[Any, ...], value: Any, where: str) -> Any:
    if type(None) in options:
        if value is None:
            return None
        options = tuple(option for option in options if option is not type(None))
    if len(options) == 1:
        return _read(options[0], value, where)
    if not isinstance(value, dict):
        _fail(where, f"expected an object, got {_describe(value)}")
    tag = options[0].TAG
    kinds = {get_args(_hints(option)[tag])[0]: option for option in options}
    if tag not in value:
        _fail(where, f"the key '{tag}' is missing; it is one of {', '.join(kinds)}")
    word = value[tag]
    if not isinstance(word, str) or word not in kinds:
        guess = nearest(word, kinds) if isinstance(word, str) else ""
        _fail(_join(where, tag), f"expected one of {', '.join(kinds)}, got {_describe(word)}{guess}")
    return _read(kinds[word], value, where)


def _read_dataclass(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        _fail(where, f"expected an object, got {_describe(value)}")
    hints = _hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for key in value:
        if key not in fields:
            guess = nearest(key, fields) or f"; known here: {', '.join(fields)}"
            raise UnknownKeyError(f"{_join(where, key)}: unknown key{guess}")
    missing = [
        name
        for name, field in fields.items()
        if name not in value
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]
    if missing:
        _fail(where, f"the key '{missing[0]}' is missing")
    return kind(**{key: _read(hints[key], entry, _join(where, key)) for key, entry in value.items()})


def _check_bound(bound: Any, value: Any, where: str) -> None:
    if isinstance(bound, Between) and not bound.low <= value <= bound.high:
        _fail(where, f"is {value:g}; expected {bound.low:g} to {bound.high:g}")
    if isinstance(bound, Matching) and not re.fullmatch(bound.pattern, value):
        _fail(where, f"{json.dumps(value)[:80]} is not {bound.says}")


def _check_free(value: Any, where: str, depth: int) -> None:
    if depth > DEEPEST:
        _fail(where, "is nested too deeply")
    if isinstance(value, dict):
        for key, entry in value.items():
            _check_free(entry, _join(where, key), depth + 1)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            _check_free(entry, f"{where}[{index}]", depth + 1)
    elif isinstance(value, float) and not math.isfinite(value):
        _fail(where, "expected a finite number")
