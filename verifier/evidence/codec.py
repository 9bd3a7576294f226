"""Frozen records as JSON trees, and back: exact, whatever the record, so that what is kept can be drawn again.

A field that has its default value is left out: evidence written before a field existed reads as if it had its default.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from verifier.source import Span

T = TypeVar("T")


def encode(value: Any) -> Any:
    """Plain dicts, lists, strings and whole numbers. Raises TypeError for what no record of ours may hold."""
    match value:
        case None | bool() | int() | str():
            return value
        case float() if value.is_integer():
            # The one canonical encoding has no fractions: they would not be the same everywhere.
            return int(value)
        case Enum():
            return value.name
        case tuple():
            return [encode(item) for item in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            kept = [(f, getattr(value, f.name)) for f in fields(value)]
            return {f.name: encode(item) for f, item in kept if not _is_default(f, item)}
    raise TypeError(f"{type(value).__name__} cannot be kept")


def decode(type_: type[T], tree: Any) -> T:
    """The record that `encode` made `tree` of. Raises ValueError where the tree does not fit."""
    found: T = _decode(type_, tree)
    return found


def _decode(type_: Any, tree: Any) -> Any:
    origin, arguments = get_origin(type_), get_args(type_)
    if origin is UnionType:
        return None if tree is None and NoneType in arguments else _decode(_only(arguments), tree)
    if origin is tuple:
        return _tuple(arguments, tree)
    if is_dataclass(type_):
        return _record(type_, tree)
    if isinstance(type_, type) and issubclass(type_, Enum):
        if not isinstance(tree, str) or tree not in type_.__members__:
            raise ValueError(f"{tree!r} is no {type_.__name__}")
        return type_[tree]
    if type_ is float and isinstance(tree, int) and not isinstance(tree, bool):
        return float(tree)
    if type(tree) is not type_:
        raise ValueError(f"{tree!r} is no {getattr(type_, '__name__', type_)}")
    return tree


def _only(arguments: tuple[Any, ...]) -> Any:
    (kept,) = (a for a in arguments if a is not NoneType)
    return kept


def _tuple(items: tuple[Any, ...], tree: Any) -> tuple[Any, ...]:
    if not isinstance(tree, list):
        raise ValueError(f"{tree!r} is no list")
    if len(items) == 2 and items[1] is Ellipsis:
        return tuple(_decode(items[0], item) for item in tree)
    if len(items) != len(tree):
        raise ValueError(f"a list of {len(tree)} where {len(items)} belong")
    return tuple(_decode(item, value) for item, value in zip(items, tree, strict=True))


def _record(type_: Any, tree: Any) -> Any:
    hints = _hints(type_)
    if not isinstance(tree, dict) or not tree.keys() <= hints.keys():
        raise ValueError(f"this does not fit {type_.__name__}: {str(tree)[:80]}")
    missing = [f.name for f in fields(type_) if f.name not in tree and not _has_default(f)]
    if missing:
        raise ValueError(f"{type_.__name__} without {missing[0]}")
    return type_(**{name: _decode(hints[name], value) for name, value in tree.items()})


@cache
def _hints(type_: Any) -> dict[str, Any]:
    return get_type_hints(type_)


def _has_default(f: Field[Any]) -> bool:
    return f.default is not MISSING or f.default_factory is not MISSING


def _is_default(f: Field[Any], value: Any) -> bool:
    if f.default is not MISSING:
        return bool(value == f.default)
    return f.default_factory is not MISSING and bool(value == f.default_factory())


def relocated(value: T, paths: dict[str, str]) -> T:
    """The same record with files called otherwise: in every span, and wherever a text is just the name of a file."""
    moved: T = _moved(value, paths)
    return moved


def _moved(value: Any, paths: dict[str, str]) -> Any:
    match value:
        case str():
            return paths.get(value, value)
        case tuple():
            return tuple(_moved(item, paths) for item in value)
        case Span():
            return Span(paths.get(value.file, value.file), value.line, value.column, value.end_line, value.end_column)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return type(value)(**{f.name: _moved(getattr(value, f.name), paths) for f in fields(value)})
    return value
