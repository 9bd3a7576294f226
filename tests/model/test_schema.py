"""The JSON Schema and the reader agree, because both are drawn from one table."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from verifier.model.fields import MODEL
from verifier.model.read import read_text
from verifier.model.schema import schema, text
from verifier.source import ModelError

ROOT = Path(__file__).parents[2]
BASE = "model: m\ngoroutines: {w: x = 1}\n"

GOOD = [
    "",
    "title: t\nabout: a\n",
    "go: 1.27\n",
    'go: "1.20"\n',
    "declare: var x int\n",
    "always: {p: x > 0, q: true}\n",
    "check: []\nfinally: {p: x > 0}\n",
    "check: [race, fatal]\nexpect: {race: SAFE, fatal: unSafe}\n",
    "bounds: {int: [-4, 9], heap: 3}\n",
    "source: cache.go\n",
    "source: [cache.go, ../user.go]\n",
]
BAD = [
    "tittle: t\n",
    "title: 5\n",
    "title: [a]\n",
    "go: 1.99\n",
    "go: [1.27]\n",
    "declare: 3\n",
    'declare: ""\n',
    "always: [p]\n",
    "always: {p: 3}\n",
    "always: {}\n",
    "check: race\n",
    "check: [rase]\n",
    "check: [race, race]\n",
    "expect: {race: fine}\n",
    "expect: {race: true}\n",
    "bounds: {heap: 0}\n",
    "bounds: {heap: two}\n",
    "bounds: {int: [1, 9]}\n",
    "bounds: {int: [-1, 9, 3]}\n",
    "bounds: {int: 9}\n",
    "bounds: {depth: 9}\n",
    "source: 3\n",
    "source: []\n",
    "source: [a.go, a.go]\n",
    "source: {a: b.go}\n",
]
BAD_WHOLE = [
    "model: m\n",
    "goroutines: {w: x = 1}\n",
    "model: m\ngoroutines: {}\n",
    "model: m\ngoroutines: [x = 1]\n",
    "model: 'a b'\ngoroutines: {w: x = 1}\n",
    "model: m\ngoroutines: {w: {count: 0, body: x = 1}}\n",
    "model: m\ngoroutines: {w: {count: all, body: x = 1}}\n",
    "model: m\ngoroutines: {w: {count: 2}}\n",
    "model: m\ngoroutines: {w-1: x = 1}\n",
    "- a\n",
]


def by_schema(model: str) -> bool:
    value: Any = YAML(typ="safe", pure=True).load(model)
    return jsonschema.Draft202012Validator(schema()).is_valid(value)


def by_reader(model: str) -> bool:
    try:
        read_text("m.yaml", model, lambda name, path: b"package p\n")
    except ModelError:
        return False
    return True


@pytest.mark.parametrize("more", GOOD)
def test_both_accept(more: str) -> None:
    assert by_reader(BASE + more)
    assert by_schema(BASE + more)


@pytest.mark.parametrize("model", [BASE + more for more in BAD] + BAD_WHOLE)
def test_both_refuse(model: str) -> None:
    assert not by_reader(model)
    assert not by_schema(model)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert text().startswith('{\n  "$schema": "https://json-schema.org/draft/2020-12/schema"')


def test_the_catalogue_fits_the_schema() -> None:
    found = sorted(glob.glob(str(ROOT / "models" / "**" / "*.yaml"), recursive=True))
    assert found
    assert [p for p in found if not by_schema(Path(p).read_text(encoding="utf-8"))] == []


def test_every_supported_key_is_described() -> None:
    properties = schema()["properties"]
    assert isinstance(properties, dict)
    assert set(properties) == {field.name for field in MODEL.fields}
    assert all(entry["description"] for entry in properties.values())
