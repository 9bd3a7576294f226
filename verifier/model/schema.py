"""The JSON Schema of the model file, for editors: drawn from the same table the reader uses."""

from __future__ import annotations

import json

from verifier.model import fields as f

Json = dict[str, object]

_BOOLEAN_LIKE: Json = {"type": ["string", "boolean"]}


def any_case(word: str) -> str:
    """A regular expression that matches `word` in capitals or not, in every dialect.

    >>> any_case("ok")
    '[oO][kK]'
    """
    return "".join(f"[{c.lower()}{c.upper()}]" for c in word)


def text() -> str:
    """The schema as JSON text."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def schema() -> Json:
    """The schema of a model file (JSON Schema 2020-12)."""
    head: Json = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "verifier model",
        "description": "Goroutines that share a map, as Go in a YAML file.",
    }
    return head | _record(f.MODEL)


def _record(shape: f.Record) -> Json:
    made: Json = {
        "type": "object",
        "properties": {field.name: _field(field) for field in shape.fields},
        "required": [field.name for field in shape.fields if field.required and not field.unless],
        "additionalProperties": False,
    }
    # One of the two at least.
    either = [{"required": [name]} for field in shape.fields if field.unless for name in (field.name, field.unless)]
    return made | ({"anyOf": either} if either else {})


def _field(field: f.Field) -> Json:
    made: Json = {"description": field.doc} | of(field.shape)
    if field.default is not None:
        made["default"] = list(field.default) if isinstance(field.default, tuple) else field.default
    return made


def of(shape: f.Shape) -> Json:
    """The schema of one shape."""
    match shape:
        case f.Line(pattern=pattern):
            return {"type": "string", "minLength": 1, "pattern": f"^{pattern}$" if pattern else "^[^\\n]*$"}
        case f.Prose():
            return {"type": "string"}
        case f.Code(expression=expression):
            return _BOOLEAN_LIKE if expression else {"type": "string", "minLength": 1}
        case f.Whole(least, most, word):
            number: Json = {"type": "integer", "minimum": least, "maximum": most}
            return {"anyOf": [number, {"const": word}]} if word else number
        case f.Word():
            return _word(shape)
        case f.Interval(least, most):
            low: Json = {"type": "integer", "minimum": least, "maximum": 0}
            high: Json = {"type": "integer", "minimum": 1, "maximum": most}
            return {"type": "array", "prefixItems": [low, high], "items": False, "minItems": 2}
        case f.Items(item):
            return {"type": "array", "items": of(item), "uniqueItems": True}
        case f.Named(key, value, _):
            names: Json = {"pattern": f"^{key.pattern}$"} if key.pattern else {"minLength": 1}
            return {"type": "object", "propertyNames": names, "additionalProperties": of(value), "minProperties": 1}
        case f.Record():
            return _record(shape)
        case f.Brief(short, full):
            return {"anyOf": [of(short), of(full)]}
        case f.OneOrMore(item):
            return {"anyOf": [of(item), {"type": "array", "items": of(item), "uniqueItems": True, "minItems": 1}]}


def _word(shape: f.Word) -> Json:
    if shape.any_case:
        return {"type": "string", "pattern": "^(" + "|".join(map(any_case, shape.choices)) + ")$"}
    named: Json = {"enum": list(shape.choices)}
    if not shape.number:
        return named
    return {"anyOf": [named, {"type": "number", "enum": [float(c) for c in shape.choices]}]}
